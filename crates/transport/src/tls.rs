//! Whom to trust and who we are: certificates on the client's side.

mod insecure;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use pentad_core::{Error, ErrorKind, Result};
use rustls::ClientConfig;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls_platform_verifier::Verifier;

use insecure::AcceptAnything;

/// How TLS servers are checked, and which certificate the client shows.
///
/// The default trusts what the operating system trusts (`SSL_CERT_FILE` and `SSL_CERT_DIR` are honoured where
/// the platform's trust store is a set of files) and shows no certificate.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct TlsOptions {
    /// PEM files whose certificates are trusted beside the platform's.
    pub ca_files: Vec<PathBuf>,
    /// PEM text whose certificates are trusted beside the platform's.
    pub ca_pem: Vec<Vec<u8>>,
    /// The client certificate, if the server asks for one.
    pub identity: Option<Identity>,
    /// Accept any certificate. Logged as a warning when the transport is built.
    pub insecure: bool,
}

impl TlsOptions {
    /// The default: the platform's trust, no client certificate.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Also trusts the certificates of a PEM file.
    #[must_use]
    pub fn ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_files.push(path.into());
        self
    }

    /// Also trusts the certificates of a PEM text.
    #[must_use]
    pub fn ca_pem(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.ca_pem.push(pem.into());
        self
    }

    /// Shows this certificate to servers that ask for one.
    #[must_use]
    pub fn identity(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Accepts any server certificate: anyone on the way can read and change what is sent.
    #[must_use]
    pub const fn insecure(mut self, insecure: bool) -> Self {
        self.insecure = insecure;
        self
    }
}

/// A client certificate with its chain and private key, as PEM.
#[derive(Clone)]
pub struct Identity(Source);

#[derive(Clone)]
enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Pem { certificate: Vec<u8>, key: Vec<u8> },
}

impl Identity {
    /// A certificate (chain, leaf first) and its key in two files, or both in one file named twice.
    ///
    /// The files are read when the transport is built.
    pub fn files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self(Source::Files { certificate: certificate.into(), key: key.into() })
    }

    /// The same as PEM text; the key may be PKCS #8, PKCS #1 or SEC 1, not encrypted.
    pub fn pem(certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        Self(Source::Pem { certificate: certificate.into(), key: key.into() })
    }

    fn load(&self) -> Result<Certified> {
        let (certificate, key) = match &self.0 {
            Source::Files { certificate, key } => (read(certificate)?, read(key)?),
            Source::Pem { certificate, key } => (certificate.clone(), key.clone()),
        };
        let chain = certificates(&certificate, &self.name())?;
        let key = PrivateKeyDer::from_pem_slice(&key).map_err(|error| {
            let what = match &self.0 {
                Source::Files { key, .. } => format!("client key {}", key.display()),
                Source::Pem { .. } => "client key".to_owned(),
            };
            config(format!("{what}: no usable private key in the PEM")).with_source(error)
        })?;
        Ok((chain, key))
    }

    /// How errors call it.
    fn name(&self) -> String {
        match &self.0 {
            Source::Files { certificate, .. } => format!("client certificate {}", certificate.display()),
            Source::Pem { .. } => "client certificate".to_owned(),
        }
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Files { certificate, key } => {
                f.debug_struct("Identity").field("certificate", certificate).field("key", key).finish()
            }
            Source::Pem { .. } => f.write_str("Identity(..)"),
        }
    }
}

/// A certificate chain, leaf first, and the leaf's key.
type Certified = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

/// The checked options; the platform's roots are read at the first TLS connection, not before.
///
/// Reading some 150 root certificates costs milliseconds, which a command that only speaks to a plain or
/// in-process server should not pay.
#[derive(Debug)]
pub(crate) struct Tls {
    roots: Vec<CertificateDer<'static>>,
    identity: Option<Certified>,
    insecure: bool,
    provider: Arc<CryptoProvider>,
    config: OnceLock<Result<Arc<ClientConfig>, String>>,
    protocols: Protocols,
}

/// What is offered during the handshake (ALPN), best first.
pub(crate) type Protocols = &'static [&'static [u8]];

pub(crate) const HTTP1_AND_2: Protocols = &[b"h2", b"http/1.1"];
pub(crate) const HTTP1: Protocols = &[b"http/1.1"];
pub(crate) const HTTP2: Protocols = &[b"h2"];

impl Tls {
    /// Reads and checks the files of `options`.
    pub(crate) fn new(options: &TlsOptions, protocols: Protocols) -> Result<Self> {
        let mut roots = Vec::new();
        for path in &options.ca_files {
            roots.extend(authorities(&read(path)?, &format!("CA file {}", path.display()))?);
        }
        for pem in &options.ca_pem {
            roots.extend(authorities(pem, "CA certificates")?);
        }
        let identity = options.identity.as_ref().map(Identity::load).transpose()?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        if let Some((chain, key)) = &identity {
            CertifiedKey::from_der(chain.clone(), key.clone_key(), &provider).map_err(|error| {
                let what = options.identity.as_ref().map_or_else(String::new, Identity::name);
                config(format!("{what} and its key do not fit")).with_source(error)
            })?;
        }
        if options.insecure {
            tracing::warn!(
                "server certificates are not checked: anyone on the way can read and change the data"
            );
        }
        Ok(Self { roots, identity, insecure: options.insecure, provider, config: OnceLock::new(), protocols })
    }

    /// The configuration for connections to servers; the text of the error says what the platform lacks.
    pub(crate) fn config(&self) -> Result<Arc<ClientConfig>, String> {
        let build = || {
            let config = self.build(self.identity.as_ref(), self.protocols);
            config.map(Arc::new).map_err(|error| error.to_string())
        };
        self.config.get_or_init(build).clone()
    }

    /// The same for connections to a proxy: HTTP/1.1 only, and our certificate is not shown.
    pub(crate) fn proxy_config(&self) -> Result<Arc<ClientConfig>, String> {
        let config = self.build(None, HTTP1).map_err(|error| error.to_string())?;
        Ok(Arc::new(config))
    }

    fn build(
        &self,
        identity: Option<&Certified>,
        protocols: Protocols,
    ) -> Result<ClientConfig, rustls::Error> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier()?);
        let mut config = match identity {
            Some((chain, key)) => builder.with_client_auth_cert(chain.clone(), key.clone_key())?,
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(config)
    }

    fn verifier(&self) -> Result<Arc<dyn ServerCertVerifier>, rustls::Error> {
        if self.insecure {
            return Ok(Arc::new(AcceptAnything::new(&self.provider)));
        }
        let roots = self.roots.iter().cloned();
        Ok(Arc::new(Verifier::new_with_extra_roots(roots, Arc::clone(&self.provider))?))
    }
}

fn config(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message)
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| config(format!("cannot read {}", path.display())).with_source(error))
}

/// Certificates that can be trusted, which the bytes of a PEM block need not be.
fn authorities(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found = certificates(pem, what)?;
    let mut trial = rustls::RootCertStore::empty();
    for root in &found {
        trial
            .add(root.clone())
            .map_err(|error| config(format!("{what}: not a certificate")).with_source(error))?;
    }
    Ok(found)
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>> {
    let found = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| config(format!("{what}: not PEM")).with_source(error))?;
    if found.is_empty() {
        return Err(config(format!("{what}: no certificate in the PEM")));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn missing_ca_file_is_a_configuration_fault_that_names_the_file() {
        let fault = Tls::new(&TlsOptions::new().ca_file("/nowhere/ca.pem"), HTTP1).unwrap_err();
        assert_eq!(fault.kind(), ErrorKind::Config);
        assert!(fault.message().contains("/nowhere/ca.pem"), "{fault}");
    }

    #[test]
    fn text_without_certificate_is_refused() {
        let fault = Tls::new(&TlsOptions::new().ca_pem(*b"hello"), HTTP1).unwrap_err();
        assert_eq!(fault.kind(), ErrorKind::Config);
    }

    #[test]
    fn key_text_is_not_in_the_debug_output() {
        let options = TlsOptions::new().identity(Identity::pem(*b"cert-canary", *b"key-canary"));
        assert!(!format!("{options:?}").contains("canary"), "{options:?}");
    }
}
