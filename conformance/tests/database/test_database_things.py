"""Datastores, flavors, configuration groups, backups, modules, clusters, quotas."""

import json

import pytest
from troveclient.apiclient import exceptions



def test_datastores_versions_and_parameters(trove):
    mysql = next(one for one in trove.datastores.list() if one.name == "mysql")
    assert trove.datastores.get("mysql").id == mysql.id
    version = trove.datastore_versions.get("mysql", "8.0")
    assert version.id in [one.id for one in trove.datastore_versions.list("mysql")]
    assert trove.datastore_versions.get_by_uuid(version.id).name == "8.0"
    parameter = trove.configuration_parameters.get_parameter("mysql", "8.0", "max_connections")
    assert (parameter.type, parameter.min, parameter.max) == ("integer", 1, 100000)
    assert len(trove.configuration_parameters.parameters("mysql", "8.0")) == len(
        trove.configuration_parameters.parameters_by_version(version.id))
    assert trove.configuration_parameters.get_parameter_by_version(version.id, "max_connections").name
    with pytest.raises(exceptions.NotFound):
        trove.datastores.get("nope")


def test_flavors_and_limits(trove):
    assert {one.id for one in trove.flavors.list()} >= {1, 2, 3}
    assert trove.flavors.get("2").name == "m1.small"
    assert len(trove.flavors.list_datastore_version_associated_flavors("mysql", "8.0")) == 5
    assert trove.volume_types.list_datastore_version_associated_volume_types("mysql", "8.0")
    limits = trove.limits.list()
    assert limits[0].verb == "ABSOLUTE" and {one.verb for one in limits} >= {"GET", "POST", "PUT", "DELETE"}


def test_configuration_groups(trove, ready, instance, name):
    group = trove.configurations.create(
        name("group"), json.dumps({"max_connections": 200}), description="d", datastore="mysql", datastore_version="8.0")
    assert group.values == {"max_connections": 200}
    assert group.id in [one.id for one in trove.configurations.list()]
    trove.instances.update(instance, configuration=group.id)
    assert ready(instance).configuration["id"] == group.id
    assert [one.id for one in trove.configurations.instances(group)] == [instance.id]
    trove.configurations.edit(group, json.dumps({"wait_timeout": 5}))
    assert trove.configurations.get(group).values == {"max_connections": 200, "wait_timeout": 5}
    trove.configurations.update(group, json.dumps({"innodb_open_files": 20}), name="static")
    assert trove.instances.get(instance).status == "RESTART_REQUIRED"
    with pytest.raises(exceptions.BadRequest):
        trove.configurations.delete(group)
    trove.instances.restart(instance)
    ready(instance)
    trove.instances.update(instance, remove_configuration=True)
    trove.configurations.delete(group)
    with pytest.raises(exceptions.UnprocessableEntity, match="greater than the maximum allowed"):
        trove.configurations.create(name(), json.dumps({"max_connections": 200000}))


def test_backups_and_restore(trove, ready, instance, name, until):
    first = trove.backups.create(name("backup"), instance, description="d")
    assert first.status == "NEW"
    until(lambda: trove.backups.get(first).status == "COMPLETED")
    second = trove.backups.create(name("backup"), instance, incremental=True)
    until(lambda: trove.backups.get(second).status == "COMPLETED")
    assert trove.backups.get(second).parent_id == first.id
    assert {first.id, second.id} <= {one.id for one in trove.backups.list(instance_id=instance.id)}
    assert {first.id, second.id} == {one.id for one in trove.instances.backups(instance)}
    restored = trove.instances.create(name("restored"), "1", volume={"size": 1}, restorePoint={"backupRef": first.id})
    assert [one.name for one in trove.databases.list(ready(restored))] == ["shop"]
    trove.backups.delete(first)
    until(lambda: not trove.backups.list(instance_id=instance.id))


def test_backup_strategies(trove):
    made = trove.backup_strategies.create(swift_container="mine")
    assert made.swift_container == "mine"
    assert [one.swift_container for one in trove.backup_strategies.list()] == ["mine"]
    trove.backup_strategies.delete()
    assert trove.backup_strategies.list() == []


def test_modules(trove, instance, name, tmp_path):
    module = trove.modules.create(name("module"), "ping", "message=hello")
    assert trove.modules.get(module).md5 == module.md5
    applied = trove.instances.module_apply(instance, [module.id])
    assert [one.id for one in applied] == [module.id]
    assert [one.id for one in trove.instances.modules(instance)] == [module.id]
    assert [one.id for one in trove.instances.module_query(instance)] == [module.id]
    saved = trove.instances.module_retrieve(instance, directory=str(tmp_path), prefix="got")
    assert len(saved) == 1
    assert [one.id for one in trove.modules.instances(module)] == [instance.id]
    assert trove.modules.instances(module, count_only=True)[0].instance_count == 1
    trove.modules.reapply(module)
    with pytest.raises(exceptions.Forbidden):
        trove.modules.delete(module)
    trove.instances.module_remove(instance, module.id)
    trove.modules.update(module, description="new")
    trove.modules.delete(module)
    assert module.id not in [one.id for one in trove.modules.list()]


def test_clusters(trove, name, until):
    member = {"flavorRef": "1", "volume": {"size": 1}}
    cluster = trove.clusters.create(name("cluster"), "pxc", "8.0", instances=[member] * 3)
    assert cluster.task["name"] == "BUILDING"
    idle = lambda: trove.clusters.get(cluster).task["name"] == "NONE"  # noqa: E731
    until(idle)
    assert cluster.id in [one.id for one in trove.clusters.list()]
    trove.clusters.grow(cluster, [member])
    until(idle)
    members = trove.clusters.get(cluster).instances
    assert len(members) == 4
    trove.clusters.shrink(cluster, [{"id": members[0]["id"]}])
    until(lambda: len(trove.clusters.get(cluster).instances) == 3 and idle())
    trove.clusters.upgrade(cluster, "8.0")
    until(idle)
    user, _ = trove.root.create_cluster_root(cluster, "pw")
    assert user == "root" and trove.root.is_cluster_root_enabled(cluster).rootEnabled
    trove.clusters.reset_status(cluster)
    with pytest.raises(exceptions.HttpNotImplemented):
        trove.clusters.create(name(), "mysql", "8.0", instances=[member] * 3)
    trove.clusters.delete(cluster)

    def is_gone():
        try:
            trove.clusters.get(cluster)
        except exceptions.NotFound:
            return True
        return False

    until(is_gone)


def test_quotas_and_versions_of_administrators(trove, project):
    rows = {one.resource: one for one in trove.quota.show(project)}
    assert set(rows) == {"instances", "volumes", "backups", "ram"}
    assert trove.quota.update("elsewhere", {"instances": 7}) == {"instances": 7}
    trove.mgmt_ds_versions.create(
        "9.0", "mysql", "mysql", None, image_tags=["trove"], active="true", default="false", version="9.0.1")
    row = next(one for one in trove.mgmt_ds_versions.list() if one.name == "9.0")
    assert (row.version, row.image_tags, row.packages) == ("9.0.1", ["trove"], [""])
    trove.mgmt_ds_versions.edit(row.id, active="false")
    assert trove.mgmt_ds_versions.get(row.id).active is False
    trove.mgmt_ds_versions.delete(row.id)
