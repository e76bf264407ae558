//! Options of the service: what the real server has in its configuration, mostly under the same names.

use std::fmt;
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::Value;

use crate::SeedError;

/// What instances are made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EngineKind {
    /// Nothing: their databases and users are kept, and hold no data.
    #[default]
    Simulated,
    /// Those of the datastore `postgresql` are PostgreSQL clusters of their own.
    Postgres,
}

/// The options in force.
#[derive(Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    /// What instances are made of (`--database-engine`).
    pub(crate) engine: EngineKind,
    /// Where `initdb` and the like are; by default on `PATH`, then the newest below `/usr/lib/postgresql`.
    pub(crate) postgres_bin: Option<PathBuf>,
    /// Seconds of service time that a simulated change of state takes.
    pub(crate) task_seconds: f64,
    /// The region of instances that name none.
    pub(crate) region: String,
    /// The datastore of instances and configuration groups that name none.
    pub(crate) default_datastore: Option<String>,
    /// Largest volume in GB.
    pub(crate) max_accepted_volume_size: i64,
    /// Instances of a project; -1 is no limit, here and below.
    pub(crate) max_instances_per_tenant: i64,
    /// MB of memory of a project.
    pub(crate) max_ram_per_tenant: i64,
    /// GB of volumes of a project.
    pub(crate) max_volumes_per_tenant: i64,
    /// Backups of a project.
    pub(crate) max_backups_per_tenant: i64,
    /// Calls per minute and verb of a project; by default 200 in strict mode and a million in relaxed mode.
    pub(crate) http_get_rate: Option<u32>,
    /// As above.
    pub(crate) http_post_rate: Option<u32>,
    /// As above.
    pub(crate) http_put_rate: Option<u32>,
    /// As above.
    pub(crate) http_delete_rate: Option<u32>,
    /// As above, for what administrators post.
    pub(crate) http_mgmt_post_rate: Option<u32>,
    /// Longest page.
    pub(crate) page_size: usize,
    /// Whether instances have volumes.
    pub(crate) volume_support: bool,
    /// Whether new instances have a root user from the start, whose password is told once.
    pub(crate) root_on_create: bool,
    /// Seconds after the last sign of life at which a source may be ejected.
    pub(crate) agent_heartbeat_expiry: i64,
    /// The types that modules may have.
    pub(crate) module_types: Vec<String>,
    /// The types of volumes.
    pub(crate) volume_types: Vec<String>,
    /// The container of backups that name none.
    pub(crate) backup_swift_container: String,
    /// The container of published logs.
    pub(crate) guest_log_container_name: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine: EngineKind::Simulated,
            postgres_bin: None,
            task_seconds: 1.0,
            region: "RegionOne".to_owned(),
            default_datastore: Some("mysql".to_owned()),
            max_accepted_volume_size: 10,
            max_instances_per_tenant: 10,
            max_ram_per_tenant: -1,
            max_volumes_per_tenant: 40,
            max_backups_per_tenant: 50,
            http_get_rate: None,
            http_post_rate: None,
            http_put_rate: None,
            http_delete_rate: None,
            http_mgmt_post_rate: None,
            page_size: 20,
            volume_support: true,
            root_on_create: false,
            agent_heartbeat_expiry: 90,
            module_types: vec!["ping".to_owned(), "new_relic_license".to_owned()],
            volume_types: vec!["__DEFAULT__".to_owned()],
            backup_swift_container: "database_backups".to_owned(),
            guest_log_container_name: "database_logs".to_owned(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("engine", &self.engine).finish_non_exhaustive()
    }
}

impl Settings {
    /// Reads the options of the section.
    ///
    /// # Errors
    /// [`SeedError`] naming the option.
    pub(crate) fn parse(options: &Value) -> Result<Self, SeedError> {
        let given: Option<Self> = serde_json::from_value(options.clone())
            .map_err(|error| SeedError::new("database.options", error))?;
        let settings = given.unwrap_or_default();
        let wrong = |name: &str, why: &str| Err(SeedError::new(format!("database.options.{name}"), why));
        if !(0.0..=86_400.0).contains(&settings.task_seconds) {
            return wrong("task_seconds", "must be a number of seconds from 0 to 86400");
        }
        if !(1..=1000).contains(&settings.page_size) {
            return wrong("page_size", "must be 1 to 1000");
        }
        for (name, value) in settings.quotas() {
            if value < -1 {
                return wrong(&format!("max_{name}_per_tenant"), "must be -1 (no limit) or more");
            }
        }
        Ok(settings)
    }

    /// The quotas of a project of which nothing else was said, by resource.
    pub(crate) fn quotas(&self) -> [(&'static str, i64); 4] {
        [
            ("instances", self.max_instances_per_tenant),
            ("ram", self.max_ram_per_tenant),
            ("backups", self.max_backups_per_tenant),
            ("volumes", self.max_volumes_per_tenant),
        ]
    }

    /// How long a simulated change takes, in microseconds.
    #[expect(clippy::cast_possible_truncation, reason = "at most a day, which was checked")]
    pub(crate) fn delay(&self) -> i64 {
        (self.task_seconds * 1e6) as i64
    }
}
