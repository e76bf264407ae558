//! What OpenStack tells the generic commands: settings, client, raw door.

use std::sync::Arc;

use pentad_core::auth::FileTokenStore;
use pentad_core::{Authorize, BoxFuture, ErrorKind, Op};
use pentad_openstack::auth::{Domain, Keystone, Scope, User};
use pentad_openstack::config::Environment;
use pentad_openstack::{Client, Cloud, CloudAuth, Clouds};

use crate::command::service::{CredentialPlace, RawDoor, Service, Way};
use crate::failure::Result;
use crate::settings::{Field, Kind, ServiceSettings, Table, Tabled, token_dir};

/// Where the identity service is on a server of one's own.
const LOCAL: &str = "http://pentad.local/identity/v3";

/// What can be configured. Each key is the option of the same name in `clouds.yaml`, `endpoint` being `auth_url`.
pub(crate) const TABLE: &Table = &Table {
    service: "openstack",
    title: "OpenStack",
    fields: &[
        Field::new(
            "endpoint",
            Kind::Text,
            "URL",
            "URL of the identity service; without one, the embedded server",
        )
        .env("PENTAD_OPENSTACK_ENDPOINT")
        .original(&["OS_AUTH_URL"]),
        Field::new("cloud", Kind::Text, "NAME", "Cloud of clouds.yaml")
            .flag("os-cloud")
            .original(&["OS_CLOUD"]),
        Field::new("username", Kind::Text, "NAME", "User").flag("os-username").original(&["OS_USERNAME"]),
        Field::new("password", Kind::Secret, "FILE", "password")
            .flag("os-password-file")
            .original(&["OS_PASSWORD"]),
        Field::new("project_name", Kind::Text, "NAME", "Project to work in")
            .flag("os-project-name")
            .original(&["OS_PROJECT_NAME", "OS_TENANT_NAME"]),
        Field::new("project_id", Kind::Text, "ID", "Project to work in, by its id")
            .flag("os-project-id")
            .original(&["OS_PROJECT_ID", "OS_TENANT_ID"]),
        Field::new("user_id", Kind::Text, "ID", "User, by its id")
            .flag("os-user-id")
            .original(&["OS_USER_ID"]),
        Field::new("user_domain_name", Kind::Text, "NAME", "Domain of the user")
            .flag("os-user-domain-name")
            .original(&["OS_USER_DOMAIN_NAME"]),
        Field::new("user_domain_id", Kind::Text, "ID", "Domain of the user, by its id")
            .flag("os-user-domain-id")
            .original(&["OS_USER_DOMAIN_ID"]),
        Field::new("project_domain_name", Kind::Text, "NAME", "Domain of the project")
            .flag("os-project-domain-name")
            .original(&["OS_PROJECT_DOMAIN_NAME"]),
        Field::new("project_domain_id", Kind::Text, "ID", "Domain of the project, by its id")
            .flag("os-project-domain-id")
            .original(&["OS_PROJECT_DOMAIN_ID"]),
        Field::new("domain_name", Kind::Text, "NAME", "Domain to work in")
            .flag("os-domain-name")
            .original(&["OS_DOMAIN_NAME"]),
        Field::new("domain_id", Kind::Text, "ID", "Domain to work in, by its id")
            .flag("os-domain-id")
            .original(&["OS_DOMAIN_ID"]),
        Field::new("trust_id", Kind::Text, "ID", "Trust to act by")
            .flag("os-trust-id")
            .original(&["OS_TRUST_ID"]),
        Field::new("system_scope", Kind::Text, "all", "Work on the whole system")
            .flag("os-system-scope")
            .original(&["OS_SYSTEM_SCOPE"]),
        Field::new("token", Kind::Secret, "FILE", "token")
            .flag("os-token-file")
            .original(&["OS_TOKEN", "OS_AUTH_TOKEN"]),
        Field::new("application_credential_id", Kind::Text, "ID", "Application credential")
            .flag("os-application-credential-id")
            .original(&["OS_APPLICATION_CREDENTIAL_ID"]),
        Field::new("application_credential_name", Kind::Text, "NAME", "Application credential, by its name")
            .flag("os-application-credential-name")
            .original(&["OS_APPLICATION_CREDENTIAL_NAME"]),
        Field::new(
            "application_credential_secret",
            Kind::Secret,
            "FILE",
            "secret of the application credential",
        )
        .flag("os-application-credential-secret-file")
        .original(&["OS_APPLICATION_CREDENTIAL_SECRET"]),
        Field::new(
            "auth_type",
            Kind::Text,
            "NAME",
            "Way to log in, such as password or v3applicationcredential",
        )
        .flag("os-auth-type")
        .original(&["OS_AUTH_TYPE"]),
        Field::new("region_name", Kind::Text, "NAME", "Region")
            .flag("os-region-name")
            .original(&["OS_REGION_NAME"]),
        Field::new("interface", Kind::Text, "NAME", "Interface: public, internal or admin")
            .flag("os-interface")
            .original(&["OS_INTERFACE", "OS_ENDPOINT_TYPE"]),
        Field::new("cacert", Kind::Path, "FILE", "Trust this certificate authority (PEM), too")
            .flag("os-cacert")
            .original(&["OS_CACERT"]),
        Field::new("cert", Kind::Path, "FILE", "Show this certificate (PEM) to servers that ask for one")
            .flag("os-cert")
            .original(&["OS_CERT"]),
        Field::new("key", Kind::Path, "FILE", "Key of the certificate (PEM)")
            .flag("os-key")
            .original(&["OS_KEY"]),
        Field::insecure(),
    ],
};

/// OpenStack's identity service.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OpenStack;

impl Tabled for OpenStack {
    const TABLE: &'static Table = TABLE;
}

/// The variables that say the same as the settings, secrets left out.
fn variables(settings: &ServiceSettings) -> Vec<(String, String)> {
    let texts = TABLE.fields.iter().filter(|field| field.kind != Kind::Secret);
    texts
        .filter_map(|field| {
            let name =
                if field.key == "endpoint" { "AUTH_URL".to_owned() } else { field.key.to_ascii_uppercase() };
            Some((format!("OS_{name}"), settings.text(field.key)?.to_owned()))
        })
        .collect()
}

/// The clouds, as the settings and the process's variables and files have them.
fn clouds(more: Vec<(String, String)>) -> Result<Clouds> {
    Ok(Clouds::load(Environment::of_process().with(more))?.overlay())
}

/// The cloud that is to be used, its secrets read.
pub(crate) fn cloud(settings: &ServiceSettings, way: &Way) -> Result<Cloud> {
    let mut more = variables(settings);
    for field in TABLE.fields.iter().filter(|field| field.kind == Kind::Secret) {
        if let Some(secret) = way.secret(settings, field.key)? {
            more.push((format!("OS_{}", field.key.to_ascii_uppercase()), secret.expose().to_owned()));
        }
    }
    Ok(clouds(more)?.cloud(settings.text("cloud"))?)
}

/// A login that keeps its token between commands; every service of a cloud shares it.
pub(crate) fn kept(keystone: Keystone, way: &Way) -> CloudAuth {
    let auth = CloudAuth::new(keystone);
    match tokens(way) {
        Some(store) => auth.store(store),
        None => auth,
    }
}

/// Where tokens are kept between commands: nowhere for a server that ends with this command.
fn tokens(way: &Way) -> Option<Arc<FileTokenStore>> {
    let folder = token_dir().ok().filter(|_| way.lasts())?;
    Some(Arc::new(FileTokenStore::new(folder)))
}

/// The login of a configured cloud. As the original: a user without a domain is one of the default domain.
pub(crate) fn login(cloud: &Cloud) -> Result<Keystone> {
    Ok(cloud.keystone()?.default_domain(Domain::id("default")))
}

/// Who puts the credential into the calls of the services of a configured cloud: its login, or what is fixed.
pub(crate) fn authorizer(cloud: &Cloud, way: &Way) -> Result<Arc<dyn Authorize>> {
    match cloud.keystone() {
        Err(error) if error.kind() == ErrorKind::Unsupported => Ok(cloud.authorizer(None)?),
        _ => Ok(Arc::new(kept(login(cloud)?, way))),
    }
}

/// The login of an installation of one's own.
pub(crate) fn local_login(way: &Way) -> Result<Keystone> {
    let text = |key: &str| way.credential("openstack", key).map(|secret| secret.expose().to_owned());
    let user = User::name(text("username")?).of(Domain::name(text("user_domain_name")?));
    let scope = Scope::project(text("project_name")?, Domain::name(text("project_domain_name")?));
    Ok(Keystone::password(LOCAL, user, way.credential("openstack", OpenStack::ACTOR)?)?.scope(scope))
}

impl Service for OpenStack {
    type Client = Client;

    const CREDENTIAL: CredentialPlace =
        CredentialPlace { header: "x-auth-token", prefix: "", variable: "OS_TOKEN" };
    const ACTOR: &'static str = "password";
    const DOOR: RawDoor<Client> = RawDoor { call: Client::call, list: Client::pages };

    fn ops() -> &'static [&'static Op] {
        pentad_openstack::ops::OPS
    }

    fn is_remote(&self, settings: &ServiceSettings) -> bool {
        settings.endpoint().is_some()
            || settings.text("cloud").is_some()
            // A file that cannot be read is said when the client is made.
            || clouds(Vec::new()).map_or(true, |clouds| clouds.is_configured())
    }

    fn client(&self, settings: &ServiceSettings, way: &Way, _actor: &'static str) -> Result<Client> {
        let (keystone, transport) = match way.transport() {
            Some(transport) => (local_login(way)?, transport),
            None => {
                let cloud = cloud(settings, way)?;
                (login(&cloud)?, cloud.transport()?)
            }
        };
        let builder = Client::new(keystone).transport(transport);
        let builder = match tokens(way) {
            Some(store) => builder.store(store),
            None => builder,
        };
        Ok(builder.build()?)
    }

    fn rust(&self, _settings: &ServiceSettings) -> String {
        "let cloud = pentad::openstack::Clouds::of_process()?.cloud(None)?;\n\
         let client = pentad::openstack::Client::new(cloud.keystone()?).transport(cloud.transport()?).build()?;\n"
            .to_owned()
    }

    fn greet(client: &Client) -> BoxFuture<'static, pentad_core::Result<String>> {
        let issue = client.issue();
        Box::pin(async move {
            let issued = issue.await?;
            let access = &issued.access;
            let place = access.project_name().map_or_else(String::new, |name| format!(" in project {name}"));
            Ok(format!("{}{place}", access.user_name().unwrap_or("somebody")))
        })
    }
}
