//! The arguments of the original's constructor, and the environment variables beside them (IVCAP reference 2.2).

use std::path::PathBuf;

use pentad_core::{Error, ErrorKind, Result, Secret};

use crate::client::Client;
use crate::connect::ClientBuilder;
use crate::dialect::Dialect;
use crate::local::LocalPlatform;

/// Where the first packages go when nothing says otherwise.
pub const DEFAULT_URL: &str = "https://api.ivcap.net";
/// Where local mode keeps its files when nothing says otherwise.
pub const DEFAULT_LOCAL_DIR: &str = "ivcap-artifacts";
/// URL of the platform.
pub const URL: &str = "IVCAP_URL";
/// Token.
pub const JWT: &str = "IVCAP_JWT";
/// Account that orders of the old dialects are placed for.
pub const ACCOUNT_ID: &str = "IVCAP_ACCOUNT_ID";
/// URL of the platform from inside, where no token is needed.
pub const BASE_URL: &str = "IVCAP_BASE_URL";
/// Folder of local mode.
pub const LOCAL_DIR: &str = "IVCAP_LOCAL_DIR";

/// What is given to the original's `IVCAP(…)`; the environment fills what is left out. An empty text counts as left out.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Settings {
    dialect: Dialect,
    url: Option<String>,
    token: Option<Secret>,
    account: Option<String>,
}

/// What the settings lead to.
#[derive(Debug)]
#[non_exhaustive]
pub enum Access {
    /// A platform.
    Platform(Box<ClientBuilder>),
    /// No platform: files in a folder.
    Local(LocalPlatform),
}

impl Settings {
    /// Nothing given, for this dialect.
    pub fn new(dialect: Dialect) -> Self {
        Self { dialect, ..Self::default() }
    }

    /// URL of the platform.
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = Some(url.into());
        self
    }

    /// Token.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Account that orders of the old dialects are placed for.
    pub fn account(mut self, account: impl Into<String>) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Fills what is left out from the process's environment.
    ///
    /// # Errors
    /// As [`resolve`](Self::resolve).
    pub fn from_env(self) -> Result<Access> {
        self.resolve(|name| std::env::var(name).ok())
    }

    /// Fills what is left out from these variables.
    ///
    /// The old dialects need a token and an account, and have a [default URL](DEFAULT_URL). The modern one needs a token
    /// with a URL, none with `IVCAP_BASE_URL`, and without any URL it works on files in a folder.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) that names the missing variable.
    pub fn resolve(self, variable: impl Fn(&str) -> Option<String>) -> Result<Access> {
        let variable = |name: &str| variable(name).filter(|value| !value.is_empty());
        let token = self.token.filter(|token| !token.is_empty());
        let url = self.url.filter(|url| !url.is_empty()).or_else(|| variable(URL));
        let account = self.account.filter(|account| !account.is_empty()).or_else(|| variable(ACCOUNT_ID));
        let named = |name| missing(name);
        if self.dialect.is_old() {
            let url = url.unwrap_or_else(|| DEFAULT_URL.to_owned());
            let token = token.or_else(|| variable(JWT).map(Secret::new)).ok_or_else(|| named(JWT))?;
            let account = account.ok_or_else(|| named(ACCOUNT_ID))?;
            let builder = Client::new(&url).dialect(self.dialect).token(token).account(account);
            return Ok(Access::Platform(Box::new(builder)));
        }
        if let Some(url) = url {
            let token = token.or_else(|| variable(JWT).map(Secret::new)).ok_or_else(|| named(JWT))?;
            let builder = Client::new(&url).token(token).account(account.unwrap_or_default());
            return Ok(Access::Platform(Box::new(builder)));
        }
        if let Some(url) = variable(BASE_URL) {
            return Ok(Access::Platform(Box::new(Client::new(&url))));
        }
        if token.is_some() {
            return Err(Error::new(ErrorKind::Config, "a token was given without a URL")
                .with_hint(format!("set {URL}")));
        }
        let folder = variable(LOCAL_DIR).unwrap_or_else(|| DEFAULT_LOCAL_DIR.to_owned());
        Ok(Access::Local(LocalPlatform::new(PathBuf::from(folder))))
    }
}

fn missing(name: &'static str) -> Error {
    Error::new(ErrorKind::Config, format!("{name} is not set")).with_hint("set it, or give the value")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(settings: Settings, vars: &[(&str, &str)]) -> Result<Access> {
        let vars: Vec<_> = vars.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        settings.resolve(move |name| vars.iter().find(|var| var.0 == name).map(|var| var.1.clone()))
    }

    fn client(settings: Settings, vars: &[(&str, &str)]) -> Client {
        match resolved(settings, vars).unwrap() {
            Access::Platform(builder) => builder.build().unwrap(),
            Access::Local(_) => panic!("a platform was expected"),
        }
    }

    #[test]
    fn old_dialects_have_a_default_url_and_need_token_and_account() {
        let vars = [(JWT, "t"), (ACCOUNT_ID, "urn:ivcap:account:1")];
        let found = client(Settings::new(Dialect::L23), &vars);
        assert_eq!(found.account(), Some("urn:ivcap:account:1"));
        assert!(format!("{:?}", found.session().target()).contains("api.ivcap.net"));
        for vars in [&vars[..1], &vars[1..]] {
            let error = resolved(Settings::new(Dialect::L28), vars).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains("IVCAP_"), "{error}");
        }
        let empty = Settings::new(Dialect::L28).token(String::new()).account("");
        assert!(resolved(empty, &[]).is_err(), "an empty text counts as left out");
    }

    #[test]
    fn the_modern_dialect_needs_a_token_with_a_url_and_none_inside_the_platform() {
        assert!(resolved(Settings::new(Dialect::Modern), &[(URL, "http://h")]).is_err());
        assert!(resolved(Settings::new(Dialect::Modern).token("t".to_owned()), &[]).is_err());
        let inside = client(Settings::new(Dialect::Modern), &[(BASE_URL, "http://sidecar:80")]);
        assert!(format!("{:?}", inside.session().target()).contains("sidecar"));
        let both = client(
            Settings::new(Dialect::Modern),
            &[(URL, "http://h"), (JWT, "t"), (BASE_URL, "http://sidecar")],
        );
        assert!(!format!("{:?}", both.session().target()).contains("sidecar"));
    }

    #[test]
    fn without_any_url_the_modern_dialect_works_on_files() {
        let Access::Local(local) =
            resolved(Settings::new(Dialect::Modern), &[(LOCAL_DIR, "/tmp/x")]).unwrap()
        else {
            panic!("local mode was expected")
        };
        assert_eq!(local.folder(), std::path::Path::new("/tmp/x"));
        let Access::Local(local) = resolved(Settings::new(Dialect::Modern), &[]).unwrap() else {
            panic!("local mode was expected")
        };
        assert!(local.folder().ends_with(DEFAULT_LOCAL_DIR));
    }
}
