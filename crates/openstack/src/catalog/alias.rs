//! Names of service types: the official one and its aliases, in their published order.

/// Official types that have aliases.
const ALIASES: &[(&str, &[&str])] = &[
    ("alarm", &["alarming"]),
    ("application-container", &["container"]),
    ("application-deployment", &["application_deployment"]),
    ("baremetal", &["bare-metal"]),
    ("block-storage", &["volumev3", "volumev2", "volume", "block-store"]),
    ("clustering", &["resource-cluster", "cluster"]),
    ("container-infrastructure-management", &["container-infrastructure", "container-infra"]),
    ("event", &["events"]),
    ("instance-ha", &["ha"]),
    ("message", &["messaging"]),
    ("meter", &["metering", "telemetry"]),
    ("monitoring-logging", &["monitoring-log-api"]),
    ("multi-region-network-automation", &["tricircle"]),
    ("object-store", &["object-storage"]),
    ("operator-policy", &["policy"]),
    ("resource-optimization", &["infra-optim"]),
    ("root-cause-analysis", &["rca"]),
    ("shared-file-system", &["sharev2", "share"]),
    ("workflow", &["workflowv2"]),
];

/// The official name of a type; a type without aliases is its own.
pub fn official_type(name: &str) -> &str {
    ALIASES
        .iter()
        .find(|(official, aliases)| *official == name || aliases.contains(&name))
        .map_or(name, |row| row.0)
}

/// The names under which a service of this type may stand in a catalog: the one asked for, the official one, the
/// other aliases.
pub fn type_names(name: &str) -> Vec<&str> {
    let mut names = vec![name];
    if let Some((official, aliases)) =
        ALIASES.iter().find(|(official, aliases)| *official == name || aliases.contains(&name))
    {
        names
            .extend(std::iter::once(*official).chain(aliases.iter().copied()).filter(|other| *other != name));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_asked_for_comes_first_then_the_official_one() {
        assert_eq!(type_names("volume"), ["volume", "block-storage", "volumev3", "volumev2", "block-store"]);
        assert_eq!(type_names("messaging"), ["messaging", "message"]);
        assert_eq!(type_names("database"), ["database"]);
        assert_eq!((official_type("messaging"), official_type("database")), ("message", "database"));
    }
}
