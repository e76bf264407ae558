//! The migration page names everything that the Python client offers (IVCAP reference 9 and 11).

const PAGE: &str = include_str!("../../../../docs/src/ivcap/migration.md");

/// The checklist of the reference, row by row.
const SEED: &[&str] = &[
    "ivcap_client.__version__",
    "submodules artifact, errors, excpetions, ivcap, metadata, order, service, types, utils",
    "IVCAP(url, token, account_id)",
    "IVCAP.url",
    "IVCAP.list_services",
    "IVCAP.get_service",
    "IVCAP.list_orders",
    "IVCAP.get_order",
    "IVCAP.add_metadata",
    "IVCAP.search_metadata",
    "IVCAP.list_artifacts",
    "IVCAP.upload_artifact",
    "IVCAP.get_artifact",
    "IVCAP.__repr__",
    "Service(id, ivcap, listItem)",
    "Service.urn",
    "Service.name",
    "Service.description",
    "Service.status",
    "Service.parameters",
    "Service.place_order",
    "Service._mandatory_parameters",
    "Service._refresh",
    "Service.__repr__",
    "Order(order_id, ivcap, status)",
    "Order.urn",
    "Order.status",
    "Order.metadata",
    "Order.add_metadata",
    "Order.__repr__",
    "Artifact(id, ivcap, status)",
    "Artifact.urn",
    "Artifact.status",
    "Artifact.metadata",
    "Artifact.add_metadata",
    "Artifact.__repr__",
    "Metadata(id, ivcap, listItem)",
    "Metadata.urn",
    "Metadata.entity",
    "Metadata.schema",
    "Metadata.aspect",
    "Metadata._refresh",
    "Metadata.__repr__",
];

/// What later packages have beyond it.
const MODERN: &[&str] = &[
    "list_aspects",
    "list_secrets",
    "get_service_by_name",
    "get_agent",
    "add_aspect",
    "update_aspect",
    "artifact_for_file",
    "upload_tar_artifact",
    "create_collection",
    "get_collection",
    "list_collections",
    "add_to_collection",
    "remove_from_collection",
    "retract_collection",
    "search(query)",
    "request_model",
    "request_job",
    "wait_for_finished_async",
    "exec_agent",
    "Aspect.retract",
    "as_stream",
    "as_local_file",
    "as_data_url",
    "untar",
    "force_upload",
    "LocalIVCAP",
    "IVCAP_URL",
    "IVCAP_JWT",
    "IVCAP_ACCOUNT_ID",
    "IVCAP_BASE_URL",
    "IVCAP_LOCAL_DIR",
    "NotAuthorizedException",
    "IvcapApiError",
    "ResourceNotFound",
    "AmbiguousRequest",
    "MissingParameterValue",
    "ArtifactTooLargeForDataUrlError",
];

fn rows() -> Vec<Vec<&'static str>> {
    let cells = |line: &'static str| line.trim_matches('|').split(" | ").map(str::trim).collect();
    PAGE.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| ---")).map(cells).collect()
}

#[test]
fn every_row_of_the_checklist_is_there_with_what_takes_its_place_and_its_test() {
    let rows = rows();
    for item in SEED {
        let quoted = format!("`{item}`");
        let row = rows.iter().find(|row| row[0] == quoted || row[0] == *item);
        let row = row.unwrap_or_else(|| panic!("no row for {item}"));
        assert!(row.len() == 3 && row.iter().all(|cell| !cell.is_empty()), "{row:?}");
    }
}

#[test]
fn every_public_name_of_later_packages_is_there() {
    let missing: Vec<_> = MODERN.iter().filter(|name| !PAGE.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
