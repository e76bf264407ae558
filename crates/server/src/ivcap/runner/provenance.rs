//! What the platform itself records about orders, jobs and artifacts (IVCAP reference 6.1).

use serde_json::{Value, json};
use uuid::Uuid;

use crate::ivcap::auth::policy;
use crate::ivcap::model::{Artifact, Job, Order, Service, Status};
use crate::ivcap::storage::aspects::{self, NewAspect};
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::storage::{Change, Db};
use crate::ivcap::urn::Kind;

const PLACED: &str = "urn:ivcap:schema:order-placed.1";
const FINISHED: &str = "urn:ivcap:schema:order-finished.1";
const PRODUCED: &str = "urn:ivcap:schema:order-produced-artifact.1";
const USED: &str = "urn:ivcap:schema:artifact-usedBy-order.1";
const CREATED: &str = "urn:ivcap:schema:artifact-created.1";
const JOB: &str = "urn:ivcap:schema:job.2";
const RESULT: &str = "urn:ivcap:schema.job-result.1";

/// A record of the platform.
struct Record<'a> {
    entity: &'a str,
    schema: &'a str,
    account: &'a str,
    user: &'a str,
}

impl Record<'_> {
    fn add(&self, change: &mut Change<'_, '_>, mut content: Value) -> Db<Uuid> {
        if let Value::Object(members) = &mut content {
            members.entry("$schema").or_insert_with(|| json!(self.schema));
            members.entry("$entity").or_insert_with(|| json!(self.entity));
        }
        let policy = policy::default_of(Kind::Aspect);
        let new = NewAspect {
            entity: self.entity,
            schema: self.schema,
            account: self.account,
            policy: &policy,
            asserter: self.user,
            content: &content.to_string(),
            replaces: None,
        };
        aspects::add(change, &new)
    }
}

/// An order was placed, and names the artifacts that it is to work on.
pub(crate) fn placed(change: &mut Change<'_, '_>, held: &Held<Order>) -> Db<()> {
    let (run, at) = (&held.doc.run, change.stamp().to_string());
    let record = Record { entity: &held.id, schema: PLACED, account: &held.account, user: &run.user };
    let content = json!({"order": held.id, "service": run.service, "account": held.account, "placed-at": at});
    record.add(change, content)?;
    for given in &held.doc.parameters {
        let Some(artifact) = given.value.as_str().filter(|urn| urn.starts_with("urn:ivcap:artifact:")) else {
            continue;
        };
        let record = Record { entity: artifact, schema: USED, account: &held.account, user: &run.user };
        record.add(change, json!({"artifact": artifact, "order": held.id, "parameter": given.name}))?;
    }
    Ok(())
}

/// An order ended.
pub(super) fn finished(change: &mut Change<'_, '_>, held: &Held<Order>) -> Db<()> {
    let (run, at) = (&held.doc.run, change.stamp().to_string());
    let record = Record { entity: &held.id, schema: FINISHED, account: &held.account, user: &run.user };
    let mut content = json!({"order": held.id, "status": run.status.word(), "finished-at": at});
    if let (Some(why), Value::Object(members)) = (&run.error_message, &mut content) {
        members.insert("error-message".to_owned(), json!(why));
    }
    record.add(change, content).map(drop)
}

/// Something was made by an order or a job.
pub(crate) fn produced(change: &mut Change<'_, '_>, task: &str, held: &Held<Artifact>, user: &str) -> Db<()> {
    let record = Record { entity: task, schema: PRODUCED, account: &held.account, user };
    record.add(change, json!({"order": task, "artifact": held.id, "name": held.name}))?;
    let record = Record { entity: &held.id, schema: CREATED, account: &held.account, user };
    let content = json!({"artifact": held.id, "order": task, "mime-type": held.doc.mime_type});
    record.add(change, content).map(drop)
}

/// The state of a job, in the place of its earlier one.
pub(crate) fn job(change: &mut Change<'_, '_>, held: &Held<Job>) -> Db<()> {
    let run = &held.doc.run;
    for old in aspects::exactly(change, &held.account, &held.id, JOB, 10)? {
        aspects::retract(change, &old, &run.user)?;
    }
    let name = things::last::<Service>(change, Kind::Service, &run.service)?.map(|service| service.name);
    let mut content = json!({
        "id": held.id, "service-id": run.service, "service-name": name.unwrap_or_default(),
        "status": run.status.word(), "requested-at": held.created.to_string(),
    });
    let times = [("started-at", run.started_at), ("finished-at", run.finished_at)];
    for (name, time) in times {
        if let (Some(time), Value::Object(members)) = (time, &mut content) {
            members.insert(name.to_owned(), json!(time.to_string()));
        }
    }
    let record = Record { entity: &held.id, schema: JOB, account: &held.account, user: &run.user };
    record.add(change, content).map(drop)
}

/// What a job answered, if it is an object: the URN of its record.
pub(super) fn result(change: &mut Change<'_, '_>, held: &Held<Job>, content: &Value) -> Db<Option<String>> {
    let run = &held.doc.run;
    if !content.is_object() || run.status != Status::Succeeded {
        return Ok(None);
    }
    let record = Record { entity: &held.id, schema: RESULT, account: &held.account, user: &run.user };
    Ok(Some(Kind::Aspect.urn(record.add(change, content.clone())?)))
}
