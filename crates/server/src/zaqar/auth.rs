//! Who calls, and for which project: from a token, or from what the request says of itself.

use super::Zaqar;
use super::context::Call;
use super::error::Failure;
use super::settings::Auth;
use crate::identity::Rejected;

impl Zaqar {
    /// Learns project and roles. Runs before routing, as the token middleware of the original does.
    pub(super) async fn identify(&self, call: &mut Call) -> Result<(), Failure> {
        let token = call.header("x-auth-token").filter(|token| !token.is_empty());
        let settings = self.settings();
        // A signed URL stands in for a token; its signature was checked before. `EXTRA-SPEC` does not: it would open
        // the service to whoever sends it, and current releases have no such hook.
        let is_signed = call.inbound.headers.contains_key("url-signature");
        match (settings.auth, token) {
            (Auth::None, _) => declare(call),
            _ if is_signed => {
                declare(call);
                // The signature is over the project, not over roles: nobody makes himself an administrator by it.
                call.roles.clear();
            }
            (Auth::Either, None) => declare(call),
            (Auth::Keystone, None) => return Err(Failure::unauthorized()),
            (Auth::Keystone | Auth::Either, Some(token)) => {
                let info = self.identity.validate(&token).await.map_err(refuse)?;
                if !info.permits("messaging", &call.inbound.method, &call.inbound.path) {
                    return Err(Failure::unauthorized());
                }
                call.project = info.project_id.unwrap_or_default();
                call.roles = info.roles;
                call.user = Some(info.user_id);
                call.token = Some(token);
            }
        }
        Ok(())
    }
}

/// Takes the request's own word.
fn declare(call: &mut Call) {
    let project = call.header("x-project-id");
    call.has_empty_project = project.as_deref() == Some("");
    call.project = project.unwrap_or_default();
    let roles = call.header("x-roles").unwrap_or_default();
    call.roles = roles.split(',').map(|role| role.trim().to_owned()).collect();
}

fn refuse(rejected: Rejected) -> Failure {
    match rejected {
        Rejected::Invalid => Failure::unauthorized(),
        Rejected::Unavailable => Failure::unavailable("Tokens cannot be checked."),
    }
}
