//! An order or a job on its way through the states.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::provenance;
use super::verdict::Verdict;
use crate::ivcap::core::Core;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::handlers::jobs::is_json;
use crate::ivcap::model::{Command, Given, Job, Order, Run, Service, Status, Task, check_given, text};
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::storage::work::{self, Item, Payload};
use crate::ivcap::storage::{Change, Db};
use crate::ivcap::urn::Kind;

/// The kind of event that tells of a new state.
const STATUS: &str = "ivcap.job.status";

/// Everything that is needed to run something.
#[derive(Debug, Clone)]
pub(crate) struct Assignment {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) user: String,
    pub(super) service: String,
    pub(super) command: Command,
    /// Values by name.
    pub(super) values: Vec<Given>,
    /// What is asked, as it goes to the program.
    pub(crate) request: Payload,
}

/// Takes what has waited longest; it is scheduled then.
pub(super) async fn claim(core: &Arc<Core>, node: &str, lease: i64) -> Answer<Option<Item>> {
    if !core.read(|tx| Ok(work::waits(tx)?)).await? {
        return Ok(None);
    }
    let node = node.to_owned();
    core.write(move |change| {
        let Some(item) = work::claim(change, &node, lease)? else { return Ok(None) };
        move_on(change, &item, |run| run.status = Status::Scheduled)?;
        Ok(Some(item))
    })
    .await
}

/// It runs from now on.
pub(super) async fn begin(core: &Arc<Core>, item: &Item) -> Answer<()> {
    let item = item.clone();
    core.write(move |change| {
        let at = change.stamp();
        move_on(change, &item, |run| {
            run.status = Status::Executing;
            run.started_at = Some(at);
        })?;
        Ok(())
    })
    .await
}

fn move_on(change: &mut Change<'_, '_>, item: &Item, step: impl Fn(&mut Run)) -> Db<()> {
    match item.kind {
        Kind::Job => {
            let Some(mut held) = things::get::<Job>(change, &item.id)? else { return Ok(()) };
            step(&mut held.doc.run);
            things::update(change, &held)?;
            provenance::job(change, &held)?;
            tell(change, &held)
        }
        _ => {
            let Some(mut held) = things::get::<Order>(change, &item.id)? else { return Ok(()) };
            step(&mut held.doc.run);
            things::update(change, &held)?;
            tell(change, &held)
        }
    }
}

fn tell<T: Task>(change: &mut Change<'_, '_>, held: &Held<T>) -> Db<()> {
    let run = held.doc.run();
    let data = json!({"id": held.id, "status": run.status.word(), "timestamp": change.stamp().to_string()});
    work::tell(change, &held.id, STATUS, &data.to_string(), run.status.is_final()).map(drop)
}

/// Writes down how it ended; nothing if somebody else did.
pub(super) async fn finish(
    core: &Arc<Core>,
    item: &Item,
    verdict: Verdict,
    left_behind: Option<Payload>,
) -> Answer<()> {
    let item = item.clone();
    core.write(move |change| {
        if !work::done(change, &item.id)? {
            return Ok(());
        }
        let fault = work::payload(change, &item.id, work::FAULT)?;
        let posted = work::payload(change, &item.id, work::RESULT)?;
        if let (None, Some(result)) = (&posted, &left_behind) {
            work::keep(change, &item.id, work::RESULT, result)?;
        }
        let result = posted.or_else(|| left_behind.clone());
        let verdict = judged(&verdict, fault.as_ref());
        if let (Status::Error, Some(why)) = (verdict.status, &verdict.message) {
            tracing::info!(id = item.id, why, "an order or a job ended as an error");
            work::remark(change, &item.id, &format!("(it ended as an error: {why})\n"))?;
        }
        match item.kind {
            Kind::Job => finish_job(change, &item.id, &verdict, result.as_ref()),
            _ => finish_order(change, &item.id, &verdict),
        }
    })
    .await
}

/// What a service says of itself counts more than the code that it ends with.
fn judged(verdict: &Verdict, fault: Option<&Payload>) -> Verdict {
    match fault {
        Some(fault) if verdict.status != Status::Error => {
            let text: String = String::from_utf8_lossy(&fault.content).chars().take(1000).collect();
            Verdict::failed(text)
        }
        _ => verdict.clone(),
    }
}

fn end(run: &mut Run, verdict: &Verdict, at: jiff::Timestamp) {
    run.status = verdict.status;
    run.error_message.clone_from(&verdict.message);
    run.finished_at = Some(at);
}

fn finish_order(change: &mut Change<'_, '_>, id: &str, verdict: &Verdict) -> Answer<()> {
    let Some(mut held) = things::get::<Order>(change, id)? else { return Ok(()) };
    end(&mut held.doc.run, verdict, change.stamp());
    things::update(change, &held)?;
    provenance::finished(change, &held)?;
    Ok(tell(change, &held)?)
}

fn finish_job(
    change: &mut Change<'_, '_>,
    id: &str,
    verdict: &Verdict,
    result: Option<&Payload>,
) -> Answer<()> {
    let Some(mut held) = things::get::<Job>(change, id)? else { return Ok(()) };
    end(&mut held.doc.run, verdict, change.stamp());
    if let Some(result) = result.filter(|_| verdict.status == Status::Succeeded) {
        let content = serde_json::from_slice(&result.content).unwrap_or(Value::Null);
        let urn = provenance::result(change, &held, &content)?;
        held.doc.result_content_type = Some(result.content_type.clone());
        held.doc.result_urn = urn;
    }
    things::update(change, &held)?;
    provenance::job(change, &held)?;
    Ok(tell(change, &held)?)
}

/// Reads what is needed to run something.
///
/// # Errors
/// What is missing; it cannot be run then.
pub(super) async fn assignment(core: &Arc<Core>, item: &Item) -> Answer<Assignment> {
    let (item, allowed) = (item.clone(), core.settings.allow_api_commands);
    core.read(move |tx| {
        let gone = || Failure::not_found(&item.id, "it is gone");
        let (account, run, request, values) = match item.kind {
            Kind::Job => {
                let held = things::get::<Job>(tx, &item.id)?.ok_or_else(gone)?;
                let request = work::payload(tx, &item.id, work::REQUEST)?.ok_or_else(gone)?;
                let values = members(&request);
                (held.account, held.doc.run, request, values)
            }
            _ => {
                let held = things::get::<Order>(tx, &item.id)?.ok_or_else(gone)?;
                let service = things::last::<Service>(tx, Kind::Service, &held.doc.run.service)?;
                let parameters = service.map(|service| service.doc.parameters).unwrap_or_default();
                let values = check_given(&parameters, &held.doc.parameters)?;
                let request = request_of(&item.id, &values);
                (held.account, held.doc.run, request, values)
            }
        };
        let service = things::last::<Service>(tx, Kind::Service, &run.service)?;
        let command = service.and_then(|service| service.doc.runnable(allowed)).ok_or_else(gone)?;
        let id = item.id.clone();
        Ok(Assignment { id, account, user: run.user, service: run.service, command, values, request })
    })
    .await
}

/// An order as a request: its values by name.
fn request_of(id: &str, values: &[Given]) -> Payload {
    let mut members = Map::new();
    members.insert("$id".to_owned(), json!(id));
    members.extend(values.iter().map(|given| (given.name.clone(), given.value.clone())));
    let content = Value::Object(members).to_string().into_bytes();
    Payload { content_type: "application/json".to_owned(), content }
}

/// The plain members of a request that is an object.
fn members(request: &Payload) -> Vec<Given> {
    if !is_json(&request.content_type) {
        return Vec::new();
    }
    let Ok(Value::Object(members)) = serde_json::from_slice(&request.content) else { return Vec::new() };
    let plain = members.into_iter().filter(|(_, value)| !value.is_object() && !value.is_array());
    plain.filter(|(name, _)| !name.starts_with('$')).map(|(name, value)| Given { name, value }).collect()
}

impl Assignment {
    /// The program and its arguments.
    pub(super) fn words(&self) -> Vec<String> {
        let mut words = self.command.words.clone();
        if self.command.arguments {
            for given in &self.values {
                words.push(format!("--{}", given.name));
                words.push(text(&given.value));
            }
        }
        words
    }
}
