//! What is administered, as the service has it (OpenStack reference B9, B16). Members of a newer service are in `extra`.

use pentad_core::Secret;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::manager::{Extra, Kind, Resource};
use crate::ops;

/// A reference to something by id, as it stands within other things.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct Reference {
    /// Identifier.
    #[serde(default)]
    pub id: String,
    /// Name, where the service tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Identifier of its domain, where the service tells it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain_id: Option<String>,
}

/// A call that an application credential allows.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct AccessRule {
    /// Identifier.
    #[serde(default)]
    pub id: String,
    /// Type of the service, such as `compute`.
    #[serde(default)]
    pub service: Option<String>,
    /// Verb.
    #[serde(default)]
    pub method: Option<String>,
    /// Path below the service's endpoint; `*`, `**` and `{name}` stand for parts.
    #[serde(default)]
    pub path: Option<String>,
}

impl Resource for AccessRule {
    const COLLECTION: &'static str = "access_rules";

    fn id(&self) -> &str {
        &self.id
    }

    fn name(&self) -> Option<&str> {
        None
    }
}

macro_rules! name {
    ($this:ident named) => {
        Some(&$this.name)
    };
    ($this:ident nameless) => {
        None
    };
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident $naming:ident $collection:literal {
        $($(#[$note:meta])* $field:ident: $type:ty,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Deserialize, Serialize)]
        #[serde(default)]
        #[non_exhaustive]
        pub struct $name {
            /// Identifier.
            pub id: String,
            $($(#[$note])* pub $field: $type,)*
            /// What else the service says.
            #[serde(flatten)]
            pub extra: Extra,
        }

        impl Resource for $name {
            const COLLECTION: &'static str = $collection;

            fn id(&self) -> &str {
                &self.id
            }

            fn name(&self) -> Option<&str> {
                name!(self $naming)
            }
        }
    )*};
}

kinds! {
    /// A user.
    User named "users" {
        /// Name, unique within the domain.
        name: String,
        /// Domain.
        domain_id: Option<String>,
        /// Whether the user may log in.
        enabled: bool,
        /// Project of logins without a scope.
        default_project_id: Option<String>,
        /// Free text.
        description: Option<String>,
        /// Address for mail.
        email: Option<String>,
        /// When the password ends; `None` for never.
        password_expires_at: Option<String>,
    }
    /// A group of users.
    Group named "groups" {
        /// Name, unique within the domain.
        name: String,
        /// Domain.
        domain_id: Option<String>,
        /// Free text.
        description: Option<String>,
    }
    /// A project.
    Project named "projects" {
        /// Name, unique within the domain.
        name: String,
        /// Domain; the project's own id if it is one.
        domain_id: Option<String>,
        /// What it is below: a project or its domain.
        parent_id: Option<String>,
        /// Whether it can be used.
        enabled: bool,
        /// Whether it acts as a domain.
        is_domain: bool,
        /// Free text.
        description: Option<String>,
        /// Tags.
        tags: Vec<String>,
    }
    /// A domain.
    Domain named "domains" {
        /// Name.
        name: String,
        /// Whether it can be used.
        enabled: bool,
        /// Free text.
        description: Option<String>,
    }
    /// A role.
    Role named "roles" {
        /// Name.
        name: String,
        /// Domain, for a role of one domain.
        domain_id: Option<String>,
        /// Free text.
        description: Option<String>,
    }
    /// A service of the catalog.
    CatalogEntry named "services" {
        /// Name.
        name: String,
        /// Type, such as `database`.
        #[serde(rename = "type")]
        service_type: String,
        /// Whether tokens show it.
        enabled: bool,
        /// Free text.
        description: Option<String>,
    }
    /// An address of a service of the catalog.
    CatalogEndpoint nameless "endpoints" {
        /// Service.
        service_id: String,
        /// `public`, `internal` or `admin`.
        interface: String,
        /// URL, `%(project_id)s` and the like to be filled in.
        url: String,
        /// Region.
        region_id: Option<String>,
        /// Whether tokens show it.
        enabled: bool,
    }
    /// A region.
    Region nameless "regions" {
        /// Free text.
        description: Option<String>,
        /// What it is within.
        parent_region_id: Option<String>,
    }
    /// A credential of another service, or a TOTP secret.
    Credential nameless "credentials" {
        /// User.
        user_id: String,
        /// Project.
        project_id: Option<String>,
        /// Type: `ec2`, `totp`, `cert`, or any other.
        #[serde(rename = "type")]
        kind: String,
        /// The credential itself.
        #[serde(skip_serializing)]
        blob: Option<Secret>,
    }
    /// An application credential.
    ApplicationCredential named "application_credentials" {
        /// Name, unique for its user.
        name: String,
        /// Free text.
        description: Option<String>,
        /// Project that it is good for.
        project_id: Option<String>,
        /// Roles that it has there.
        roles: Vec<Reference>,
        /// When it ends; `None` for never.
        expires_at: Option<String>,
        /// Whether it may manage application credentials and trusts.
        unrestricted: Option<bool>,
        /// What it allows; `None` for whatever its roles do.
        access_rules: Option<Vec<AccessRule>>,
        /// The secret: in the answer that made it and never again.
        #[serde(skip_serializing)]
        secret: Option<Secret>,
    }
    /// A trust: roles of the trustor that the trustee may use.
    Trust nameless "trusts" {
        /// Whose roles they are.
        trustor_user_id: String,
        /// Who uses them.
        trustee_user_id: String,
        /// In which project.
        project_id: Option<String>,
        /// Whether tokens say that they are the trustor's.
        impersonation: bool,
        /// When it ends; `None` for never.
        expires_at: Option<String>,
        /// How often it still buys a token; `None` for any number.
        remaining_uses: Option<u64>,
        /// The roles.
        roles: Vec<Reference>,
    }
    /// A document of rules that the service keeps for other services.
    Policy nameless "policies" {
        /// Media type of the document.
        #[serde(rename = "type")]
        media_type: String,
        /// The document.
        blob: Value,
    }
    /// How much of something everyone may have, unless a [`Limit`] says otherwise.
    RegisteredLimit nameless "registered_limits" {
        /// Service whose resource it is.
        service_id: String,
        /// Region.
        region_id: Option<String>,
        /// What is limited.
        resource_name: String,
        /// How much.
        default_limit: i64,
        /// Free text.
        description: Option<String>,
    }
    /// How much of something a project or domain may have.
    Limit nameless "limits" {
        /// Service whose resource it is.
        service_id: String,
        /// Region.
        region_id: Option<String>,
        /// What is limited.
        resource_name: String,
        /// How much.
        resource_limit: i64,
        /// Project, unless it is for a domain.
        project_id: Option<String>,
        /// Domain, unless it is for a project.
        domain_id: Option<String>,
        /// Free text.
        description: Option<String>,
    }
    /// A tenant: what v2.0 calls a project.
    Tenant named "tenants" {
        /// Name.
        name: String,
        /// Whether it can be used.
        enabled: bool,
        /// Free text.
        description: Option<String>,
    }
    /// An EC2 credential; its id is what EC2 calls the access key.
    Ec2Credential nameless "credentials" {
        /// Access key.
        access: String,
        /// Secret key.
        #[serde(skip_serializing)]
        secret: Option<Secret>,
        /// User.
        user_id: String,
        /// Project.
        tenant_id: Option<String>,
        /// Trust that it was made with.
        trust_id: Option<String>,
    }
}

/// Kinds of which several are made at once.
const fn many(class: &str) -> Option<&'static str> {
    match class.as_bytes() {
        b"Limit" => Some("limits"),
        b"RegisteredLimit" => Some("registered_limits"),
        _ => None,
    }
}

macro_rules! tables {
    ($($name:ident = $class:literal $key:literal $id:literal $list:ident $get:ident $create:ident ($($update:ident)?) $delete:ident;)*) => {$(
        pub(super) static $name: Kind = Kind {
            class: $class,
            key: $key,
            many: many($class),
            id: $id,
            list: &ops::$list,
            get: &ops::$get,
            create: &ops::$create,
            update: tables!(@update $($update)?),
            delete: &ops::$delete,
        };
    )*};
    (@update $update:ident) => { Some(&ops::$update) };
    (@update) => { None };
}

tables! {
    USER = "User" "user" "user" USER_LIST USER_GET USER_CREATE (USER_UPDATE) USER_DELETE;
    GROUP = "Group" "group" "group" GROUP_LIST GROUP_GET GROUP_CREATE (GROUP_UPDATE) GROUP_DELETE;
    PROJECT = "Project" "project" "project" PROJECT_LIST PROJECT_GET PROJECT_CREATE (PROJECT_UPDATE) PROJECT_DELETE;
    DOMAIN = "Domain" "domain" "domain" DOMAIN_LIST DOMAIN_GET DOMAIN_CREATE (DOMAIN_UPDATE) DOMAIN_DELETE;
    ROLE = "Role" "role" "role" ROLE_LIST ROLE_GET ROLE_CREATE (ROLE_UPDATE) ROLE_DELETE;
    SERVICE = "Service" "service" "service" SERVICE_LIST SERVICE_GET SERVICE_CREATE (SERVICE_UPDATE) SERVICE_DELETE;
    ENDPOINT = "Endpoint" "endpoint" "endpoint" ENDPOINT_LIST ENDPOINT_GET ENDPOINT_CREATE (ENDPOINT_UPDATE) ENDPOINT_DELETE;
    REGION = "Region" "region" "region" REGION_LIST REGION_GET REGION_CREATE (REGION_UPDATE) REGION_DELETE;
    CREDENTIAL = "Credential" "credential" "credential_id" CREDENTIAL_LIST CREDENTIAL_GET CREDENTIAL_CREATE (CREDENTIAL_UPDATE) CREDENTIAL_DELETE;
    APPLICATION_CREDENTIAL = "ApplicationCredential" "application_credential" "credential_id" APPLICATION_CREDENTIAL_LIST APPLICATION_CREDENTIAL_GET APPLICATION_CREDENTIAL_CREATE () APPLICATION_CREDENTIAL_DELETE;
    TRUST = "Trust" "trust" "trust" TRUST_LIST TRUST_GET TRUST_CREATE () TRUST_DELETE;
    POLICY = "Policy" "policy" "policy" POLICY_LIST POLICY_GET POLICY_CREATE (POLICY_UPDATE) POLICY_DELETE;
    REGISTERED_LIMIT = "RegisteredLimit" "registered_limit" "limit" REGISTERED_LIMIT_LIST REGISTERED_LIMIT_GET REGISTERED_LIMIT_CREATE (REGISTERED_LIMIT_UPDATE) REGISTERED_LIMIT_DELETE;
    LIMIT = "Limit" "limit" "limit" LIMIT_LIST LIMIT_GET LIMIT_CREATE (LIMIT_UPDATE) LIMIT_DELETE;
    TENANT = "Tenant" "tenant" "tenant" TENANT_LIST TENANT_GET TENANT_CREATE (TENANT_UPDATE) TENANT_DELETE;
}
