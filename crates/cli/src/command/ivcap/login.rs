//! `pentad ivcap login` and `logout`: a token that is kept between commands.

use std::sync::Arc;

use clap::Args;
use futures_util::FutureExt;
use pentad_core::Authorize;
use pentad_core::auth::{FileTokenStore, Renewing, TokenStore};
use pentad_ivcap::login::{Claims, Login};
use serde_json::json;

use super::Run;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;
use crate::settings::{ServiceSettings, token_dir};

#[derive(Debug, Args)]
pub(crate) struct LoginArgs {
    /// Log in at this provider in place of the platform's default one.
    #[arg(long, value_name = "ID")]
    provider: Option<String>,
}

fn store() -> Result<FileTokenStore> {
    Ok(FileTokenStore::new(token_dir()?))
}

fn key(settings: &ServiceSettings) -> Option<String> {
    settings.endpoint().map(|endpoint| format!("ivcap {}", endpoint.trim_end_matches('/')))
}

/// The login that is kept for the configured platform.
///
/// # Errors
/// A failure if the token cannot be read.
pub(super) fn kept(settings: &ServiceSettings) -> Result<Option<Arc<dyn Authorize>>> {
    let Some(key) = key(settings) else { return Ok(None) };
    let store = store()?;
    // A file is read at once.
    let Some(token) = store.load(&key).now_or_never().transpose()?.flatten() else { return Ok(None) };
    Ok(Some(Arc::new(Renewing::new(Login::kept()).store(Arc::new(store), key).token(token))))
}

fn nowhere() -> Failure {
    Failure::config("cannot log in", "no platform is configured").hint("give --endpoint, or set IVCAP_URL")
}

impl LoginArgs {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        let key = key(&run.values).ok_or_else(nowhere)?;
        let client = run.client(None).await?;
        let information = client.login_information().await?;
        let provider = information.provider(self.provider.as_deref()).ok_or_else(|| {
            let known: Vec<_> = information.providers.keys().map(String::as_str).collect();
            Failure::usage("cannot log in there", "the platform names no such provider")
                .hint(format!("it names {}", known.join(", ")))
        })?;
        let login = client.device_login(provider).await?;
        let place = login.verification_uri_complete.as_deref().unwrap_or(&login.verification_uri);
        run.output.note(&format!("open {place} and enter {}", login.user_code));
        let bar = run.output.progress("waiting for the login");
        let token = client.await_login(provider, &login).await;
        bar.done();
        let token = token?;
        store()?.save(&key, &token).await?;
        let claims = Claims::of(&token.secret).unwrap_or_default();
        let who = json!({"name": claims.name, "email": claims.email, "account": claims.account,
            "expires": claims.expires});
        run.output.record(&who, View::ALL)?;
        Ok(Exit::Success)
    }
}

/// Forgets the token of the configured platform.
///
/// # Errors
/// A failure if it cannot be removed.
pub(super) async fn logout(run: &mut Run<'_>) -> Result<Exit> {
    let key = key(&run.values).ok_or_else(nowhere)?;
    store()?.forget(&key).await?;
    run.output.note("logged out");
    Ok(Exit::Success)
}
