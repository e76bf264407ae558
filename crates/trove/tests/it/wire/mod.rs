//! What goes over the wire, method by method of the original client (OpenStack reference C21).

mod admin;
mod instance;
mod project;

use std::collections::{BTreeMap, BTreeSet};

use pentad_core::{ErrorKind, Secret};
use pentad_testkit::{ScriptedTransport, Shown, shown};
use pentad_trove::mgmt::NewDatastoreVersion;
use pentad_trove::{
    Access, Client, ConfigurationUpdate, InstanceUpdate, LogChange, ModuleUpdate, NewBackup, NewInstance,
    NewSchedule, NewUser, Nic, UserName, UserUpdate, ops,
};

use super::{ID, client};

/// The original's method, ours, and what is sent.
type Row = (&'static str, fn(&Client) -> Shown, &'static str);

const UUID: &str = "b19b5da0-d2f6-11e9-9382-00224d6b7bc1";

/// The original's methods, for the page that tells what became of them.
pub(crate) fn originals() -> impl Iterator<Item = &'static str> {
    rows().map(|row| row.0)
}

fn rows() -> impl Iterator<Item = &'static Row> {
    [
        instance::INSTANCES,
        instance::USERS,
        project::BACKUPS,
        project::DATASTORES,
        project::MODULES,
        project::CLUSTERS,
        admin::MANAGEMENT,
        admin::OLD,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn every_method_of_the_original_sends_what_the_reference_says() {
    let client = client(&ScriptedTransport::new());
    for (original, ours, expected) in rows() {
        assert_eq!(ours(&client).unwrap().1, *expected, "{original}");
    }
}

/// Operations that only appear within works, or that no service answers.
const INNER: &[&str] = &[
    "trove.log.parts",
    "trove.log.part_head",
    "trove.log.part",
    "trove.execution.list",
    "trove.database.get",
];

#[test]
fn every_operation_is_sent_by_some_method() {
    let client = client(&ScriptedTransport::new());
    let mut sent: BTreeSet<_> = rows().map(|(_, ours, _)| ours(&client).unwrap().0).collect();
    sent.extend(["trove.instance.delete", "trove.cluster.delete"]);
    let missing: Vec<_> =
        ops::OPS.iter().map(|op| op.id).filter(|id| !sent.contains(id) && !INNER.contains(id)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn what_the_service_would_refuse_is_refused_before_sending() {
    let client = client(&ScriptedTransport::new());
    let c = &client;
    let i = c.instance("i");
    let new = || NewInstance::new("n", "2");
    let refused = [
        shown(c.instance("").get()),
        shown(c.instance("..").get()),
        shown(c.create_instance(&NewInstance::new("", "2"))),
        shown(c.create_instance(&NewInstance::new("---", "2"))),
        shown(c.create_instance(&new().volume(0))),
        shown(c.create_instance(&new().replica_count(2))),
        shown(c.create_instance(&NewInstance::replica_of("r", ID).replica_count(4))),
        shown(c.create_instance(&NewInstance::replica_of("r", ID).volume(2))),
        shown(c.create_instance(&NewInstance::replica_of("r", ID).database("x"))),
        shown(c.create_instance(&new().nic(Nic::network("a")).nic(Nic::network("b")))),
        shown(c.create_instance(&new().nic(Nic::network("a").address("10.0.0.1")))),
        shown(c.create_instance(&new().configuration("not-a-uuid"))),
        shown(c.create_instance(&new().user(NewUser::new("u", "pw").host("a b")))),
        shown(c.create_instance(&new().access(Access::new().allowed_cidrs(["10.0.0.0/99"])))),
        shown(i.update(&InstanceUpdate::new())),
        shown(i.update(&InstanceUpdate::new().no_configuration().detach_replica())),
        shown(i.resize_volume(0)),
        shown(i.log("general").change(LogChange::new().enable().disable())),
        shown(i.create_databases(&[])),
        shown(i.create_users(&[NewUser::new("u", "")])),
        shown(i.user("u").update(&UserUpdate::new())),
        shown(i.user("u").grant::<&str>(&[])),
        shown(i.user(UserName::new("a@b", None)).get()),
        shown(c.create_backup(&NewBackup::new("b", ""))),
        shown(c.create_schedule("s", &NewSchedule::new("i", "soon", "n"))),
        shown(c.configuration("g").update(&ConfigurationUpdate::new())),
        shown(c.module("m").update(&ModuleUpdate::new().apply_order(10))),
        shown(c.set_quotas("p", &BTreeMap::from([("ram".to_owned(), -2)]))),
        shown(c.cluster("c").grow(&[])),
        shown(c.mgmt().create_datastore_version(&NewDatastoreVersion::new("v", "d", "m"))),
        shown(c.mgmt().instance("i").rebuild("x")),
    ];
    for (index, outcome) in refused.into_iter().enumerate() {
        assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Invalid, "{index}");
    }
}

#[test]
fn the_raw_door_sends_any_operation_and_lists_those_that_are_lists() {
    let client = client(&ScriptedTransport::new());
    let args = [("instance", "i"), ("user", "a/b@%")];
    let sent = shown(client.call("trove.user.get", &args, &[], None).unwrap()).unwrap();
    assert_eq!(sent.1, "GET /instances/i/users/a%2Fb%40%25");
    let sent = shown(client.pages("trove.backup.list", &[], &[("datastore", "mysql")]).unwrap()).unwrap();
    assert_eq!(sent.1, "GET /backups?datastore=mysql");
    assert_eq!(client.call("trove.nothing", &[], &[], None).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(client.pages("trove.user.get", &args, &[]).unwrap_err().kind(), ErrorKind::Unsupported);
}

#[test]
fn passwords_are_in_bodies_and_nowhere_else() {
    let client = client(&ScriptedTransport::new());
    let user = NewUser::new("u", "pw-canary");
    let create = client.instance("i").create_users(std::slice::from_ref(&user));
    let root = client.instance("i").enable_root(Some(&Secret::new("pw-canary")));
    let change = UserUpdate::new().password("pw-canary");
    let update = client.instance("i").user("u").update(&change);
    let seen = format!(
        "{user:?} {change:?} {:?} {} {} {}",
        NewInstance::new("n", "2").user(user.clone()),
        create.curl().unwrap(),
        root.curl().unwrap(),
        update.curl().unwrap()
    );
    assert!(!seen.contains("pw-canary"), "{seen}");
}
