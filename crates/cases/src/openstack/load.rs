//! Many calls and one token.

use std::future::IntoFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use jiff::Timestamp;
use pentad_core::auth::Token;
use pentad_core::timing::Timing;
use pentad_core::{ErrorKind, Observer, Result, Secret};
use pentad_openstack::Client;

use super::{Case, Stage};

/// Calls at once while a token is revoked.
const AT_ONCE: usize = 32;

pub(super) fn cases() -> Vec<Case> {
    vec![
        ("a_revoked_token_costs_many_callers_one_login", |stage| Box::pin(renewed(stage))),
        ("a_token_that_ended_costs_many_callers_one_login", |stage| Box::pin(ended(stage))),
        ("a_token_revoked_among_many_calls_costs_one_login_and_no_call", |stage| Box::pin(among(stage))),
        ("a_wrong_password_is_one_attempt_per_call", |stage| Box::pin(wrong_password(stage))),
    ]
}

/// Counts logins; timings are of the last calls only.
#[derive(Debug, Default)]
struct Logins(AtomicUsize);

impl Logins {
    fn count(&self) -> usize {
        self.0.load(Relaxed)
    }
}

impl Observer for Logins {
    fn finished(&self, timing: &Timing) {
        if timing.op == "openstack.token.issue" {
            self.0.fetch_add(1, Relaxed);
        }
    }
}

const LONG_AGO: Timestamp = Timestamp::UNIX_EPOCH;

/// A client that begins with a token which it believes to be from earlier: one that was fetched this moment would not be
/// renewed on a 401.
fn with_token(stage: &Stage, token: Token) -> Result<(Client, Arc<Logins>)> {
    let logins = Arc::new(Logins::default());
    let client = Client::new(stage.login()?).token(token).transport(Arc::clone(&stage.transport));
    Ok((client.observer(Arc::clone(&logins) as _).build()?, logins))
}

async fn all_answered(client: &Client, many: usize) -> Result<()> {
    let answers = join_all((0..many).map(|_| client.projects().into_future())).await;
    for answer in answers {
        assert!(!answer?.is_empty());
    }
    Ok(())
}

async fn renewed(stage: Stage) -> Result<()> {
    let owner = stage.client(stage.login()?)?;
    let old = stage.client(stage.login()?)?.issue().await?;
    owner.revoke(&old.secret).await?;
    let (client, logins) = with_token(&stage, Token::new(old.secret, LONG_AGO))?;
    all_answered(&client, stage.many).await?;
    assert_eq!(logins.count(), 1);
    Ok(())
}

async fn ended(stage: Stage) -> Result<()> {
    let old = stage.client(stage.login()?)?.issue().await?;
    let (client, logins) = with_token(&stage, Token::new(old.secret, LONG_AGO).expires(LONG_AGO))?;
    all_answered(&client, stage.many).await?;
    assert_eq!(logins.count(), 1);
    Ok(())
}

async fn among(stage: Stage) -> Result<()> {
    let owner = stage.client(stage.login()?)?;
    let old = stage.client(stage.login()?)?.issue().await?;
    let (client, logins) = with_token(&stage, Token::new(old.secret.clone(), LONG_AGO))?;
    let done = AtomicUsize::new(0);
    let total = stage.many * 4;
    let calls = stream::iter(0..total).map(|_| {
        let (client, owner, old, done) = (&client, &owner, &old, &done);
        async move {
            if done.fetch_add(1, Relaxed) == total / 2 {
                owner.revoke(&old.secret).await?;
            }
            client.projects().await
        }
    });
    let answers: Vec<Result<_>> = calls.buffer_unordered(AT_ONCE).collect().await;
    assert_eq!(answers.len(), total);
    for answer in answers {
        assert!(!answer?.is_empty());
    }
    assert_eq!(logins.count(), 1);
    Ok(())
}

async fn wrong_password(stage: Stage) -> Result<()> {
    let wrong = Stage { password: Secret::new("not the password"), ..stage };
    let logins = Arc::new(Logins::default());
    let client = Client::new(wrong.login()?).transport(Arc::clone(&wrong.transport));
    let client = client.observer(Arc::clone(&logins) as _).build()?;
    for call in 1..=3 {
        let error = client.projects().await.err();
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Unauthenticated));
        assert_eq!(logins.count(), call);
    }
    Ok(())
}
