//! What configuration is read from: variables and folders.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value};

/// Name of the cloud that variables describe.
const OWN: &str = "envvars";

/// Variables and folders.
#[derive(Clone, Default)]
pub struct Environment {
    variables: BTreeMap<String, String>,
    folders: Vec<PathBuf>,
}

impl Environment {
    /// These variables and folders, the first folder first.
    pub fn new(
        variables: impl IntoIterator<Item = (String, String)>,
        folders: impl IntoIterator<Item = PathBuf>,
    ) -> Self {
        // An empty variable is as good as none.
        let variables = variables.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        Self { variables, folders: folders.into_iter().collect() }
    }

    /// The process's variables; the working directory, `~/.config/openstack` and `/etc/openstack`.
    pub fn of_process() -> Self {
        // Variables that are no text cannot be ours.
        let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        };
        let variables: BTreeMap<String, String> = std::env::vars_os().filter_map(text).collect();
        let home = variables.get("HOME").map(PathBuf::from);
        let user = variables.get("XDG_CONFIG_HOME").filter(|folder| !folder.is_empty()).map(PathBuf::from);
        let user = user.or_else(|| Some(home?.join(".config"))).map(|folder| folder.join("openstack"));
        let folders = [Some(PathBuf::from(".")), user, Some(PathBuf::from("/etc/openstack"))];
        Self::new(variables, folders.into_iter().flatten())
    }

    /// The same with further variables, which replace those of the same name.
    #[must_use]
    pub fn with(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.variables.extend(variables.into_iter().filter(|(_, value)| !value.is_empty()));
        self
    }

    /// A variable; an empty one is none.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.variables.get(name).map(String::as_str)
    }

    /// Where tokens are kept between processes.
    pub(super) fn token_folder(&self) -> Option<PathBuf> {
        let cache = self.get("XDG_CACHE_HOME").map(PathBuf::from);
        let cache = cache.or_else(|| Some(PathBuf::from(self.get("HOME")?).join(".cache")));
        Some(cache?.join("pentad").join("tokens"))
    }

    /// The name under which the variables are a cloud.
    pub(super) fn cloud_name(&self) -> &str {
        self.get("OS_CLOUD_NAME").unwrap_or(OWN)
    }

    /// Whether any variable says something about a login.
    pub fn has_login(&self) -> bool {
        self.login().next().is_some()
    }

    /// The settings that variables make, by their names in files.
    pub(super) fn settings(&self) -> Map<String, Value> {
        let mut settings: Map<String, Value> =
            self.login().map(|(name, value)| (name.to_ascii_lowercase(), Value::from(value))).collect();
        if let Some(region) = self.get("OS_REGION_NAME") {
            settings.insert("region_name".to_owned(), region.into());
        }
        settings
    }

    /// The options of logins that variables set, by their names.
    pub(crate) fn options(&self) -> impl Iterator<Item = (String, &str)> {
        self.login().map(|(name, value)| (name.to_ascii_lowercase(), value))
    }

    fn login(&self) -> impl Iterator<Item = (&str, &str)> {
        const NOT: [&str; 6] = [
            "CLOUD",
            "CLOUD_NAME",
            "REGION_NAME",
            "CLIENT_CONFIG_FILE",
            "CLIENT_SECURE_FILE",
            "CLIENT_VENDOR_FILE",
        ];
        let login =
            |name: &str| !NOT.contains(&name) && !["TEST", "STD", "LOG"].iter().any(|x| name.starts_with(x));
        self.variables
            .iter()
            .filter_map(|(name, value)| Some((name.strip_prefix("OS_")?, value.as_str())))
            .filter(move |(name, _)| login(name))
    }

    /// The file of a kind: the one that a variable names, else the first that exists.
    pub(super) fn file(&self, kind: &str, variable: Option<&str>) -> Option<PathBuf> {
        let named = variable.and_then(|name| self.get(name)).map(PathBuf::from).filter(|path| path.exists());
        named.or_else(|| {
            let names = ["yaml", "yml", "json"].map(|ending| format!("{kind}.{ending}"));
            let places =
                self.folders.iter().flat_map(|folder| names.iter().map(move |name| folder.join(name)));
            places.into_iter().find(|path| path.is_file())
        })
    }
}

impl fmt::Debug for Environment {
    /// Names only: values hold passwords.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&String> = self.variables.keys().filter(|name| name.starts_with("OS_")).collect();
        f.debug_struct("Environment").field("variables", &names).field("folders", &self.folders).finish()
    }
}
