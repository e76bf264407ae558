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

/// A list that the path names, with nothing in it.
pub(crate) fn nothing(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    let name = call.path.rsplit('/').next().unwrap_or_default();
    reads(call, &format!("list_{name}"))?;
    call.collection(name, Vec::new(), &[])
}

/// `GET /v3/OS-FEDERATION/identity_providers/{provider}`.
pub(crate) fn provider(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "get_identity_provider")?;
    Err(Failure::missing("Identity Provider", call.param("provider")))
}

/// `GET /v3/OS-FEDERATION/mappings/{mapping}`.
pub(crate) fn mapping(call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    reads(call, "get_mapping")?;
    Err(Failure::missing("mapping", call.param("mapping")))
}

/// A login through a provider: nobody's word counts.
pub(crate) fn login(_call: &Call, _tx: &mut Tx<'_>) -> Answer<Reply> {
    Err(Failure::method("Attempted to authenticate with an unsupported method.", json!({"methods": METHODS})))
}
