//! The original client's configuration.

use std::fmt;
use std::path::PathBuf;

use pentad_core::{Error, ErrorKind, Result, Secret};
use pentad_openstack::Keystone;
use pentad_openstack::auth::{Domain, Project, Scope, User};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::connect::ClientBuilder;
use crate::name::ClientId;
use crate::signed::SignedUrl;

/// The `conf` of the Python client: `client_uuid` and `auth_opts` (Zaqar reference 14.1 and 14.2).
///
/// Back ends are `noauth`, `keystone` and `signed-url`; options may have the prefix `os_`.
#[derive(Clone, Default, Deserialize)]
pub struct Conf {
    client_uuid: Option<String>,
    #[serde(default)]
    auth_opts: AuthOpts,
}

#[derive(Clone, Default, Deserialize)]
struct AuthOpts {
    backend: Option<String>,
    #[serde(default)]
    options: Map<String, Value>,
}

impl fmt::Debug for Conf {
    /// Names of options only: values hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Conf")
            .field("client_uuid", &self.client_uuid)
            .field("backend", &self.auth_opts.backend)
            .field("options", &self.auth_opts.options.keys().collect::<Vec<_>>())
            .finish()
    }
}

impl Conf {
    /// Reads the document that the Python client takes.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for another shape.
    pub fn from_json(document: &Value) -> Result<Self> {
        Self::deserialize(document).map_err(|error| Error::new(ErrorKind::Config, format!("conf: {error}")))
    }

    fn text(&self, name: &str) -> Option<&str> {
        let options = &self.auth_opts.options;
        let value = options.get(&format!("os_{name}")).or_else(|| options.get(name))?;
        value.as_str().filter(|text| !text.is_empty())
    }

    /// A switch. The Python client takes whatever counts as true there, the text `"False"` too: what is no switch is
    /// refused, because it decides about safety.
    fn is_on(&self, name: &str) -> Result<bool> {
        let options = &self.auth_opts.options;
        match options.get(&format!("os_{name}")).or_else(|| options.get(name)) {
            None | Some(Value::Null) => Ok(false),
            Some(Value::Bool(on)) => Ok(*on),
            Some(_) => Err(Error::invalid(name, "must be true or false")),
        }
    }

    fn keystone(&self) -> Result<Keystone> {
        let auth_url = self.text("auth_url").ok_or_else(|| {
            let message = "unable to determine the Keystone endpoint because auth_url is not given";
            Error::new(ErrorKind::Config, message)
        })?;
        let domain = |id: &str, name: &str| {
            self.text(id).map(Domain::id).or_else(|| self.text(name).map(Domain::name))
        };
        let keystone = match (self.text("auth_token"), self.text("username"), self.text("password")) {
            (Some(token), ..) => Keystone::token(auth_url, Secret::new(token))?,
            (None, Some(name), Some(password)) => {
                let user = User::name(name);
                let user = match domain("user_domain_id", "user_domain_name") {
                    Some(domain) => user.of(domain),
                    None => user,
                };
                Keystone::password(auth_url, user, Secret::new(password))?
            }
            _ => {
                let message = "neither a token nor a user with a password was given";
                return Err(Error::new(ErrorKind::Config, message));
            }
        };
        let project = self.text("project_id").map(Project::id).or_else(|| {
            let project = Project::name(self.text("project_name")?);
            Some(match domain("project_domain_id", "project_domain_name") {
                Some(domain) => project.of(domain),
                None => project,
            })
        });
        let keystone = keystone.default_domain(Domain::id("default"));
        Ok(match project {
            Some(project) => keystone.scope(Scope::Project(project)),
            None => keystone,
        })
    }

    fn signed(&self) -> Result<SignedUrl> {
        let options = &self.auth_opts.options;
        let list = |name: &str| match options.get(name) {
            Some(Value::Array(items)) => {
                Ok(items.iter().filter_map(Value::as_str).map(str::to_owned).collect::<Vec<_>>())
            }
            Some(Value::String(text)) => Ok(text.split(',').map(str::to_owned).collect()),
            _ => Err(Error::new(ErrorKind::Config, format!("conf: the signed URL has no {name}"))),
        };
        let part = |name: &str| {
            let missing = || Error::new(ErrorKind::Config, format!("conf: the signed URL has no {name}"));
            self.text(name).map(str::to_owned).ok_or_else(missing)
        };
        // The answer of the service calls the project `project`; the Python client wants it under another name.
        let project = self.text("project_id").or_else(|| self.text("project"));
        Ok(SignedUrl {
            paths: list("paths")?,
            methods: list("methods")?,
            project: project.unwrap_or_default().to_owned(),
            expires: part("expires")?,
            signature: part("signature")?,
        })
    }
}

impl ClientBuilder {
    /// Takes the original client's configuration. Faults surface when the client is built.
    ///
    /// Where it leaves the back end out, it is `keystone`, as there.
    pub fn conf(self, conf: &Conf) -> Self {
        match self.clone().configured(conf) {
            Ok(builder) => builder,
            Err(error) => self.fault(error),
        }
    }

    fn configured(mut self, conf: &Conf) -> Result<Self> {
        if let Some(id) = &conf.client_uuid {
            self = self.client_id(ClientId::try_from(id.as_str()).or_else(|_| ClientId::any(id))?);
        }
        if let Some(id) = conf.text("project_id") {
            self = self.project(id);
        }
        if let Some(region) = conf.text("region_name") {
            self = self.region(region);
        }
        if let Some(file) = conf.text("cacert") {
            self = self.ca(PathBuf::from(file));
        }
        if conf.is_on("insecure")? {
            self = self.insecure(true);
        }
        match conf.auth_opts.backend.as_deref().unwrap_or("keystone") {
            "noauth" => Ok(self.no_auth()),
            "signed-url" => Ok(self.signed_url(conf.signed()?)),
            // A token and an endpoint: nobody is to be asked.
            "keystone" => match (conf.text("auth_token"), self.url.is_empty()) {
                (Some(token), false) => Ok(self.token(Secret::new(token))),
                _ => Ok(self.keystone(conf.keystone()?)),
            },
            other => Err(Error::new(ErrorKind::Config, format!("conf: there is no back end {other:?}"))
                .with_hint("noauth, keystone or signed-url")),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Client, Version};

    fn built(url: &str, conf: &Value) -> Result<Client> {
        Client::new(url, Version::V2).conf(&Conf::from_json(conf)?).build()
    }

    #[test]
    fn options_are_known_with_and_without_their_prefix() {
        for name in ["project_id", "os_project_id"] {
            let conf = json!({"client_uuid": "5b0f6c1e4f0a4d0e9a550c1d2e3f4a5b",
                "auth_opts": {"backend": "noauth", "options": {name: "acme"}}});
            let client = built("http://zaqar.test", &conf).unwrap();
            assert_eq!(client.project(), Some("acme"));
            assert_eq!(client.client_id().as_str(), "5b0f6c1e4f0a4d0e9a550c1d2e3f4a5b");
        }
    }

    #[test]
    fn a_switch_that_is_none_is_refused_instead_of_guessed() {
        let kind = |insecure: Value| {
            let options = json!({"os_insecure": insecure});
            let conf = json!({"auth_opts": {"backend": "noauth", "options": options}});
            built("https://zaqar.test", &conf).map_err(|error| error.kind()).map(|_| ())
        };
        assert_eq!(kind(json!(true)), Ok(()));
        assert_eq!(kind(json!(null)), Ok(()));
        for bad in [json!("False"), json!("true"), json!(1), json!({})] {
            assert_eq!(kind(bad), Err(ErrorKind::Invalid));
        }
    }

    #[test]
    fn an_empty_conf_is_keystone_without_a_place_to_log_in() {
        let error = built("", &json!({})).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("auth_url"), "{error}");
        assert!(built("http://zaqar.test", &json!({"auth_opts": {"options": {"auth_token": "t"}}})).is_ok());
        assert!(built("http://zaqar.test", &json!({"auth_opts": {"backend": "ldap"}})).is_err());
    }

    #[test]
    fn an_answer_to_share_is_a_signed_url_back_end_as_it_is() {
        let options = json!({"paths": ["/v2/queues/jobs/messages"], "methods": ["GET"], "project": "acme",
            "expires": "2036-01-01T00:00:00", "signature": "ab"});
        let client =
            built("http://zaqar.test", &json!({"auth_opts": {"backend": "signed-url", "options": options}}));
        assert_eq!(client.unwrap().project(), Some("acme"));
    }
}
