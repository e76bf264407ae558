//! The migration page names everything that the Python client offers (Zaqar reference 14 and 17).

const PAGE: &str = include_str!("../../../../docs/src/zaqar/migration.md");

const NAMES: &[&str] = &[
    "client.Client(",
    "conf={}",
    "client_uuid",
    "auth_opts.backend",
    "auth_opts.options",
    "session",
    "flavor(ref",
    "flavors(",
    "follow(ref)",
    "health()",
    "pool(ref",
    "pools(",
    "queue(ref",
    "queues(",
    "transport()",
    "ping()",
    "subscription(queue_name",
    "subscriptions(queue_name",
    "homedoc()",
    "Queue.exists()",
    "ensure_exists",
    "metadata_dict",
    "Queue.metadata(new_meta)",
    "Queue.stats",
    "purge(types)",
    "Queue.post",
    "delete_messages",
    "pop(count)",
    "Queue.claim(ttl",
    "Queue.claim(id)",
    "Queue.signed_url",
    "Queue.subscriptions()",
    "Message.delete()",
    "Claim.update",
    "Subscription.update",
    "Pool.update",
    "Flavor.",
    ".stream()",
    "recv()",
    "is_supported",
    "get_schema",
    "prepare_request",
    "ZaqarError",
    "TransportError",
    "MalformedRequest",
    "UnauthorizedError",
    "ForbiddenError",
    "ResourceNotFound",
    "ConflictError",
    "InternalServerError",
    "ServiceUnavailableError",
    "InvalidOperation",
    "UnsupportedVersion",
    "DriverLoadFailure",
    "set metadata",
    "get metadata",
    "signed url",
    "--os-queues-api-version",
    "OS_MESSAGE_CLIENT_ID",
];

#[test]
fn every_public_name_of_the_python_client_has_a_row() {
    let missing: Vec<_> = NAMES.iter().filter(|name| !PAGE.contains(**name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn every_row_of_the_checklist_is_there() {
    let rows = PAGE.lines().filter(|line| line.starts_with("| ")).filter_map(|line| line.split('|').nth(1));
    let mut seen = [false; 37];
    for row in rows {
        let bounds: Vec<usize> = row.trim().split('–').filter_map(|n| n.parse().ok()).collect();
        if let (Some(first), Some(last)) = (bounds.first(), bounds.last()) {
            seen[*first..=*last].fill(true);
        }
    }
    assert!(seen[1..].iter().all(|row| *row), "{seen:?}");
}
