//! Logins by name: which there are, which options each needs, and what is missing (OpenStack reference A13).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use pentad_core::{Authorize, ErrorKind, Result, redact};
use serde_json::{Map, Value};

use crate::config::{Cloud, Environment};
use crate::error::{code, coded, missing};

/// A way to log in that is chosen by its name, with options from anywhere: variables, flags, a file.
///
/// Bring your own by implementing it and [`Plugins::with`]; what it gives is any [`Authorize`], so it may send what it
/// wants through the `Exchange` that it is handed.
pub trait Plugin: fmt::Debug + Send + Sync + 'static {
    /// Its name, as in `auth_type: password`.
    fn name(&self) -> &str;

    /// What it needs: of each group one option must have a value.
    fn needs(&self) -> &[&'static [&'static str]];

    /// What it takes beside that.
    fn takes(&self) -> &[&'static str] {
        &[]
    }

    /// Logs in as these options say; called only if none is missing. Nothing is sent yet.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for values that make no sense.
    fn login(&self, options: &Options) -> Result<Arc<dyn Authorize>>;

    /// The options that are missing, by name; the first of a group stands for it.
    fn missing(&self, options: &Options) -> Vec<&'static str> {
        let given = |group: &&'static [&'static str]| group.iter().any(|name| options.get(name).is_some());
        self.needs().iter().filter(|group| !given(group)).filter_map(|group| group.first().copied()).collect()
    }
}

/// Values of options by name, as in `auth_url`. An empty value is none.
#[derive(Clone, Default)]
pub struct Options(BTreeMap<String, String>);

impl Options {
    /// No options.
    pub fn new() -> Self {
        Self::default()
    }

    /// What variables say: `OS_AUTH_URL` is the option `auth_url`.
    pub fn from_environment(environment: &Environment) -> Self {
        environment.options().fold(Self::new(), |options, (name, value)| options.with(&name, value))
    }

    /// Sets an option; `-` and `_` in its name are the same.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let name = name.replace('-', "_").to_ascii_lowercase();
        if value.is_empty() {
            self.0.remove(&name);
        } else {
            self.0.insert(name, value.to_owned());
        }
        self
    }

    /// The value of an option. It may be a secret.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The plugin that is asked for by name.
    fn wanted(&self) -> Option<&str> {
        self.get("auth_system").or_else(|| self.get("auth_type"))
    }

    fn cloud(&self, auth_type: &str) -> Cloud {
        let auth: Map<String, Value> =
            self.0.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        Cloud::of_options(auth_type, auth)
    }
}

impl fmt::Debug for Options {
    /// Names only: values hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Options").field(&self.0.keys().collect::<Vec<_>>()).finish()
    }
}

/// An option as command lines show it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AuthOption {
    /// Its name: `auth_url`.
    pub name: &'static str,
}

impl AuthOption {
    /// `--os-auth-url`.
    pub fn flag(self) -> String {
        format!("--os-{}", self.name.replace('_', "-"))
    }

    /// `OS_AUTH_URL`.
    pub fn variable(self) -> String {
        format!("OS_{}", self.name.to_ascii_uppercase())
    }

    /// `Defaults to env[OS_AUTH_URL].`
    pub fn help(self) -> String {
        format!("Defaults to env[{}].", self.variable())
    }

    /// Whether its value must not be seen; such an option should have no flag that takes the value itself.
    pub fn is_secret(self) -> bool {
        redact::is_secret(self.name)
    }
}

/// The plugins that there are, by name.
///
/// # Example
/// ```
/// use pentad_openstack::ErrorExt;
/// use pentad_openstack::auth::plugin::{Options, Plugins};
/// # fn main() -> pentad_core::Result<()> {
/// let plugins = Plugins::standard();
/// let options = Options::new().with("auth_url", "https://cloud.test/v3").with("username", "demo");
/// let error = plugins.load("password", &options).unwrap_err();
/// assert!(error.is_missing_options() && error.to_string().contains("Missing options: password"));
/// let login = plugins.choose(&options.with("password", "secret").with("user_domain_id", "default"))?;
/// # let _ = login;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Plugins(BTreeMap<String, Arc<dyn Plugin>>);

impl Plugins {
    /// No plugins.
    pub fn none() -> Self {
        Self::default()
    }

    /// Those that are built in, by the names of the original library's, and `keystone` of the original common client.
    pub fn standard() -> Self {
        STANDARD.iter().fold(Self::none(), |plugins, plugin| plugins.with(*plugin))
    }

    /// Adds a plugin; one of the same name is replaced.
    #[must_use]
    pub fn with(mut self, plugin: impl Plugin) -> Self {
        self.0.insert(plugin.name().to_owned(), Arc::new(plugin));
        self
    }

    /// The names, in order.
    pub fn names(&self) -> Vec<&str> {
        self.0.keys().map(String::as_str).collect()
    }

    /// The options of one plugin, or those of all.
    pub fn options(&self, name: Option<&str>) -> Vec<AuthOption> {
        let plugins = self.0.values().filter(|plugin| name.is_none_or(|name| plugin.name() == name));
        let mut all: Vec<AuthOption> = plugins
            .flat_map(|plugin| plugin.needs().iter().copied().flatten().chain(plugin.takes()))
            .map(|name| AuthOption { name })
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// The plugin of a name.
    ///
    /// # Errors
    /// [`ErrorExt::is_auth_system_not_found`](crate::ErrorExt::is_auth_system_not_found) if there is none.
    pub fn get(&self, name: &str) -> Result<&Arc<dyn Plugin>> {
        self.0.get(name).ok_or_else(|| {
            coded(ErrorKind::Unsupported, code::AUTH_SYSTEM, format!("AuthSystemNotFound: '{name}'"))
                .with_hint(format!("there are: {}", self.names().join(", ")))
        })
    }

    /// Logs in by the plugin of a name.
    ///
    /// # Errors
    /// As [`get`](Self::get); [`ErrorExt::is_missing_options`](crate::ErrorExt::is_missing_options), naming all of them.
    pub fn load(&self, name: &str, options: &Options) -> Result<Arc<dyn Authorize>> {
        let plugin = self.get(name)?;
        let lacking = plugin.missing(options);
        if lacking.is_empty() { plugin.login(options) } else { Err(missing(&lacking)) }
    }

    /// Logs in by the plugin that the options `auth_system` or `auth_type` name, else by the first, in the order of their
    /// names, for which the options are sufficient.
    ///
    /// # Errors
    /// As [`load`](Self::load); if none is sufficient, the option `auth_system` is said to be missing.
    pub fn choose(&self, options: &Options) -> Result<Arc<dyn Authorize>> {
        if let Some(name) = options.wanted() {
            return self.load(name, options);
        }
        let sufficient = |plugin: &&Arc<dyn Plugin>| {
            // One that needs nothing would be sufficient for everybody.
            !plugin.needs().is_empty() && plugin.missing(options).is_empty()
        };
        match self.0.values().find(sufficient) {
            Some(plugin) => plugin.login(options),
            None => Err(missing(&["auth_system"])),
        }
    }
}

/// A plugin that is built in: a login that `clouds.yaml` can name, too.
#[derive(Clone, Copy, Debug)]
struct Standard {
    name: &'static str,
    needs: &'static [&'static [&'static str]],
    takes: &'static [&'static str],
}

impl Plugin for Standard {
    fn name(&self) -> &str {
        self.name
    }

    fn needs(&self) -> &[&'static [&'static str]] {
        self.needs
    }

    fn takes(&self) -> &[&'static str] {
        self.takes
    }

    fn missing(&self, options: &Options) -> Vec<&'static str> {
        let lacks = |group: &&'static [&'static str]| !group.iter().any(|name| options.get(name).is_some());
        let needs = match (self.name, options.get("token")) {
            // With a token in hand only the endpoint is wanted.
            (KEYSTONE, Some(_)) => &[&["endpoint"][..]][..],
            _ => self.needs,
        };
        needs.iter().filter(|group| lacks(group)).filter_map(|group| group.first().copied()).collect()
    }

    fn login(&self, options: &Options) -> Result<Arc<dyn Authorize>> {
        let auth_type = match (self.name, options.get("token")) {
            (KEYSTONE, Some(_)) => "admin_token",
            (KEYSTONE, None) => "password",
            (name, _) => name,
        };
        options.cloud(auth_type).authorizer(None)
    }
}

const KEYSTONE: &str = "keystone";
const URL: &[&str] = &["auth_url"];
const USER: &[&str] = &["username", "user_id"];
/// Options, and then what every login at Keystone takes: default domain and scope.
macro_rules! scoped {
    ($($name:literal),*) => {
        &[
            $($name,)*
            "default_domain",
            "default_domain_id",
            "default_domain_name",
            "project_name",
            "project_id",
            "project_domain_name",
            "project_domain_id",
            "domain_name",
            "domain_id",
            "system_scope",
            "trust_id",
        ]
    };
}

const SCOPE: &[&str] = scoped!();
const PERSON: &[&str] = scoped!("user_domain_name", "user_domain_id");
/// What providers are told beside who asks.
const FEDERATED: &[&str] = scoped!(
    "client_id",
    "client_secret",
    "openid_scope",
    "access_token_endpoint",
    "discovery_endpoint",
    "device_authorization_endpoint",
    "code_verifier"
);
/// What each of several methods wants.
const FACTORS: &[&str] = scoped!(
    "username",
    "user_id",
    "user_domain_name",
    "user_domain_id",
    "password",
    "passcode",
    "totp_seed",
    "token",
    "application_credential_id",
    "application_credential_name",
    "application_credential_secret"
);
const PROVIDER: &[&[&str]] = &[
    URL,
    &["identity_provider"],
    &["protocol"],
    &["client_id"],
    &["discovery_endpoint", "access_token_endpoint"],
];

/// The names of all logins that are built in and that `clouds.yaml` can have.
pub(crate) fn names() -> Vec<&'static str> {
    STANDARD.iter().map(|plugin| plugin.name).filter(|name| *name != KEYSTONE).collect()
}

/// The options of all logins that are built in: what belongs below `auth`.
pub(crate) fn options() -> BTreeSet<&'static str> {
    let plugins = STANDARD.iter().filter(|plugin| plugin.name != KEYSTONE);
    plugins.flat_map(|plugin| plugin.needs.iter().copied().flatten().chain(plugin.takes)).copied().collect()
}

const fn standard(
    name: &'static str,
    needs: &'static [&'static [&'static str]],
    takes: &'static [&'static str],
) -> Standard {
    Standard { name, needs, takes }
}

static STANDARD: &[Standard] = &[
    standard("admin_token", &[&["token"], &["endpoint"]], &[]),
    standard("http_basic", &[&["username"], &["password"]], &["endpoint"]),
    standard(
        KEYSTONE,
        &[&["username"], &["password"], &["tenant_name", "project_name"], URL],
        &["token", "endpoint"],
    ),
    standard("none", &[&["endpoint"]], &[]),
    standard("password", &[URL, USER, &["password"]], PERSON),
    standard("token", &[URL, &["token"]], SCOPE),
    standard("v2password", &[URL, USER, &["password"]], &["tenant_name", "tenant_id", "trust_id"]),
    standard("v2token", &[URL, &["token"]], &["tenant_name", "tenant_id", "trust_id"]),
    standard(
        "v3applicationcredential",
        &[
            URL,
            &["application_credential_id", "application_credential_name"],
            &["application_credential_secret"],
        ],
        &[
            "username",
            "user_id",
            "user_domain_name",
            "user_domain_id",
            "default_domain",
            "default_domain_id",
            "default_domain_name",
        ],
    ),
    standard("v3multifactor", &[URL, &["auth_methods"]], FACTORS),
    standard(
        "v3oidcaccesstoken",
        &[URL, &["identity_provider"], &["protocol"], &["access_token"]],
        FEDERATED,
    ),
    standard(
        "v3oidcauthcode",
        &[
            URL,
            &["identity_provider"],
            &["protocol"],
            &["client_id"],
            &["code"],
            &["redirect_uri"],
            &["discovery_endpoint", "access_token_endpoint"],
        ],
        FEDERATED,
    ),
    standard("v3oidcclientcredentials", PROVIDER, FEDERATED),
    standard("v3oidcdeviceauthz", PROVIDER, FEDERATED),
    standard(
        "v3oidcpassword",
        &[
            URL,
            &["identity_provider"],
            &["protocol"],
            &["client_id"],
            &["username"],
            &["password"],
            &["discovery_endpoint", "access_token_endpoint"],
        ],
        FEDERATED,
    ),
    standard("v3password", &[URL, USER, &["password"]], PERSON),
    standard("v3token", &[URL, &["token"]], SCOPE),
    standard("v3totp", &[URL, USER, &["passcode", "totp_seed"]], PERSON),
];
