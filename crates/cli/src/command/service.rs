//! What a service tells the generic commands, and how it is reached.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use pentad_core::{BoxFuture, Call, List, Op, Secret, Transport};
use pentad_transport::Wired;
use serde_json::Value;

use crate::connect::Local;
use crate::failure::{Failure, Result};
use crate::settings::{ServiceSettings, Settings, Tabled};

/// Names and values.
pub(crate) type Pairs<'a> = &'a [(&'a str, &'a str)];

/// Where the credential of a service goes, for calls that are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CredentialPlace {
    /// Header.
    pub(crate) header: &'static str,
    /// What stands before the secret in the header, e.g. `Bearer `.
    pub(crate) prefix: &'static str,
    /// Variable that holds the secret.
    pub(crate) variable: &'static str,
}

/// The raw door of a library's client. Both functions refuse an id that is unknown, and the second one that is no listing.
#[expect(clippy::type_complexity, reason = "the forms of the libraries' own methods")]
pub(crate) struct RawDoor<C> {
    /// Calls any operation by its id.
    pub(crate) call: fn(&C, &str, Pairs<'_>, Pairs<'_>, Option<Value>) -> pentad_core::Result<Call<Value>>,
    /// Lists page by page.
    pub(crate) list: fn(&C, &str, Pairs<'_>, Pairs<'_>) -> pentad_core::Result<List<Value>>,
}

/// One service. Everything generic (sending, printing, paging, doctor, raw calls) needs only this.
pub(crate) trait Service: Tabled + fmt::Debug {
    /// The library's client.
    type Client: Clone + Send + Sync + 'static;

    /// All operations of the raw door.
    fn ops() -> &'static [&'static Op];

    /// Where the credential goes in a printed call.
    const CREDENTIAL: CredentialPlace;

    /// Who acts on an installation of one's own if a plan says nothing: a key of its announced credentials.
    const ACTOR: &'static str;

    /// Any operation and any list of the service by id.
    const DOOR: RawDoor<Self::Client>;

    /// Who shall act there because the user said so (`--as`).
    fn actor(&self) -> Option<&'static str> {
        None
    }

    /// Takes what it needs beside its own settings, such as those of the service that it logs in with.
    ///
    /// # Errors
    /// A configuration failure that names the place of a value that cannot be used.
    fn prepare(&mut self, _settings: &Settings) -> Result<()> {
        Ok(())
    }

    /// Whether a configured service is meant, not an installation of one's own.
    fn is_remote(&self, settings: &ServiceSettings) -> bool {
        settings.endpoint().is_some()
    }

    /// Refuses an operation for which a setting is missing, before anything is opened.
    ///
    /// # Errors
    /// A configuration failure that says what to set.
    fn ready(&self, _settings: &ServiceSettings, _op: &Op, _args: &[(String, String)]) -> Result<()> {
        Ok(())
    }

    /// A client. `way` gives transport and secrets; `actor` matters on an installation of one's own only.
    ///
    /// # Errors
    /// A configuration failure if a secret or a file cannot be used.
    fn client(&self, settings: &ServiceSettings, way: &Way, actor: &'static str) -> Result<Self::Client>;

    /// The lines of Rust that make the client, for `--print rust`.
    fn rust(&self, settings: &ServiceSettings) -> String;

    /// Asks the service something that needs little: what `pentad doctor` shows.
    fn greet(client: &Self::Client) -> BoxFuture<'static, pentad_core::Result<String>>;
}

/// Tells the builder of a client whom it is to trust beside the system's own authorities: the fields
/// [`ca_file`](crate::settings::Field::ca_file) and [`insecure`](crate::settings::Field::insecure).
pub(crate) fn trusting<B: Wired>(settings: &ServiceSettings, mut builder: B) -> B {
    if let Some(file) = settings.path("ca_file") {
        builder.wiring().ca(file);
    }
    if settings.is_on("insecure") {
        builder.wiring().insecure(true);
    }
    builder
}

/// How a service is reached.
#[derive(Debug)]
pub(crate) enum Way {
    /// A configured endpoint. Nothing is contacted before the first call.
    Remote,
    /// A configured endpoint, for printing calls: no secret is read, nothing can be sent.
    RemoteShown,
    /// The server on the user's own data.
    Local(Box<Local>),
    /// The same, for printing calls: nothing is opened, nothing can be sent.
    LocalShown(Arc<dyn Transport>),
}

/// Stands for a secret in calls that are only shown; it never appears in them.
const UNREAD: &str = "unread";

impl Way {
    /// The transport of an installation of one's own; none for a configured endpoint.
    pub(crate) fn transport(&self) -> Option<Arc<dyn Transport>> {
        match self {
            Self::Remote | Self::RemoteShown => None,
            Self::Local(local) => Some(local.transport()),
            Self::LocalShown(transport) => Some(Arc::clone(transport)),
        }
    }

    /// Whether what is learnt about the service, such as a token, is good for a later command too.
    pub(crate) fn lasts(&self) -> bool {
        match self {
            Self::Remote | Self::RemoteShown => true,
            Self::Local(local) => local.lasts(),
            Self::LocalShown(_) => false,
        }
    }

    /// The configured secret.
    ///
    /// # Errors
    /// A configuration failure if it cannot be read.
    pub(crate) fn secret(&self, settings: &ServiceSettings, key: &str) -> Result<Option<Secret>> {
        match (settings.secret(key), self) {
            (None, _) => Ok(None),
            (Some(_), Self::RemoteShown | Self::LocalShown(_)) => Ok(Some(Secret::new(UNREAD))),
            (Some(source), _) => source.value.read().map(Some),
        }
    }

    /// The secret of a user of an installation of one's own.
    ///
    /// # Errors
    /// A configuration failure if the installation has no such user.
    pub(crate) fn credential(&self, service: &str, actor: &str) -> Result<Secret> {
        let Self::Local(local) = self else { return Ok(Secret::new(UNREAD)) };
        local.credential(service, actor).ok_or_else(|| {
            Failure::config(
                format!("no credential for {actor} of {service}"),
                "this installation has no such user",
            )
            .hint("--endpoint and the service's own options name another way in")
        })
    }

    /// Refuses a private file that others can read; nothing is looked at where nothing is sent.
    ///
    /// # Errors
    /// A configuration failure with the remedy.
    pub(crate) fn private(&self, path: &Path) -> Result<()> {
        if matches!(self, Self::RemoteShown | Self::LocalShown(_)) {
            return Ok(());
        }
        let what = || format!("cannot use the key file {}", path.display());
        let meta = std::fs::metadata(path).map_err(|error| Failure::config(what(), error.to_string()))?;
        match crate::settings::too_open(&meta) {
            None => Ok(()),
            Some(mode) => Err(Failure::config(what(), format!("its mode {mode:04o} lets others read it"))
                .hint(format!("chmod 600 {}", path.display()))),
        }
    }
}
