//! One cloud, all rules applied.

use std::borrow::Cow;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use pentad_core::auth::TokenStore;
use pentad_core::{Authorize, Error, ErrorKind, Result, Target, Transport};
use pentad_transport::{HyperTransport, Identity, TlsOptions};
use serde_json::{Map, Value};

use super::{fix, login};
use crate::auth::{CloudAuth, Keystone};

/// One cloud, all rules applied.
#[derive(Clone)]
pub struct Cloud {
    name: String,
    settings: Map<String, Value>,
    /// Where tokens are kept, if they are.
    tokens: Option<PathBuf>,
}

impl Cloud {
    pub(super) fn new(name: &str, settings: Map<String, Value>, tokens: Option<PathBuf>) -> Self {
        Self { name: name.to_owned(), settings, tokens }
    }

    /// A login by a plugin of this name with these options.
    pub(crate) fn of_options(auth_type: &str, auth: Map<String, Value>) -> Self {
        let mut settings = Map::new();
        settings.insert("auth_type".to_owned(), auth_type.into());
        settings.insert("auth".to_owned(), auth.into());
        // The names of old belong to v2.0 as well; nothing here can contradict itself.
        let _ = fix::apply(&mut settings, None, true);
        Self { name: auth_type.to_owned(), settings, tokens: None }
    }

    /// Its name; `envvars` if variables made it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A setting outside of `auth`, as text.
    pub fn setting(&self, name: &str) -> Option<String> {
        fix::text(&self.settings, name)
    }

    /// An option of the login, as text. It may be a secret.
    pub fn auth(&self, name: &str) -> Option<String> {
        self.settings.get("auth").and_then(Value::as_object).and_then(|auth| fix::text(auth, name))
    }

    /// The plugin that logs in: as set, else by the options that there are.
    pub fn auth_type(&self) -> String {
        let has = |name: &str| self.auth(name).is_some();
        self.setting("auth_type").unwrap_or_else(|| {
            if has("application_credential_secret") {
                "v3applicationcredential"
            } else if has("token") && has("endpoint") {
                "admin_token"
            } else if has("token") && !has("password") {
                "token"
            } else {
                "password"
            }
            .to_owned()
        })
    }

    /// Names in `auth_methods`, a list or a text with commas.
    pub(super) fn auth_methods(&self) -> Vec<String> {
        match self.settings.get("auth").and_then(|auth| auth.get("auth_methods")) {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
            Some(Value::String(text)) => {
                text.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The region.
    pub fn region(&self) -> Option<String> {
        self.setting("region_name")
    }

    /// The interface; `public` by default.
    pub fn interface(&self) -> String {
        self.setting("interface").unwrap_or_else(|| "public".to_owned())
    }

    /// Where a service is: the service's own settings, else the cloud's. With `<service>_api_version` the endpoint is asked
    /// for that version, unless what the catalog says has it already.
    pub fn target(&self, service_type: impl Into<Cow<'static, str>>) -> Target {
        let service_type = service_type.into();
        let own = |what: &str| self.own(&service_type, what);
        Target::Service {
            interface: own("interface").unwrap_or_else(|| self.interface()).into(),
            region: own("region_name").or_else(|| self.region()),
            version: own("api_version").map(|version| version.trim_start_matches('v').to_owned()),
            service_type: own("service_type").map_or(service_type, Cow::Owned),
        }
    }

    /// A service's own setting: `database_region_name`.
    fn own(&self, service_type: &str, what: &str) -> Option<String> {
        self.setting(&format!("{}_{what}", service_type.replace('-', "_")))
    }

    /// Fixed URLs of services, by type.
    pub fn endpoint_overrides(&self) -> Vec<(String, String)> {
        self.of_services(&["_endpoint_override", "_endpoint"])
    }

    /// Names that services must have in the catalog, by type.
    pub fn service_names(&self) -> Vec<(String, String)> {
        self.of_services(&["_service_name"])
    }

    /// What services have of their own under names with one of these ends, by the type that the catalog knows.
    fn of_services(&self, ends: &[&str]) -> Vec<(String, String)> {
        let own = |name: &String| {
            let kind = ends.iter().find_map(|end| name.strip_suffix(end))?.replace('_', "-");
            let kind = self.own(&kind, "service_type").unwrap_or(kind);
            Some((kind, fix::text(&self.settings, name)?))
        };
        self.settings.keys().filter_map(own).collect()
    }

    /// The login, by Keystone.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming the options that are missing; [`Unsupported`](ErrorKind::Unsupported) for a
    /// plugin that is not built in, or one without a login.
    pub fn keystone(&self) -> Result<Keystone> {
        let keystone = login::keystone(self)?;
        let fixed = self.endpoint_overrides();
        let keystone =
            fixed.iter().fold(keystone, |keystone, (kind, url)| keystone.endpoint_override(kind, url));
        let names = self.service_names();
        Ok(names.iter().fold(keystone, |keystone, (kind, name)| keystone.service_name(kind, name)))
    }

    /// Who puts the credential into requests: a login with tokens kept in `store`, or what is fixed.
    ///
    /// # Errors
    /// As [`keystone`](Self::keystone).
    pub fn authorizer(&self, store: Option<Arc<dyn TokenStore>>) -> Result<Arc<dyn Authorize>> {
        if let Some(fixed) = login::fixed(self)? {
            return Ok(fixed);
        }
        let auth = CloudAuth::new(self.keystone()?);
        Ok(Arc::new(match store {
            Some(store) => auth.store(store),
            None => auth,
        }))
    }

    /// Where tokens are kept between processes if the configuration says `cache: {auth: true}`: the keyring where the
    /// feature `keyring` is on, else files that only their owner can read.
    pub fn token_store(&self) -> Option<Arc<dyn TokenStore>> {
        let folder = self.tokens.as_ref()?;
        #[cfg(feature = "keyring")]
        return Some(Arc::new(crate::auth::KeyringTokenStore::new(folder)));
        #[cfg(not(feature = "keyring"))]
        return Some(Arc::new(pentad_core::auth::FileTokenStore::new(folder)));
    }

    /// TLS settings: `verify`, `cacert`, `cert` and `key`. `None` if all are as by default. Without checks `cacert` has no
    /// effect. A `verify` that says neither yes nor no is a file of authorities.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for a key without certificate.
    pub fn tls(&self) -> Result<Option<TlsOptions>> {
        let mut tls = TlsOptions::new();
        let mut touched = false;
        let verify = self.settings.get("verify");
        let file = || {
            let file = verify.filter(|verify| !fix::is_true(verify) && !fix::is_false(verify));
            file.and_then(|_| self.setting("verify"))
        };
        if verify.is_some_and(fix::is_false) {
            if self.setting("cacert").is_some() {
                tracing::warn!("cacert has no effect: certificates are not checked (insecure, verify)");
            }
            (tls, touched) = (tls.insecure(true), true);
        } else if let Some(path) = self.setting("cacert").or_else(file) {
            (tls, touched) = (tls.ca_file(path), true);
        }
        match (self.setting("cert"), self.setting("key")) {
            (Some(cert), Some(key)) => (tls, touched) = (tls.identity(Identity::files(cert, key)), true),
            (Some(cert), None) => {
                // One file may hold both, as the original has it.
                (tls, touched) = (tls.identity(Identity::files(&cert, &cert)), true);
            }
            (None, Some(_)) => {
                return Err(Error::new(
                    ErrorKind::Config,
                    "a key was given (OS_KEY) without its certificate (OS_CERT)",
                ));
            }
            (None, None) => {}
        }
        Ok(touched.then_some(tls))
    }

    /// A transport with the cloud's TLS settings.
    ///
    /// # Errors
    /// As [`tls`](Self::tls), and for files that cannot be read.
    pub fn transport(&self) -> Result<Arc<dyn Transport>> {
        match self.tls()? {
            Some(tls) => Ok(Arc::new(HyperTransport::builder().tls(tls).build()?)),
            None => pentad_transport::shared(),
        }
    }
}

impl fmt::Debug for Cloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.settings.keys().collect();
        f.debug_struct("Cloud").field("name", &self.name).field("settings", &names).finish_non_exhaustive()
    }
}
