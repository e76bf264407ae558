//! The settings of one service, resolved.

use std::collections::BTreeMap;
use std::path::PathBuf;

use pentad_core::redact;

use super::origin::{self, Origin, Setting};
use super::secret::SecretSource;
use super::table::{Field, Kind, Table};
use super::{Settings, variable};
use crate::failure::{Failure, Result};

/// Values given by flags, by key.
pub(crate) type Given = BTreeMap<&'static str, String>;

/// What is set for a service, each value with its origin.
#[derive(Clone, Debug)]
pub(crate) struct ServiceSettings {
    pub(crate) table: &'static Table,
    texts: BTreeMap<&'static str, Setting<String>>,
    secrets: BTreeMap<&'static str, Setting<SecretSource>>,
}

impl ServiceSettings {
    /// A text, a path as text, a port as digits, `true` for a switch.
    pub(crate) fn setting(&self, key: &str) -> Option<&Setting<String>> {
        self.texts.get(key)
    }

    /// A text.
    pub(crate) fn text(&self, key: &str) -> Option<&str> {
        self.texts.get(key).map(|setting| setting.value.as_str())
    }

    /// The endpoint; none means the embedded server.
    pub(crate) fn endpoint(&self) -> Option<&str> {
        self.text("endpoint")
    }

    /// A path.
    pub(crate) fn path(&self, key: &str) -> Option<PathBuf> {
        self.text(key).map(PathBuf::from)
    }

    /// A port; it was checked when it was read.
    pub(crate) fn port(&self, key: &str) -> Option<u16> {
        self.text(key)?.parse().ok()
    }

    /// True if a switch is on.
    pub(crate) fn is_on(&self, key: &str) -> bool {
        self.text(key) == Some("true")
    }

    /// Where a secret is to be read from.
    pub(crate) fn secret(&self, key: &str) -> Option<&Setting<SecretSource>> {
        self.secrets.get(key)
    }

    /// Every setting of the service: key, what may be shown of the value, origin.
    pub(crate) fn explain(&self) -> Vec<(String, Option<Setting<String>>)> {
        let shown = |field: &Field| match field.kind {
            Kind::Secret => self.secret(field.key).map(|setting| {
                Setting::new(format!("(secret in {})", setting.value), setting.origin.clone())
            }),
            Kind::Switch => {
                Some(self.setting(field.key).cloned().unwrap_or(Setting::default_of("false".to_owned())))
            }
            _ => self
                .setting(field.key)
                .map(|setting| Setting::new(redacted(&setting.value), setting.origin.clone())),
        };
        let service = self.table.service;
        self.table.fields.iter().map(|field| (format!("{service}.{}", field.key), shown(field))).collect()
    }
}

impl Settings {
    /// Resolves the settings of a service: flag, own variable, context, variable of the original clients.
    ///
    /// # Errors
    /// A configuration failure that names the place of a value that cannot be used.
    pub(crate) fn service(&self, table: &'static Table, given: &Given) -> Result<ServiceSettings> {
        self.resolved(table, given, self.endpoint_flag.as_ref())
    }

    /// As [`service`](Self::service), for a service that another one stands on: `--endpoint` means that other one.
    ///
    /// # Errors
    /// As [`service`](Self::service).
    pub(crate) fn beneath(&self, table: &'static Table, given: &Given) -> Result<ServiceSettings> {
        self.resolved(table, given, None)
    }

    fn resolved(
        &self,
        table: &'static Table,
        given: &Given,
        endpoint: Option<&String>,
    ) -> Result<ServiceSettings> {
        let mut settings = ServiceSettings { table, texts: BTreeMap::new(), secrets: BTreeMap::new() };
        for field in table.fields {
            let text = self.field(table, field, given, endpoint);
            match (field.kind, text) {
                (_, None) => {}
                (Kind::Secret, Some(Setting { value, origin })) => {
                    let source = match origin {
                        Origin::Env(name) => SecretSource::Env(name),
                        _ => SecretSource::File(PathBuf::from(value)),
                    };
                    settings.secrets.insert(field.key, Setting::new(source, origin));
                }
                (kind, Some(mut setting)) => {
                    setting.value = checked(kind, setting.value, &setting.origin)?;
                    settings.texts.insert(field.key, setting);
                }
            }
        }
        Ok(settings)
    }

    fn field(
        &self,
        table: &Table,
        field: &'static Field,
        given: &Given,
        endpoint: Option<&String>,
    ) -> Option<Setting<String>> {
        let flag = match (given.get(field.key), field.key) {
            (Some(text), _) => Some((text.clone(), field.flag.unwrap_or(field.key))),
            (None, "endpoint") => endpoint.cloned().map(|text| (text, "endpoint")),
            _ => None,
        };
        let env = field.env.filter(|_| self.ambient).and_then(variable);
        let context = self.context.as_ref().and_then(|context| {
            let key = field.file_key();
            let path = ["contexts", &context.value, table.service, &key];
            Some((self.loaded.text(&path)?, Origin::File(self.loaded.path.clone(), path.join("."))))
        });
        let original = field.original.iter().filter(|_| self.ambient).find_map(|name| variable(name));
        origin::first(flag, env, context)
            .or_else(|| original.map(|(text, name)| Setting::new(text, Origin::Env(name))))
    }
}

/// A URL without the secrets in it; other text as it is.
fn redacted(text: &str) -> String {
    if text.contains("://") { redact::url(text) } else { text.to_owned() }
}

fn checked(kind: Kind, text: String, origin: &Origin) -> Result<String> {
    let wrong = |why: &str| Err(Failure::config(format!("cannot use `{text}` from {origin}"), why));
    match kind {
        Kind::Port if text.parse::<u16>().is_err() => wrong("not a port number"),
        Kind::Switch => match text.to_ascii_lowercase().as_str() {
            "true" | "1" | "yes" | "on" => Ok("true".to_owned()),
            "false" | "0" | "no" | "off" => Ok("false".to_owned()),
            _ => wrong("expected true or false"),
        },
        _ => Ok(text),
    }
}
