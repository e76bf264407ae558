//! Back to the beginning, or on from a seed.

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answer, Refusal, done, problem, read};
use crate::http::Inbound;
use crate::seed::Seed;
use crate::service::{SeedError, TenantFault};
use crate::shell::Shell;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    /// What to seed; the seed of the start if absent.
    seed: Option<Value>,
    /// Only this service.
    service: Option<String>,
    /// Only this tenant of the service, e.g. a project of AMS.
    tenant: Option<String>,
}

/// Empties the store and seeds it again. The clock, the faults, the log and the snapshots stay as they are.
pub(super) async fn reset(shell: &Shell, inbound: &Inbound) -> Answer {
    let Body { seed, service, tenant } = read(inbound)?;
    match (service, tenant, seed) {
        (None, None, seed) => everything(shell, seed).await,
        (Some(name), None, seed) => one(shell, &name, seed).await,
        (Some(name), Some(tenant), None) => self::tenant(shell, &name, &tenant).await,
        (None, Some(_), _) => Err(problem(StatusCode::BAD_REQUEST, "tenant: name its service too")),
        (Some(_), Some(_), Some(_)) => {
            Err(problem(StatusCode::BAD_REQUEST, "seed: a tenant is only emptied; seed it afterwards"))
        }
    }
}

async fn everything(shell: &Shell, seed: Option<Value>) -> Answer {
    let seed = checked_or(shell, seed)?;
    for service in &shell.services {
        service.check(seed.section(service.name())).await.map_err(refused)?;
    }
    shell.engine.reset().await.map_err(|error| problem(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    for service in &shell.services {
        service.reset().await.map_err(refused)?;
    }
    shell.seed(&seed).await.map_err(refused)?;
    done(&json!({"status": "reset"}))
}

async fn one(shell: &Shell, name: &str, seed: Option<Value>) -> Answer {
    let service = find(shell, name)?;
    let seed = checked_or(shell, seed)?;
    service.check(seed.section(name)).await.map_err(refused)?;
    let emptied = shell.engine.reset_service(name).await;
    emptied.map_err(|error| problem(StatusCode::INTERNAL_SERVER_ERROR, error))?;
    service.reset().await.map_err(refused)?;
    service.seed(seed.section(name)).await.map_err(refused)?;
    done(&json!({"status": "reset", "service": name}))
}

async fn tenant(shell: &Shell, name: &str, tenant: &str) -> Answer {
    match find(shell, name)?.reset_tenant(tenant).await {
        Ok(()) => done(&json!({"status": "reset", "service": name, "tenant": tenant})),
        Err(fault) => {
            let status = match fault {
                TenantFault::Unsupported => StatusCode::NOT_IMPLEMENTED,
                TenantFault::Unknown => StatusCode::NOT_FOUND,
                TenantFault::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
            };
            Err(problem(status, fault))
        }
    }
}

fn find<'s>(shell: &'s Shell, name: &str) -> Result<&'s dyn crate::service::Service, Refusal> {
    let found = shell.services.iter().find(|service| service.name() == name);
    found.map(AsRef::as_ref).ok_or_else(|| {
        let why = format!("service: no such service; there are: {}", shell.names().join(", "));
        problem(StatusCode::BAD_REQUEST, why)
    })
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

fn checked_or(shell: &Shell, seed: Option<Value>) -> Result<Seed, Refusal> {
    seed.map_or_else(|| Ok(shell.seed.clone()), |seed| checked(shell, seed))
}

/// From here on the secrets of this seed are known, also if it turns out to be wrong.
fn checked(shell: &Shell, seed: Value) -> Result<Seed, Refusal> {
    shell.control.known.learn(&seed);
    let seed = Seed::from_value(seed).map_err(refused)?;
    seed.check(&shell.names()).map_err(refused)?;
    Ok(seed)
}

fn refused(error: SeedError) -> Refusal {
    problem(StatusCode::BAD_REQUEST, error)
}
