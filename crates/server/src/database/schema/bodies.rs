//! What bodies look like (OpenStack reference C2.1, "common schema atoms", and the calls).

#![expect(clippy::needless_pass_by_value, reason = "schemas are made of others, which nobody else has")]

use std::sync::LazyLock;

use serde_json::{Value, json};

type Schema = LazyLock<Value>;

const WORDY: &str = "^.*[0-9a-zA-Z]+.*$";
const POSITIVE: &str = "^0*[1-9]+[0-9]*$";
const DIGITS: &str = "[0-9]+";
const TYPES: &str = "integer|string";
const HOST: &str = r"^[%]?[\w(-).]*[%]?$";
const UUID: &str = "^([0-9a-fA-F]){8}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){4}-([0-9a-fA-F]){12}$";
const IPV4: &str = r"^(?:[0-9]{1,3}\.){3}[0-9]{1,3}$";
const CIDR: &str = r"^([0-9]{1,3}\.){3}[0-9]{1,3}(\/([0-9]|[1-2][0-9]|3[0-2]))?$";
const ANYTHING: &str = "^.*.+.*$";

/// Every pattern that a schema has.
pub(super) const PATTERNS: [&str; 9] = [WORDY, POSITIVE, DIGITS, TYPES, HOST, UUID, IPV4, CIDR, ANYTHING];

fn text() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": WORDY})
}

fn uuid() -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": 64, "pattern": UUID})
}

fn flag() -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": 1})
}

fn count() -> Value {
    let digits = json!({"type": "string", "maxLength": 40, "minLength": 1, "pattern": POSITIVE});
    json!({"oneOf": [{"type": "integer", "minimum": 1}, digits]})
}

fn flavor() -> Value {
    json!({"oneOf": [text(), {"type": "integer"}]})
}

fn volume() -> Value {
    let kind = json!({"oneOf": [text(), {"type": "null"}]});
    json!({"type": "object", "required": ["size"], "properties": {"size": count(), "type": kind}})
}

fn nics() -> Value {
    let address = json!({"type": "string", "minLength": 7, "maxLength": 15, "pattern": IPV4});
    let nic = json!({"net-id": uuid(), "network_id": uuid(), "subnet_id": uuid(), "ip_address": address});
    let item = json!({"type": "object", "additionalProperties": false, "properties": nic});
    json!({"type": "array", "maxItems": 1, "items": item})
}

fn list_of(item: Value) -> Value {
    json!({"type": "array", "minItems": 0, "items": item})
}

fn database_names() -> Value {
    let item = json!({"type": "object", "required": ["name"], "properties": {"name": text()}});
    json!({"type": "array", "minItems": 0, "uniqueItems": true, "items": item})
}

fn databases() -> Value {
    let database = json!({"name": text(), "character_set": text(), "collate": text()});
    list_of(json!({"type": "object", "required": ["name"], "properties": database}))
}

fn user_name() -> Value {
    json!({"type": "string", "minLength": 1, "pattern": WORDY})
}

fn host() -> Value {
    json!({"type": "string", "minLength": 1, "pattern": HOST})
}

fn users() -> Value {
    let user =
        json!({"name": user_name(), "password": text(), "host": host(), "databases": database_names()});
    list_of(json!({"type": "object", "required": ["name", "password"], "properties": user}))
}

fn configuration_id() -> Value {
    json!({"oneOf": [uuid(), {"type": "null"}]})
}

fn modules() -> Value {
    list_of(json!({"type": "object", "required": ["id"], "properties": {"id": uuid()}}))
}

fn access() -> Value {
    let cidr = json!({"type": "string", "pattern": CIDR});
    let cidrs = json!({"type": "array", "uniqueItems": true, "items": cidr});
    json!({"type": "object", "properties": {"is_public": {"type": "boolean"}, "allowed_cidrs": cidrs}})
}

fn datastore() -> Value {
    let parts = json!({"type": text(), "version": text(), "version_number": text()});
    json!({"type": "object", "properties": parts})
}

/// An object with one required member.
fn top(name: &str, inner: Value) -> Value {
    json!({"type": "object", "required": [name], "properties": {name: inner}})
}

/// An object with required and known members.
fn object(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties})
}

/// The same without any others.
fn closed(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties})
}

/// `POST /instances`.
pub(crate) static INSTANCE_CREATE: Schema = LazyLock::new(|| {
    let restore = object(&["backupRef"], json!({"backupRef": uuid()}));
    let properties = json!({
        "name": text(), "configuration_id": configuration_id(), "flavorRef": flavor(), "volume": volume(),
        "databases": databases(), "users": users(), "restorePoint": restore, "replica_of": uuid(),
        "replica_count": {"type": "integer", "minimum": 1, "maximum": 3}, "availability_zone": text(),
        "datastore": datastore(), "nics": nics(), "modules": modules(), "region_name": text(),
        "locality": text(), "access": access(),
    });
    top("instance", object(&["name"], properties))
});

/// `PUT /instances/{id}`.
pub(crate) static INSTANCE_UPDATE: Schema = LazyLock::new(|| {
    let mut access = access();
    access["additionalProperties"] = json!(false);
    let properties = json!({
        "name": text(), "replica_of": {}, "configuration": configuration_id(), "datastore_version": text(),
        "access": access,
    });
    top("instance", closed(&[], properties))
});

/// `PATCH /instances/{id}`.
pub(crate) static INSTANCE_EDIT: Schema = LazyLock::new(|| {
    let properties = json!({
        "slave_of": {}, "replica_of": {}, "name": text(), "configuration": configuration_id(),
        "datastore_version": text(),
    });
    top("instance", closed(&[], properties))
});

/// `resize` of a volume.
pub(crate) static RESIZE_VOLUME: Schema =
    LazyLock::new(|| top("resize", object(&["volume"], json!({"volume": volume()}))));

/// `resize` to a flavor.
pub(crate) static RESIZE_FLAVOR: Schema =
    LazyLock::new(|| top("resize", object(&["flavorRef"], json!({"flavorRef": flavor()}))));

/// `restart`.
pub(crate) static RESTART: Schema = LazyLock::new(|| top("restart", json!({"type": "object"})));

/// An action of administrators that takes an object.
pub(crate) fn action(name: &str) -> Value {
    top(name, json!({"type": "object"}))
}

/// `rebuild`.
pub(crate) static REBUILD: Schema =
    LazyLock::new(|| top("rebuild", closed(&["image_id"], json!({"image_id": uuid()}))));

/// `POST …/databases`.
pub(crate) static DATABASES: Schema = LazyLock::new(|| top("databases", databases()));

/// `POST …/users`.
pub(crate) static USERS: Schema = LazyLock::new(|| top("users", users()));

/// `PUT …/users/{user}`.
pub(crate) static USER: Schema = LazyLock::new(|| {
    let properties = json!({"name": user_name(), "password": text(), "host": host()});
    top("user", json!({"type": "object", "minProperties": 1, "properties": properties}))
});

/// `PUT …/users/{user}/databases`.
pub(crate) static GRANTS: Schema = LazyLock::new(|| top("databases", database_names()));

/// `POST /backups`.
pub(crate) static BACKUP: Schema = LazyLock::new(|| {
    let foreign = json!({
        "remote_location": text(), "local_datastore_version_id": uuid(), "size": {"type": "number"},
    });
    let foreign = object(&["remote_location", "local_datastore_version_id", "size"], foreign);
    let properties = json!({
        "description": text(), "instance": uuid(), "name": text(), "parent_id": uuid(), "incremental": flag(),
        "swift_container": text(), "restore_from": foreign,
    });
    top("backup", object(&["name"], properties))
});

/// `POST /backup_strategies`.
pub(crate) static STRATEGY: Schema = LazyLock::new(|| {
    let properties = json!({"instance_id": uuid(), "swift_container": text()});
    top("backup_strategy", closed(&["swift_container"], properties))
});

/// `POST /modules`.
pub(crate) static MODULE_CREATE: Schema =
    LazyLock::new(|| top("module", object(&["name", "module_type", "contents"], module("module_type"))));

/// `PUT /modules/{id}`.
pub(crate) static MODULE_UPDATE: Schema = LazyLock::new(|| {
    let mut properties = module("type");
    properties["all_datastores"] = flag();
    properties["all_datastore_versions"] = flag();
    top("module", object(&[], properties))
});

fn module(kind: &str) -> Value {
    let contents = json!({"type": "string", "minLength": 1, "maxLength": u32::MAX, "pattern": ANYTHING});
    let mut properties = json!({
        "name": text(), "contents": contents, "description": text(), "datastore": datastore(),
        "apply_order": {"type": "integer", "minimum": 0, "maximum": 9},
    });
    properties[kind] = text();
    for name in ["auto_apply", "all_tenants", "visible", "live_update", "priority_apply", "full_access"] {
        properties[name] = flag();
    }
    properties
}

/// `POST /configurations`.
pub(crate) static CONFIGURATION_CREATE: Schema = LazyLock::new(|| {
    let mut properties = configuration();
    properties["datastore"] = datastore();
    top("configuration", object(&["values", "name"], properties))
});

/// `PUT /configurations/{id}`.
pub(crate) static CONFIGURATION_UPDATE: Schema =
    LazyLock::new(|| top("configuration", object(&[], configuration())));

/// `PATCH /configurations/{id}`.
pub(crate) static CONFIGURATION_EDIT: Schema =
    LazyLock::new(|| top("configuration", object(&[], json!({"values": {"type": "object"}}))));

fn configuration() -> Value {
    json!({"description": text(), "values": {"type": "object"}, "name": text()})
}

/// `POST` and `PUT …/parameters` of administrators.
pub(crate) static PARAMETER: Schema = LazyLock::new(|| {
    let size = json!({"type": "string", "maxLength": 40, "pattern": DIGITS});
    let properties = json!({
        "name": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": WORDY},
        "data_type": {"type": "string", "minLength": 1, "pattern": TYPES},
        "restart_required": flag(), "max": size, "min": size,
    });
    top("configuration-parameter", object(&["name", "restart_required", "data_type"], properties))
});

/// `POST /mgmt/instances/{id}/upgrade`.
pub(crate) static UPGRADE: Schema = LazyLock::new(|| {
    let properties = json!({"instance_version": text(), "location": text(), "metadata": {}});
    top("upgrade", object(&[], properties))
});

fn version(names: &[&str]) -> Value {
    let short = json!({"type": "string", "minLength": 1, "maxLength": 20, "pattern": WORDY});
    let packages = json!({"type": "array", "minItems": 0, "uniqueItems": true, "items": text()});
    let tags = json!({"type": "array", "minItems": 0, "maxItems": 5, "uniqueItems": true, "items": short});
    let mut properties = json!({
        "name": text(), "datastore_manager": text(), "packages": packages, "image": uuid(), "image_tags": tags,
        "registry_ext": text(), "repl_strategy": text(), "active": {"enum": [true, false]},
        "default": {"enum": [true, false]},
    });
    for name in names {
        properties[*name] = text();
    }
    properties
}

/// `POST /mgmt/datastore-versions`.
pub(crate) static VERSION_CREATE: Schema = LazyLock::new(|| {
    let required = ["name", "datastore_name", "datastore_manager", "active"];
    top("version", closed(&required, version(&["datastore_name", "version"])))
});

/// `PATCH /mgmt/datastore-versions/{id}`, whose body has no top.
pub(crate) static VERSION_EDIT: Schema = LazyLock::new(|| closed(&[], version(&[])));

fn member() -> Value {
    json!({
        "flavorRef": flavor(), "volume": volume(), "nics": nics(), "availability_zone": text(),
        "modules": modules(), "region_name": text(),
    })
}

/// `POST /clusters`.
pub(crate) static CLUSTER_CREATE: Schema = LazyLock::new(|| {
    let extended = json!({
        "num_configsvr": count(), "num_mongos": count(), "configsvr_volume_size": count(),
        "configsvr_volume_type": text(), "mongos_volume_size": count(), "mongos_volume_type": text(),
    });
    let datastore = object(&["type", "version"], json!({"type": text(), "version": text()}));
    let members = json!({"type": "array", "items": object(&["flavorRef"], member())});
    let properties = json!({
        "name": text(), "datastore": datastore, "instances": members, "locality": text(),
        "extended_properties": {"type": "object", "properties": extended},
    });
    top("cluster", object(&["name", "datastore", "instances"], properties))
});

/// `grow` of a cluster.
pub(crate) static GROW: Schema = LazyLock::new(|| {
    let mut properties = member();
    for name in ["name", "related_to", "type"] {
        properties[name] = text();
    }
    top("grow", json!({"type": "array", "items": object(&["flavorRef"], properties)}))
});

/// `shrink` of a cluster.
pub(crate) static SHRINK: Schema = LazyLock::new(|| {
    let member = object(&["id"], json!({"id": uuid()}));
    top("shrink", json!({"type": "array", "items": member}))
});

/// `upgrade` of a cluster.
pub(crate) static CLUSTER_UPGRADE: Schema =
    LazyLock::new(|| top("upgrade", object(&["datastore_version"], json!({"datastore_version": text()}))));
