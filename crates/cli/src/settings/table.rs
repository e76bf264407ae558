//! What can be configured for a service, as data: one table feeds flags, variables, contexts and explanations.

/// How a value is read and checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Any text.
    Text,
    /// A file. Contexts hold it as an absolute path.
    Path,
    /// A secret. A variable holds the secret itself; flags and contexts name a file (0600) that does.
    Secret,
    /// A port.
    Port,
    /// On or off.
    Switch,
}

/// One setting of a service.
#[derive(Debug)]
pub(crate) struct Field {
    /// Name in explanations, e.g. `token`. In a context a secret is called `token_file`.
    pub(crate) key: &'static str,
    pub(crate) kind: Kind,
    /// Flag of the service's commands, without dashes, e.g. `token-file`.
    pub(crate) flag: Option<&'static str>,
    /// Our own variable: beats the context.
    pub(crate) env: Option<&'static str>,
    /// Variables of the service's original clients, the first that is set counts: the context beats them.
    pub(crate) original: &'static [&'static str],
    /// Name of the value in help, e.g. `FILE`.
    pub(crate) value: &'static str,
    /// What it is, as a line of help without a full stop.
    pub(crate) help: &'static str,
}

impl Field {
    /// A field that only contexts know.
    pub(crate) const fn new(key: &'static str, kind: Kind, value: &'static str, help: &'static str) -> Self {
        Self { key, kind, flag: None, env: None, original: &[], value, help }
    }

    /// The authority that servers are checked against beside the system's own.
    pub(crate) const fn ca_file(variable: &'static str) -> Self {
        let help = "Trust this certificate authority (PEM), too";
        Self::new("ca_file", Kind::Path, "FILE", help).flag("ca-file").env(variable)
    }

    /// The switch that leaves servers unchecked.
    pub(crate) const fn insecure() -> Self {
        Self::new("insecure", Kind::Switch, "", "Do not check the server's certificate").flag("insecure")
    }

    /// Also a flag.
    pub(crate) const fn flag(self, flag: &'static str) -> Self {
        Self { flag: Some(flag), ..self }
    }

    /// Also a variable of ours.
    pub(crate) const fn env(self, name: &'static str) -> Self {
        Self { env: Some(name), ..self }
    }

    /// Also variables of the original clients.
    #[allow(dead_code, reason = "AMS has an original client that reads none")]
    pub(crate) const fn original(self, names: &'static [&'static str]) -> Self {
        Self { original: names, ..self }
    }

    /// The key in the configuration file.
    pub(crate) fn file_key(&self) -> String {
        match self.kind {
            Kind::Secret => format!("{}_file", self.key),
            _ => self.key.to_owned(),
        }
    }
}

/// The settings of one service.
#[derive(Debug)]
pub(crate) struct Table {
    /// Word of the command line and key in contexts, e.g. `ams`.
    pub(crate) service: &'static str,
    /// Name for people, e.g. `AMS`.
    pub(crate) title: &'static str,
    /// The field `endpoint` also takes the global `--endpoint`.
    pub(crate) fields: &'static [Field],
}
