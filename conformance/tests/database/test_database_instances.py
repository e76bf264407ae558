"""Instances, their actions and their logs."""

import pytest
from troveclient.apiclient import exceptions


def test_an_instance_is_created_shown_listed_and_deleted(trove, ready, name):
    made = trove.instances.create(
        name("life"), "1", volume={"size": 1}, datastore="mysql", datastore_version="8.0",
        datastore_version_number="8.0.29", access={"is_public": False, "allowed_cidrs": ["10.0.0.0/8"]},
        nics=[{"net-id": "b19b5da0-d2f6-11e9-9382-00224d6b7bc1"}], availability_zone="nova", locality="affinity",
    )
    assert (made.status, made.operating_status) == ("BUILD", "")
    made = ready(made)
    assert made.datastore == {"type": "mysql", "version": "8.0", "version_number": "8.0.29"}
    assert made.access == {"is_public": False, "allowed_cidrs": ["10.0.0.0/8"]}
    assert made.volume["size"] == 1 and made.volume["used"] > 0
    assert made.id in [one.id for one in trove.instances.list()]
    assert made.id in [one.id for one in trove.instances.list(detailed=True, include_clustered=True)]
    trove.instances.delete(made)
    assert trove.instances.get(made).status == "SHUTDOWN"
    with pytest.raises(exceptions.NotFound):
        while True:
            trove.instances.get(made)


def test_pages_are_followed_by_their_markers(trove, name):
    for _ in range(3):
        trove.instances.create(name("page"), "1", volume={"size": 1})
    first = trove.instances.list(limit=2)
    assert len(first) == 2 and first.next
    second = trove.instances.list(limit=2, marker=first.next)
    assert not {one.id for one in first} & {one.id for one in second}


def test_refusals_are_the_exceptions_of_the_client(trove, name):
    with pytest.raises(exceptions.BadRequest, match="Resource 99 cannot be found."):
        trove.instances.create(name(), "99", volume={"size": 1})
    with pytest.raises(exceptions.RequestEntityTooLarge, match="cannot exceed maximum of 10 GB"):
        trove.instances.create(name(), "1", volume={"size": 26})
    with pytest.raises(exceptions.NotFound):
        trove.instances.get("nope")


def test_actions(trove, ready, instance):
    trove.instances.restart(instance)
    assert trove.instances.get(instance).status == "REBOOT"
    with pytest.raises(exceptions.UnprocessableEntity, match="task status was REBOOTING"):
        trove.instances.restart(instance)
    ready(instance)
    trove.instances.resize_volume(instance, 3)
    ready(instance)
    trove.instances.resize_instance(instance, "2")
    assert ready(instance).flavor["id"] == "2"
    assert trove.instances.get(instance).volume["size"] == 3
    trove.instances.upgrade(instance, "8.4")
    assert ready(instance).datastore["version"] == "8.4"
    trove.instances.update(instance, name="other name")
    assert trove.instances.get(instance).name == "other name"
    trove.instances.update(instance, is_public=True, allowed_cidrs=["192.0.2.0/24"])
    assert ready(instance).access["allowed_cidrs"] == ["192.0.2.0/24"]
    assert "max_connections" in trove.instances.configuration(instance).configuration
    trove.instances.reset_status(instance)
    assert trove.instances.get(instance).operating_status == "ERROR"
    trove.instances.force_delete(instance)


def test_replicas_are_promoted_and_detached(trove, ready, instance, name):
    replica = ready(trove.instances.create(name("replica"), None, replica_of=instance.id))
    assert replica.replica_of["id"] == instance.id
    trove.instances.promote_to_replica_source(replica)
    ready(replica)
    assert ready(instance).replica_of["id"] == replica.id
    with pytest.raises(exceptions.BadRequest, match="current heartbeat"):
        trove.instances.eject_replica_source(replica)
    trove.instances.update(instance, detach_replica_source=True)
    assert not hasattr(ready(instance), "replica_of")


def test_logs(trove, instance):
    assert sorted(log.name for log in trove.instances.log_list(instance)) == ["general", "slow_query"]
    assert trove.instances.log_show(instance, "general").status == "Disabled"
    log = trove.instances.log_action(instance, "general", enable=True)
    assert log.status == "Ready" and log.pending > 0
    log = trove.instances.log_action(instance, "general", publish=True)
    assert log.status == "Published" and log.container == "database_logs"
    log = trove.instances.log_action(instance, "general", disable=True, discard=True)
    assert log.published == 0


def test_management_calls(trove, ready, instance, project):
    found = trove.mgmt_instances.show(instance)
    assert found.guest_status == {"state_description": "healthy"}
    assert instance.id in [one.id for one in trove.mgmt_instances.list(limit=100)]
    trove.mgmt_instances.reboot(instance.id)
    ready(instance)
    trove.mgmt_instances.migrate(instance.id)
    ready(instance)
    trove.mgmt_instances.rebuild(instance.id, "0c2f3b3e-6a3c-4f6e-9d5a-3f0a3e7b1c11")
    ready(instance)
    trove.mgmt_instances.stop(instance.id)
    trove.mgmt_instances.reset_task_status(instance.id)
    assert trove.mgmt_instances.root_enabled_history(instance).enabled == "Never"
