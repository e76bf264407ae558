//! Clouds as configured: `clouds.yaml`, `secure.yaml`, `clouds-public.yaml`, `OS_*` (OpenStack reference B17).
//!
//! [`Environment`] is what configuration is read from, [`Clouds`] what is found there, [`Cloud`] one of them with all
//! rules applied: from it come the login, TLS settings and where the services are.

mod cloud;
mod environment;
mod fix;
mod login;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use pentad_core::{Error, ErrorKind, Result};
use serde_json::{Map, Value};

pub use self::cloud::Cloud;
pub use self::environment::Environment;

/// All clouds that are configured.
#[derive(Clone, Default)]
pub struct Clouds {
    environment: Environment,
    clouds: Map<String, Value>,
    profiles: Map<String, Value>,
    /// Names of files that were read.
    files: Vec<PathBuf>,
    overlay: bool,
    /// Whether tokens are kept between processes.
    keeps_tokens: bool,
}

impl Clouds {
    /// Reads the files of the environment: the first of each kind that exists.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) for a file that cannot be read; its contents are not shown.
    pub fn load(environment: Environment) -> Result<Self> {
        let mut files = Vec::new();
        let mut read = |kind: &str, variable: Option<&str>| -> Result<Map<String, Value>> {
            let Some(path) = environment.file(kind, variable) else { return Ok(Map::new()) };
            let document = document(&path)?;
            files.push(path);
            Ok(document)
        };
        let mut main = read("clouds", Some("OS_CLIENT_CONFIG_FILE"))?;
        let mut said = ["clouds", "cache", "client"].iter().map(|name| main.contains_key(*name));
        let is_strange = !main.is_empty() && !said.any(|is_there| is_there);
        let mut secure = read("secure", Some("OS_CLIENT_SECURE_FILE"))?;
        let mut public = read("clouds-public", Some("OS_CLIENT_VENDOR_FILE"))?;
        let of = |document: &mut Map<String, Value>, name: &str, kind: &str| {
            section(document, name).map_err(|why| {
                let path = files
                    .iter()
                    .find(|path| path.file_stem().is_some_and(|stem| stem == kind))
                    .or(files.first());
                let place = path.map_or_else(|| kind.to_owned(), |path| path.display().to_string());
                Error::new(ErrorKind::Config, format!("{place}: {why}"))
            })
        };
        if is_strange {
            let place = files.first().map(|path| path.display().to_string()).unwrap_or_default();
            return Err(Error::new(ErrorKind::Config, format!("{place}: has no `clouds`")));
        }
        let mut clouds = of(&mut main, "clouds", "clouds")?;
        fix::merge(&mut clouds, of(&mut secure, "clouds", "secure")?);
        let profiles = of(&mut public, "public-clouds", "clouds-public")?;
        let keeps_tokens = of(&mut main, "cache", "clouds")?.get("auth").is_some_and(fix::is_true);
        Ok(Self { environment, clouds, profiles, files, overlay: false, keeps_tokens })
    }

    /// Reads what the process has: its variables, the working directory, the user's and the site's folder.
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn of_process() -> Result<Self> {
        Self::load(Environment::of_process())
    }

    /// Lets variables override the named cloud, as the unified command line does; the library's way is to take a named
    /// cloud alone.
    #[must_use]
    pub fn overlay(mut self) -> Self {
        self.overlay = true;
        self
    }

    /// Names of the clouds in files, and of the environment's cloud if there is one.
    pub fn names(&self) -> Vec<String> {
        let own = self.environment.has_login().then(|| self.environment.cloud_name().to_owned());
        self.clouds.keys().cloned().chain(own).collect::<BTreeSet<_>>().into_iter().collect()
    }

    /// The files that were read.
    pub fn files(&self) -> &[PathBuf] {
        &self.files
    }

    /// Whether anything says how to log in: a named cloud, variables, or clouds in the files. Of several clouds one must be
    /// chosen before [`cloud`](Self::cloud) gives it.
    pub fn is_configured(&self) -> bool {
        self.environment.get("OS_CLOUD").is_some() || self.environment.has_login() || !self.clouds.is_empty()
    }

    /// A cloud: the one named, else that of `OS_CLOUD`, else the environment's, else the only one there is.
    ///
    /// # Errors
    /// [`Config`](ErrorKind::Config) if there is no such cloud, none at all, or its settings contradict each other.
    pub fn cloud(&self, name: Option<&str>) -> Result<Cloud> {
        let own = self.environment.cloud_name();
        if self.environment.has_login() && self.clouds.contains_key(own) {
            let message = format!("the cloud {own:?} is in a file and in the environment");
            return Err(Error::new(ErrorKind::Config, message)
                .with_hint("rename it, or set OS_CLOUD_NAME to another name for the environment's"));
        }
        let chosen = name.or_else(|| self.environment.get("OS_CLOUD"));
        let (name, mut settings) = match chosen {
            Some(name) if name == own && self.environment.has_login() => (own, self.environment.settings()),
            Some(name) => (name, self.listed(name)?),
            None if self.environment.has_login() => (own, self.environment.settings()),
            None => match self.clouds.keys().next() {
                Some(only) if self.clouds.len() == 1 => (only.as_str(), self.listed(only)?),
                Some(_) => return Err(self.no_choice()),
                None => ("defaults", Map::new()),
            },
        };
        if self.overlay && name != own {
            fix::merge(&mut settings, self.environment.settings());
        }
        let region = self.environment.get("OS_REGION_NAME");
        fix::apply(&mut settings, region, self.overlay || name == own)?;
        fix::expand(&mut settings, self.environment.get("HOME"));
        let tokens = self.environment.token_folder().filter(|_| self.keeps_tokens);
        Ok(Cloud::new(name, settings, tokens))
    }

    fn listed(&self, name: &str) -> Result<Map<String, Value>> {
        let Some(Value::Object(cloud)) = self.clouds.get(name) else {
            let message = format!("Cloud {name} was not found.");
            let error = Error::new(ErrorKind::Config, message);
            let names: Vec<&str> = self.clouds.keys().map(String::as_str).collect();
            return Err(error.with_hint(if names.is_empty() {
                "there is no clouds.yaml here, in ~/.config/openstack or in /etc/openstack".to_owned()
            } else {
                format!("there are: {}", names.join(", "))
            }));
        };
        let mut cloud = fix::plain_keys(cloud);
        let profile = cloud.get("profile").or_else(|| cloud.get("cloud")).and_then(Value::as_str);
        if let Some(profile) = profile.map(str::to_owned) {
            let mut settings = self.profile(&profile, name)?;
            fix::merge(&mut settings, cloud);
            cloud = settings;
        }
        Ok(cloud)
    }

    fn profile(&self, profile: &str, cloud: &str) -> Result<Map<String, Value>> {
        let Some(Value::Object(settings)) = self.profiles.get(profile) else {
            // Nothing is fetched from the network to find out where the network is.
            let message =
                format!("Cloud {cloud} has the profile {profile:?}, which clouds-public.yaml does not have");
            return Err(Error::new(ErrorKind::Config, message));
        };
        Ok(fix::plain_keys(settings))
    }

    fn no_choice(&self) -> Error {
        let names: Vec<&str> = self.clouds.keys().map(String::as_str).collect();
        Error::new(ErrorKind::Config, format!("there are several clouds: {}", names.join(", ")))
            .with_hint("choose one by name, or with OS_CLOUD")
    }
}

impl std::fmt::Debug for Clouds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Clouds")
            .field("names", &self.names())
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn section(document: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, String> {
    match document.remove(name) {
        Some(Value::Object(members)) => Ok(members),
        None | Some(Value::Null) => Ok(Map::new()),
        Some(_) => Err(format!("`{name}` is no mapping")),
    }
}

/// Reads a file as YAML, which JSON is too.
fn document(path: &Path) -> Result<Map<String, Value>> {
    let wrong = |why: String| Error::new(ErrorKind::Config, format!("{}: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    match serde_saphyr::from_str::<Value>(&text) {
        Ok(Value::Object(members)) => Ok(members),
        Ok(Value::Null) => Ok(Map::new()),
        Ok(_) => Err(wrong("is no mapping".to_owned())),
        // Lines of the file may hold passwords.
        Err(error) => Err(wrong(error.without_snippet().to_string())),
    }
}
