//! What Connect tells the generic commands: settings, client, raw door.

use pentad_connect::openapi::Document;
use pentad_connect::{Client, Specs, Validate};
use pentad_core::{BoxFuture, Op, Secret};

use crate::command::service::{CredentialPlace, RawDoor, Service, Way, trusting};
use crate::failure::Result;
use crate::settings::{Field, Kind, ServiceSettings, Table, Tabled, paths};

/// Where Connect is on a server of one's own, in this process or behind its socket.
const LOCAL: &str = "http://pentad.local/connect/public/v1";

/// What can be configured.
pub(crate) const TABLE: &Table = &Table {
    service: "connect",
    title: "Connect",
    fields: &[
        Field::new(
            "endpoint",
            Kind::Text,
            "URL",
            "HOST:PORT or URL of the API; without one, the embedded server",
        )
        .env("PENTAD_CONNECT_ENDPOINT"),
        Field::new("api_key", Kind::Secret, "FILE", "API key")
            .flag("api-key-file")
            .env("PENTAD_CONNECT_API_KEY"),
        Field::new("specs", Kind::Text, "FILE|URL", "OpenAPI document: for help, and to check calls")
            .flag("specs")
            .env("PENTAD_CONNECT_SPECS"),
        Field::new(
            "strict",
            Kind::Switch,
            "",
            "Hold bodies, parameters and filters against the document, too",
        )
        .flag("strict"),
        Field::ca_file("PENTAD_CONNECT_CA_FILE"),
        Field::insecure(),
    ],
};

/// Connect. Its embedded server has one user.
#[derive(Clone, Debug, Default)]
pub(crate) struct Connect {
    /// The document, if it had to be fetched.
    document: Option<Document>,
}

impl Connect {
    /// Fetches the document if it lies at a URL.
    ///
    /// # Errors
    /// Those of the fetch, and a configuration failure if it is no OpenAPI document.
    pub(super) async fn fetch(&mut self, settings: &ServiceSettings) -> Result<()> {
        let Some(url) = settings.text("specs").filter(|location| location.contains("://")) else {
            return Ok(());
        };
        let builder = Client::new(String::new()).anonymous().specs(kept(url)?);
        self.document = trusting(settings, builder).open().await?.document().cloned();
        Ok(())
    }

    /// The document: the one that was fetched, else the file.
    ///
    /// # Errors
    /// A configuration failure if there is no place for its parsed form.
    pub(super) fn specs(&self, location: &str) -> Result<Specs> {
        match &self.document {
            Some(document) => Ok(Specs::from(document.clone())),
            None => kept(location),
        }
    }
}

/// A document whose parsed form is kept for the next command.
fn kept(location: &str) -> Result<Specs> {
    Ok(Specs::at(location).cache(paths::document_dir()?))
}

impl Tabled for Connect {
    const TABLE: &'static Table = TABLE;
}

impl Service for Connect {
    type Client = Client;

    const CREDENTIAL: CredentialPlace =
        CredentialPlace { header: "authorization", prefix: "", variable: "PENTAD_CONNECT_API_KEY" };
    const ACTOR: &'static str = "api_key";
    const DOOR: RawDoor<Client> = RawDoor { call: Client::call, list: Client::pages };

    fn ops() -> &'static [&'static Op] {
        pentad_connect::ops::OPS
    }

    fn client(&self, settings: &ServiceSettings, way: &Way, actor: &'static str) -> Result<Client> {
        let mut builder = match way.transport() {
            Some(transport) => {
                let key = key(&way.credential("connect", actor)?);
                Client::new(key).endpoint(LOCAL).transport(transport)
            }
            None => match way.secret(settings, "api_key")? {
                Some(secret) => Client::new(key(&secret)).endpoint(endpoint(settings)),
                None => Client::new(String::new()).anonymous().endpoint(endpoint(settings)),
            },
        };
        // A document at a URL was fetched before, unless nothing is to be sent.
        let location = settings.text("specs").filter(|text| self.document.is_some() || !text.contains("://"));
        if let Some(location) = location {
            builder = builder.specs(self.specs(location)?);
            if settings.is_on("strict") {
                builder = builder.validate(Validate::Everything);
            }
        }
        Ok(trusting(settings, builder).build()?)
    }

    fn rust(&self, settings: &ServiceSettings) -> String {
        let endpoint = settings.endpoint().map_or_else(|| LOCAL.to_owned(), |_| endpoint(settings));
        format!(
            "let key = pentad::Secret::new(std::env::var(\"PENTAD_CONNECT_API_KEY\")?);\n\
             let client = pentad::connect::Client::new(key).endpoint({endpoint:?}).build()?;\n"
        )
    }

    /// The service has nothing that every account may ask; whatever it answers, it is there.
    fn greet(client: &Client) -> BoxFuture<'static, pentad_core::Result<String>> {
        let call = client.collection("accounts").all().first();
        Box::pin(async move {
            match call.await {
                Ok(account) => Ok(account
                    .and_then(|account| Some(format!("account {}", account["id"].as_str()?)))
                    .unwrap_or_else(|| "the key is good".to_owned())),
                Err(error) if matches!(error.status().map(|status| status.as_u16()), Some(403 | 404)) => {
                    Ok("the key is good".to_owned())
                }
                Err(error) => Err(error),
            }
        })
    }
}

/// The endpoint of elsewhere. A bare `HOST:PORT` is that of the API there, over TLS.
fn endpoint(settings: &ServiceSettings) -> String {
    match settings.endpoint().unwrap_or_default() {
        bare if !bare.is_empty() && !bare.contains('/') => format!("https://{bare}/public/v1"),
        url => url.to_owned(),
    }
}

/// Keys are told with or without the word that goes before them on the wire.
fn key(secret: &Secret) -> Secret {
    match secret.expose() {
        plain if plain.is_empty() || plain.contains(' ') => secret.clone(),
        plain => Secret::new(format!("ApiKey {plain}")),
    }
}
