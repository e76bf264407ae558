//! The local certificate authority: made once per data directory, so that clients trust it once.
//!
//! Keys stay; the certificates of server and client are signed anew at every start, which costs about a
//! millisecond and spares renewal.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, SanType,
};

use crate::clock::real_now;
use crate::error::ServerError;
use crate::private_file;

/// The subject of the announced client certificate (RFC 4514 order).
pub const CLIENT_SUBJECT: &str = "CN=demo,O=pentad";

/// Platforms refuse server certificates that are valid for longer.
const LEAF_DAYS: i64 = 820;
const CA_DAYS: i64 = 3650;

/// The authority's files below `DIR/tls`.
#[derive(Debug, Clone)]
pub struct LocalCa {
    dir: PathBuf,
}

impl LocalCa {
    /// Makes what is missing and signs certificates for `hosts` beside `localhost`, `127.0.0.1` and `::1`.
    ///
    /// # Errors
    /// `File`, or `Tls` if a key in the directory cannot be used.
    pub fn open(dir: &Path, hosts: &[IpAddr]) -> Result<Self, ServerError> {
        private_file::make_dir(dir)?;
        let ca = Self { dir: dir.to_owned() };
        let issuer = ca.issuer()?;
        ca.sign(&issuer, "server", &server_params(hosts)?)?;
        ca.sign(&issuer, "client", &client_params())?;
        Ok(ca)
    }

    /// The authority's certificate.
    pub fn ca_file(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// The server's certificate and key.
    pub fn server(&self) -> (PathBuf, PathBuf) {
        (self.dir.join("server.pem"), self.dir.join("server.key"))
    }

    /// The announced client certificate and key.
    pub fn client(&self) -> (PathBuf, PathBuf) {
        (self.dir.join("client.pem"), self.dir.join("client.key"))
    }

    fn issuer(&self) -> Result<Issuer<'static, KeyPair>, ServerError> {
        let key = self.key("ca")?;
        if let Some(pem) = private_file::read(&self.ca_file())? {
            return Issuer::from_ca_cert_pem(&pem, key).map_err(|error| tls(&error));
        }
        let params = ca_params();
        let certificate = params.self_signed(&key).map_err(|error| tls(&error))?;
        private_file::write(&self.ca_file(), certificate.pem().as_bytes())?;
        Ok(Issuer::new(params, key))
    }

    fn sign(
        &self,
        issuer: &Issuer<'_, KeyPair>,
        name: &str,
        params: &CertificateParams,
    ) -> Result<(), ServerError> {
        let key = self.key(name)?;
        let certificate = params.signed_by(&key, issuer).map_err(|error| tls(&error))?;
        private_file::write(&self.dir.join(format!("{name}.pem")), certificate.pem().as_bytes())
    }

    fn key(&self, name: &str) -> Result<KeyPair, ServerError> {
        let path = self.dir.join(format!("{name}.key"));
        if let Some(pem) = private_file::read(&path)? {
            return KeyPair::from_pem(&pem).map_err(|error| tls(&error));
        }
        let key = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).map_err(|error| tls(&error))?;
        private_file::write(&path, key.serialize_pem().as_bytes())?;
        Ok(key)
    }
}

fn tls(error: &rcgen::Error) -> ServerError {
    ServerError::Tls(error.to_string())
}

fn ca_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("pentad local authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    valid_for(&mut params, CA_DAYS);
    params
}

fn server_params(hosts: &[IpAddr]) -> Result<CertificateParams, ServerError> {
    let local = ["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let mut params = CertificateParams::new(local).map_err(|error| tls(&error))?;
    for host in hosts.iter().filter(|host| !host.is_unspecified()) {
        let san = SanType::IpAddress(*host);
        if !params.subject_alt_names.contains(&san) {
            params.subject_alt_names.push(san);
        }
    }
    params.distinguished_name = name("pentad local server");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    leaf(&mut params);
    Ok(params)
}

fn client_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = name("demo");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    leaf(&mut params);
    params
}

fn leaf(params: &mut CertificateParams) {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    valid_for(params, LEAF_DAYS);
}

fn name(common: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::OrganizationName, "pentad");
    name.push(DnType::CommonName, common);
    name
}

/// Valid from yesterday (clocks differ) in real time: service time may be anywhere.
fn valid_for(params: &mut CertificateParams, days: i64) {
    let day = |at: Timestamp| {
        let date = at.to_zoned(TimeZone::UTC).date();
        let (month, day) = (date.month().unsigned_abs(), date.day().unsigned_abs());
        rcgen::date_time_ymd(i32::from(date.year()), month, day)
    };
    let now = real_now();
    params.not_before = day(now - SignedDuration::from_hours(24));
    params.not_after = day(now + SignedDuration::from_hours(24 * days));
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_authority_and_all_keys_survive_a_restart_and_are_private() {
        let dir = tempfile::tempdir().unwrap();
        let read = |name: &str| std::fs::read_to_string(dir.path().join(name)).unwrap();
        LocalCa::open(dir.path(), &[]).unwrap();
        let names = ["ca.pem", "ca.key", "server.key", "client.key"];
        let before = names.map(read);
        LocalCa::open(dir.path(), &["10.0.0.7".parse().unwrap()]).unwrap();
        assert_eq!(names.map(read), before);
        for name in names {
            let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}
