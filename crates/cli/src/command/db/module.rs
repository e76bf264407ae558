//! `pentad db module`.

use std::path::PathBuf;

use clap::Subcommand;
use clap_complete::engine::ArgValueCompleter;
use pentad_trove::{Client, ModuleInstances, ModuleUpdate, NewModule, Reapply};

use super::act::{self, From};
use super::complete;
use super::{Run, show};
use crate::command::plan::{Effect, Paging, Plan};
use crate::exit::Exit;
use crate::failure::{Failure, Result};
use crate::output::View;

#[derive(Debug, Subcommand)]
pub(crate) enum ModuleCommand {
    /// List the modules; or those of an instance.
    List {
        #[command(flatten)]
        from: From,
        /// For this datastore only, by id.
        #[arg(long)]
        datastore: Option<String>,
        /// Those that the service has on record for this instance.
        #[arg(long, conflicts_with = "datastore", add = ArgValueCompleter::new(complete::instances))]
        instance: Option<String>,
    },
    /// Show a module.
    #[command(alias = "get")]
    Show { module: String },
    /// Make a module.
    Create {
        name: String,
        /// Type, e.g. ping.
        kind: String,
        /// File with the contents.
        file: PathBuf,
        #[command(flatten)]
        more: More,
    },
    /// Change what is named of a module; the rest stays.
    Update {
        module: String,
        #[arg(long)]
        name: Option<String>,
        #[arg(long = "type")]
        kind: Option<String>,
        /// File with the contents.
        #[arg(long)]
        file: Option<PathBuf>,
        #[command(flatten)]
        more: More,
    },
    /// Delete a module that no instance has.
    Delete { module: String },
    /// List the instances that have a module.
    Instances {
        module: String,
        #[command(flatten)]
        from: From,
        #[arg(long)]
        include_clustered: bool,
        /// Count them by contents.
        #[arg(long)]
        count_only: bool,
    },
    /// Apply modules to an instance.
    Apply {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        #[arg(required = true)]
        modules: Vec<String>,
    },
    /// Take a module off an instance.
    Remove {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        module: String,
    },
    /// Ask an instance itself which modules it has.
    Query {
        #[arg(add = ArgValueCompleter::new(complete::instances))]
        instance: String,
        /// With their contents in base64.
        #[arg(long)]
        contents: bool,
    },
    /// Apply a module anew wherever it is.
    Reapply {
        module: String,
        /// Only where the contents have this fingerprint.
        #[arg(long)]
        md5: Option<String>,
        #[arg(long)]
        include_clustered: bool,
        /// This many at a time.
        #[arg(long, value_name = "N", requires = "batch_delay")]
        batch_size: Option<u32>,
        /// Pause between, in seconds.
        #[arg(long, value_name = "N", requires = "batch_size")]
        batch_delay: Option<u32>,
        /// Also where the contents are the same already.
        #[arg(long)]
        force: bool,
    },
}

/// What can be said of new and of old modules.
#[derive(clap::Args, Debug)]
pub(crate) struct More {
    /// Free text.
    #[arg(long)]
    description: Option<String>,
    #[arg(long, add = ArgValueCompleter::new(complete::datastores))]
    datastore: Option<String>,
    #[arg(long, value_name = "VERSION")]
    datastore_version: Option<String>,
    /// Let new instances get it by themselves, for administrators.
    #[arg(long)]
    auto_apply: Option<bool>,
    /// Let all projects have it, for administrators.
    #[arg(long, alias = "all-tenants")]
    all_projects: Option<bool>,
    /// Let projects see it, for administrators.
    #[arg(long)]
    visible: Option<bool>,
    /// Let it change while instances have it.
    #[arg(long)]
    live_update: Option<bool>,
    /// Apply it before others, for administrators.
    #[arg(long)]
    priority_apply: Option<bool>,
    /// Place in the order, 0 to 9.
    #[arg(long, value_name = "N")]
    apply_order: Option<u8>,
    /// Let everyone see and change it, for administrators.
    #[arg(long)]
    full_access: Option<bool>,
}

impl More {
    fn say(self, to: ModuleUpdate) -> ModuleUpdate {
        let to = self.description.into_iter().fold(to, ModuleUpdate::description);
        let to = self.datastore.into_iter().fold(to, ModuleUpdate::datastore);
        let to = self.datastore_version.into_iter().fold(to, ModuleUpdate::datastore_version);
        let to = self.auto_apply.into_iter().fold(to, ModuleUpdate::auto_apply);
        let to = self.all_projects.into_iter().fold(to, ModuleUpdate::all_projects);
        let to = self.visible.into_iter().fold(to, ModuleUpdate::visible);
        let to = self.live_update.into_iter().fold(to, ModuleUpdate::live_update);
        let to = self.priority_apply.into_iter().fold(to, ModuleUpdate::priority_apply);
        let to = self.apply_order.into_iter().fold(to, ModuleUpdate::apply_order);
        self.full_access.into_iter().fold(to, ModuleUpdate::full_access)
    }
}

const MODULES: View = View::of(&[
    "id",
    "name",
    "type",
    "datastore",
    "datastore_version",
    "auto_apply",
    "priority_apply",
    "apply_order",
    "tenant",
    "visible",
]);
const APPLIED: View = View::of(&["module_id", "module_name", "type", "md5", "created", "updated"]);
const COUNTS: View = View::of(&[
    "module_name",
    "module_md5",
    "instance_count",
    "current",
    "min_updated_date",
    "max_updated_date",
]);

async fn module_id(run: &mut Run<'_>, wanted: &str) -> Result<String> {
    act::id(run, "trove.module.list", wanted).await
}

fn contents(file: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(file)
        .map_err(|error| Failure::usage(format!("cannot read {}", file.display()), error.to_string()))
}

impl ModuleCommand {
    pub(super) async fn run(self, run: &mut Run<'_>) -> Result<Exit> {
        match self {
            Self::List { from, instance: Some(instance), .. } => {
                let id = act::instance(run, &instance).await?;
                run.list(&from.paging, |client| client.instance(id.as_str()).modules(), APPLIED).await
            }
            Self::List { from, datastore, .. } => {
                run.list(&from.paging, |client| from.of(client.modules(datastore.as_deref())), MODULES).await
            }
            Self::Show { module } => {
                let id = module_id(run, &module).await?;
                run.call(Effect::Read, |client| client.module(id.as_str()).get(), View::ALL).await
            }
            Self::Create { name, kind, file, more } => {
                let new = NewModule::new(name, kind, contents(&file)?).with(|to| more.say(to));
                run.call(Effect::Change, |client| client.create_module(&new), View::ALL).await
            }
            Self::Update { module, name, kind, file, more } => {
                let mut change = name.into_iter().fold(ModuleUpdate::new(), ModuleUpdate::name);
                change = kind.into_iter().fold(change, ModuleUpdate::kind);
                if let Some(file) = file {
                    change = change.contents(contents(&file)?);
                }
                let (id, change) = (module_id(run, &module).await?, more.say(change));
                run.call(Effect::Change, |client| client.module(id.as_str()).update(&change), View::ALL).await
            }
            Self::Delete { module } => {
                let id = module_id(run, &module).await?;
                run.perform(
                    Plan::delete("trove.module.delete", &format!("module {module}")).arg("module", id),
                )
                .await
            }
            Self::Instances { module, from, include_clustered, count_only } => {
                let id = module_id(run, &module).await?;
                let query = ModuleInstances::new().include_clustered(include_clustered);
                if count_only {
                    let make = |client: &Client| from.of(client.module(id.as_str()).instance_counts(query));
                    return run.list(&from.paging, make, COUNTS).await;
                }
                let make = |client: &Client| {
                    from.of(client.module(id.as_str()).instances(query)).map(|found| show::instance(&found))
                };
                run.list(&from.paging, make, show::INSTANCES).await
            }
            Self::Apply { instance, modules } => {
                let id = act::instance(run, &instance).await?;
                let mut ids = Vec::new();
                for module in &modules {
                    ids.push(module_id(run, module).await?);
                }
                apply(run, &id, &ids).await
            }
            Self::Remove { instance, module } => {
                let (id, module_id) = (act::instance(run, &instance).await?, module_id(run, &module).await?);
                let make = |client: &Client| client.instance(id.as_str()).remove_module(&module_id);
                let effect = Effect::Destroy(format!("take module {module} off {instance}"));
                run.tell(effect, make, &format!("module {module} is off {instance}")).await
            }
            Self::Query { instance, contents } => {
                let id = act::instance(run, &instance).await?;
                let make = |client: &Client| client.instance(id.as_str()).modules_from_guest(contents);
                run.list(&Paging::default(), make, View::ALL).await
            }
            Self::Reapply { module, md5, include_clustered, batch_size, batch_delay, force } => {
                let id = module_id(run, &module).await?;
                let mut how = md5.into_iter().fold(Reapply::new(), Reapply::md5);
                if include_clustered {
                    how = how.include_clustered(true);
                }
                if let (Some(size), Some(pause)) = (batch_size, batch_delay) {
                    how = how.batch(size, pause);
                }
                if force {
                    how = how.force(true);
                }
                let make = |client: &Client| client.module(id.as_str()).reapply(&how);
                run.tell(Effect::Change, make, &format!("applying module {module}")).await
            }
        }
    }
}

/// A change whose answer is a list: shown or sent as one.
async fn apply(run: &mut Run<'_>, id: &str, modules: &[String]) -> Result<Exit> {
    let named: Vec<_> = modules.iter().map(|module| serde_json::json!({ "id": module })).collect();
    let plan = Plan::change("trove.instance.apply_modules").arg("instance", id);
    run.perform(plan.body(serde_json::json!({ "modules": named })).items("modules", APPLIED)).await
}
