//! What IVCAP tells the generic commands: settings, client, raw door.

use pentad_core::{BoxFuture, Op};
use pentad_ivcap::settings::{ACCOUNT_ID, BASE_URL, DEFAULT_URL, JWT, URL};
use pentad_ivcap::{Client, Dialect};

use super::login;
use crate::command::service::{CredentialPlace, RawDoor, Service, Way, trusting};
use crate::failure::{Failure, Result};
use crate::settings::{Field, Kind, Origin, ServiceSettings, Setting, Table, Tabled};

/// Where IVCAP is on a server of one's own, in this process or behind its socket; old dialects have a path of their own.
const LOCAL: &str = "http://pentad.local/ivcap";

/// What can be configured.
pub(crate) const TABLE: &Table = &Table {
    service: "ivcap",
    title: "IVCAP",
    fields: &[
        Field::new(
            "endpoint",
            Kind::Text,
            "URL",
            "URL of the platform, without /1; without one, the embedded server",
        )
        .env("PENTAD_IVCAP_ENDPOINT")
        .original(&["IVCAP_URL", "IVCAP_BASE_URL"]),
        Field::new("dialect", Kind::Text, "DIALECT", "Dialect of the API: l23, l28 or modern (default)")
            .flag("dialect")
            .env("PENTAD_IVCAP_DIALECT"),
        Field::new("token", Kind::Secret, "FILE", "token")
            .flag("token-file")
            .env("PENTAD_IVCAP_TOKEN")
            .original(&["IVCAP_JWT"]),
        Field::new("account", Kind::Text, "URN", "Account that orders of the old dialects are placed for")
            .flag("account")
            .env("PENTAD_IVCAP_ACCOUNT")
            .original(&["IVCAP_ACCOUNT_ID"]),
        Field::ca_file("PENTAD_IVCAP_CA_FILE"),
        Field::insecure(),
    ],
};

/// IVCAP.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ivcap;

impl Tabled for Ivcap {
    const TABLE: &'static Table = TABLE;
}

fn dialect(settings: &ServiceSettings) -> Result<Dialect> {
    let text = settings.text("dialect").unwrap_or("modern");
    text.parse().map_err(|_| {
        Failure::config(format!("cannot speak dialect `{text}` of IVCAP"), "there are l23, l28 and modern")
    })
}

/// Whether a value comes from this variable of the original's.
fn is_originals<T>(setting: Option<&Setting<T>>, variable: &'static str) -> bool {
    setting.is_some_and(|setting| setting.origin == Origin::Env(variable))
}

/// Where the platform is: the old packages know one by themselves.
fn address(settings: &ServiceSettings, dialect: Dialect) -> Result<&str> {
    match settings.endpoint() {
        Some(endpoint) => Ok(endpoint),
        None if dialect.is_old() => Ok(DEFAULT_URL),
        None => Err(Failure::config(
            "cannot reach a platform",
            format!("{JWT} is a token, and no URL goes with it"),
        )
        .hint(format!("set {URL}, or unset {JWT} to work on your own installation"))),
    }
}

fn local(dialect: Dialect) -> String {
    if dialect.is_old() { format!("{LOCAL}/{dialect}") } else { LOCAL.to_owned() }
}

impl Service for Ivcap {
    type Client = Client;

    const CREDENTIAL: CredentialPlace =
        CredentialPlace { header: "authorization", prefix: "Bearer ", variable: "IVCAP_JWT" };
    const ACTOR: &'static str = "jwt";
    const DOOR: RawDoor<Client> = RawDoor { call: Client::call, list: Client::pages };

    fn ops() -> &'static [&'static Op] {
        pentad_ivcap::ops::OPS
    }

    /// Whoever has the original's token means a platform: it is not handed to another server.
    fn is_remote(&self, settings: &ServiceSettings) -> bool {
        settings.endpoint().is_some() || is_originals(settings.secret("token"), JWT)
    }

    fn client(&self, settings: &ServiceSettings, way: &Way, actor: &'static str) -> Result<Client> {
        let dialect = dialect(settings)?;
        if let Some(transport) = way.transport() {
            let mut builder = Client::new(&local(dialect)).dialect(dialect).transport(transport);
            if dialect.is_old() {
                // It is a name, kept beside the token because both are announced together.
                let announced = || way.credential("ivcap", "account_id").ok();
                let account = settings.setting("account").filter(|own| own.origin != Origin::Env(ACCOUNT_ID));
                let account = account
                    .map(|own| own.value.clone())
                    .or_else(|| announced().map(|account| account.expose().to_owned()));
                builder = builder.account(account.unwrap_or_default());
            }
            let token = match way.secret(settings, "token")? {
                Some(token) => token,
                None => way.credential("ivcap", actor)?,
            };
            return Ok(builder.token(token).build()?);
        }
        let mut builder = Client::new(address(settings, dialect)?).dialect(dialect);
        builder = builder.account(settings.text("account").unwrap_or_default());
        if is_originals(settings.setting("endpoint"), BASE_URL) && is_originals(settings.secret("token"), JWT)
        {
            // Inside the platform the original sends no token.
        } else if let Some(token) = way.secret(settings, "token")? {
            builder = builder.token(token);
        } else if let (Way::Remote, Some(login)) = (way, login::kept(settings)?) {
            builder = builder.authorize(login);
        }
        Ok(trusting(settings, builder).build()?)
    }

    fn rust(&self, settings: &ServiceSettings) -> String {
        let dialect = dialect(settings).unwrap_or_default();
        let name = match dialect {
            Dialect::L23 => "L23",
            Dialect::L28 => "L28",
            _ => "Modern",
        };
        let here = local(dialect);
        let there = address(settings, dialect).ok().filter(|_| self.is_remote(settings));
        format!(
            "use pentad::ivcap::{{Client, Dialect}};\n\
             let client = Client::new({:?}).dialect(Dialect::{name}).token(std::env::var(\"IVCAP_JWT\")?).build()?;\n",
            there.unwrap_or(&here)
        )
    }

    fn greet(client: &Client) -> BoxFuture<'static, pentad_core::Result<String>> {
        let (services, dialect) =
            (client.services(pentad_ivcap::ListQuery::new()).page_size(1), client.dialect());
        Box::pin(async move {
            services.await?;
            Ok(format!("lists services; {dialect} is spoken"))
        })
    }
}
