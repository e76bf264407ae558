//! What Trove tells the generic commands: settings, client, raw door.

use std::sync::Arc;

use pentad_core::{BoxFuture, Op};
use pentad_trove::Client;

use crate::command::openstack::service as openstack;
use crate::command::openstack::{OpenStack, TABLE as LOGIN};
use crate::command::service::{CredentialPlace, RawDoor, Service, Way};
use crate::failure::Result;
use crate::settings::{Field, Given, Kind, ServiceSettings, Settings, Table, Tabled};

/// What can be configured beside the login, which is that of `openstack`.
pub(crate) const TABLE: &Table = &Table {
    service: "db",
    title: "Trove",
    fields: &[
        Field::new(
            "endpoint",
            Kind::Text,
            "URL",
            "URL of the database service with version and project; without one, the catalog tells",
        )
        .env("PENTAD_DB_ENDPOINT")
        .original(&["TROVE_BYPASS_URL"]),
        Field::new(
            "object_store",
            Kind::Text,
            "URL",
            "URL of the object store that holds logs; without one, the catalog tells",
        )
        .flag("object-store")
        .env("PENTAD_DB_OBJECT_STORE"),
        Field::new(
            "workflow",
            Kind::Text,
            "URL",
            "URL of the workflow service that holds schedules; without one, the catalog tells",
        )
        .flag("workflow")
        .env("PENTAD_DB_WORKFLOW"),
    ],
};

/// Trove. It stands on the login of OpenStack.
#[derive(Clone, Debug, Default)]
pub(crate) struct Db {
    /// What the flags said about the login.
    given: Given,
    /// The login's settings, once they are resolved.
    login: Option<ServiceSettings>,
}

impl Db {
    /// With what the flags said about the login.
    pub(super) const fn new(given: Given) -> Self {
        Self { given, login: None }
    }
}

/// An endpoint and a token, and nowhere to log in: as the original's `OS_TOKEN` with `TROVE_BYPASS_URL`.
fn is_token_alone(settings: &ServiceSettings, login: &ServiceSettings) -> bool {
    settings.endpoint().is_some()
        && login.endpoint().is_none()
        && login.text("cloud").is_none()
        && login.secret("token").is_some()
}

impl Tabled for Db {
    const TABLE: &'static Table = TABLE;
}

impl Service for Db {
    type Client = Client;

    const CREDENTIAL: CredentialPlace = OpenStack::CREDENTIAL;
    const ACTOR: &'static str = OpenStack::ACTOR;
    const DOOR: RawDoor<Client> = RawDoor { call: Client::call, list: Client::pages };

    fn ops() -> &'static [&'static Op] {
        pentad_trove::ops::OPS
    }

    fn prepare(&mut self, settings: &Settings) -> Result<()> {
        self.login = Some(settings.beneath(LOGIN, &self.given)?);
        Ok(())
    }

    fn is_remote(&self, settings: &ServiceSettings) -> bool {
        settings.endpoint().is_some() || self.login.as_ref().is_some_and(|login| OpenStack.is_remote(login))
    }

    fn client(&self, settings: &ServiceSettings, way: &Way, _actor: &'static str) -> Result<Client> {
        let endpoint = settings.endpoint().unwrap_or_default();
        let builder = Client::new(endpoint);
        let builder = match (way.transport(), &self.login) {
            (Some(transport), _) => {
                let login = openstack::kept(openstack::local_login(way)?, way);
                builder.transport(transport).authorize(Arc::new(login))
            }
            (None, Some(login)) if !is_token_alone(settings, login) && OpenStack.is_remote(login) => {
                let cloud = openstack::cloud(login, way)?;
                let builder = builder.authorize(openstack::authorizer(&cloud, way)?);
                builder.cloud(&cloud).transport(cloud.transport()?)
            }
            // Nowhere to log in: a token is all that can be had.
            (None, Some(login)) => match way.secret(login, "token")? {
                Some(token) => builder.token(token),
                None => builder,
            },
            (None, None) => builder,
        };
        let builder = settings
            .text("object_store")
            .into_iter()
            .fold(builder, pentad_trove::ClientBuilder::object_store);
        let builder =
            settings.text("workflow").into_iter().fold(builder, pentad_trove::ClientBuilder::workflow);
        Ok(builder.build()?)
    }

    fn rust(&self, settings: &ServiceSettings) -> String {
        format!(
            "let cloud = pentad::openstack::Clouds::of_process()?.cloud(None)?;\n\
             let client = pentad::trove::Client::new({:?}).cloud(&cloud).transport(cloud.transport()?)\n    \
             .authorize(cloud.authorizer(None)?).build()?;\n",
            settings.endpoint().unwrap_or_default()
        )
    }

    fn greet(client: &Client) -> BoxFuture<'static, pentad_core::Result<String>> {
        let datastores = client.datastores();
        Box::pin(async move {
            let known = datastores.await?;
            let names: Vec<_> = known.items.iter().map(|found| found.name.as_str()).collect();
            Ok(if names.is_empty() {
                "no datastores".to_owned()
            } else {
                format!("has {}", names.join(", "))
            })
        })
    }
}
