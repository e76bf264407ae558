//! Services and artifacts of a seed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::SeedError;
use crate::ivcap::auth::{policy, sha256};
use crate::ivcap::call::check_urn;
use crate::ivcap::core::Core;
use crate::ivcap::error::{Answer, Failure};
use crate::ivcap::model::{Artifact, Command, Parameter, Service, State, blob_key, check_parameters};
use crate::ivcap::storage::Change;
use crate::ivcap::storage::aspects::{self, NewAspect};
use crate::ivcap::storage::things::{self, Held};
use crate::ivcap::urn::{self, Kind};

/// The schema under which a service says what a job may ask.
const TOOL: &str = "urn:sd-core:schema.ai-tool.1";

/// A service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct SeedService {
    /// A UUID or `urn:ivcap:service:…`; made of the name if absent.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) description: String,
    /// May be left out if there is only one.
    pub(crate) account: Option<String>,
    /// Everybody may order if absent.
    pub(crate) policy: Option<String>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) tags: Vec<String>,
    pub(crate) provider: Option<String>,
    pub(crate) provider_ref: Option<String>,
    pub(crate) banner: Option<String>,
    pub(crate) metadata: Option<Value>,
    pub(crate) workflow: Option<Value>,
    pub(crate) controller: Option<Value>,
    pub(crate) controller_schema: Option<String>,
    /// The program that runs for an order, and its arguments.
    pub(crate) command: Vec<String>,
    /// Further variables of its environment.
    pub(crate) environment: BTreeMap<String, String>,
    /// Whether the values of an order follow as `--name value`.
    pub(crate) arguments: bool,
    /// Seconds that it may run.
    pub(crate) time_limit: Option<u32>,
    /// JSON Schema of what a job may ask.
    pub(crate) request_schema: Option<Value>,
}

/// An artifact.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(crate) struct SeedArtifact {
    /// A UUID or `urn:ivcap:artifact:…`; made of the name if absent.
    pub(crate) id: Option<String>,
    pub(crate) name: String,
    pub(crate) mime_type: Option<String>,
    pub(crate) account: Option<String>,
    pub(crate) policy: Option<String>,
    /// The content, as text.
    pub(crate) content: Option<String>,
    /// The file that holds the content.
    pub(crate) file: Option<PathBuf>,
}

/// The services and artifacts of a section.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wanted {
    /// Absent: the examples.
    pub(crate) services: Option<Vec<SeedService>>,
    pub(crate) artifacts: Vec<SeedArtifact>,
}

impl Wanted {
    /// Finds out whether all of it can be created.
    ///
    /// # Errors
    /// [`SeedError`] naming the place.
    pub(crate) fn check(&self) -> Result<(), SeedError> {
        for (index, service) in self.services.iter().flatten().enumerate() {
            let wrong = |member: &str, why: String| {
                Err(SeedError::new(format!("ivcap.services[{index}].{member}"), why))
            };
            if service.name.is_empty() && service.id.is_none() {
                return wrong("name", "is needed where there is no id".to_owned());
            }
            if service.id.as_ref().is_some_and(|id| urn::parse(Kind::Service, id).is_none()) {
                return wrong("id", "must be a UUID or urn:ivcap:service:UUID".to_owned());
            }
            if let Err(failure) = check_parameters(&service.parameters) {
                return wrong("parameters", failure.text());
            }
            if service.command.iter().any(|word| word.contains('\0')) {
                return wrong("command", "must not hold a null character".to_owned());
            }
            for name in service.environment.keys() {
                if name.is_empty() || name.contains(['=', '\0']) {
                    return wrong("environment", format!("{name:?} cannot be the name of a variable"));
                }
            }
            if let Some(schema) = &service.controller_schema
                && let Err(failure) = check_urn("controller-schema", schema)
            {
                return wrong("controller-schema", failure.text());
            }
        }
        for (index, artifact) in self.artifacts.iter().enumerate() {
            let wrong = |member: &str, why: &str| {
                Err(SeedError::new(format!("ivcap.artifacts[{index}].{member}"), why))
            };
            if artifact.name.is_empty() && artifact.id.is_none() {
                return wrong("name", "is needed where there is no id");
            }
            if artifact.id.as_ref().is_some_and(|id| urn::parse(Kind::Artifact, id).is_none()) {
                return wrong("id", "must be a UUID or urn:ivcap:artifact:UUID");
            }
            if artifact.content.is_some() == artifact.file.is_some() {
                return wrong("content", "either content or file must be given");
            }
        }
        Ok(())
    }
}

/// Creates what is not there, and brings what is there up to date.
///
/// # Errors
/// [`SeedError`] naming the place.
pub(crate) async fn seed(core: &Arc<Core>, wanted: Wanted) -> Result<(), SeedError> {
    let services = wanted.services.unwrap_or_else(super::examples::services);
    for (index, service) in services.into_iter().enumerate() {
        let place = format!("ivcap.services[{index}]");
        let account = account(core, service.account.as_deref(), &place)?;
        known_policy(core, service.policy.as_deref(), &place)?;
        let done = add_service(core, service, account).await;
        done.map_err(|failure| SeedError::new(place, failure.text()))?;
    }
    for (index, artifact) in wanted.artifacts.into_iter().enumerate() {
        let place = format!("ivcap.artifacts[{index}]");
        let account = account(core, artifact.account.as_deref(), &place)?;
        known_policy(core, artifact.policy.as_deref(), &place)?;
        let content = match (&artifact.content, &artifact.file) {
            (Some(text), _) => Bytes::from(text.clone().into_bytes()),
            (None, Some(file)) => read(file, &place)?,
            (None, None) => Bytes::new(),
        };
        let done = add_artifact(core, artifact, account, content).await;
        done.map_err(|failure| SeedError::new(place, failure.text()))?;
    }
    Ok(())
}

fn read(file: &std::path::Path, place: &str) -> Result<Bytes, SeedError> {
    let read = std::fs::read(file)
        .map_err(|error| SeedError::new(format!("{place}.file"), format!("{}: {error}", file.display())));
    read.map(Bytes::from)
}

fn known_policy(core: &Core, policy: Option<&str>, place: &str) -> Result<(), SeedError> {
    match policy {
        Some(policy) if !core.tokens.directory().policies.has(policy) => {
            Err(SeedError::new(format!("{place}.policy"), format!("there is no policy {policy}")))
        }
        _ => Ok(()),
    }
}

fn account(core: &Core, given: Option<&str>, place: &str) -> Result<String, SeedError> {
    let directory = core.tokens.directory();
    let place = format!("{place}.account");
    match given {
        None => {
            let first = directory.accounts.keys().next().cloned();
            first.ok_or_else(|| SeedError::new(place, "there is no account"))
        }
        Some(id) => {
            let known = urn::parse(Kind::Account, id).filter(|urn| directory.accounts.contains_key(urn));
            known.ok_or_else(|| SeedError::new(place, format!("there is no account {id}")))
        }
    }
}

/// The URN of what the seed gives no id: the same at each start.
fn named(kind: Kind, name: &str) -> String {
    let digest = sha256(&format!("ivcap {} {name}", kind.as_str()));
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    kind.urn(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn id_of(kind: Kind, id: Option<&str>, name: &str) -> String {
    id.and_then(|id| urn::parse(kind, id)).unwrap_or_else(|| named(kind, name))
}

async fn add_service(core: &Arc<Core>, seed: SeedService, account: String) -> Answer<()> {
    let id = id_of(Kind::Service, seed.id.as_deref(), &seed.name);
    let open = || Kind::Policy.urn("ivcap.open.service");
    let policy = seed.policy.clone().unwrap_or_else(open);
    let tool = seed.request_schema.clone();
    let command = Command {
        words: seed.command,
        environment: seed.environment,
        arguments: seed.arguments,
        time_limit: seed.time_limit,
    };
    let doc = Service {
        description: seed.description,
        parameters: seed.parameters,
        tags: seed.tags,
        provider: seed.provider,
        provider_ref: seed.provider_ref,
        banner: seed.banner,
        metadata: seed.metadata,
        references: None,
        workflow: seed.workflow,
        controller: seed.controller,
        controller_schema: seed.controller_schema,
        command: (!command.words.is_empty()).then_some(command),
    };
    let held = Held::new(id, &account, policy, doc).named(&seed.name);
    core.write(move |change| {
        match things::last::<Service>(change, Kind::Service, &held.id)? {
            None => drop(things::create(change, &held)?),
            // Who deleted it does not want it back.
            Some(there) if there.until.is_some() => return Ok(()),
            Some(there)
                if there.doc != held.doc || there.name != held.name || there.policy != held.policy =>
            {
                let held = Held { created: there.created, account: there.account, ..held.clone() };
                things::update(change, &held)?;
            }
            Some(_) => {}
        }
        describe(change, &held, tool.as_ref())
    })
    .await
}

/// Says what a job may ask, unless that was said before.
fn describe(change: &mut Change<'_, '_>, held: &Held<Service>, tool: Option<&Value>) -> Answer<()> {
    let Some(tool) = tool else { return Ok(()) };
    if !aspects::exactly(change, &held.account, &held.id, TOOL, 1)?.is_empty() {
        return Ok(());
    }
    let content = json!({
        "$schema": TOOL, "$entity": held.id, "name": held.name, "description": held.doc.description,
        "service-id": held.id, "fn_schema": tool,
    });
    let policy = Kind::Policy.urn("ivcap.open.metadata");
    let new = NewAspect {
        entity: &held.id,
        schema: TOOL,
        account: &held.account,
        policy: &policy,
        asserter: &held.account,
        content: &content.to_string(),
        replaces: None,
    };
    aspects::add(change, &new)?;
    Ok(())
}

async fn add_artifact(core: &Arc<Core>, seed: SeedArtifact, account: String, content: Bytes) -> Answer<()> {
    let id = id_of(Kind::Artifact, seed.id.as_deref(), &seed.name);
    let wanted = id.clone();
    let there = core.read(move |tx| Ok(things::last::<Artifact>(tx, Kind::Artifact, &wanted)?)).await?;
    if there.is_some() {
        return Ok(());
    }
    let mut turn = core.work.uploads.turn(&blob_key(&id)).await;
    let length = content.len() as u64;
    if turn.len().await? == 0 && length > 0 {
        turn.append(0, content).await?;
    }
    if turn.len().await? != length {
        return Err(Failure::bad_request("an earlier start stored other content"));
    }
    let doc = Artifact {
        mime_type: seed.mime_type.unwrap_or_else(|| "application/octet-stream".to_owned()),
        status: State::Ready,
        size: Some(length),
        length: Some(length),
        etag: Some(turn.seal().await?),
        ..Artifact::default()
    };
    let policy = seed.policy.unwrap_or_else(|| policy::default_of(Kind::Artifact));
    let held = Held::new(id, &account, policy, doc).named(&seed.name);
    core.write(move |change| Ok(things::create(change, &held).map(drop)?)).await
}
