//! Modules (OpenStack reference C17).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pentad_core::{Call, Draft, Error, List, Op, Result, Work, decode};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::client::Client;
use crate::database::some;
use crate::find::find;
use crate::instance::Instance;
use crate::new_instance::datastore;
use crate::{list, model, name, ops, wire};

/// The last place in the order of modules.
const LAST: u8 = 9;

/// A handle on one module. Making one sends nothing.
#[derive(Debug, Clone)]
pub struct Module {
    client: Client,
    id: String,
}

/// What a new module is, or what changes of one: what is not named is left to the service, or stays.
#[derive(Debug, Clone, PartialEq, Default)]
#[must_use]
pub struct ModuleUpdate {
    fields: Map<String, Value>,
    datastore: [Option<String>; 3],
}

/// A module to be made.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct NewModule(ModuleUpdate);

impl NewModule {
    /// A module of a type that the installation knows, such as `ping`, with these contents.
    pub fn new(name: impl Into<String>, kind: impl Into<String>, contents: impl AsRef<[u8]>) -> Self {
        Self(ModuleUpdate::new().name(name).kind(kind).contents(contents))
    }

    /// Sets what else there is to say.
    pub fn with(self, say: impl FnOnce(ModuleUpdate) -> ModuleUpdate) -> Self {
        Self(say(self.0))
    }
}

impl ModuleUpdate {
    /// Nothing said.
    pub fn new() -> Self {
        Self::default()
    }

    fn say(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(key.to_owned(), value.into());
        self
    }

    /// The service reads truths as 0 and 1 only.
    fn flag(self, key: &str, truth: bool) -> Self {
        self.say(key, u8::from(truth))
    }

    /// The name.
    pub fn name(self, name: impl Into<String>) -> Self {
        self.say("name", name.into())
    }

    /// The type. (The Python client's update sends it under a name that the service does not read.)
    pub fn kind(self, kind: impl Into<String>) -> Self {
        self.say("module_type", kind.into())
    }

    /// The contents.
    pub fn contents(self, contents: impl AsRef<[u8]>) -> Self {
        self.say("contents", STANDARD.encode(contents))
    }

    /// Free text.
    pub fn description(self, text: impl Into<String>) -> Self {
        self.say("description", text.into())
    }

    /// For this datastore.
    pub fn datastore(mut self, name: impl Into<String>) -> Self {
        self.datastore[0] = Some(name.into());
        self
    }

    /// For this version of the datastore.
    pub fn datastore_version(mut self, version: impl Into<String>) -> Self {
        self.datastore[1] = Some(version.into());
        self
    }

    /// For all datastores; for changes only.
    pub fn all_datastores(self) -> Self {
        self.flag("all_datastores", true)
    }

    /// For all versions of its datastore; for changes only.
    pub fn all_datastore_versions(self) -> Self {
        self.flag("all_datastore_versions", true)
    }

    /// For all projects, for administrators.
    pub fn all_projects(self, all: bool) -> Self {
        self.flag("all_tenants", all)
    }

    /// Whether new instances get it by themselves, for administrators.
    pub fn auto_apply(self, auto: bool) -> Self {
        self.flag("auto_apply", auto)
    }

    /// Whether projects see it, for administrators.
    pub fn visible(self, visible: bool) -> Self {
        self.flag("visible", visible)
    }

    /// Whether it can be changed while instances have it.
    pub fn live_update(self, live: bool) -> Self {
        self.flag("live_update", live)
    }

    /// Whether it is applied before others, for administrators.
    pub fn priority_apply(self, priority: bool) -> Self {
        self.flag("priority_apply", priority)
    }

    /// Its place in the order, 0 to 9.
    pub fn apply_order(self, place: u8) -> Self {
        self.say("apply_order", place)
    }

    /// Whether everyone may see and change it, for administrators.
    pub fn full_access(self, full: bool) -> Self {
        self.flag("full_access", full)
    }

    fn check(&self) -> Result<()> {
        let text = |key: &str| self.fields.get(key).and_then(Value::as_str);
        if let Some(text) = text("name") {
            name::name("name", text)?;
        }
        if self.fields.get("apply_order").and_then(Value::as_u64).is_some_and(|place| place > LAST.into()) {
            return Err(Error::invalid("apply_order", format!("must be within 0 and {LAST}")));
        }
        if self.fields.is_empty() && self.datastore.iter().all(Option::is_none) {
            return Err(Error::invalid("module", "changes nothing"));
        }
        Ok(())
    }

    fn body(&self) -> Value {
        let mut body = self.fields.clone();
        body.extend(datastore(&self.datastore).map(|parts| ("datastore".to_owned(), parts)));
        json!({ "module": body })
    }
}

/// Which instances of a module to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[must_use]
pub struct ModuleInstances {
    include_clustered: bool,
}

impl ModuleInstances {
    /// Those that are no members of clusters.
    pub const fn new() -> Self {
        Self { include_clustered: false }
    }

    /// Also members of clusters.
    pub const fn include_clustered(mut self, include: bool) -> Self {
        self.include_clustered = include;
        self
    }
}

/// How a module is applied anew.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[must_use]
pub struct Reapply {
    #[serde(skip_serializing_if = "Option::is_none")]
    md5: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_clustered: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_size: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch_delay: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force: Option<u8>,
}

impl Reapply {
    /// To all instances that have other contents.
    pub fn new() -> Self {
        Self::default()
    }

    /// To instances with this fingerprint of contents only.
    pub fn md5(mut self, fingerprint: impl Into<String>) -> Self {
        self.md5 = Some(fingerprint.into());
        self
    }

    /// Also to members of clusters.
    pub fn include_clustered(mut self, include: bool) -> Self {
        self.include_clustered = Some(u8::from(include));
        self
    }

    /// To this many at a time, with a pause in seconds between.
    pub const fn batch(mut self, size: u32, pause: u32) -> Self {
        self.batch_size = Some(size);
        self.batch_delay = Some(pause);
        self
    }

    /// Also to instances that have these contents already.
    pub fn force(mut self, force: bool) -> Self {
        self.force = Some(u8::from(force));
        self
    }
}

impl Client {
    /// The modules, of one datastore (by id) if asked for.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn modules(&self, datastore: Option<&str>) -> List<model::Module> {
        list::of(self.op(&ops::MODULE_LIST).query_opt("datastore", datastore))
    }

    /// Makes a module.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound) for a type that the installation does not know;
    /// [`Forbidden`](pentad_core::ErrorKind::Forbidden) for what only administrators may say.
    /// # Source
    /// OpenStack reference C17.
    pub fn create_module(&self, module: &NewModule) -> Call<model::Module> {
        let NewModule(fields) = module;
        self.op(&ops::MODULE_CREATE).check(fields.check()).json(&fields.body()).call(wire::one)
    }

    /// The module of this id, or else of this name.
    ///
    /// # Errors
    /// [`NotFound`](pentad_core::ErrorKind::NotFound); [`Conflict`](pentad_core::ErrorKind::Conflict) for a name that several have.
    /// # Source
    /// OpenStack reference A17.
    pub fn find_module(&self, id_or_name: &str) -> Work<model::Module> {
        let get = |client: &Self, id: &str| client.module(id).op(&ops::MODULE_GET);
        let all = self.modules(None);
        find::<model::Module, _>(self, id_or_name, get, all, |found| (&found.id, &found.name))
    }
}

impl Module {
    pub(crate) fn new(client: Client, id: String) -> Self {
        Self { client, id }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    fn op(&self, op: &'static Op) -> Draft {
        self.client.op(op).check(name::id("module", &self.id)).arg("module", self.id.as_str())
    }

    /// Reads the module.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn get(&self) -> Call<model::Module> {
        self.op(&ops::MODULE_GET).call(wire::one)
    }

    /// Changes the module.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn update(&self, update: &ModuleUpdate) -> Call<model::Module> {
        self.op(&ops::MODULE_UPDATE).check(update.check()).json(&update.body()).call(wire::one)
    }

    /// Removes the module.
    ///
    /// # Errors
    /// [`Forbidden`](pentad_core::ErrorKind::Forbidden) while an instance has it.
    /// # Source
    /// OpenStack reference C17.
    pub fn delete(&self) -> Call<()> {
        self.op(&ops::MODULE_DELETE).call(decode::empty)
    }

    fn instances_op(&self, query: ModuleInstances) -> Draft {
        let draft = self.op(&ops::MODULE_INSTANCES);
        if query.include_clustered { draft.query("include_clustered", "true") } else { draft }
    }

    /// The instances that have the module.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn instances(&self, query: ModuleInstances) -> List<model::Instance> {
        list::of(self.instances_op(query))
    }

    /// How many instances have the module, by its contents.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn instance_counts(&self, query: ModuleInstances) -> List<model::ModuleCount> {
        list::of(self.instances_op(query).query("count_only", "true"))
    }

    /// Applies the module anew to the instances that have it.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn reapply(&self, how: &Reapply) -> Call<()> {
        self.op(&ops::MODULE_REAPPLY).json(&json!({ "reapply": how })).call(decode::empty)
    }
}

impl Instance {
    /// The modules that the service has on record for the instance; all in one page.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn modules(&self) -> List<model::InstanceModule> {
        list::of(self.op(&ops::INSTANCE_MODULES))
    }

    /// The modules that the instance itself says it has, with their contents if asked for.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn modules_from_guest(&self, include_contents: bool) -> List<model::InstanceModule> {
        let draft = self.op(&ops::INSTANCE_MODULES).query("from_guest", "True");
        list::of(if include_contents { draft.query("include_contents", "True") } else { draft })
    }

    /// Applies modules, by their ids.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn apply_modules<M: AsRef<str>>(&self, modules: &[M]) -> List<model::InstanceModule> {
        let named: Vec<Value> = modules.iter().map(|id| json!({ "id": id.as_ref() })).collect();
        let draft = self.op(&ops::INSTANCE_APPLY_MODULES).check(some("modules", modules));
        let draft = draft.check(modules.iter().try_for_each(|id| name::uuid("modules", id.as_ref())));
        list::of(draft.json(&json!({ "modules": named })))
    }

    /// Takes a module off the instance.
    ///
    /// # Source
    /// OpenStack reference C17.
    pub fn remove_module(&self, module: &str) -> Call<()> {
        let draft = self.op(&ops::INSTANCE_REMOVE_MODULE).check(name::id("module", module));
        draft.arg("module", module).call(decode::empty)
    }
}
