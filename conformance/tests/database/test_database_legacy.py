"""What older code uses: the common client, the compatibility client, the old command, and logs in the object store."""

import json
import os
import subprocess
import sys

import pytest
from troveclient.apiclient import auth, client as common, exceptions
from troveclient.compat import client as compat
from troveclient.compat.auth import KeyStoneV2Authenticator


class Login(auth.BaseAuthPlugin):
    """A plugin of the common client that takes its token and endpoint from a session."""

    def __init__(self, login):
        super().__init__()
        self.login, self.logins = login, 0

    def _do_authenticate(self, http_client):
        self.logins += 1

    def token_and_endpoint(self, endpoint_type, service_type):
        token = self.login.get_token() if self.logins else None
        return token, self.login.get_endpoint(service_type=service_type, interface="public")


class Database(common.BaseClient):
    service_type = "database"


def test_the_common_client_logs_in_once_and_reads(login):
    plugin = Login(login)
    http = common.HTTPClient(plugin)
    database = Database(http)
    assert http.database is database
    assert database.get("/flavors").json()["flavors"]
    assert database.get("/instances").status_code == 200
    assert plugin.logins == 1
    with pytest.raises(exceptions.NotFound) as caught:
        database.get("/instances/nope")
    assert caught.value.message == "Resource nope cannot be found."
    assert caught.value.http_status == 404


def test_the_compatibility_client(credentials):
    auth_url = credentials["auth_url"].removesuffix("/v3") + "/v2.0/tokens"
    dbaas = compat.Dbaas(
        credentials["username"], credentials["password"], tenant=credentials["project_name"], auth_url=auth_url,
        auth_strategy=KeyStoneV2Authenticator, service_type="database", region_name="RegionOne",
    )
    dbaas.authenticate()
    assert {flavor.str_id for flavor in dbaas.flavors.list()} >= {"1", "2"}
    assert [store.name for store in dbaas.datastores.list()]
    dbaas.instances.list()


@pytest.fixture
def trove_command(credentials):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
    environment.update({f"OS_{key.upper()}": value for key, value in credentials.items()})
    environment["OS_REGION_NAME"] = "RegionOne"

    def run(*arguments):
        command = [os.path.join(os.path.dirname(sys.executable), "trove"), "--json", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout[done.stdout.index("["):]) if "[" in done.stdout else done.stdout

    return run


def test_the_old_command(trove_command, instance):
    assert instance.id in [row["id"] for row in trove_command("list")]
    assert "m1.tiny" in [row["name"] for row in trove_command("flavor-list")]
    assert "shop" in [row["name"] for row in trove_command("database-list", instance.id)]


def test_published_logs_are_read_from_the_object_store(trove, instance, login, tmp_path):
    import swiftclient

    endpoint = login.get_endpoint(service_type="object-store", interface="public")
    swift = swiftclient.client.Connection(preauthurl=endpoint, preauthtoken=login.get_token())
    trove.instances.log_action(instance, "general", enable=True, publish=True)
    lines = "".join(trove.instances.log_generator(instance, "general", lines=5, swift=swift)())
    assert "ready for connections" in lines
    head, parts = swift.get_container("database_logs", prefix=instance.id)
    assert len(parts) == 1 and head["x-container-object-count"] >= "1"
    with pytest.raises(swiftclient.exceptions.ClientException) as caught:
        swift.put_object("database_logs", "x", "y")
    assert caught.value.http_status == 405


def test_schedules_are_not_there(login):
    endpoint = login.get_endpoint(service_type="workflowv2", interface="public")
    assert login.get(f"{endpoint}/cron_triggers", raise_exc=False).status_code == 501
