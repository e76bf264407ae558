"""The original database client against the local service, as the announced user."""

import itertools
import json
import os
import subprocess
import sys
import time

import pytest
from keystoneauth1 import session
from keystoneauth1.identity import v3
from troveclient.v1 import client as trove_v1

from pentad.process import Server

_numbers = itertools.count(1)
LONGEST = 20


@pytest.fixture(scope="session")
def database_server(bundle, tmp_path_factory):
    """A server of its own: what one project may have is not shared with other tests."""
    seed = tmp_path_factory.mktemp("seed") / "seed.json"
    options = {
        "task_seconds": 0.2, "max_instances_per_tenant": 500, "max_volumes_per_tenant": -1, "max_backups_per_tenant": 500,
    }
    versions = [{"name": "8.0", "number": "8.0.29"}, {"name": "8.4", "number": "8.4.4"}]
    section = {
        "options": options,
        "datastores": [
            {"name": "mysql", "default_version": "8.0", "versions": versions},
            {"name": "pxc", "default_version": "8.0", "versions": [{"name": "8.0"}]},
        ],
    }
    seed.write_text(json.dumps({"database": section}))
    server = Server("--seed", str(seed))
    with open(server.ca_file, "rb") as own, open(bundle, "ab") as trusted:
        trusted.write(own.read())
    yield server
    server.stop()


@pytest.fixture(scope="session")
def credentials(database_server):
    return database_server.announcement["credentials"]["openstack"]


@pytest.fixture(scope="session")
def login(credentials):
    return session.Session(auth=v3.Password(**credentials))


@pytest.fixture(scope="session")
def trove(login):
    """The original client as member and administrator of its project."""
    return trove_v1.Client(session=login, service_type="database", interface="public")


@pytest.fixture(scope="session")
def project(login):
    return login.get_project_id()


def wait(look, *wanted):
    """Looks until the states are those that are wanted."""
    end = time.monotonic() + LONGEST
    while True:
        seen = look()
        if seen == wanted:
            return
        assert "ERROR" not in seen, seen
        assert time.monotonic() < end, f"{seen} is not {wanted}"
        time.sleep(0.05)


@pytest.fixture(scope="session")
def until():
    """Looks until something holds."""
    return lambda holds: wait(lambda: (holds(),), True)


@pytest.fixture
def ready(trove):
    """Waits until an instance is ready, and returns it."""

    def until(instance):
        def look():
            found = trove.instances.get(instance)
            return found.status, found.operating_status

        wait(look, "ACTIVE", "HEALTHY")
        return trove.instances.get(instance)

    return until


@pytest.fixture
def name():
    return lambda stem="db": f"{stem}-{next(_numbers)}"


@pytest.fixture
def instance(trove, ready, name):
    """A ready instance with a database and a user."""
    made = trove.instances.create(
        name(), "1", volume={"size": 1}, databases=[{"name": "shop"}],
        users=[{"name": "app", "password": "pw", "databases": [{"name": "shop"}]}],
    )
    return ready(made)


@pytest.fixture
def openstack(credentials, database_server):
    """Runs the original command line; returns what it prints as JSON where it can."""
    folder = os.path.dirname(sys.executable)
    environment = dict(os.environ, OS_IDENTITY_API_VERSION="3", OS_REGION_NAME="RegionOne")
    environment.update({f"OS_{key.upper()}": value for key, value in credentials.items()})

    def run(*arguments, json_output=True):
        command = [os.path.join(folder, "openstack"), *arguments]
        if json_output:
            command += ["-f", "json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if json_output else done.stdout

    return run
