//! What is administered: people, places, roles, the catalog, delegation (OpenStack reference B9, B16).

use std::time::Duration;

use http::Method;
use pentad_core::Op;

use super::{V3, V3_BELOW};

macro_rules! admin {
    ($($name:ident = $id:literal $idempotent:literal $section:literal $doc:literal $method:ident $path:literal;)*) => {
        $(
            #[doc = $doc]
            pub static $name: Op = Op {
                id: $id,
                routes: &[(V3, Method::$method, concat!("/v3", $path)), (V3_BELOW, Method::$method, $path)],
                idempotent: $idempotent,
                patience: Duration::ZERO,
                source: concat!("OpenStack reference ", $section),
            };
        )*

        pub(super) const ADMIN: &[&Op] = &[$(&$name),*];
    };
}

admin! {
    USER_LIST = "openstack.user.list" true "B9" "Users that the caller may see." GET "/users";
    USER_GET = "openstack.user.get" true "B9" "One user." GET "/users/{user}";
    USER_CREATE = "openstack.user.create" false "B9" "A new user." POST "/users";
    USER_UPDATE = "openstack.user.update" false "B9" "Changes a user." PATCH "/users/{user}";
    USER_DELETE = "openstack.user.delete" true "B9" "Removes a user." DELETE "/users/{user}";
    USER_PASSWORD = "openstack.user.change_password" false "B9" "A user changes its own password." POST "/users/{user}/password";
    USER_GROUPS = "openstack.user.groups.list" true "B9" "Groups of a user." GET "/users/{user}/groups";
    USER_PROJECTS = "openstack.user.projects.list" true "B9" "Projects in which a user has a role." GET "/users/{user}/projects";
    GROUP_LIST = "openstack.group.list" true "B9" "Groups that the caller may see." GET "/groups";
    GROUP_GET = "openstack.group.get" true "B9" "One group." GET "/groups/{group}";
    GROUP_CREATE = "openstack.group.create" false "B9" "A new group." POST "/groups";
    GROUP_UPDATE = "openstack.group.update" false "B9" "Changes a group." PATCH "/groups/{group}";
    GROUP_DELETE = "openstack.group.delete" true "B9" "Removes a group." DELETE "/groups/{group}";
    GROUP_USERS = "openstack.group.users.list" true "B9" "Users of a group." GET "/groups/{group}/users";
    GROUP_HAS = "openstack.group.has_user" true "B9" "Whether a user is in a group." HEAD "/groups/{group}/users/{user}";
    GROUP_ADD = "openstack.group.add_user" true "B9" "Puts a user into a group." PUT "/groups/{group}/users/{user}";
    GROUP_REMOVE = "openstack.group.remove_user" true "B9" "Takes a user out of a group." DELETE "/groups/{group}/users/{user}";
    PROJECT_LIST = "openstack.project.list" true "B9" "Projects that the caller may see." GET "/projects";
    PROJECT_GET = "openstack.project.get" true "B9" "One project." GET "/projects/{project}";
    PROJECT_CREATE = "openstack.project.create" false "B9" "A new project." POST "/projects";
    PROJECT_UPDATE = "openstack.project.update" false "B9" "Changes a project." PATCH "/projects/{project}";
    PROJECT_DELETE = "openstack.project.delete" true "B9" "Removes a project." DELETE "/projects/{project}";
    PROJECT_TAGS = "openstack.project.tags.list" true "B9" "Tags of a project." GET "/projects/{project}/tags";
    PROJECT_SET_TAGS = "openstack.project.set_tags" true "B9" "Replaces the tags of a project." PUT "/projects/{project}/tags";
    PROJECT_CLEAR_TAGS = "openstack.project.clear_tags" true "B9" "Removes all tags of a project." DELETE "/projects/{project}/tags";
    PROJECT_HAS_TAG = "openstack.project.has_tag" true "B9" "Whether a project has a tag." HEAD "/projects/{project}/tags/{tag}";
    PROJECT_ADD_TAG = "openstack.project.add_tag" true "B9" "Adds a tag to a project." PUT "/projects/{project}/tags/{tag}";
    PROJECT_REMOVE_TAG = "openstack.project.remove_tag" true "B9" "Removes a tag of a project." DELETE "/projects/{project}/tags/{tag}";
    DOMAIN_LIST = "openstack.domain.list" true "B9" "Domains that the caller may see." GET "/domains";
    DOMAIN_GET = "openstack.domain.get" true "B9" "One domain." GET "/domains/{domain}";
    DOMAIN_CREATE = "openstack.domain.create" false "B9" "A new domain." POST "/domains";
    DOMAIN_UPDATE = "openstack.domain.update" false "B9" "Changes a domain." PATCH "/domains/{domain}";
    DOMAIN_DELETE = "openstack.domain.delete" true "B9" "Removes a domain." DELETE "/domains/{domain}";
    ROLE_LIST = "openstack.role.list" true "B9" "Roles that the caller may see." GET "/roles";
    ROLE_GET = "openstack.role.get" true "B9" "One role." GET "/roles/{role}";
    ROLE_CREATE = "openstack.role.create" false "B9" "A new role." POST "/roles";
    ROLE_UPDATE = "openstack.role.update" false "B9" "Changes a role." PATCH "/roles/{role}";
    ROLE_DELETE = "openstack.role.delete" true "B9" "Removes a role." DELETE "/roles/{role}";
    ROLE_IMPLIED = "openstack.role.implied.get" true "B9" "Roles that a role implies." GET "/roles/{role}/implies";
    ROLE_IMPLIES = "openstack.role.implies" true "B9" "Whether a role implies another." HEAD "/roles/{role}/implies/{implied}";
    ROLE_IMPLY = "openstack.role.imply" true "B9" "Lets a role imply another." PUT "/roles/{role}/implies/{implied}";
    ROLE_UNIMPLY = "openstack.role.unimply" true "B9" "Ends that a role implies another." DELETE "/roles/{role}/implies/{implied}";
    ROLE_INFERENCES = "openstack.role.inferences.list" true "B9" "Which roles imply which." GET "/role_inferences";
    ROLE_ASSIGNMENTS = "openstack.role_assignment.list" true "B9" "Who has which role on what." GET "/role_assignments";
    GRANT_LIST = "openstack.grant.list" true "B9" "Roles on a project or domain." GET "/{scope}/{target}/{actors}/{actor}/roles";
    GRANT_CHECK = "openstack.grant.check" true "B9" "Whether there is a role on a project or domain." HEAD "/{scope}/{target}/{actors}/{actor}/roles/{role}";
    GRANT_ADD = "openstack.grant.add" true "B9" "Gives a role on a project or domain." PUT "/{scope}/{target}/{actors}/{actor}/roles/{role}";
    GRANT_REMOVE = "openstack.grant.remove" true "B9" "Takes a role on a project or domain." DELETE "/{scope}/{target}/{actors}/{actor}/roles/{role}";
    SYSTEM_GRANT_LIST = "openstack.system_grant.list" true "B9" "Roles on the system." GET "/system/{actors}/{actor}/roles";
    SYSTEM_GRANT_CHECK = "openstack.system_grant.check" true "B9" "Whether there is a role on the system." HEAD "/system/{actors}/{actor}/roles/{role}";
    SYSTEM_GRANT_ADD = "openstack.system_grant.add" true "B9" "Gives a role on the system." PUT "/system/{actors}/{actor}/roles/{role}";
    SYSTEM_GRANT_REMOVE = "openstack.system_grant.remove" true "B9" "Takes a role on the system." DELETE "/system/{actors}/{actor}/roles/{role}";
    INHERITED_GRANT_LIST = "openstack.inherited_grant.list" true "B9" "Roles for the projects below a project or domain." GET "/OS-INHERIT/{scope}/{target}/{actors}/{actor}/roles/inherited_to_projects";
    INHERITED_GRANT_CHECK = "openstack.inherited_grant.check" true "B9" "Whether there is a role for the projects below a project or domain." HEAD "/OS-INHERIT/{scope}/{target}/{actors}/{actor}/roles/{role}/inherited_to_projects";
    INHERITED_GRANT_ADD = "openstack.inherited_grant.add" true "B9" "Gives a role for the projects below a project or domain." PUT "/OS-INHERIT/{scope}/{target}/{actors}/{actor}/roles/{role}/inherited_to_projects";
    INHERITED_GRANT_REMOVE = "openstack.inherited_grant.remove" true "B9" "Takes a role for the projects below a project or domain." DELETE "/OS-INHERIT/{scope}/{target}/{actors}/{actor}/roles/{role}/inherited_to_projects";
    SERVICE_LIST = "openstack.service.list" true "B9" "Services that the caller may see." GET "/services";
    SERVICE_GET = "openstack.service.get" true "B9" "One service of the catalog." GET "/services/{service}";
    SERVICE_CREATE = "openstack.service.create" false "B9" "A new service of the catalog." POST "/services";
    SERVICE_UPDATE = "openstack.service.update" false "B9" "Changes a service of the catalog." PATCH "/services/{service}";
    SERVICE_DELETE = "openstack.service.delete" true "B9" "Removes a service of the catalog." DELETE "/services/{service}";
    ENDPOINT_LIST = "openstack.endpoint.list" true "B9" "Endpoints that the caller may see." GET "/endpoints";
    ENDPOINT_GET = "openstack.endpoint.get" true "B9" "One endpoint of the catalog." GET "/endpoints/{endpoint}";
    ENDPOINT_CREATE = "openstack.endpoint.create" false "B9" "An additional endpoint of the catalog." POST "/endpoints";
    ENDPOINT_UPDATE = "openstack.endpoint.update" false "B9" "Changes an endpoint of the catalog." PATCH "/endpoints/{endpoint}";
    ENDPOINT_DELETE = "openstack.endpoint.delete" true "B9" "Removes an endpoint of the catalog." DELETE "/endpoints/{endpoint}";
    REGION_LIST = "openstack.region.list" true "B9" "Regions that the caller may see." GET "/regions";
    REGION_GET = "openstack.region.get" true "B9" "One region." GET "/regions/{region}";
    REGION_CREATE = "openstack.region.create" false "B9" "A new region." POST "/regions";
    REGION_UPDATE = "openstack.region.update" false "B9" "Changes a region." PATCH "/regions/{region}";
    REGION_DELETE = "openstack.region.delete" true "B9" "Removes a region." DELETE "/regions/{region}";
    CREDENTIAL_LIST = "openstack.credential.list" true "B9" "Credentials that the caller may see." GET "/credentials";
    CREDENTIAL_GET = "openstack.credential.get" true "B9" "One credential of another service." GET "/credentials/{credential_id}";
    CREDENTIAL_CREATE = "openstack.credential.create" false "B9" "A new credential of another service." POST "/credentials";
    CREDENTIAL_UPDATE = "openstack.credential.update" false "B9" "Changes a credential of another service." PATCH "/credentials/{credential_id}";
    CREDENTIAL_DELETE = "openstack.credential.delete" true "B9" "Removes a credential of another service." DELETE "/credentials/{credential_id}";
    APPLICATION_CREDENTIAL_LIST = "openstack.application_credential.list" true "B9" "Application credentials that the caller may see." GET "/users/{user}/application_credentials";
    APPLICATION_CREDENTIAL_GET = "openstack.application_credential.get" true "B9" "One application credential." GET "/users/{user}/application_credentials/{credential_id}";
    APPLICATION_CREDENTIAL_CREATE = "openstack.application_credential.create" false "B9" "A new application credential; its secret is shown once." POST "/users/{user}/application_credentials";
    APPLICATION_CREDENTIAL_DELETE = "openstack.application_credential.delete" true "B9" "Removes an application credential." DELETE "/users/{user}/application_credentials/{credential_id}";
    ACCESS_RULE_LIST = "openstack.access_rule.list" true "B9" "Access rules of a user's application credentials." GET "/users/{user}/access_rules";
    ACCESS_RULE_GET = "openstack.access_rule.get" true "B9" "One access rule." GET "/users/{user}/access_rules/{rule}";
    ACCESS_RULE_DELETE = "openstack.access_rule.delete" true "B9" "Removes an access rule that no credential uses." DELETE "/users/{user}/access_rules/{rule}";
    EC2_LIST = "openstack.ec2_credential.list" true "B9" "EC2 credentials of a user." GET "/users/{user}/credentials/OS-EC2";
    EC2_GET = "openstack.ec2_credential.get" true "B9" "One EC2 credential." GET "/users/{user}/credentials/OS-EC2/{access}";
    EC2_CREATE = "openstack.ec2_credential.create" false "B9" "A new EC2 credential." POST "/users/{user}/credentials/OS-EC2";
    EC2_DELETE = "openstack.ec2_credential.delete" true "B9" "Removes an EC2 credential." DELETE "/users/{user}/credentials/OS-EC2/{access}";
    TRUST_LIST = "openstack.trust.list" true "B16" "Trusts that the caller may see." GET "/OS-TRUST/trusts";
    TRUST_GET = "openstack.trust.get" true "B16" "One trust." GET "/OS-TRUST/trusts/{trust}";
    TRUST_CREATE = "openstack.trust.create" false "B16" "A new trust." POST "/OS-TRUST/trusts";
    TRUST_DELETE = "openstack.trust.delete" true "B16" "Removes a trust." DELETE "/OS-TRUST/trusts/{trust}";
    TRUST_ROLES = "openstack.trust.roles.list" true "B16" "Roles that a trust hands over." GET "/OS-TRUST/trusts/{trust}/roles";
    POLICY_LIST = "openstack.policy.list" true "B9" "Policies that the caller may see." GET "/policies";
    POLICY_GET = "openstack.policy.get" true "B9" "One policy document." GET "/policies/{policy}";
    POLICY_CREATE = "openstack.policy.create" false "B9" "A new policy document." POST "/policies";
    POLICY_UPDATE = "openstack.policy.update" false "B9" "Changes a policy document." PATCH "/policies/{policy}";
    POLICY_DELETE = "openstack.policy.delete" true "B9" "Removes a policy document." DELETE "/policies/{policy}";
    REGISTERED_LIMIT_LIST = "openstack.registered_limit.list" true "B9" "Registered limits that the caller may see." GET "/registered_limits";
    REGISTERED_LIMIT_GET = "openstack.registered_limit.get" true "B9" "One registered limit." GET "/registered_limits/{limit}";
    REGISTERED_LIMIT_CREATE = "openstack.registered_limit.create" false "B9" "A new registered limit." POST "/registered_limits";
    REGISTERED_LIMIT_UPDATE = "openstack.registered_limit.update" false "B9" "Changes a registered limit." PATCH "/registered_limits/{limit}";
    REGISTERED_LIMIT_DELETE = "openstack.registered_limit.delete" true "B9" "Removes a registered limit." DELETE "/registered_limits/{limit}";
    LIMIT_LIST = "openstack.limit.list" true "B9" "Limits that the caller may see." GET "/limits";
    LIMIT_GET = "openstack.limit.get" true "B9" "One limit of a project or domain." GET "/limits/{limit}";
    LIMIT_CREATE = "openstack.limit.create" false "B9" "A new limit of a project or domain." POST "/limits";
    LIMIT_UPDATE = "openstack.limit.update" false "B9" "Changes a limit of a project or domain." PATCH "/limits/{limit}";
    LIMIT_DELETE = "openstack.limit.delete" true "B9" "Removes a limit of a project or domain." DELETE "/limits/{limit}";
    LIMIT_MODEL = "openstack.limit.model" true "B9" "How limits of projects relate." GET "/limits/model";
}
