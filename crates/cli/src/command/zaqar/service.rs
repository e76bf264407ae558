//! What Zaqar tells the generic commands: settings, client, raw door.

use pentad_core::{BoxFuture, Op};
use pentad_openstack::Clouds;
use pentad_zaqar::{Client, ClientId, TOKEN_HEADER, Version};

use crate::command::openstack::service as openstack;
use crate::command::service::{CredentialPlace, RawDoor, Service, Way, trusting};
use crate::failure::{Failure, Result};
use crate::settings::{Field, Kind, ServiceSettings, Table, Tabled};

/// Where Zaqar is on a server of one's own, in this process or behind its socket.
const LOCAL: &str = "http://pentad.local/zaqar";
/// The project on a server of one's own where none is configured.
const PROJECT: &str = "demo";

/// What can be configured.
pub(crate) const TABLE: &Table = &Table {
    service: "zaqar",
    title: "Zaqar",
    fields: &[
        Field::new(
            "endpoint",
            Kind::Text,
            "URL",
            "URL without the version; without one, the embedded server",
        )
        .env("PENTAD_ZAQAR_ENDPOINT"),
        Field::new("api_version", Kind::Text, "VERSION", "Version of the API: 1, 1.1 or 2 (default 2)")
            .flag("api-version")
            .env("PENTAD_ZAQAR_API_VERSION")
            .original(&["OS_QUEUES_API_VERSION"]),
        Field::new("project", Kind::Text, "ID", "Project to work in")
            .flag("project")
            .env("PENTAD_ZAQAR_PROJECT")
            .original(&["OS_PROJECT_ID"]),
        Field::new("token", Kind::Secret, "FILE", "token").flag("token-file").env("PENTAD_ZAQAR_TOKEN"),
        Field::new("cloud", Kind::Text, "NAME", "Log in as clouds.yaml says for this cloud")
            .flag("cloud")
            .env("PENTAD_ZAQAR_CLOUD")
            .original(&["OS_CLOUD"]),
        Field::new("client_id", Kind::Text, "UUID", "Who posts: lists leave out one's own messages")
            .flag("client-id")
            .env("PENTAD_ZAQAR_CLIENT_ID")
            .original(&["OS_MESSAGE_CLIENT_ID"]),
        Field::new("roles", Kind::Text, "ROLES", "Roles to claim where nobody checks them, e.g. admin")
            .flag("roles")
            .env("PENTAD_ZAQAR_ROLES"),
        Field::ca_file("PENTAD_ZAQAR_CA_FILE").original(&["OS_CACERT"]),
        Field::insecure(),
    ],
};

/// Zaqar.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Zaqar;

impl Tabled for Zaqar {
    const TABLE: &'static Table = TABLE;
}

/// The version of the API that is spoken.
pub(super) fn version(settings: &ServiceSettings) -> Result<Version> {
    let text = settings.text("api_version").unwrap_or("2");
    text.parse().map_err(|_| {
        Failure::config(format!("cannot speak version `{text}` of Zaqar"), "there are 1, 1.1 and 2")
    })
}

/// Whether a cloud says where Zaqar is and how to log in.
fn is_in_cloud(settings: &ServiceSettings) -> bool {
    settings.text("cloud").is_some() || std::env::var_os("OS_AUTH_URL").is_some_and(|url| !url.is_empty())
}

/// The constant of a version in Rust.
fn constant(settings: &ServiceSettings) -> &'static str {
    match version(settings) {
        Ok(Version::V1) => "V1",
        Ok(Version::V1_1) => "V1_1",
        _ => "V2",
    }
}

fn rust_in_cloud(settings: &ServiceSettings) -> String {
    let name = settings.text("cloud").map_or_else(|| "None".to_owned(), |name| format!("Some({name:?})"));
    format!(
        "use pentad::zaqar::{{Client, Version}};\n\
         let cloud = pentad::openstack::Clouds::of_process()?.cloud({name})?;\n\
         let client = Client::new(\"\", Version::{}).authorize(cloud.authorizer(None)?)\n    \
         .transport(cloud.transport()?).build()?;\n",
        constant(settings)
    )
}

impl Service for Zaqar {
    type Client = Client;

    const CREDENTIAL: CredentialPlace =
        CredentialPlace { header: TOKEN_HEADER, prefix: "", variable: "PENTAD_ZAQAR_TOKEN" };
    const ACTOR: &'static str = "";
    const DOOR: RawDoor<Client> = RawDoor { call: Client::call, list: Client::pages };

    fn ops() -> &'static [&'static Op] {
        pentad_zaqar::ops::OPS
    }

    /// A cloud has a catalog, which tells the endpoint: a named one, or the one of the variables that every OpenStack
    /// tool reads.
    fn is_remote(&self, settings: &ServiceSettings) -> bool {
        settings.endpoint().is_some() || is_in_cloud(settings)
    }

    fn client(&self, settings: &ServiceSettings, way: &Way, _: &'static str) -> Result<Client> {
        // Without an endpoint the cloud's catalog tells one.
        let default = if way.transport().is_some() { LOCAL } else { "" };
        let endpoint = settings.endpoint().unwrap_or(default);
        let mut builder = Client::new(endpoint, version(settings)?);
        if let Some(id) = settings.text("client_id") {
            builder = builder.client_id(ClientId::try_from(id).or_else(|_| ClientId::any(id))?);
        }
        match (settings.text("project"), way.transport().is_some()) {
            (Some(project), _) => builder = builder.project(project),
            (None, true) => builder = builder.project(PROJECT),
            (None, false) => {}
        }
        if let Some(transport) = way.transport() {
            // One's own server, one's own administrator.
            return Ok(builder
                .transport(transport)
                .roles(settings.text("roles").unwrap_or("admin"))
                .build()?);
        }
        if let Some(token) = way.secret(settings, "token")?.filter(|_| settings.endpoint().is_some()) {
            builder = builder.token(token);
        } else if is_in_cloud(settings) {
            let cloud = Clouds::of_process()?.cloud(settings.text("cloud"))?;
            builder = builder.authorize(openstack::authorizer(&cloud, way)?).transport(cloud.transport()?);
            builder = builder.interface(cloud.interface());
            builder = cloud.region().into_iter().fold(builder, pentad_zaqar::ClientBuilder::region);
        }
        if let Some(roles) = settings.text("roles") {
            builder = builder.roles(roles);
        }
        Ok(trusting(settings, builder).build()?)
    }

    fn rust(&self, settings: &ServiceSettings) -> String {
        if settings.endpoint().is_none() && is_in_cloud(settings) {
            return rust_in_cloud(settings);
        }
        let version = constant(settings);
        format!(
            "use pentad::zaqar::{{Client, Version}};\n\
             let client = Client::new({:?}, Version::{version}).project({:?}).build()?;\n",
            settings.endpoint().unwrap_or(LOCAL),
            settings.text("project").unwrap_or(PROJECT)
        )
    }

    fn greet(client: &Client) -> BoxFuture<'static, pentad_core::Result<String>> {
        let (versions, spoken) = (client.versions(), client.version());
        Box::pin(async move {
            let known = versions.await?;
            let known: Vec<_> = known.iter().map(|version| version.id.as_str()).collect();
            Ok(format!("knows versions {}; {spoken} is spoken", known.join(", ")))
        })
    }
}
