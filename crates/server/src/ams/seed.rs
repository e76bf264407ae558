//! What an installation starts with: the section `ams` of a seed file, or the demo project without one.

mod section;

use pentad_store::{StoreError, Tx};
use serde_json::{Value, json};
use uuid::Uuid;

use self::section::{
    Section, SeedProject, SeedPush, SeedRoles, SeedSchema, SeedSubject, SeedSubscription, SeedTopic, SeedUser,
};
use super::error::Failure;
use super::handlers::authn::normal_subject;
use super::handlers::user_view::{ProjectInput, check_roles, resolve_projects};
use super::push::config::{PushConfig, PushInput};
use super::settings::Settings;
use super::storage::acl::{Acl, member_ids};
use super::storage::schemas::SchemaRow;
use super::storage::subscriptions::NewSubscription;
use super::storage::users::UserRow;
use super::storage::{projects, schemas, subscriptions, topics, users};
use super::{Ams, Token, names};
use crate::{Context, SeedError};

/// The project that exists without a seed.
const PROJECT: &str = "demo";
/// Announced roles, each a user of its own: key in the announcement, user, role in the project, service role.
const DEMO: [(&str, &str, Option<&str>, Option<&str>); 4] = [
    ("project_admin", "demo-admin", Some("project_admin"), None),
    ("publisher", "demo-publisher", Some("publisher"), None),
    ("consumer", "demo-consumer", Some("consumer"), None),
    ("service_admin", "service-admin", None, Some("service_admin")),
];

/// A push configuration as stored, with its sealed header.
type StoredPush = (String, Option<Vec<u8>>);

/// What the service must remember of its own installation.
#[derive(Default)]
pub(crate) struct Installation {
    /// Credentials announced earlier.
    known: Option<Value>,
    /// Subject of the announced client certificate.
    subject: Option<String>,
    /// Whether the installation has no seed.
    demo: bool,
}

impl std::fmt::Debug for Installation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Installation").field("demo", &self.demo).finish_non_exhaustive()
    }
}

impl Installation {
    /// Takes what the shell knows.
    pub(crate) fn new(context: &Context) -> Self {
        Self { known: context.known.clone(), subject: context.client_subject.clone(), demo: false }
    }

    fn token(&self, key: &str) -> Option<String> {
        self.known.as_ref()?.get(key)?.as_str().map(str::to_owned)
    }
}

/// Creates what the section says; `null` creates the demo project.
pub(crate) async fn seed(ams: &Ams, section: Value) -> Result<(), SeedError> {
    let demo = section.is_null();
    let subject = {
        let mut installation = ams.installation.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        installation.demo = demo;
        installation.subject.clone()
    };
    let (mut section, settings) =
        if demo { (demo_section(ams)?, (*ams.settings()).clone()) } else { read(ams, section)? };
    if demo && let Some(subject) = subject {
        section.certificate_subjects.push(SeedSubject { subject, user: DEMO[0].1.to_owned() });
    }
    let made = Made::of(ams, &section, &settings)?;
    let stored = ams
        .store
        .write(move |tx| {
            apply(tx, &section, &made, demo)?;
            tx.touch(super::storage::DIRECTORY);
            Ok::<(), Refused>(())
        })
        .await;
    ams.directory.forget();
    stored.map_err(|Refused(error)| error)?;
    ams.set_settings(settings);
    ams.pushing.look_again(&ams.time);
    if demo {
        remember(ams).await?;
    }
    Ok(())
}

fn read(ams: &Ams, section: Value) -> Result<(Section, Settings), SeedError> {
    let section: Section = serde_json::from_value(section).map_err(|e| SeedError::new("ams", e))?;
    let settings = settings_of(ams, &section)?;
    Ok((section, settings))
}

/// Whether a section can be seeded after a reset: everything is tried in a transaction that is taken back.
pub(crate) async fn check(ams: &Ams, section: Value) -> Result<(), SeedError> {
    if section.is_null() {
        return Ok(());
    }
    let (section, settings) = read(ams, section)?;
    let made = Made::of(ams, &section, &settings)?;
    let tried = ams
        .store
        .write(move |tx| {
            empty(tx)?;
            apply(tx, &section, &made, false)?;
            Err::<(), _>(Tried::Fine)
        })
        .await;
    match tried {
        Ok(()) | Err(Tried::Fine) => Ok(()),
        Err(Tried::Refused(error)) => Err(error),
    }
}

/// How a trial ended.
enum Tried {
    Fine,
    Refused(SeedError),
}

impl From<StoreError> for Tried {
    fn from(error: StoreError) -> Self {
        Self::Refused(SeedError::new("ams", error))
    }
}

impl From<SeedError> for Tried {
    fn from(error: SeedError) -> Self {
        Self::Refused(error)
    }
}

/// Reads a section without applying it.
#[cfg(any(test, fuzzing))]
pub(crate) fn read_section(section: Value) -> Result<(), SeedError> {
    let section: Section = serde_json::from_value(section).map_err(|e| SeedError::new("ams", e))?;
    Settings::parse(&section.options).map(drop)
}

/// Why nothing of a section was stored.
struct Refused(SeedError);

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self(SeedError::new("ams", error))
    }
}

impl From<SeedError> for Refused {
    fn from(error: SeedError) -> Self {
        Self(error)
    }
}

/// The settings that the section asks for.
fn settings_of(ams: &Ams, section: &Section) -> Result<Settings, SeedError> {
    let mut settings = if section.options.is_null() {
        (*ams.settings()).clone()
    } else {
        Settings::parse(&section.options)?
    };
    if let Some(token) = &section.service_token {
        settings.set_service_token(token);
    }
    Ok(settings)
}

fn demo_section(ams: &Ams) -> Result<Section, SeedError> {
    let installation = ams.installation.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let users = DEMO.iter().map(|(key, name, role, service)| SeedUser {
        name: (*name).to_owned(),
        token: installation.token(key),
        service_roles: service.iter().map(|role| (*role).to_owned()).collect(),
        projects: role
            .iter()
            .map(|role| SeedRoles { project: PROJECT.to_owned(), roles: vec![(*role).to_owned()] })
            .collect(),
        ..SeedUser::default()
    });
    let project =
        SeedProject { name: PROJECT.to_owned(), description: "A project to try things in".to_owned() };
    Ok(Section { projects: vec![project], users: users.collect(), ..Section::default() })
}

/// What is made before the transaction: tokens of users and push configurations of subscriptions, in their order.
struct Made {
    tokens: Vec<Token>,
    pushes: Vec<Option<StoredPush>>,
}

impl Made {
    fn of(ams: &Ams, section: &Section, settings: &Settings) -> Result<Self, SeedError> {
        let mut tokens = Vec::new();
        for (index, user) in section.users.iter().enumerate() {
            tokens.push(token_of(ams, user, settings).map_err(at("users", index))?);
        }
        let mut pushes = Vec::new();
        for (index, new) in section.subscriptions.iter().enumerate() {
            let push = new.push.as_ref().map(|push| push_of(ams, push)).transpose();
            pushes.push(push.map_err(at("subscriptions", index))?);
        }
        Ok(Self { tokens, pushes })
    }
}

fn token_of(ams: &Ams, user: &SeedUser, settings: &Settings) -> Result<Token, Failure> {
    match &user.token {
        Some(token) if settings.is_service_token(token) => {
            Err(Failure::invalid("token: it is the service token; a user needs one of its own"))
        }
        Some(token) => ams.seal(token.clone()),
        None => ams.new_token(),
    }
}

/// The stored form of a seeded push configuration. Endpoint and policy are checked as the API does.
fn push_of(ams: &Ams, push: &SeedPush) -> Result<StoredPush, Failure> {
    let hash = match &push.verification_hash {
        Some(hash) => hash.clone(),
        None => ams.new_token()?.plain,
    };
    let input = PushInput {
        kind: push.kind.clone(),
        endpoint: push.endpoint.clone(),
        max_messages: push.max_messages,
        header_kind: push.authorization.clone(),
        retry_kind: push.retry.clone(),
        period: push.period_ms,
        mattermost_url: push.mattermost_url.clone(),
        mattermost_username: push.mattermost_username.clone(),
        mattermost_channel: push.mattermost_channel.clone(),
        base64_decode: push.base64_decode,
    };
    let mut config = PushConfig::create(&input, ams.quirks, hash)
        .map_err(|failure| Failure::invalid(format!("push: {}", failure.message())))?;
    config.verified |= push.verified;
    let header = match &push.authorization_value {
        _ if !config.is_authorized() => None,
        Some(value) => Some(ams.seal(value.clone())?.sealed),
        None => Some(ams.new_token()?.sealed),
    };
    Ok((config.to_text(), header))
}

fn at(place: &str, index: usize) -> impl Fn(Failure) -> SeedError {
    let place = format!("ams.{place}[{index}]");
    move |failure| SeedError::new(place.clone(), failure.message())
}

fn apply(tx: &mut Tx<'_>, section: &Section, made: &Made, keep: bool) -> Result<(), SeedError> {
    for (index, project) in section.projects.iter().enumerate() {
        seed_project(tx, project).map_err(at("projects", index))?;
    }
    for (index, (user, token)) in section.users.iter().zip(&made.tokens).enumerate() {
        seed_user(tx, user, token, keep).map_err(at("users", index))?;
    }
    for (index, schema) in section.schemas.iter().enumerate() {
        seed_schema(tx, schema).map_err(at("schemas", index))?;
    }
    for (index, topic) in section.topics.iter().enumerate() {
        seed_topic(tx, topic).map_err(at("topics", index))?;
    }
    for (index, (subscription, push)) in section.subscriptions.iter().zip(&made.pushes).enumerate() {
        seed_subscription(tx, subscription, push.as_ref()).map_err(at("subscriptions", index))?;
    }
    for (index, subject) in section.certificate_subjects.iter().enumerate() {
        seed_subject(tx, &subject.subject, &subject.user).map_err(at("certificate_subjects", index))?;
    }
    Ok(())
}

fn check_name(name: &str) -> Result<(), Failure> {
    if names::is_valid(name) {
        return Ok(());
    }
    Err(Failure::invalid(format!("\"{name}\" is no name: letters, digits, _ and - are")))
}

fn seed_project(tx: &mut Tx<'_>, project: &SeedProject) -> Result<(), Failure> {
    check_name(&project.name)?;
    if projects::by_name(tx, &project.name)?.is_none() {
        let uuid = Uuid::new_v4().to_string();
        projects::insert(tx, &uuid, &project.name, &project.description, None)?;
    }
    Ok(())
}

/// `keep` leaves an existing user as it is (the demo users); else token and roles follow the seed. A user who already is
/// what the seed says is not touched, so its modification time stays.
fn seed_user(tx: &mut Tx<'_>, user: &SeedUser, token: &Token, keep: bool) -> Result<(), Failure> {
    check_name(&user.name)?;
    check_roles(&user.service_roles)?;
    let entries: Vec<ProjectInput> = user
        .projects
        .iter()
        .map(|entry| ProjectInput { project: entry.project.clone(), roles: Some(entry.roles.clone()) })
        .collect();
    let memberships = resolve_projects(tx, &entries)?;
    let known = users::by_name(tx, &user.name)?;
    if keep && known.is_some() && user.token.is_none() {
        return Ok(());
    }
    let row = seeded_row(user, token, known.as_ref());
    if let Some(owner) = users::by_token(tx, &row.token_digest)?.filter(|owner| owner.name != row.name) {
        return Err(Failure::invalid(format!("token: user {} has the same one", owner.name)));
    }
    let id = match known {
        None => users::insert(tx, &row)?,
        Some(known) => {
            if row != known {
                users::update(tx, &row)?;
            }
            known.id
        }
    };
    for (project, roles) in memberships {
        if users::member_roles(tx, id, project)? != roles {
            users::set_member(tx, id, project, roles.as_ref())?;
        }
    }
    for subject in &user.certificate_subjects {
        users::set_subject(tx, &normal_subject(subject), id)?;
    }
    Ok(())
}

/// The user as the seed wants it, on top of what is stored.
fn seeded_row(user: &SeedUser, token: &Token, known: Option<&UserRow>) -> UserRow {
    let fresh = || UserRow { uuid: Uuid::new_v4().to_string(), ..UserRow::default() };
    let mut row = known.cloned().unwrap_or_else(fresh);
    row.name.clone_from(&user.name);
    row.person = user.person();
    row.service_roles = Some(user.service_roles.clone());
    // The same token sealed again looks different, so it is the digest that tells.
    if (user.token.is_some() || known.is_none()) && row.token_digest != token.digest {
        row.token.clone_from(&token.sealed);
        row.token_digest.clone_from(&token.digest);
    }
    row
}

fn project_id(tx: &mut Tx<'_>, name: &str) -> Result<i64, Failure> {
    Ok(projects::by_name(tx, name)?.ok_or_else(|| Failure::invalid(format!("unknown project {name}")))?.id)
}

fn seed_schema(tx: &mut Tx<'_>, schema: &SeedSchema) -> Result<(), Failure> {
    check_name(&schema.name)?;
    let project = project_id(tx, &schema.project)?;
    let (kind, body) = (schema.kind.to_ascii_lowercase(), schema.schema.to_string());
    super::schema::Validator::new(&kind, &body)?;
    if schemas::find(tx, project, &schema.name)?.is_none() {
        let uuid = Uuid::new_v4().to_string();
        schemas::insert(tx, project, &SchemaRow { id: 0, uuid, name: schema.name.clone(), kind, body })?;
    }
    Ok(())
}

fn seed_acl(
    tx: &mut Tx<'_>,
    acl: Acl,
    project: i64,
    id: i64,
    names: Option<&Vec<String>>,
) -> Result<(), Failure> {
    let Some(names) = names else { return Ok(()) };
    let ids = member_ids(tx, project, names)?
        .map_err(|unknown| Failure::invalid(format!("not members of the project: {}", unknown.join(", "))))?;
    Ok(acl.replace(tx, id, &ids)?)
}

fn seed_topic(tx: &mut Tx<'_>, topic: &SeedTopic) -> Result<(), Failure> {
    check_name(&topic.name)?;
    let project = project_id(tx, &topic.project)?;
    let schema = match &topic.schema {
        None => None,
        Some(name) => Some(schemas::find(tx, project, name)?.ok_or_else(|| Failure::missing("Schema"))?.id),
    };
    let id = match topics::find(tx, project, &topic.name)? {
        Some(row) => row.id,
        None => topics::insert(tx, project, &topic.name, schema)?,
    };
    seed_acl(tx, Acl::Topic, project, id, topic.acl.as_ref())
}

fn seed_subscription(
    tx: &mut Tx<'_>,
    new: &SeedSubscription,
    push: Option<&StoredPush>,
) -> Result<(), Failure> {
    check_name(&new.name)?;
    let project = project_id(tx, &new.project)?;
    let end = topics::find(tx, project, &new.topic)?.ok_or_else(|| Failure::missing("Topic"))?.end;
    let id = match subscriptions::find(tx, project, &new.name)? {
        Some(row) => row.id,
        None => subscriptions::insert(
            tx,
            &NewSubscription {
                project,
                name: new.name.clone(),
                topic: new.topic.clone(),
                ack_deadline: new.ack_deadline_seconds.unwrap_or(10),
                position: end,
                push: push.map(|push| push.0.clone()),
                push_header: push.and_then(|push| push.1.clone()),
            },
        )?,
    };
    seed_acl(tx, Acl::Subscription, project, id, new.acl.as_ref())
}

fn seed_subject(tx: &mut Tx<'_>, subject: &str, user: &str) -> Result<(), Failure> {
    let user = users::by_name(tx, user)?.ok_or_else(|| Failure::missing("User"))?;
    Ok(users::set_subject(tx, &normal_subject(subject), user.id)?)
}

/// Keeps the demo tokens, so that they survive a reset.
async fn remember(ams: &Ams) -> Result<(), SeedError> {
    let rows = ams
        .read(|tx| {
            let find = |(key, name, _, _): &(&'static str, &'static str, _, _)| {
                Ok(users::by_name(tx, name)?.map(|row| (*key, row.token)))
            };
            DEMO.iter().map(find).collect::<Result<Vec<_>, Failure>>()
        })
        .await
        .map_err(|e| SeedError::new("ams", e.message()))?;
    let mut known = json!({ "project": PROJECT });
    for (key, sealed) in rows.into_iter().flatten() {
        known[key] = Value::String(ams.unseal(&sealed));
    }
    ams.installation.lock().unwrap_or_else(std::sync::PoisonError::into_inner).known = Some(known);
    Ok(())
}

/// The credentials to announce: those of the demo project, `null` with a seed.
pub(crate) async fn credentials(ams: &Ams) -> Result<Value, SeedError> {
    let demo = ams.installation.lock().unwrap_or_else(std::sync::PoisonError::into_inner).demo;
    if !demo {
        return Ok(Value::Null);
    }
    remember(ams).await?;
    let installation = ams.installation.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    Ok(installation.known.clone().unwrap_or(Value::Null))
}

/// Forgets all data. Messages go with their topics, in the background.
pub(crate) async fn reset(ams: &Ams) -> Result<(), SeedError> {
    ams.change(|tx| Ok(empty(tx)?)).await.map_err(|e| SeedError::new("ams", e.message()))?;
    ams.pushing.look_again(&ams.time);
    Ok(())
}

fn empty(tx: &mut Tx<'_>) -> Result<(), StoreError> {
    const STATEMENTS: [&str; 12] = [
        "INSERT INTO graves (topic_id) SELECT id FROM topics",
        "DELETE FROM topic_acl",
        "DELETE FROM subscription_acl",
        "DELETE FROM topics",
        "DELETE FROM subscriptions",
        "DELETE FROM schemas",
        "DELETE FROM daily",
        "DELETE FROM members",
        "DELETE FROM projects",
        "DELETE FROM registrations",
        "DELETE FROM subjects",
        "DELETE FROM users",
    ];
    for sql in STATEMENTS {
        tx.execute(sql, &[])?;
    }
    Ok(())
}
