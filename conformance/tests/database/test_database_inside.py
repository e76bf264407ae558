"""Databases, users, grants and root."""

import pytest
from troveclient import exceptions as client_side
from troveclient.apiclient import exceptions


def test_databases(trove, instance):
    trove.databases.create(instance, [{"name": "one", "character_set": "utf8", "collate": "utf8_general_ci"}])
    assert [one.name for one in trove.databases.list(instance)] == ["one", "shop"]
    page = trove.databases.list(instance, limit=1)
    assert [one.name for one in page] == ["one"] and page.next == "one"
    with pytest.raises(exceptions.BadRequest, match='"one" already exists'):
        trove.databases.create(instance, [{"name": "one"}])
    trove.databases.delete(instance, "one")
    with pytest.raises(exceptions.NotFound, match="Database one cannot be found"):
        trove.databases.delete(instance, "one")


def test_users(trove, instance):
    trove.users.create(instance, [{"name": "app.x", "password": "pw", "host": "10.0.0.%"}])
    user = trove.users.get(instance, "app.x", hostname="10.0.0.%")
    assert (user.name, user.host, user.databases) == ("app.x", "10.0.0.%", [])
    first = trove.users.list(instance, limit=1)
    assert len(first) == 1 and first.next == "app.x%4010.0.0.%25"
    second = trove.users.list(instance, limit=1, marker=first.next)
    assert [one.name for one in second] == ["app"] or [one.name for one in second] == ["app.x"]
    trove.users.change_passwords(instance, [{"name": "app", "password": "new"}])
    trove.users.update_attributes(instance, "app", newuserattr={"name": "web"})
    assert trove.users.get(instance, "web").databases == [{"name": "shop"}]
    with pytest.raises(client_side.ValidationError if hasattr(client_side, "ValidationError") else Exception):
        trove.users.update_attributes(instance, "web", newuserattr={})
    trove.users.delete(instance, "app.x", hostname="10.0.0.%")
    with pytest.raises(exceptions.NotFound):
        trove.users.get(instance, "app.x", hostname="10.0.0.%")


def test_grants(trove, instance):
    assert [one.name for one in trove.users.list_access(instance, "app")] == ["shop"]
    trove.users.grant(instance, "app", ["books"])
    assert sorted(one.name for one in trove.users.list_access(instance, "app")) == ["books", "shop"]
    trove.users.revoke(instance, "app", "shop")
    with pytest.raises(exceptions.NotFound):
        trove.users.revoke(instance, "app", "shop")


def test_root(trove, instance):
    assert trove.root.is_instance_root_enabled(instance).rootEnabled is False
    user, password = trove.root.create(instance)
    assert user == "root" and len(password) > 20
    assert trove.root.create_instance_root(instance, "mine") == ("root", "mine")
    assert trove.root.is_root_enabled(instance).rootEnabled is True
    trove.root.disable_instance_root(instance)
    with pytest.raises(exceptions.NotFound, match="never been enabled"):
        trove.root.delete(instance)
