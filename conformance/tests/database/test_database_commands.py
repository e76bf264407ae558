"""The unified command line, `openstack database …`."""

import pytest


@pytest.fixture
def made(openstack, name, ready):
    """An instance that the command line created."""
    wanted = name("cli")
    row = openstack(
        "database", "instance", "create", wanted, "--flavor", "1", "--size", "1", "--datastore", "mysql",
        "--datastore-version", "8.0", "--nic", "net-id=b19b5da0-d2f6-11e9-9382-00224d6b7bc1",
        "--databases", "shop", "--users", "app:pw",
    )
    ready(row["id"])
    return row["id"], wanted


def test_instances_by_command(openstack, made, ready):
    identifier, wanted = made
    row = next(one for one in openstack("database", "instance", "list") if one["ID"] == identifier)
    assert (row["Name"], row["Status"], row["Operating Status"]) == (wanted, "ACTIVE", "HEALTHY")
    assert row["Datastore"] == "mysql" and row["Size"] == 1 and row["Flavor ID"] == "1"
    assert openstack("database", "instance", "show", wanted)["id"] == identifier
    openstack("database", "instance", "restart", wanted, json_output=False)
    ready(identifier)
    openstack("database", "instance", "resize", "volume", wanted, "2", json_output=False)
    assert ready(identifier).volume["size"] == 2
    openstack("database", "instance", "delete", wanted, json_output=False)


def test_databases_and_users_by_command(openstack, made):
    identifier, _ = made
    openstack("database", "db", "create", identifier, "books", json_output=False)
    assert [row["Name"] for row in openstack("database", "db", "list", identifier)] == ["books", "shop"]
    openstack("database", "user", "create", identifier, "web", "pw", "--databases", "books", json_output=False)
    rows = {row["Name"]: row for row in openstack("database", "user", "list", identifier)}
    assert rows["web"]["Host"] == "%" and rows["web"]["Databases"] == "books"
    openstack("database", "user", "grant", "access", identifier, "web", "shop", json_output=False)
    assert len(openstack("database", "user", "show", "access", identifier, "web")) == 2
    assert openstack("database", "root", "enable", identifier)["name"] == "root"
    assert openstack("database", "root", "show", identifier)["is_root_enabled"] in (True, "True")


def test_other_things_by_command(openstack, made, until, trove):
    identifier, _ = made
    backup = openstack("database", "backup", "create", "of-cli", "--instance", identifier)
    until(lambda: trove.backups.get(backup["id"]).status == "COMPLETED")
    assert backup["id"] in [row["ID"] for row in openstack("database", "backup", "list")]
    group = openstack(
        "database", "configuration", "create", "of-cli", '{"max_connections": 5}', "--datastore", "mysql",
        "--datastore-version", "8.0")
    openstack("database", "configuration", "attach", identifier, group["id"], json_output=False)
    assert openstack("database", "configuration", "show", group["id"])["instance_count"] == 1
    parameters = openstack("database", "configuration", "parameter", "list", "8.0", "--datastore", "mysql")
    assert {"Name", "Type", "Min Size", "Max Size", "Restart Required"} == set(parameters[0])
    assert openstack("database", "flavor", "list")[0]["Name"] == "m1.tiny"
    assert openstack("datastore", "list") and openstack("datastore", "version", "list", "mysql")
    assert "max_instances" in openstack("database", "limit", "list", json_output=False)
    assert {row["Name"] for row in openstack("database", "log", "list", identifier)} == {"general", "slow_query"}
