//! Back to the beginning, or on from a seed.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, done, problem, read};
use crate::http::Inbound;
use crate::seed::Seed;
use crate::service::SeedError;
use crate::shell::Shell;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// What to seed; the seed of the start if absent.
    seed: Option<Value>,
}

/// Empties the store and seeds it again. The clock, the faults and the log stay as they are.
pub(super) async fn reset(shell: &Shell, inbound: &Inbound) -> Answer {
    let Body { seed } = read(inbound)?;
    let seed = match seed {
        Some(seed) => checked(shell, seed)?,
        None => shell.seed.clone(),
    };
    shell.engine.reset().await.map_err(|error| problem(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    for service in &shell.services {
        service.reset().await.map_err(refused)?;
    }
    shell.seed(&seed).await.map_err(refused)?;
    done(&json!({"status": "reset"}))
}

/// Adds what a seed says to what is there.
pub(super) async fn seed(shell: &Shell, inbound: &Inbound) -> Answer {
    let seed = checked(shell, read(inbound)?)?;
    for service in &shell.services {
        let section = seed.section(service.name());
        if !section.is_null() {
            service.seed(section).await.map_err(refused)?;
        }
    }
    done(&json!({"status": "seeded"}))
}

fn checked(shell: &Shell, seed: Value) -> Result<Seed, Refusal> {
    let seed = Seed::from_value(seed).map_err(refused)?;
    seed.check(&shell.names()).map_err(refused)?;
    Ok(seed)
}

fn refused(error: SeedError) -> Refusal {
    problem(StatusCode::BAD_REQUEST, error)
}
