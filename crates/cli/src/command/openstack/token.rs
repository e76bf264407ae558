//! `pentad openstack token`.

use std::io::Read;

use clap::Subcommand;
use pentad_core::Secret;
use pentad_openstack::Client;

use super::Run;
use crate::command::plan::Effect;
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Log in and show the token; one that is kept from earlier is shown while it is good.
    Issue {
        /// Get a new one, whatever is kept.
        #[arg(long)]
        new: bool,
    },
    /// End a token: your own, or one that is read from standard input.
    Revoke {
        /// Read the token from standard input.
        #[arg(long)]
        stdin: bool,
    },
}

/// Columns of a token, as the original command line has them.
const TOKEN: View = View {
    columns: &["expires", "id", "project_id", "domain_id", "system", "user_id"],
    value: "id",
    ..View::ALL
};

impl TokenCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::Issue { new: false } => run.work(Effect::Read, Client::issue, TOKEN).await,
            Self::Issue { new: true } => run.work(Effect::Read, Client::issue_new, TOKEN).await,
            Self::Revoke { stdin: false } => {
                run.tell_work(Effect::Change, Client::sign_out, |()| "signed out".to_owned()).await
            }
            Self::Revoke { stdin: true } => {
                let token = read()?;
                run.tell(Effect::Change, |client| client.revoke(&token), "token revoked").await
            }
        }
    }
}

/// A token from standard input: on the command line every process could see it.
fn read() -> Result<Secret> {
    let mut text = String::new();
    std::io::stdin().lock().take(64 * 1024).read_to_string(&mut text)?;
    match text.trim() {
        "" => Err(Failure::usage("no token to revoke", "standard input is empty")),
        token => Ok(Secret::new(token)),
    }
}
