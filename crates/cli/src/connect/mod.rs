//! The way to a service: a configured endpoint, else the server on the user's own data.

mod local;

use std::sync::Arc;

use pentad_ams::Client;
use pentad_core::{Secret, Transport};

pub(crate) use self::local::{Local, listens};
use crate::command::ams::Role;
use crate::failure::{Failure, Result};
use crate::output::Output;
use crate::settings::{AmsSettings, Settings};

/// Where AMS is on a server of one's own, in this process or behind its socket.
pub(crate) const LOCAL_AMS: &str = "http://pentad.local/ams";

/// An open way to AMS.
#[derive(Debug)]
pub(crate) struct Reach(Way);

#[derive(Debug)]
enum Way {
    Remote(Box<AmsSettings>, Option<Secret>),
    Local(Box<Local>),
    /// For printing calls: nothing is opened, nothing can be sent.
    Unopened(Arc<dyn Transport>),
}

impl Reach {
    /// Opens the way: remote endpoints are only contacted by the first call, the embedded server is opened now.
    ///
    /// # Errors
    /// A configuration failure if a secret cannot be read; a local failure if the data directory cannot be used.
    pub(crate) async fn open(
        settings: &Settings,
        ams: &AmsSettings,
        local: Option<&Local>,
        output: &Output,
    ) -> Result<Self> {
        if let Some(local) = local {
            return Ok(Self(Way::Local(Box::new(local.share()))));
        }
        if ams.endpoint.is_some() {
            return Ok(Self(Self::remote(ams, true)?));
        }
        let local = Local::open(&settings.data.value).await?;
        output.hint(&format!("({})", local.describe(&settings.data.value)));
        Ok(Self(Way::Local(Box::new(local))))
    }

    /// A way that describes calls but sends none, and reads no secret.
    pub(crate) fn unopened(settings: &Settings, ams: &AmsSettings) -> Result<Self> {
        if ams.endpoint.is_some() {
            return Ok(Self(Self::remote(ams, false)?));
        }
        Ok(Self(Way::Unopened(pentad_transport::unix(Local::socket(&settings.data.value)))))
    }

    fn remote(ams: &AmsSettings, secrets: bool) -> Result<Way> {
        let token = match (&ams.token, secrets) {
            (Some(source), true) => Some(source.value.read()?),
            (Some(_), false) => Some(Secret::new("unread")),
            (None, _) => None,
        };
        if let (Some(key), true) = (&ams.key, secrets) {
            private(&key.value)?;
        }
        Ok(Way::Remote(Box::new(ams.clone()), token))
    }

    /// A client. `role` says who acts on an installation of one's own; elsewhere the configured token does.
    pub(crate) fn client(&self, role: Role, project: &str) -> Result<Client> {
        match &self.0 {
            Way::Remote(ams, token) => remote_client(ams, token.clone(), project),
            Way::Local(local) => {
                let token = local.token(role)?;
                Ok(Client::new(LOCAL_AMS, project).transport(local.transport()).token(token).build()?)
            }
            Way::Unopened(transport) => {
                let token = Secret::new("unread");
                Ok(Client::new(LOCAL_AMS, project).transport(transport.clone()).token(token).build()?)
            }
        }
    }

    /// Closes an embedded server: its data is free for the next command then.
    pub(crate) async fn close(self) -> Result<()> {
        match self.0 {
            Way::Local(local) => local.close().await,
            _ => Ok(()),
        }
    }
}

fn remote_client(ams: &AmsSettings, token: Option<Secret>, project: &str) -> Result<Client> {
    let endpoint = ams.endpoint.as_ref().map_or("", |endpoint| endpoint.value.as_str());
    let mut builder = Client::new(endpoint, project);
    if let Some(token) = token {
        builder = builder.token(token);
    } else if let (Some(certificate), Some(key)) = (&ams.certificate, &ams.key) {
        let identity = pentad_ams::Identity::files(&certificate.value, &key.value);
        let port = ams.authn_port.as_ref().map_or(pentad_ams::AUTHN_PORT, |port| port.value);
        builder = builder.certificate(identity, port);
    } else {
        // Health and version need no credential; everything else says so when it is asked.
        builder = builder.anonymous();
    }
    if let Some(file) = &ams.ca_file {
        builder = builder.ca(&file.value);
    }
    if ams.insecure.value {
        builder = builder.insecure(true);
    }
    Ok(builder.build()?)
}

/// A private key that others can read is none.
fn private(path: &std::path::Path) -> Result<()> {
    let what = || format!("cannot use the key file {}", path.display());
    let meta = std::fs::metadata(path).map_err(|error| Failure::config(what(), error.to_string()))?;
    match crate::settings::too_open(&meta) {
        None => Ok(()),
        Some(mode) => Err(Failure::config(what(), format!("its mode {mode:04o} lets others read it"))
            .hint(format!("chmod 600 {}", path.display()))),
    }
}
