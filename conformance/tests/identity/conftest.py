"""OpenStack's own clients against the identity service, as the announced user."""

import pytest
from keystoneauth1 import session
from keystoneauth1.identity import v3
from keystoneclient.v3 import client as keystone_v3


@pytest.fixture(scope="session")
def openstack(server):
    """The announced credentials."""
    return server.announcement["credentials"]["openstack"]


@pytest.fixture(scope="session")
def auth_url(openstack):
    return openstack["auth_url"]


@pytest.fixture
def login(openstack):
    """Makes a session of a user; the announced one in its project unless told otherwise."""

    def make(plugin=v3.Password, **changes):
        given = dict(openstack)
        given.update(changes)
        wanted = {name: value for name, value in given.items() if value is not None}
        return session.Session(auth=plugin(**wanted))

    return make


@pytest.fixture
def admin(login):
    """The original client as administrator."""
    return keystone_v3.Client(session=login(), interface="public")


@pytest.fixture
def person(admin, unique):
    """A user with the role `member` in a project of its own: `(user, project, password)`."""
    project = admin.projects.create(unique("project"), "default")
    user = admin.users.create(unique("user"), domain="default", password="first password", default_project=project)
    member = admin.roles.list(name="member")[0]
    admin.roles.grant(member, user=user, project=project)
    return user, project, "first password"
