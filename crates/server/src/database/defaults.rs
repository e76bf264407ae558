//! What exists without a seed, and what a datastore gives its instances.

/// A parameter: name, type, least, most, and whether it needs a restart.
pub(crate) type Rule = (&'static str, &'static str, Option<i64>, Option<i64>, bool);

/// A flavor: id, name, MB of memory, processors, GB of disk.
pub(crate) const FLAVORS: [(&str, &str, i64, i64, i64); 5] = [
    ("1", "m1.tiny", 512, 1, 1),
    ("2", "m1.small", 2048, 1, 20),
    ("3", "m1.medium", 4096, 2, 40),
    ("4", "m1.large", 8192, 4, 80),
    ("5", "m1.xlarge", 16384, 8, 160),
];

/// A datastore: its name and its versions by name and number; the last one is the default.
pub(crate) const DATASTORES: [(&str, &[(&str, &str)]); 2] = [
    ("mysql", &[("5.7", "5.7.29"), ("8.4", "8.4.4"), ("8.0", "8.0.29")]),
    ("postgresql", &[("13", "13"), ("14", "14"), ("16", "16"), ("15", "15")]),
];

const GB_64: Option<i64> = Some(68_719_476_736);
const YEAR: Option<i64> = Some(31_536_000);
const WIDE: Option<i64> = Some(4_294_967_295);
const INT: Option<i64> = Some(2_147_483_647);

const MYSQL: &[Rule] = &[
    ("auto_increment_increment", "integer", Some(1), Some(65_535), false),
    ("auto_increment_offset", "integer", Some(1), Some(65_535), false),
    ("autocommit", "integer", Some(0), Some(1), false),
    ("bulk_insert_buffer_size", "integer", Some(0), Some(i64::MAX), false),
    ("character_set_client", "string", None, None, false),
    ("character_set_connection", "string", None, None, false),
    ("character_set_database", "string", None, None, false),
    ("character_set_filesystem", "string", None, None, false),
    ("character_set_results", "string", None, None, false),
    ("character_set_server", "string", None, None, false),
    ("collation_connection", "string", None, None, false),
    ("collation_database", "string", None, None, false),
    ("collation_server", "string", None, None, false),
    ("connect_timeout", "integer", Some(2), YEAR, false),
    ("expire_logs_days", "integer", Some(1), Some(65_535), false),
    ("innodb_buffer_pool_size", "integer", Some(0), GB_64, true),
    ("innodb_file_per_table", "integer", Some(0), Some(1), true),
    ("innodb_flush_log_at_trx_commit", "integer", Some(0), Some(2), false),
    ("innodb_log_buffer_size", "integer", Some(1_048_576), WIDE, true),
    ("innodb_open_files", "integer", Some(10), WIDE, true),
    ("innodb_thread_concurrency", "integer", Some(0), Some(1000), false),
    ("interactive_timeout", "integer", Some(1), YEAR, false),
    ("join_buffer_size", "integer", Some(1), WIDE, false),
    ("key_buffer_size", "integer", Some(0), WIDE, false),
    ("local_infile", "integer", Some(0), Some(1), false),
    ("long_query_time", "integer", Some(0), YEAR, false),
    ("lower_case_table_names", "integer", Some(0), Some(2), true),
    ("max_allowed_packet", "integer", Some(1024), Some(1_073_741_824), false),
    ("max_connect_errors", "integer", Some(1), Some(i64::MAX), false),
    ("max_connections", "integer", Some(1), Some(100_000), false),
    ("max_prepared_stmt_count", "integer", Some(0), Some(1_048_576), false),
    ("max_user_connections", "integer", Some(1), Some(100_000), false),
    ("myisam_sort_buffer_size", "integer", Some(4), WIDE, false),
    ("read_buffer_size", "integer", Some(8192), Some(2_147_479_552), false),
    ("read_rnd_buffer_size", "integer", Some(1), Some(2_147_483_647), false),
    ("server_id", "integer", Some(1), Some(100_000), true),
    ("sort_buffer_size", "integer", Some(32_768), Some(i64::MAX), false),
    ("sync_binlog", "integer", Some(0), WIDE, false),
    ("table_open_cache", "integer", Some(1), Some(524_288), false),
    ("wait_timeout", "integer", Some(1), YEAR, false),
];

const POSTGRESQL: &[Rule] = &[
    ("autovacuum", "boolean", None, None, false),
    ("autovacuum_max_workers", "integer", Some(1), Some(8388), true),
    ("bgwriter_delay", "integer", Some(10), Some(10_000), false),
    ("checkpoint_timeout", "integer", Some(30), Some(86_400), false),
    ("client_min_messages", "string", None, None, false),
    ("datestyle", "string", None, None, false),
    ("deadlock_timeout", "integer", Some(1), INT, false),
    ("default_statistics_target", "integer", Some(1), Some(10_000), false),
    ("default_transaction_isolation", "string", None, None, false),
    ("effective_cache_size", "integer", Some(1), INT, false),
    ("enable_hashjoin", "boolean", None, None, false),
    ("enable_seqscan", "boolean", None, None, false),
    ("idle_in_transaction_session_timeout", "integer", Some(0), INT, false),
    ("lock_timeout", "integer", Some(0), INT, false),
    ("log_checkpoints", "boolean", None, None, false),
    ("log_connections", "boolean", None, None, false),
    ("log_disconnections", "boolean", None, None, false),
    ("log_min_duration_statement", "integer", Some(-1), INT, false),
    ("log_statement", "string", None, None, false),
    ("maintenance_work_mem", "integer", Some(1024), INT, false),
    ("max_connections", "integer", Some(10), Some(262_143), true),
    ("max_locks_per_transaction", "integer", Some(10), INT, true),
    ("max_prepared_transactions", "integer", Some(0), Some(262_143), true),
    ("max_wal_size", "integer", Some(32), INT, false),
    ("max_worker_processes", "integer", Some(0), Some(262_143), true),
    ("min_wal_size", "integer", Some(32), INT, false),
    ("shared_buffers", "integer", Some(16), Some(1_073_741_823), true),
    ("statement_timeout", "integer", Some(0), INT, false),
    ("superuser_reserved_connections", "integer", Some(0), Some(262_143), true),
    ("synchronous_commit", "string", None, None, false),
    ("temp_buffers", "integer", Some(100), Some(1_073_741_823), false),
    ("timezone", "string", None, None, false),
    ("track_activities", "boolean", None, None, false),
    ("wal_buffers", "integer", Some(-1), Some(262_143), true),
    ("work_mem", "integer", Some(64), INT, false),
];

/// The parameters of the versions that a manager has.
pub(crate) fn rules(manager: &str) -> &'static [Rule] {
    match manager {
        "postgresql" => POSTGRESQL,
        "mysql" | "mariadb" | "percona" | "pxc" => MYSQL,
        _ => &[],
    }
}

/// Whether a manager has clusters, and how many members they have at least.
pub(crate) fn cluster_members(manager: &str) -> Option<usize> {
    match manager {
        "pxc" | "mariadb" | "percona" | "vertica" | "mongodb" => Some(3),
        "redis" | "cassandra" | "couchbase" => Some(1),
        _ => None,
    }
}

/// Whether instances of a manager can have replicas.
pub(crate) fn has_replicas(manager: &str) -> bool {
    matches!(manager, "mysql" | "mariadb" | "percona" | "postgresql" | "redis")
}

/// The settings that the template of a manager gives a machine with so many MB of memory.
pub(crate) fn template(manager: &str, ram: i64) -> Vec<(&'static str, String)> {
    let share = |per_512: i64| (ram.max(1) * per_512 / 512).max(1);
    let mb = |per_512: i64| format!("{}M", share(per_512));
    if manager == "postgresql" {
        return vec![
            ("datestyle", "iso, mdy".to_owned()),
            ("default_text_search_config", "pg_catalog.english".to_owned()),
            ("listen_addresses", "*".to_owned()),
            ("max_connections", share(100).clamp(20, 1000).to_string()),
            ("port", "5432".to_owned()),
            ("shared_buffers", format!("{}MB", share(128))),
        ];
    }
    vec![
        ("connect_timeout", "15".to_owned()),
        ("default_storage_engine", "innodb".to_owned()),
        ("innodb_buffer_pool_size", mb(150)),
        ("innodb_data_file_path", "ibdata1:10M:autoextend".to_owned()),
        ("innodb_file_per_table", "1".to_owned()),
        ("innodb_log_buffer_size", "25M".to_owned()),
        ("innodb_log_file_size", "50M".to_owned()),
        ("innodb_log_files_in_group", "2".to_owned()),
        ("join_buffer_size", "1M".to_owned()),
        ("key_buffer_size", mb(50)),
        ("local-infile", "0".to_owned()),
        ("max_allowed_packet", mb(1)),
        ("max_connections", share(100).to_string()),
        ("max_heap_table_size", mb(16)),
        ("max_user_connections", share(100).to_string()),
        ("open_files_limit", share(512).to_string()),
        ("port", "3306".to_owned()),
        ("read_buffer_size", "512K".to_owned()),
        ("read_rnd_buffer_size", "512K".to_owned()),
        ("sort_buffer_size", "1M".to_owned()),
        ("table_definition_cache", share(256).to_string()),
        ("table_open_cache", share(256).to_string()),
        ("thread_cache_size", share(16).to_string()),
        ("thread_stack", "192K".to_owned()),
        ("tmp_table_size", mb(16)),
        ("wait_timeout", "120".to_owned()),
    ]
}
