//! What other services of this server do in the name of its users: trusts that are made for them, and tokens of these.

use std::sync::Arc;

use jiff::Timestamp;
use pentad_store::Tx;

use super::Core;
use super::access::{self, Access, Scope};
use super::auth::use_trust;
use super::check::Rejected;
use super::error::{Answer, Failure};
use super::model::{DEFAULT, Trust, User, new_id};
use super::seal::{self, Payload, ScopeId};
use super::storage::{DIRECTORY, records, security};

/// The user whom trusts are made for, by an id that no other user gets. It has no password: nobody logs in as it.
const TRUSTEE: &str = "00000000000000000000007a61716172";
/// What it is called, unless somebody else is: then it has its id behind that.
const NAME: &str = "zaqar";

impl Core {
    /// Makes a trust of the user of a token for this server; see [`IdentityCheck::entrust`](super::IdentityCheck::entrust).
    pub(super) async fn make_trust(
        &self,
        token: &str,
        roles: &[String],
        until: Option<Timestamp>,
    ) -> Result<String, Rejected> {
        let access = self.access(token, 0).await.map_err(|_| Rejected::Invalid)?;
        let roles = roles.to_vec();
        let made = self.store.write(move |tx| entrust(tx, &access, &roles, until)).await;
        made.map_err(refused)
    }

    /// Whether the user of a token made a trust for this server.
    pub(super) async fn made_trust(&self, token: &str, trust: &str) -> Result<bool, Rejected> {
        let access = self.access(token, 0).await.map_err(|_| Rejected::Invalid)?;
        let trust = trust.to_owned();
        let work = move |tx: &mut Tx<'_>| {
            let Some(trust) = records::get::<Trust>(tx, &trust)? else { return Ok(false) };
            let ours = records::by_name::<User>(tx, DEFAULT, TRUSTEE)?;
            let is_ours = ours.is_some_and(|user| user.id == trust.trustee_user_id);
            Ok::<_, Failure>(is_ours && trust.trustor_user_id == access.user.id)
        };
        self.store.read(work).await.map_err(refused)
    }

    /// A token of a trust that was made for this server.
    pub(super) async fn use_trust(&self, trust: &str) -> Result<String, Rejected> {
        let (trust, issued) = (trust.to_owned(), self.seconds());
        let expires = issued + i64::from(self.settings().token_expiration);
        let audit = seal::audit_id();
        let work = move |tx: &mut Tx<'_>| {
            let trust: Trust = records::get(tx, &trust)?.ok_or_else(Failure::unauthorized)?;
            let (user, _) = access::enabled_user(tx, &trust.trustee_user_id)?;
            if user.id != TRUSTEE {
                return Err(Failure::unauthorized());
            }
            let payload = Payload {
                user: user.id.clone(),
                generation: user.generation,
                methods: vec!["password".to_owned()],
                scope: trust.project_id.clone().map_or(ScopeId::Unscoped, ScopeId::Project),
                audit: vec![audit.clone()],
                issued,
                expires,
                trust: Some(trust.id.clone()),
                lent: Some(access::lent(tx, &trust)?),
                application_credential: None,
            };
            let access = access::load(tx, payload)?;
            use_trust(tx, &trust.id)?;
            Ok(access)
        };
        let access = self.store.write(work).await.map_err(refused)?;
        seal::text(&self.engine, &access.payload).map_err(refused)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it stands where errors are mapped")]
fn refused(failure: Failure) -> Rejected {
    if failure.status().is_server_error() { Rejected::Unavailable } else { Rejected::Invalid }
}

/// Tokens of application credentials and of trusts have no part in trusts; nobody gives away what the token does not have.
fn entrust(
    tx: &mut Tx<'_>,
    access: &Arc<Access>,
    roles: &[String],
    until: Option<Timestamp>,
) -> Answer<String> {
    let Scope::Project { project, .. } = &access.scope else { return Err(Failure::unauthorized()) };
    let wanted = access.roles.iter().filter(|role| roles.contains(&role.name));
    let roles: Vec<String> = wanted.map(|role| role.id.clone()).collect();
    if access.payload.application_credential.is_some() || access.trust.is_some() || roles.is_empty() {
        return Err(Failure::unauthorized());
    }
    let trust = Trust {
        id: new_id(),
        trustor_user_id: access.user.id.clone(),
        trustee_user_id: trustee(tx)?,
        project_id: Some(project.id.clone()),
        impersonation: true,
        expires_at: until.map(Timestamp::as_microsecond),
        roles,
        ..Trust::default()
    };
    security::add_trust(tx, &trust)?;
    Ok(trust.id)
}

/// The user of this server; made when it is needed first.
fn trustee(tx: &mut Tx<'_>) -> Answer<String> {
    if let Some(user) = records::get::<User>(tx, TRUSTEE)? {
        return Ok(user.id);
    }
    let mut user = User {
        id: TRUSTEE.to_owned(),
        name: NAME.to_owned(),
        domain_id: DEFAULT.to_owned(),
        enabled: true,
        ..User::default()
    };
    if !records::insert(tx, &user)? {
        user.name = format!("{NAME}-{TRUSTEE}");
        records::insert(tx, &user)?;
    }
    tx.touch(DIRECTORY);
    Ok(user.id)
}
