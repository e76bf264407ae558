//! Settings from the outside, however broken, are told and never a panic.

use pentad_core::ErrorKind;
use pentad_transport::{HyperTransport, Identity, Proxy, TlsOptions, WebSocket};
use proptest::prelude::*;
use rcgen::ExtendedKeyUsagePurpose;

use crate::tls;

/// Text that is or nearly is a proxy's URL.
fn proxy_url() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec!["http", "https", "socks4", "socks5h", "ftp", "", "HTTP", "ht tp"]);
    let user = prop::option::of(".{0,12}");
    let host = prop_oneof!["[a-z0-9.-]{0,20}", Just("[::1]".to_owned()), Just("[".to_owned()), ".{0,8}"];
    let port = prop_oneof![Just(String::new()), ":[0-9]{0,6}", ":.{0,3}"];
    prop_oneof![
        ".{0,40}",
        (scheme, user, host, port, ".{0,4}").prop_map(|(scheme, user, host, port, rest)| {
            let user = user.map(|user| format!("{user}@")).unwrap_or_default();
            format!("{scheme}://{user}{host}{port}{rest}")
        }),
    ]
}

proptest! {
    #[test]
    fn text_for_a_proxy_makes_a_transport_or_a_configuration_fault(url in proxy_url()) {
        if let Err(error) = HyperTransport::builder().proxy(Proxy::Url(url.clone())).build() {
            prop_assert_eq!(error.kind(), ErrorKind::Config);
            // It may hold a password.
            let told = format!("{error:?} {error}");
            prop_assert!(url.len() < 12 || !told.contains(&url), "{}", told);
        }
        let plain = HyperTransport::builder().proxy(Proxy::Url(url.clone())).build().is_ok();
        prop_assert_eq!(WebSocket::builder().proxy(Proxy::Url(url)).build().is_ok(), plain);
    }

    #[test]
    fn broken_pem_is_a_configuration_fault_that_names_the_file(
        cut in 0usize..4000,
        garbage in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let (certificate, key) = material();
        let folder = tempfile::tempdir().unwrap();
        let mutate = |text: &str| {
            let mut bytes = text.as_bytes().to_vec();
            let at = cut % bytes.len();
            let end = (at + garbage.len()).min(bytes.len());
            bytes.splice(at..end, garbage.iter().copied());
            bytes
        };
        let (good_certificate, good_key) = (folder.path().join("good.pem"), folder.path().join("good.key"));
        let (bad_certificate, bad_key) = (folder.path().join("bad.pem"), folder.path().join("bad.key"));
        std::fs::write(&good_certificate, certificate).unwrap();
        std::fs::write(&good_key, key).unwrap();
        std::fs::write(&bad_certificate, mutate(certificate)).unwrap();
        std::fs::write(&bad_key, mutate(key)).unwrap();
        for (options, name) in [
            (TlsOptions::new().ca_file(&bad_certificate), "bad.pem"),
            (TlsOptions::new().identity(Identity::files(&bad_certificate, &good_key)), "bad.pem"),
            // A key that can be read but belongs to another certificate is told by the certificate's name.
            (TlsOptions::new().identity(Identity::files(&good_certificate, &bad_key)), ""),
        ] {
            if let Err(error) = HyperTransport::builder().proxy(Proxy::None).tls(options).build() {
                prop_assert_eq!(error.kind(), ErrorKind::Config);
                prop_assert!(error.message().contains(name), "{}", error);
                prop_assert!(error.message().contains("bad.") || error.message().contains("good."), "{}", error);
                let told = format!("{error:?}");
                prop_assert!(!told.contains("PRIVATE KEY"), "{}", told);
            }
        }
    }
}

/// A certificate and its key, as PEM.
fn material() -> &'static (String, String) {
    static MADE: std::sync::OnceLock<(String, String)> = std::sync::OnceLock::new();
    MADE.get_or_init(|| {
        let (certificate, key) = tls::leaf(&tls::ca(), "me", ExtendedKeyUsagePurpose::ClientAuth);
        (certificate.pem(), key.serialize_pem())
    })
}
