//! Services, in their three forms: that of the old dialects, `/1/services` and `/1/services2` of the modern one
//! (IVCAP reference 7.2).

use std::collections::BTreeMap;

use http::StatusCode;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::http::Reply;
use crate::ivcap::auth::Caller;
use crate::ivcap::call::{self, Call};
use crate::ivcap::dialect::View;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::list::{self, Page, Query};
use crate::ivcap::model::{Parameter, Service, check_parameters};
use crate::ivcap::storage::Change;
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::urn::{self, Kind};

/// The schema of a service that was created in an older form.
const BATCH: &str = "urn:ivcap:schema.service.batch.1";
/// Bytes of a name.
const LONGEST: usize = 1000;

/// The form that a path speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `/1/services` of the old dialects.
    Old,
    /// `/1/services` of the modern one.
    X,
    /// `/1/services2`
    New,
}

impl Form {
    fn of(call: &Call) -> Self {
        match (call.path.starts_with("/1/services2"), call.view.dialect.is_modern()) {
            (true, _) => Self::New,
            (false, true) => Self::X,
            (false, false) => Self::Old,
        }
    }

    fn collection(self) -> &'static str {
        if self == Self::New { "services2" } else { "services" }
    }
}

/// The lists of services; `search` is of the newest form alone.
const LIST: list::Kind = list::Kind { keys: &[&["search"]], ..list::Kind::new("services") };

/// `GET /1/services`, `GET /1/services2`
pub(crate) async fn list(call: Call) -> Answer<Reply> {
    let form = Form::of(&call);
    let query = Query::of(&call, LIST)?;
    let page = match query.key("search").filter(|_| form == Form::New) {
        Some(text) => found(&call, &query, text).await?,
        None => {
            list::things::<Service>(&call, &query, None, move |held, view| item(held, view, form)).await?
        }
    };
    Ok(page.reply(&call, "services"))
}

/// The services in whose name, description or tags every word of a text occurs.
async fn found(call: &Call, query: &Query, text: &str) -> Answer<Page> {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    list::some_things::<Service>(call, query, None, move |held, view| {
        let score = score(held, &words)?;
        let mut item = item(held, view, Form::New);
        item["score"] = json!(score);
        Some(item)
    })
    .await
}

/// How well a service fits: words in its name weigh most. `None` if one occurs nowhere.
fn score(held: &Held<Service>, words: &[String]) -> Option<f64> {
    let name = held.name.to_lowercase();
    let rest = format!("{} {}", held.doc.description, held.doc.tags.join(" ")).to_lowercase();
    let weight = |word: &String| match (name.contains(word.as_str()), rest.contains(word.as_str())) {
        (true, _) => Some(1.0),
        (false, true) => Some(0.5),
        (false, false) => None,
    };
    let sum: Option<f64> = words.iter().map(weight).sum();
    sum.map(|sum: f64| sum / f64::from(u32::try_from(words.len().max(1)).unwrap_or(u32::MAX)))
}

/// `GET /1/services/{id}`, `GET /1/services2/{id}`
pub(crate) async fn get(call: Call) -> Answer<Reply> {
    let held = readable(&call, "id").await?;
    Ok(call::ok(&status(&held, &call.view, Form::of(&call))))
}

/// The service that a path names, now or once.
pub(crate) async fn readable(call: &Call, param: &str) -> Answer<Held<Service>> {
    let id = call.urn(Kind::Service, param)?;
    let wanted = id.clone();
    let found = call.core.read(move |tx| Ok(things::last::<Service>(tx, Kind::Service, &wanted)?)).await?;
    call.readable(Kind::Service, &id, found)
}

/// What the three forms send.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Sent {
    id: Option<String>,
    name: Option<String>,
    description: Option<String>,
    parameters: Option<Vec<Parameter>>,
    tags: Vec<String>,
    policy: Option<String>,
    policy_id: Option<String>,
    provider_id: Option<String>,
    account_id: Option<String>,
    provider_ref: Option<String>,
    banner: Option<String>,
    metadata: Option<Value>,
    references: Option<Value>,
    workflow: Option<Value>,
    controller: Option<Value>,
    controller_schema: Option<String>,
}

impl Sent {
    /// Refuses what lacks a member that its form needs.
    fn check(&self, form: Form) -> Answer<()> {
        let needed: BTreeMap<&str, bool> = [
            ("description", self.description.is_some()),
            ("parameters", self.parameters.is_some()),
            ("workflow", form == Form::New || self.workflow.is_some()),
            ("id", form != Form::New || self.id.is_some()),
            ("controller", form != Form::New || self.controller.is_some()),
            ("controller-schema", form != Form::New || self.controller_schema.is_some()),
            ("provider-id", form != Form::Old || self.provider_id.is_some()),
        ]
        .into();
        if let Some((name, _)) = needed.iter().find(|(_, there)| !**there) {
            return Err(Failure::missing(name));
        }
        let name = self.name.as_deref().unwrap_or_default();
        if name.len() > LONGEST || name.chars().any(char::is_control) {
            return Err(Failure::invalid("name", name, format_args!("may have up to {LONGEST} bytes")));
        }
        if let Some(workflow) = &self.workflow
            && !matches!(workflow.get("type").and_then(Value::as_str), Some("basic" | "argo"))
        {
            return Err(Failure::invalid("workflow", workflow, "its type must be basic or argo"));
        }
        for (name, urn) in
            [("provider-id", &self.provider_id), ("controller-schema", &self.controller_schema)]
        {
            if let Some(urn) = urn {
                call::check_urn(name, urn)?;
            }
        }
        check_parameters(self.parameters.as_deref().unwrap_or_default())
    }

    fn policy(&self, call: &Call) -> Answer<String> {
        call.policy("policy", self.policy.as_deref().or(self.policy_id.as_deref()), Kind::Service)
    }

    fn into_doc(self) -> Service {
        Service {
            description: self.description.unwrap_or_default(),
            parameters: self.parameters.unwrap_or_default(),
            tags: self.tags,
            provider: self.provider_id,
            provider_ref: self.provider_ref,
            banner: self.banner,
            metadata: self.metadata,
            references: self.references,
            workflow: self.workflow,
            controller: self.controller,
            controller_schema: self.controller_schema,
            command: None,
        }
    }
}

/// `POST /1/services`, `POST /1/services2`
pub(crate) async fn create(mut call: Call) -> Answer<Reply> {
    let form = Form::of(&call);
    let sent: Sent = call.object().await?;
    sent.check(form)?;
    let account = call.account(sent.account_id.as_deref())?;
    let id = match sent.id.as_deref().filter(|_| form == Form::New) {
        None => urn::fresh(Kind::Service),
        Some(id) => urn::parse(Kind::Service, id)
            .ok_or_else(|| Failure::invalid("id", id, "must be urn:ivcap:service:<uuid>"))?,
    };
    let (name, policy) = (sent.name.clone().unwrap_or_default(), sent.policy(&call)?);
    let held = Held::new(id, &account, policy, sent.into_doc()).named(&name);
    let created = call.core.write(move |change| insert(change, &held, form != Form::New)).await?;
    Ok(call::json(StatusCode::CREATED, &status(&created, &call.view, form)))
}

fn insert(change: &mut Change<'_, '_>, held: &Held<Service>, by_name: bool) -> Answer<Held<Service>> {
    if by_name && let Some(other) = things::named::<Service>(change, &held.account, &held.name)? {
        return Err(Failure::conflict(&other.id, format_args!("the account has a service '{}'", held.name)));
    }
    if !things::create(change, held)? {
        return Err(Failure::conflict(&held.id, "there is, or was, a service of this id"));
    }
    things::get::<Service>(change, &held.id)?.ok_or_else(Failure::internal)
}

/// `PUT /1/services/{id}`, `PUT /1/services2/{id}`
pub(crate) async fn update(mut call: Call) -> Answer<Reply> {
    let form = Form::of(&call);
    let id = call.urn(Kind::Service, "id")?;
    let force = call.flag("force-create")?.unwrap_or(false);
    let mut sent: Sent = call.object().await?;
    // The path says it.
    sent.id = Some(id.clone());
    sent.check(form)?;
    let (name, policy) = (sent.name.clone(), sent.policy(&call)?);
    let (says_policy, caller) = (sent.policy.is_some() || sent.policy_id.is_some(), call.caller.clone());
    let doc = sent.into_doc();
    let work = move |change: &mut Change<'_, '_>| {
        let found = things::get::<Service>(change, &id)?;
        if found.is_none() && force {
            let name = name.clone().unwrap_or_default();
            let held = Held::new(id.clone(), &caller.account, policy.clone(), doc.clone()).named(&name);
            return insert(change, &held, false);
        }
        let mut held = call::writable(&caller, Kind::Service, &id, found)?;
        if let (Some(own), Some(other)) = (&held.doc.command, doc.runnable(true))
            && own.words != other.words
        {
            let name = if doc.workflow.is_some() { "workflow" } else { "controller" };
            let why = "its command is another than that of the seed, which alone is run: change it there";
            return Err(Failure::invalid(name, "", why));
        }
        // What only a seed can say stays, and what the other forms said.
        let old = std::mem::replace(&mut held.doc, doc.clone());
        held.doc.command = old.command;
        held.doc.workflow = held.doc.workflow.or(old.workflow);
        held.doc.controller = held.doc.controller.or(old.controller);
        held.doc.controller_schema = held.doc.controller_schema.or(old.controller_schema);
        held.doc.provider = held.doc.provider.or(old.provider);
        if let Some(name) = &name {
            held.name.clone_from(name);
        }
        if says_policy {
            held.policy.clone_from(&policy);
        }
        things::update(change, &held)?;
        things::get::<Service>(change, &id)?.ok_or_else(Failure::internal)
    };
    let held = call.core.write(work).await?;
    Ok(call::ok(&status(&held, &call.view, form)))
}

/// `DELETE /1/services/{id}`, `DELETE /1/services2/{id}`: what is not there is deleted, too.
pub(crate) async fn delete(call: Call) -> Answer<Reply> {
    let Some(id) = urn::parse(Kind::Service, call.param("id")) else { return Ok(call::empty()) };
    let caller: Caller = call.caller.clone();
    let work = move |change: &mut Change<'_, '_>| {
        let found = things::get::<Service>(change, &id)?;
        match call::writable(&caller, Kind::Service, &id, found) {
            Ok(_) => Ok(things::end(change, Kind::Service, &id).map(drop)?),
            Err(refused) if refused.code() == StatusCode::NOT_FOUND => Ok(()),
            Err(refused) => Err(refused),
        }
    };
    call.core.write(work).await?;
    Ok(call::empty())
}

fn own_link(held: &Held<Service>, view: &View, form: Form) -> String {
    view.link(&format!("/1/{}/{}", form.collection(), held.id))
}

fn provider(held: &Held<Service>) -> String {
    let account = held.account.rsplit(':').next().unwrap_or_default();
    held.doc.provider.clone().unwrap_or_else(|| Kind::Provider.urn(account))
}

fn schema(doc: &Service) -> &str {
    doc.controller_schema.as_deref().unwrap_or(BATCH)
}

fn put(map: &mut Map<String, Value>, name: &str, value: Value) {
    let is_absent = value.is_null() || value.as_array().is_some_and(Vec::is_empty) || value == "";
    if !is_absent {
        map.insert(name.to_owned(), value);
    }
}

/// A service in a list.
fn item(held: &Held<Service>, view: &View, form: Form) -> Value {
    let (doc, mut item) = (&held.doc, Map::new());
    put(&mut item, "id", json!(held.id));
    put(&mut item, "name", json!(held.name));
    put(&mut item, "description", json!(doc.description));
    let own = own_link(held, view, form);
    match form {
        Form::Old => {
            put(&mut item, "provider", view.reference("providers", &provider(held)));
            let schema = view.link("/1/openapi/openapi3.json#/components/schemas/service");
            let described = json!({"href": schema, "type": "application/openapi3+json"});
            put(&mut item, "links", json!({"self": own, "describedBy": described}));
        }
        Form::X => {
            put(&mut item, "account", json!(held.account));
            put(&mut item, "policy", json!(held.policy));
            put(&mut item, "banner", json!(doc.banner));
            put(&mut item, "published-at", json!(held.created.to_string()));
            put(&mut item, "href", json!(own));
        }
        Form::New => {
            put(&mut item, "tags", json!(doc.tags));
            put(&mut item, "controller-schema", json!(schema(doc)));
            put(&mut item, "valid-from", json!(held.since.to_string()));
            put(&mut item, "valid-to", json!(held.until.map(|end| end.to_string())));
            put(&mut item, "href", json!(own));
        }
    }
    Value::Object(item)
}

/// A service by itself.
fn status(held: &Held<Service>, view: &View, form: Form) -> Value {
    let (doc, mut body) = (&held.doc, Map::new());
    let state = if held.until.is_some() { "inactive" } else { "active" };
    put(&mut body, "id", json!(held.id));
    put(&mut body, "name", json!(held.name));
    body.insert("description".to_owned(), json!(doc.description));
    put(&mut body, "status", json!(state));
    put(&mut body, "account", view.reference("accounts", &held.account));
    put(&mut body, "tags", json!(doc.tags));
    body.insert("parameters".to_owned(), json!(doc.parameters));
    match form {
        Form::Old => {
            put(&mut body, "provider", view.reference("providers", &provider(held)));
            put(&mut body, "provider-ref", json!(doc.provider_ref));
            put(&mut body, "metadata", json!(doc.metadata));
        }
        Form::X => {}
        Form::New => {
            let of_workflow = || json!({"$schema": BATCH, "workflow": doc.workflow});
            body.insert("controller".to_owned(), doc.controller.clone().unwrap_or_else(of_workflow));
            put(&mut body, "controller-schema", json!(schema(doc)));
            put(&mut body, "policy", json!(held.policy));
            put(&mut body, "valid-from", json!(held.since.to_string()));
            put(&mut body, "valid-to", json!(held.until.map(|end| end.to_string())));
        }
    }
    put(&mut body, "links", view.links(&[("self", own_link(held, view, form))]));
    Value::Object(body)
}
