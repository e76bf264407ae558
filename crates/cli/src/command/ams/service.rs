//! What AMS tells the generic commands: settings, client, raw door.

use pentad_core::{BoxFuture, Op};

use super::Role;
use crate::command::service::{CredentialPlace, RawDoor, Service, Way, trusting};
use crate::failure::{Failure, Result};
use crate::settings::{Field, Kind, ServiceSettings, Table, Tabled};

/// Where AMS is on a server of one's own, in this process or behind its socket.
const LOCAL: &str = "http://pentad.local/ams";

/// What can be configured.
pub(crate) const TABLE: &Table = &Table {
    service: "ams",
    title: "AMS",
    fields: &[
        Field::new("endpoint", Kind::Text, "URL", "HOST:PORT or URL; without one, the embedded server")
            .env("PENTAD_AMS_ENDPOINT"),
        Field::new("project", Kind::Text, "NAME", "Project to work in")
            .flag("project")
            .env("PENTAD_AMS_PROJECT"),
        Field::new("token", Kind::Secret, "FILE", "token").flag("token-file").env("PENTAD_AMS_TOKEN"),
        Field::new("certificate", Kind::Path, "FILE", "Log in with this client certificate (PEM)")
            .flag("certificate")
            .env("PENTAD_AMS_CERTIFICATE"),
        Field::new("key", Kind::Path, "FILE", "Private key of the certificate (PEM, mode 0600)")
            .flag("key")
            .env("PENTAD_AMS_KEY"),
        Field::new(
            "authn_port",
            Kind::Port,
            "PORT",
            "Port of the service that exchanges the certificate for a token",
        )
        .flag("authn-port")
        .env("PENTAD_AMS_AUTHN_PORT"),
        Field::ca_file("PENTAD_AMS_CA_FILE"),
        Field::insecure(),
    ],
};

/// AMS, and who is to act on an installation of one's own.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ams {
    pub(super) role: Option<Role>,
}

impl Tabled for Ams {
    const TABLE: &'static Table = TABLE;
}

/// The project that is worked in: configured, else the demo project of an embedded server.
pub(super) fn project(settings: &ServiceSettings) -> &str {
    settings.text("project").unwrap_or("demo")
}

impl Service for Ams {
    type Client = pentad_ams::Client;

    const CREDENTIAL: CredentialPlace =
        CredentialPlace { header: pentad_ams::API_KEY, prefix: "", variable: "PENTAD_AMS_TOKEN" };
    const ACTOR: &'static str = Role::ProjectAdmin.key();
    const DOOR: RawDoor<pentad_ams::Client> =
        RawDoor { call: pentad_ams::Client::call, list: pentad_ams::Client::pages };

    fn ops() -> &'static [&'static Op] {
        pentad_ams::ops::OPS
    }

    fn actor(&self) -> Option<&'static str> {
        self.role.map(Role::key)
    }

    /// A remote service has no project that could be guessed.
    fn ready(&self, settings: &ServiceSettings, op: &Op, args: &[(String, String)]) -> Result<()> {
        let named = args.iter().any(|(name, _)| name == "project");
        let guessed = settings.endpoint().is_none() || settings.text("project").is_some();
        if named || guessed || !op.routes[0].2.contains("{project}") {
            return Ok(());
        }
        Err(Failure::config("no project", "the service has many, and none was named")
            .hint("--project NAME, PENTAD_AMS_PROJECT, or a context with a project"))
    }

    fn client(
        &self,
        settings: &ServiceSettings,
        way: &Way,
        actor: &'static str,
    ) -> Result<pentad_ams::Client> {
        let project = project(settings);
        if let Some(transport) = way.transport() {
            let token = way.credential("ams", actor)?;
            return Ok(pentad_ams::Client::new(LOCAL, project).transport(transport).token(token).build()?);
        }
        let builder = pentad_ams::Client::new(settings.endpoint().unwrap_or_default(), project);
        let (certificate, key) = (settings.path("certificate"), settings.path("key"));
        let builder = match (way.secret(settings, "token")?, certificate, key) {
            (Some(token), ..) => builder.token(token),
            (None, Some(certificate), Some(key)) => {
                way.private(&key)?;
                let port = settings.port("authn_port").unwrap_or(pentad_ams::AUTHN_PORT);
                builder.certificate(pentad_ams::Identity::files(&certificate, &key), port)
            }
            (None, Some(_), None) => {
                return Err(Failure::config("cannot log in with the certificate", "its key is not named")
                    .hint("--key FILE, PENTAD_AMS_KEY, or `key` in the context"));
            }
            // Health and version need no credential; everything else says so when it is asked.
            (None, None, _) => builder.anonymous(),
        };
        Ok(trusting(settings, builder).build()?)
    }

    fn rust(&self, settings: &ServiceSettings) -> String {
        let endpoint = settings.endpoint().unwrap_or(LOCAL);
        format!(
            "let token = pentad::Secret::new(std::env::var(\"PENTAD_AMS_TOKEN\")?);\n\
             let client = pentad::ams::Client::new({endpoint:?}, {:?}).token(token).build()?;\n",
            project(settings)
        )
    }

    fn greet(client: &pentad_ams::Client) -> BoxFuture<'static, pentad_core::Result<String>> {
        let version = client.version();
        Box::pin(async move {
            let version = version.await?;
            Ok(match version.release {
                Some(release) => format!("release {release}"),
                // Services that do not know say so in this word.
                None if matches!(version.build_time.as_str(), "" | "unknown") => {
                    "its release is told to service administrators only".to_owned()
                }
                None => format!("built {}", version.build_time),
            })
        })
    }
}
