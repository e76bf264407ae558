//! Every operation of the identity service that this crate speaks, as data.
//!
//! The templates of [`V3`] carry the version of the API, because a login URL may or may not; those of [`V3_BELOW`] are the
//! same below an endpoint of the catalog that says the version itself.
//! A login is idempotent: sent twice, it leaves a token that nobody uses.

mod admin;

use std::time::Duration;

use http::Method;
use pentad_core::{Api, Op};

pub use self::admin::*;

/// Identity API v3.
pub const V3: Api = Api("v3");
/// Identity API v3, below an endpoint whose URL carries the version.
pub const V3_BELOW: Api = Api("v3 endpoint");
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

        const LOGIN: &[&Op] = &[$(&$name),*];
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
        [V3 GET "/v3/auth/projects", V3_BELOW GET "/auth/projects", V2 GET "/v2.0/tenants"];
    AUTH_DOMAINS = "openstack.auth.domains" true "B9" "Domains that the caller may work in."
        [V3 GET "/v3/auth/domains"];
    AUTH_SYSTEM = "openstack.auth.system" true "B9" "Whether the caller may work on the whole system."
        [V3 GET "/v3/auth/system"];
    AUTH_CATALOG = "openstack.auth.catalog" true "B9" "The catalog of the caller's token."
        [V3 GET "/v3/auth/catalog"];
    TENANT_LIST = "openstack.tenant.list" true "B11" "Tenants; for whoever does not administer, the caller's own."
        [V2 GET "/v2.0/tenants"];
    TENANT_GET = "openstack.tenant.get" true "B11" "One tenant."
        [V2 GET "/v2.0/tenants/{tenant}"];
    TENANT_CREATE = "openstack.tenant.create" false "B11" "A new tenant."
        [V2 POST "/v2.0/tenants"];
    TENANT_UPDATE = "openstack.tenant.update" false "B11" "Changes a tenant."
        [V2 POST "/v2.0/tenants/{tenant}"];
    TENANT_DELETE = "openstack.tenant.delete" true "B11" "Removes a tenant."
        [V2 DELETE "/v2.0/tenants/{tenant}"];
    FEDERATION_AUTH = "openstack.federation.auth" true "B16" "A token for what another identity provider says."
        [V3 POST "/v3/OS-FEDERATION/identity_providers/{provider}/protocols/{protocol}/auth"];
    OIDC_DISCOVERY = "openstack.oidc.discovery" true "B16" "Endpoints of an OpenID Connect provider."
        [EXACT GET "", FOLDER GET "/"];
    OIDC_TOKEN = "openstack.oidc.token" false "B16" "An access token of an OpenID Connect provider."
        [EXACT POST "", FOLDER POST "/"];
    OIDC_DEVICE = "openstack.oidc.device" false "B16" "Begins a login that a person confirms elsewhere."
        [EXACT POST "", FOLDER POST "/"];
}

/// All operations: the login and what is around it, then what is administered.
pub static OPS: &[&Op] = &ALL;

const COUNT: usize = LOGIN.len() + ADMIN.len();

const ALL: [&Op; COUNT] = {
    let mut all = [LOGIN[0]; COUNT];
    let mut index = 0;
    while index < COUNT {
        all[index] = if index < LOGIN.len() { LOGIN[index] } else { ADMIN[index - LOGIN.len()] };
        index += 1;
    }
    all
};

/// Finds an operation by its identifier, as in `openstack.token.issue`.
pub fn find(id: &str) -> Option<&'static Op> {
    pentad_core::op::find(OPS, id)
}
