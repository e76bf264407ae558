//! Behaviour of OpenStack databases: the same cases for the local server and for a real Trove.

mod inside;
mod instance;
mod project;

use std::time::Duration;

use futures_util::future::BoxFuture;
use pentad_core::Result;
use pentad_core::work::Polling;
use pentad_trove::{Client, Instance, NewInstance};

/// What the service under test has; one in its own fake mode lacks some of it.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Abilities {
    /// Backups get finished, and instances are made of them.
    pub backups: bool,
    /// Modules, of the type `ping`.
    pub modules: bool,
    /// Several datastores, one of them `postgresql`.
    pub datastores: bool,
    /// Changes take so long that a second one meets the first.
    pub busy: bool,
    /// Instances can have replicas.
    pub replicas: bool,
    /// Administrators see instances of all projects, and change quotas.
    pub management: bool,
    /// Volumes and servers change their size.
    pub resize: bool,
    /// The agent within instances does what it is told, and tells of logs.
    pub guest: bool,
}

impl Abilities {
    /// All of them, as the local server.
    pub const fn all() -> Self {
        Self {
            backups: true,
            modules: true,
            datastores: true,
            busy: true,
            replicas: true,
            management: true,
            resize: true,
            guest: true,
        }
    }
}

/// The client that a case plays with: an administrator's, so that management can be told, too.
#[derive(Debug, Clone)]
pub struct Stage {
    /// The client.
    pub client: Client,
    /// The project that it works in.
    pub project: String,
    /// What the service has.
    pub abilities: Abilities,
}

impl Stage {
    fn polling() -> Polling {
        Polling::every(Duration::from_millis(100)).limit(Some(Duration::from_secs(300)))
    }

    /// What instances are made of here. The real one has no default datastore.
    fn described(name: &str) -> NewInstance {
        NewInstance::new(name, "2").volume(1).datastore("mysql")
    }

    /// An instance of this case alone, ready.
    async fn instance(&self, name: &str) -> Result<Instance> {
        self.ready(&Self::described(name)).await
    }

    async fn ready(&self, new: &NewInstance) -> Result<Instance> {
        let made = self.client.create_instance(new).await?;
        let instance = self.client.instance(made.id);
        instance.wait_active(Self::polling()).await?;
        Ok(instance)
    }

    async fn gone(instance: &Instance) -> Result<()> {
        instance.delete().await?;
        instance.wait_gone(Self::polling()).await
    }
}

/// A named case.
pub type Case = (&'static str, fn(Stage) -> BoxFuture<'static, Result<()>>);

/// All cases. Each makes what it needs and removes it.
pub fn cases() -> Vec<Case> {
    vec![
        ("an_instance_is_made_read_renamed_and_removed", |s| Box::pin(instance::life(s))),
        ("an_instance_restarts_and_grows", |s| Box::pin(instance::actions(s))),
        ("a_busy_instance_is_a_conflict", |s| Box::pin(instance::busy(s))),
        ("replicas_follow_leave_and_protect_their_source", |s| Box::pin(instance::replicas(s))),
        ("what_is_wrong_with_a_new_instance_is_refused", |s| Box::pin(instance::refused(s))),
        ("databases_come_and_go_and_are_listed_by_page", |s| Box::pin(inside::databases(s))),
        ("users_are_made_changed_and_granted_databases", |s| Box::pin(inside::users(s))),
        ("root_is_enabled_and_disabled", |s| Box::pin(inside::root(s))),
        ("logs_are_listed_enabled_and_shown", |s| Box::pin(inside::logs(s))),
        ("backups_are_made_and_become_instances", |s| Box::pin(project::backups(s))),
        ("backup_strategies_are_set_and_removed", |s| Box::pin(project::strategies(s))),
        ("what_there_is_to_choose_from_is_told", |s| Box::pin(project::choices(s))),
        ("configuration_groups_are_made_changed_and_attached", |s| Box::pin(project::configurations(s))),
        ("modules_are_made_changed_and_removed", |s| Box::pin(project::modules(s))),
        ("quotas_and_limits_agree", |s| Box::pin(project::quotas(s))),
        ("administrators_see_instances_and_versions", |s| Box::pin(project::management(s))),
        ("what_is_not_there_is_not_found", |s| Box::pin(project::missing(s))),
    ]
}

/// Tells all cases.
///
/// # Errors
/// The first that went wrong, its name in the hint.
pub async fn tell(stage: &Stage) -> Result<()> {
    for (name, case) in cases() {
        case(stage.clone()).await.map_err(|error| error.with_hint(format!("case {name}")))?;
    }
    Ok(())
}
