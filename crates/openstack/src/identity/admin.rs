//! The identity service's things: managers of each kind, and what is no collection.

use pentad_core::{Call, List, Secret, Session, Target, decode};
use serde_json::{Value, json};

use super::Client;
use super::kinds::{
    self, AccessRule, ApplicationCredential, CatalogEndpoint, CatalogEntry, Credential, Domain,
    Ec2Credential, Group, Limit, Policy, Project, Reference, Region, RegisteredLimit, Role, Tenant, Trust,
    User,
};
use super::members::{self, yes};
use crate::manager::{Manager, page};
use crate::ops;
use crate::shared::Service;

/// The things of the identity service: users, projects, roles, the catalog, delegation.
///
/// From a login of its own by [`Client::identity`], or beside other services by
/// [`HttpClient::service`](crate::HttpClient::service).
///
/// # Example
/// ```
/// use pentad_openstack::auth::User;
/// use pentad_openstack::{Client, Keystone, manager::Fields};
/// # fn main() -> pentad_core::Result<()> {
/// let keystone = Keystone::password("https://cloud.test:5000/v3", User::id("ee4d"), "secret")?;
/// let identity = Client::new(keystone).build()?.identity();
/// let call = identity.users().create(&Fields::new().with("name", "ann").with("domain_id", "default"));
/// assert_eq!(call.request().unwrap().path, "/v3/users");
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Identity {
    pub(super) session: Session,
}

impl Client {
    /// The things of the identity service.
    pub fn identity(&self) -> Identity {
        Identity { session: self.session.clone() }
    }
}

impl Service for Identity {
    const SERVICE_TYPE: &'static str = "identity";

    /// The catalog lists the service with or without the version; where it lists it without, the endpoint is asked once.
    fn from_session(session: Session) -> Self {
        let target = match session.target().clone() {
            Target::Service { service_type, interface, region, .. } => {
                Target::Service { service_type, interface, region, version: Some("3".to_owned()) }
            }
            target => target,
        };
        Self { session: session.with(|session| session.api(ops::V3_BELOW).target(target)) }
    }
}

macro_rules! managers {
    ($($(#[$doc:meta])* $name:ident($kind:ident): $type:ident;)*) => {$(
        $(#[$doc])*
        pub fn $name(&self) -> Manager<$type> {
            Manager::of_kind(&self.session, &kinds::$kind, &[])
        }
    )*};
}

impl Identity {
    managers! {
        /// Users.
        users(USER): User;
        /// Groups of users.
        groups(GROUP): Group;
        /// Projects.
        projects(PROJECT): Project;
        /// Domains.
        domains(DOMAIN): Domain;
        /// Roles.
        roles(ROLE): Role;
        /// Services of the catalog.
        services(SERVICE): CatalogEntry;
        /// Addresses of the catalog.
        endpoints(ENDPOINT): CatalogEndpoint;
        /// Regions of the catalog.
        regions(REGION): Region;
        /// Credentials of other services, and TOTP secrets.
        credentials(CREDENTIAL): Credential;
        /// Trusts.
        trusts(TRUST): Trust;
        /// Documents of rules for other services.
        policies(POLICY): Policy;
        /// What everyone may have of what services give.
        registered_limits(REGISTERED_LIMIT): RegisteredLimit;
        /// What single projects and domains may have.
        limits(LIMIT): Limit;
        /// Tenants, where the service speaks v2.0.
        tenants(TENANT): Tenant;
    }

    /// The session.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// Application credentials of a user.
    pub fn application_credentials(&self, user: &str) -> Manager<ApplicationCredential> {
        Manager::of_kind(&self.session, &kinds::APPLICATION_CREDENTIAL, &[("user", user)])
    }

    /// Access rules of a user's application credentials.
    pub fn access_rules(&self, user: &str) -> List<AccessRule> {
        let draft = self.session.op(&ops::ACCESS_RULE_LIST).arg("user", user);
        draft.list(page::cursor, page::by_link::<AccessRule>)
    }

    /// One access rule.
    pub fn access_rule(&self, user: &str, rule: &str) -> Call<AccessRule> {
        let draft = self.session.op(&ops::ACCESS_RULE_GET).arg("user", user).arg("rule", rule);
        members::inner(draft, "access_rule")
    }

    /// Removes an access rule that no application credential uses.
    ///
    /// # Errors
    /// [`Forbidden`](pentad_core::ErrorKind::Forbidden) if one does.
    pub fn delete_access_rule(&self, user: &str, rule: &str) -> Call<()> {
        let draft = self.session.op(&ops::ACCESS_RULE_DELETE).arg("user", user).arg("rule", rule);
        draft.call(decode::empty)
    }

    /// EC2 credentials of a user.
    pub fn ec2_credentials(&self, user: &str) -> List<Ec2Credential> {
        let draft = self.session.op(&ops::EC2_LIST).arg("user", user);
        draft.list(page::cursor, page::by_link::<Ec2Credential>)
    }

    /// One EC2 credential, by its access key.
    pub fn ec2_credential(&self, user: &str, access: &str) -> Call<Ec2Credential> {
        let draft = self.session.op(&ops::EC2_GET).arg("user", user).arg("access", access);
        members::inner(draft, "credential")
    }

    /// Makes an EC2 credential for a user in a project.
    pub fn create_ec2_credential(&self, user: &str, project: &str) -> Call<Ec2Credential> {
        let draft = self.session.op(&ops::EC2_CREATE).arg("user", user);
        members::inner(draft.json(&json!({ "tenant_id": project })), "credential")
    }

    /// Removes an EC2 credential.
    pub fn delete_ec2_credential(&self, user: &str, access: &str) -> Call<()> {
        let draft = self.session.op(&ops::EC2_DELETE).arg("user", user).arg("access", access);
        draft.call(decode::empty)
    }

    /// Roles that a trust hands over.
    pub fn trust_roles(&self, trust: &str) -> List<Role> {
        let draft = self.session.op(&ops::TRUST_ROLES).arg("trust", trust);
        draft.list(page::cursor, page::by_link::<Role>)
    }

    /// How limits of projects relate: `flat` or `strict_two_level`, with a description.
    pub fn limit_model(&self) -> Call<Value> {
        members::inner(self.session.op(&ops::LIMIT_MODEL), "model")
    }

    /// A user changes its own password; all its tokens end.
    ///
    /// # Errors
    /// [`Unauthenticated`](pentad_core::ErrorKind::Unauthenticated) if the old one is wrong.
    pub fn change_password(&self, user: &str, old: &Secret, new: &Secret) -> Call<()> {
        let body = json!({ "user": { "original_password": old.expose(), "password": new.expose() } });
        self.session.op(&ops::USER_PASSWORD).arg("user", user).json(&body).call(decode::empty)
    }

    /// Groups of a user.
    pub fn groups_of(&self, user: &str) -> List<Group> {
        let draft = self.session.op(&ops::USER_GROUPS).arg("user", user);
        draft.list(page::cursor, page::by_link::<Group>)
    }

    /// Projects in which a user has a role.
    pub fn projects_of(&self, user: &str) -> List<Project> {
        let draft = self.session.op(&ops::USER_PROJECTS).arg("user", user);
        draft.list(page::cursor, page::by_link::<Project>)
    }

    /// Users of a group.
    pub fn users_in(&self, group: &str) -> List<User> {
        let draft = self.session.op(&ops::GROUP_USERS).arg("group", group);
        draft.list(page::cursor, page::by_link::<User>)
    }

    /// Whether a user is in a group.
    pub fn is_in_group(&self, user: &str, group: &str) -> Call<bool> {
        yes(self.session.op(&ops::GROUP_HAS).arg("group", group).arg("user", user))
    }

    /// Puts a user into a group.
    pub fn add_to_group(&self, user: &str, group: &str) -> Call<()> {
        self.session.op(&ops::GROUP_ADD).arg("group", group).arg("user", user).call(decode::empty)
    }

    /// Takes a user out of a group.
    pub fn remove_from_group(&self, user: &str, group: &str) -> Call<()> {
        self.session.op(&ops::GROUP_REMOVE).arg("group", group).arg("user", user).call(decode::empty)
    }

    /// Tags of a project.
    pub fn tags(&self, project: &str) -> Call<Vec<String>> {
        members::inner(self.session.op(&ops::PROJECT_TAGS).arg("project", project), "tags")
    }

    /// Replaces the tags of a project.
    pub fn set_tags(&self, project: &str, tags: &[&str]) -> Call<Vec<String>> {
        let draft = self.session.op(&ops::PROJECT_SET_TAGS).arg("project", project);
        members::inner(draft.json(&json!({ "tags": tags })), "tags")
    }

    /// Removes all tags of a project.
    pub fn clear_tags(&self, project: &str) -> Call<()> {
        self.session.op(&ops::PROJECT_CLEAR_TAGS).arg("project", project).call(decode::empty)
    }

    /// Whether a project has a tag.
    pub fn has_tag(&self, project: &str, tag: &str) -> Call<bool> {
        yes(self.session.op(&ops::PROJECT_HAS_TAG).arg("project", project).arg("tag", tag))
    }

    /// Adds a tag to a project.
    pub fn add_tag(&self, project: &str, tag: &str) -> Call<()> {
        let draft = self.session.op(&ops::PROJECT_ADD_TAG).arg("project", project);
        draft.arg("tag", tag).call(decode::empty)
    }

    /// Removes a tag of a project.
    pub fn remove_tag(&self, project: &str, tag: &str) -> Call<()> {
        let draft = self.session.op(&ops::PROJECT_REMOVE_TAG).arg("project", project);
        draft.arg("tag", tag).call(decode::empty)
    }

    /// Roles that a role implies.
    pub fn implied_by(&self, role: &str) -> Call<Vec<Reference>> {
        let draft = self.session.op(&ops::ROLE_IMPLIED).arg("role", role);
        members::inner::<Value>(draft, "role_inference")
            .then(|inference| Ok(members::references(&inference?["implies"])))
    }

    /// Whether a role implies another.
    pub fn implies(&self, role: &str, implied: &str) -> Call<bool> {
        yes(self.session.op(&ops::ROLE_IMPLIES).arg("role", role).arg("implied", implied))
    }

    /// Lets a role imply another: whoever has it has the other, too.
    pub fn imply(&self, role: &str, implied: &str) -> Call<()> {
        self.session.op(&ops::ROLE_IMPLY).arg("role", role).arg("implied", implied).call(decode::empty)
    }

    /// Ends that a role implies another.
    pub fn unimply(&self, role: &str, implied: &str) -> Call<()> {
        self.session.op(&ops::ROLE_UNIMPLY).arg("role", role).arg("implied", implied).call(decode::empty)
    }
}
