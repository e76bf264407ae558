//! Resolved settings: flag before environment before file before built-in, each with its origin.

mod file;
mod origin;
pub(crate) mod paths;
mod secret;

use std::path::PathBuf;
use std::time::Duration;

use clap::ValueEnum;

pub(crate) use self::file::{AmsContext, Context, Loaded, load};
pub(crate) use self::origin::{Origin, Setting};
pub(crate) use self::secret::{SecretSource, from_stdin, too_open, write_private};
use crate::args::{self, Global};
use crate::command::ams::AmsFlags;
use crate::failure::{Failure, Result};
use crate::output::Format;

/// Everything that is decided before a command runs.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The configuration file.
    pub(crate) loaded: Loaded,
    /// The context in use.
    pub(crate) context: Option<Setting<String>>,
    /// Output format.
    pub(crate) output: Setting<Format>,
    /// Time for one call.
    pub(crate) timeout: Option<Setting<Duration>>,
    /// Data directory of the embedded server.
    pub(crate) data: Setting<PathBuf>,
    endpoint_flag: Option<String>,
    /// False where the environment is not to be looked at.
    ambient: bool,
}

/// How to reach AMS.
#[derive(Clone, Debug)]
pub(crate) struct AmsSettings {
    pub(crate) endpoint: Option<Setting<String>>,
    pub(crate) project: Option<Setting<String>>,
    pub(crate) token: Option<Setting<SecretSource>>,
    pub(crate) certificate: Option<Setting<PathBuf>>,
    pub(crate) key: Option<Setting<PathBuf>>,
    pub(crate) authn_port: Option<Setting<u16>>,
    pub(crate) ca_file: Option<Setting<PathBuf>>,
    pub(crate) insecure: Setting<bool>,
}

impl Settings {
    /// Resolves the settings that all commands share.
    ///
    /// # Errors
    /// A configuration failure if the file or a value cannot be used, or the context does not exist.
    pub(crate) fn resolve(global: &Global) -> Result<Self> {
        let loaded = load()?;
        let context = origin::first(
            global.context.clone().map(|name| (name, "--context")),
            env("PENTAD_CONTEXT"),
            loaded.config.context.clone().map(|name| (name, in_file(&loaded, "context"))),
        );
        if let Some(name) = &context
            && !loaded.config.contexts.contains_key(&name.value)
        {
            return Err(Failure::config(
                format!("there is no context `{}`", name.value),
                format!("named by {}", name.origin),
            )
            .hint("`pentad context list` shows those that exist"));
        }
        let (output, timeout) = (format(global, &loaded)?, timeout(global, &loaded)?);
        let data = data(&loaded, context.as_ref())?;
        Ok(Self {
            loaded,
            context,
            output,
            timeout,
            data,
            endpoint_flag: global.endpoint.clone(),
            ambient: true,
        })
    }

    /// What holds with no configuration file and no environment: for showing commands that must come out the same for
    /// everybody.
    pub(crate) fn built_in(global: &Global) -> Result<Self> {
        let loaded = Loaded { path: PathBuf::new(), exists: false, config: file::Config::default() };
        Ok(Self {
            loaded,
            context: None,
            output: Setting::default_of(global.output.unwrap_or_default()),
            timeout: None,
            data: Setting::default_of(paths::data_dir()?),
            endpoint_flag: None,
            ambient: false,
        })
    }

    /// Resolves how to reach AMS.
    pub(crate) fn ams(&self, flags: &AmsFlags) -> Result<AmsSettings> {
        let empty = AmsContext::default();
        let name = self.context.as_ref().map(|context| context.value.as_str());
        let file = name.and_then(|name| self.loaded.config.contexts.get(name)).map_or(&empty, |c| &c.ams);
        let at =
            |key: &str| in_file(&self.loaded, &format!("contexts.{}.ams.{key}", name.unwrap_or_default()));
        let env = |name| env(name).filter(|_| self.ambient);
        let port = env("PENTAD_AMS_AUTHN_PORT").map(|(text, name)| number(&text, name)).transpose()?;
        Ok(AmsSettings {
            endpoint: origin::first(
                self.endpoint_flag.clone().map(|value| (value, "--endpoint")),
                env("PENTAD_AMS_ENDPOINT"),
                file.endpoint.clone().map(|value| (value, at("endpoint"))),
            ),
            project: origin::first(
                flags.project.clone().map(|value| (value, "--project")),
                env("PENTAD_AMS_PROJECT"),
                file.project.clone().map(|value| (value, at("project"))),
            ),
            token: origin::first(
                flags.token_file.clone().map(|path| (SecretSource::File(path), "--token-file")),
                env("PENTAD_AMS_TOKEN").map(|(_, name)| (SecretSource::Env(name), name)),
                file.token_file.clone().map(|path| (SecretSource::File(path), at("token_file"))),
            ),
            certificate: path(
                &flags.certificate,
                "--certificate",
                env("PENTAD_AMS_CERTIFICATE"),
                &file.certificate,
                &at,
            ),
            key: path(&flags.key, "--key", env("PENTAD_AMS_KEY"), &file.key, &at),
            authn_port: origin::first(
                flags.authn_port.map(|value| (value, "--authn-port")),
                port,
                file.authn_port.map(|value| (value, at("authn_port"))),
            ),
            ca_file: path(&flags.ca_file, "--ca-file", env("PENTAD_AMS_CA_FILE"), &file.ca_file, &at),
            insecure: origin::first(
                flags.insecure.then_some((true, "--insecure")),
                None,
                file.insecure.then(|| (true, at("insecure"))),
            )
            .unwrap_or(Setting::default_of(false)),
        })
    }
}

fn format(global: &Global, loaded: &Loaded) -> Result<Setting<Format>> {
    let env = match env("PENTAD_OUTPUT") {
        None => None,
        Some((text, name)) => {
            let format = Format::from_str(&text, true)
                .map_err(|why| Failure::config(format!("{name}={text}"), why))?;
            Some((format, name))
        }
    };
    Ok(origin::first(
        global.output.map(|format| (format, "--output")),
        env,
        loaded.config.output.map(|format| (format, in_file(loaded, "output"))),
    )
    .unwrap_or(Setting::default_of(Format::Table)))
}

fn timeout(global: &Global, loaded: &Loaded) -> Result<Option<Setting<Duration>>> {
    let parse = |text: &str, place: &str| {
        args::duration(text).map_err(|why| Failure::config(format!("{place} = {text}"), why))
    };
    let env = match env("PENTAD_TIMEOUT") {
        None => None,
        Some((text, name)) => Some((parse(&text, name)?, name)),
    };
    let file = match &loaded.config.timeout {
        None => None,
        Some(text) => Some((parse(text, "timeout")?, in_file(loaded, "timeout"))),
    };
    Ok(origin::first(global.timeout.map(|time| (time, "--timeout")), env, file))
}

fn data(loaded: &Loaded, context: Option<&Setting<String>>) -> Result<Setting<PathBuf>> {
    let of_context = context.and_then(|context| {
        let path = loaded.config.contexts.get(&context.value)?.data.clone()?;
        Some((path, in_file(loaded, &format!("contexts.{}.data", context.value))))
    });
    let file = of_context.or_else(|| loaded.config.data.clone().map(|path| (path, in_file(loaded, "data"))));
    let env = env("PENTAD_DATA").map(|(path, name)| (PathBuf::from(path), name));
    match origin::first(None, env, file) {
        Some(setting) => Ok(setting),
        None => Ok(Setting::default_of(paths::data_dir()?)),
    }
}

fn path(
    flag: &Option<PathBuf>,
    flag_name: &'static str,
    env: Option<(String, &'static str)>,
    file: &Option<PathBuf>,
    at: &dyn Fn(&str) -> Origin,
) -> Option<Setting<PathBuf>> {
    let key = flag_name.trim_start_matches('-').replace('-', "_");
    origin::first(
        flag.clone().map(|path| (path, flag_name)),
        env.map(|(path, name)| (PathBuf::from(path), name)),
        file.clone().map(|path| (path, at(&key))),
    )
}

/// A variable of the environment; an empty one counts as not set.
fn env(name: &'static str) -> Option<(String, &'static str)> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(|value| (value, name))
}

fn number(text: &str, name: &'static str) -> Result<(u16, &'static str)> {
    let port = text.parse().map_err(|_| Failure::config(format!("{name}={text}"), "not a port number"))?;
    Ok((port, name))
}

fn in_file(loaded: &Loaded, key: &str) -> Origin {
    Origin::File(loaded.path.clone(), key.to_owned())
}
