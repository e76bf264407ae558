//! TLS: whom we trust, who we are, which protocol is agreed on.

use std::error::Error as _;
use std::sync::Arc;

use http::Version;
use pentad_core::{ErrorKind, Sent, Transport};
use pentad_transport::{Identity, TlsOptions};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::RootCertStore;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::{Server, answer, direct, raw, request};

pub(crate) type Ca = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn ca() -> Ca {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    // Two authorities of one name would be told apart by their signatures only.
    let key = KeyPair::generate().unwrap();
    params.distinguished_name.push(DnType::CommonName, format!("{:?}", &key.public_key_raw()[..8]));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::DigitalSignature];
    CertifiedIssuer::self_signed(params, key).unwrap()
}

pub(crate) fn leaf(ca: &Ca, name: &str, usage: ExtendedKeyUsagePurpose) -> (rcgen::Certificate, KeyPair) {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.extended_key_usages = vec![usage];
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, ca).unwrap(), key)
}

/// A server for `name`; with `clients`, only for clients with a certificate of that authority.
pub(crate) fn server(ca: &Ca, name: &str, clients: Option<&Ca>) -> rustls::ServerConfig {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let (certificate, key) = leaf(ca, name, ExtendedKeyUsagePurpose::ServerAuth);
    let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(clients) => {
            let mut roots = RootCertStore::empty();
            roots.add(clients.der().clone()).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).unwrap();
    let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config
}

#[tokio::test]
async fn http2_is_agreed_on_and_shared_by_requests_in_flight() {
    let ca = ca();
    let server = Server::start_tls(server(&ca, "localhost", None), |_| async { answer("hello") }).await;
    let transport = direct().tls(TlsOptions::new().ca_pem(ca.pem())).build().unwrap();
    transport.send(request(&server.https(), "/")).await.unwrap();
    let many = (0..20).map(|_| transport.send(request(&server.https(), "/")));
    for response in futures_util::future::join_all(many).await {
        let response = response.unwrap();
        assert_eq!(response.version, Version::HTTP_2);
        assert_eq!(response.bytes(100).await.unwrap(), "hello");
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn first_requests_at_once_end_up_on_one_shared_connection() {
    let ca = ca();
    let server = Server::start_tls(server(&ca, "localhost", None), |_| async { answer("hello") }).await;
    let transport = direct().tls(TlsOptions::new().ca_pem(ca.pem())).build().unwrap();
    let many =
        || futures_util::future::try_join_all((0..8).map(|_| transport.send(request(&server.https(), "/"))));
    assert!(many().await.unwrap().iter().all(|response| response.version == Version::HTTP_2));
    // Nobody knew that it could be shared.
    let made = server.connections();
    many().await.unwrap();
    assert_eq!(server.connections(), made);
}

#[tokio::test]
async fn server_without_http2_is_spoken_to_in_http1() {
    let ca = ca();
    let mut config = server(&ca, "localhost", None);
    config.alpn_protocols.clear();
    let server = Server::start_tls(config, |_| async { answer("hello") }).await;
    let transport = direct().tls(TlsOptions::new().ca_pem(ca.pem())).build().unwrap();
    let response = transport.send(request(&server.https(), "/")).await.unwrap();
    assert_eq!(response.version, Version::HTTP_11);
}

#[tokio::test]
async fn ca_file_is_trusted() {
    let ca = ca();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, ca.pem()).unwrap();
    let server = Server::start_tls(server(&ca, "localhost", None), |_| async { answer("hello") }).await;
    let transport = direct().tls(TlsOptions::new().ca_file(&file)).build().unwrap();
    assert_eq!(transport.send(request(&server.https(), "/")).await.unwrap().status, 200);
}

#[tokio::test]
async fn unknown_authority_is_a_configuration_fault_and_nothing_was_sent() {
    let server = Server::start_tls(server(&ca(), "localhost", None), |_| async { answer("hello") }).await;
    let transport = direct().tls(TlsOptions::new().ca_pem(ca().pem())).build().unwrap();
    let error = transport.send(request(&server.https(), "/")).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Config, Sent::No), "{error:?}");
    assert!(error.message().contains("unknown authority"), "{error}");
    assert!(error.source().is_some());
    assert!(!error.is_transient());
}

#[tokio::test]
async fn certificate_for_another_host_is_a_configuration_fault() {
    let ca = ca();
    let config = server(&ca, "elsewhere.example", None);
    let server = Server::start_tls(config, |_| async { answer("hello") }).await;
    let transport = direct().tls(TlsOptions::new().ca_pem(ca.pem())).build().unwrap();
    let error = transport.send(request(&server.https(), "/")).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Config, Sent::No), "{error:?}");
    assert!(error.message().contains("another host name"), "{error}");
}

#[tokio::test]
async fn insecure_accepts_any_certificate() {
    let server = Server::start_tls(server(&ca(), "elsewhere", None), |_| async { answer("hello") }).await;
    let transport = direct().tls(TlsOptions::new().insecure(true)).build().unwrap();
    assert_eq!(transport.send(request(&server.https(), "/")).await.unwrap().status, 200);
}

#[tokio::test]
async fn client_certificate_is_shown_from_pem_and_from_files() {
    let ca = ca();
    let config = server(&ca, "localhost", Some(&ca));
    let server = Server::start_tls(config, |_| async { answer("hello") }).await;
    let (certificate, key) = leaf(&ca, "me", ExtendedKeyUsagePurpose::ClientAuth);
    let folder = tempfile::tempdir().unwrap();
    let both = folder.path().join("me.pem");
    std::fs::write(&both, certificate.pem() + &key.serialize_pem()).unwrap();
    for identity in [Identity::pem(certificate.pem(), key.serialize_pem()), Identity::files(&both, &both)] {
        let tls = TlsOptions::new().ca_pem(ca.pem()).identity(identity);
        let transport = direct().tls(tls).build().unwrap();
        assert_eq!(transport.send(request(&server.https(), "/")).await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn missing_client_certificate_is_a_configuration_fault() {
    let ca = ca();
    let config = server(&ca, "localhost", Some(&ca));
    for protocols in [vec![b"h2".to_vec()], vec![]] {
        let mut config = config.clone();
        config.alpn_protocols = protocols;
        let server = Server::start_tls(config, |_| async { answer("hello") }).await;
        let transport = direct().tls(TlsOptions::new().ca_pem(ca.pem())).build().unwrap();
        let error = transport.send(request(&server.https(), "/")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
    }
}

#[tokio::test]
async fn key_of_another_certificate_is_refused_when_built() {
    let ca = ca();
    let (certificate, _) = leaf(&ca, "me", ExtendedKeyUsagePurpose::ClientAuth);
    let identity = Identity::pem(certificate.pem(), KeyPair::generate().unwrap().serialize_pem());
    let error = direct().tls(TlsOptions::new().identity(identity)).build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config, "{error:?}");
}

#[tokio::test]
async fn plain_server_behind_an_https_address_is_a_configuration_fault() {
    let address = raw(|mut stream, _| async move {
        let _ = stream.read(&mut [0; 512]).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let tls = TlsOptions::new().insecure(true);
    let sent = request(&format!("https://{address}"), "/");
    let error = direct().tls(tls).build().unwrap().send(sent).await.unwrap_err();
    assert_eq!((error.kind(), error.sent()), (ErrorKind::Config, Sent::No), "{error:?}");
    assert!(error.message().contains("does not speak TLS"), "{error}");
}
