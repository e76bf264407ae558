//! Federation, as a service answers to which nobody is federated: its lists are empty, and no provider logs in.

use pentad_store::Tx;
use serde_json::json;

use super::super::auth::METHODS;
use super::super::call::Call;
use super::super::error::{Answer, Failure};
use crate::http::Reply;

fn reads(call: &Call, action: &str) -> Answer<()> {
    call.caller()?.enforce(action, call.caller()?.reads_system())
}

/// `GET /v3/OS-FEDERATION/identity_providers`.
pub(crate) fn providers(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "list_identity_providers")?;
    call.collection("identity_providers", Vec::new(), &[])
}

/// `GET /v3/OS-FEDERATION/identity_providers/{provider}`.
pub(crate) fn provider(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "get_identity_provider")?;
    Err(Failure::missing("Identity Provider", call.param("provider")))
}

/// `GET /v3/OS-FEDERATION/identity_providers/{provider}/protocols`.
pub(crate) fn protocols(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "list_protocols")?;
    call.collection("protocols", Vec::new(), &[])
}

/// `GET /v3/OS-FEDERATION/mappings`.
pub(crate) fn mappings(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "list_mappings")?;
    call.collection("mappings", Vec::new(), &[])
}

/// `GET /v3/OS-FEDERATION/mappings/{mapping}`.
pub(crate) fn mapping(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "get_mapping")?;
    Err(Failure::missing("mapping", call.param("mapping")))
}

/// `GET /v3/OS-FEDERATION/service_providers`.
pub(crate) fn service_providers(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "list_service_providers")?;
    call.collection("service_providers", Vec::new(), &[])
}

/// A login through a provider: nobody's word counts.
pub(crate) fn login(_call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    Err(Failure::method("Attempted to authenticate with an unsupported method.", json!({"methods": METHODS})))
}

/// `GET /v3/OS-OAUTH1/consumers`.
pub(crate) fn consumers(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "list_consumers")?;
    call.collection("consumers", Vec::new(), &[])
}
