//! One cloud, all rules applied.

use std::borrow::Cow;
use std::fmt;
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
}

impl Cloud {
    pub(super) fn new(name: &str, settings: Map<String, Value>) -> Self {
        Self { name: name.to_owned(), settings }
    }

    /// A login by a plugin of this name with these options.
    pub(crate) fn of_options(auth_type: &str, auth: Map<String, Value>) -> Self {
        let mut settings = Map::new();
        settings.insert("auth_type".to_owned(), auth_type.into());
        settings.insert("auth".to_owned(), auth.into());
        // The names of old belong to v2.0 as well; nothing here can contradict itself.
        let _ = fix::apply(&mut settings, None, true);
        Self { name: auth_type.to_owned(), settings }
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

    /// Where a service is: the service's own settings, else the cloud's.
    pub fn target(&self, service_type: &'static str) -> Target {
        let own = |what: &str| self.setting(&format!("{}_{what}", service_type.replace('-', "_")));
        Target::Service {
            service_type: own("service_type").map_or(Cow::Borrowed(service_type), Cow::Owned),
            interface: own("interface").unwrap_or_else(|| self.interface()).into(),
            region: own("region_name").or_else(|| self.region()),
            version: None,
        }
    }

    /// Fixed URLs of services, by type.
    pub fn endpoint_overrides(&self) -> Vec<(String, String)> {
        let fixed = |name: &String| {
            let kind = name.strip_suffix("_endpoint_override").or_else(|| name.strip_suffix("_endpoint"))?;
            Some((kind.replace('_', "-"), fix::text(&self.settings, name)?))
        };
        self.settings.keys().filter_map(fixed).collect()
    }

    /// The login, by Keystone.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config), naming the options that are missing; [`Unsupported`](ErrorKind::Unsupported) for a
    /// plugin that is not built in, or one without a login.
    pub fn keystone(&self) -> Result<Keystone> {
        let keystone = login::keystone(self)?;
        Ok(self
            .endpoint_overrides()
            .iter()
            .fold(keystone, |keystone, (kind, url)| keystone.endpoint_override(kind, url)))
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

    /// TLS settings: `cacert`, `cert` and `key`, `verify`. `None` if all are as by default.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for a certificate without key.
    pub fn tls(&self) -> Result<Option<TlsOptions>> {
        let mut tls = TlsOptions::new();
        let mut touched = false;
        let unverified =
            self.settings.get("verify").is_some_and(|verify| !fix::is_true(verify) && !verify.is_null());
        let path =
            self.setting("cacert").or_else(|| self.setting("verify").filter(|text| text.contains('/')));
        if let Some(path) = path {
            (tls, touched) = (tls.ca_file(path), true);
        } else if unverified {
            (tls, touched) = (tls.insecure(true), true);
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
