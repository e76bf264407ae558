//! Every operation of the identity service that this crate speaks, as data.
//!
//! The templates carry the version of the API, because catalogs list the identity service with and without it.
//! A login is idempotent: sent twice, it leaves a token that nobody uses.

use std::time::Duration;

use http::Method;
use pentad_core::{Api, Op};

/// Identity API v3.
pub const V3: Api = Api("v3");
/// Identity API v2.0, for clouds that still have it.
pub const V2: Api = Api("v2.0");
/// A discovery document at exactly the URL that is asked.
pub const EXACT: Api = Api("exact");
/// A discovery document at the URL with a slash at its end.
pub const FOLDER: Api = Api("folder");

macro_rules! ops {
    ($($name:ident = $id:literal $idempotent:literal $section:literal $doc:literal [$($api:ident $method:ident $path:literal),+];)*) => {
        $(
            #[doc = $doc]
            pub static $name: Op = Op {
                id: $id,
                routes: &[$(($api, Method::$method, $path)),+],
                idempotent: $idempotent,
                patience: Duration::ZERO,
                source: concat!("OpenStack reference ", $section),
            };
        )*

        /// All operations, in the order of the reference.
        pub static OPS: &[&Op] = &[$(&$name),*];
    };
}

ops! {
    VERSIONS = "openstack.versions" true "B2, B13" "What versions an endpoint has."
        [EXACT GET "", FOLDER GET "/"];
    TOKEN_ISSUE = "openstack.token.issue" true "B3, B11" "A new token."
        [V3 POST "/v3/auth/tokens", V2 POST "/v2.0/tokens"];
    TOKEN_VALIDATE = "openstack.token.validate" true "B8, B11" "What a token stands for."
        [V3 GET "/v3/auth/tokens", V2 GET "/v2.0/tokens/{token}"];
    TOKEN_CHECK = "openstack.token.check" true "B8, B11" "Whether a token is valid."
        [V3 HEAD "/v3/auth/tokens", V2 HEAD "/v2.0/tokens/{token}"];
    TOKEN_REVOKE = "openstack.token.revoke" true "B8, B11" "Ends a token."
        [V3 DELETE "/v3/auth/tokens", V2 DELETE "/v2.0/tokens/{token}"];
    AUTH_PROJECTS = "openstack.auth.projects" true "B9, B11" "Projects that the caller may work in."
        [V3 GET "/v3/auth/projects", V2 GET "/v2.0/tenants"];
    AUTH_DOMAINS = "openstack.auth.domains" true "B9" "Domains that the caller may work in."
        [V3 GET "/v3/auth/domains"];
    AUTH_SYSTEM = "openstack.auth.system" true "B9" "Whether the caller may work on the whole system."
        [V3 GET "/v3/auth/system"];
    AUTH_CATALOG = "openstack.auth.catalog" true "B9" "The catalog of the caller's token."
        [V3 GET "/v3/auth/catalog"];
    FEDERATION_AUTH = "openstack.federation.auth" true "B16" "A token for what another identity provider says."
        [V3 POST "/v3/OS-FEDERATION/identity_providers/{provider}/protocols/{protocol}/auth"];
    OIDC_DISCOVERY = "openstack.oidc.discovery" true "B16" "Endpoints of an OpenID Connect provider."
        [EXACT GET "", FOLDER GET "/"];
    OIDC_TOKEN = "openstack.oidc.token" false "B16" "An access token of an OpenID Connect provider."
        [EXACT POST "", FOLDER POST "/"];
    OIDC_DEVICE = "openstack.oidc.device" false "B16" "Begins a login that a person confirms elsewhere."
        [EXACT POST "", FOLDER POST "/"];
    APPLICATION_CREDENTIAL_LIST = "openstack.application_credential.list" true "B9" "Application credentials of a user."
        [V3 GET "/v3/users/{user}/application_credentials"];
    APPLICATION_CREDENTIAL_GET = "openstack.application_credential.get" true "B9" "One application credential."
        [V3 GET "/v3/users/{user}/application_credentials/{credential_id}"];
    APPLICATION_CREDENTIAL_CREATE = "openstack.application_credential.create" false "B9" "A new application credential; its secret is shown once."
        [V3 POST "/v3/users/{user}/application_credentials"];
    APPLICATION_CREDENTIAL_DELETE = "openstack.application_credential.delete" true "B9" "Removes an application credential; its tokens end."
        [V3 DELETE "/v3/users/{user}/application_credentials/{credential_id}"];
}

/// Finds an operation by its identifier, as in `openstack.token.issue`.
pub fn find(id: &str) -> Option<&'static Op> {
    OPS.iter().copied().find(|op| op.id == id)
}
