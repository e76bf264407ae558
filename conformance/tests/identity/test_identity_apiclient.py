"""The common client in troveclient.apiclient, unmodified: its plugins, its clients and managers, its failures."""

import argparse

import pytest
from troveclient.apiclient import auth, base, client, exceptions


class Version2(auth.BaseAuthPlugin):
    """The plugin that the documentation names: user, password, tenant, URL."""

    auth_system = "keystone"
    opt_names = ["username", "password", "tenant_name", "auth_url"]
    logins = 0

    def _do_authenticate(self, http_client):
        self.logins += 1
        credentials = {"username": self.opts["username"], "password": self.opts["password"]}
        body = {"auth": {"passwordCredentials": credentials, "tenantName": self.opts["tenant_name"]}}
        url = client.HTTPClient.concat_url(self.opts["auth_url"], "/tokens")
        self.access = http_client.request("POST", url, json=body, allow_redirects=True).json()["access"]

    def token_and_endpoint(self, endpoint_type, service_type):
        if not getattr(self, "access", None):
            raise exceptions.EndpointException("not yet")
        for service in self.access["serviceCatalog"]:
            if service["type"] == service_type:
                return self.access["token"]["id"], service["endpoints"][0][endpoint_type]
        raise exceptions.EndpointNotFound(service_type)


class Version3(Version2):
    """The same by version 3."""

    auth_system = "keystone3"

    def _do_authenticate(self, http_client):
        self.logins += 1
        user = {"name": self.opts["username"], "domain": {"id": "default"}, "password": self.opts["password"]}
        project = {"name": self.opts["tenant_name"], "domain": {"id": "default"}}
        body = {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}}
        got = http_client.request("POST", self.opts["auth_url"] + "/auth/tokens", json=body)
        self.token, self.body = got.headers["X-Subject-Token"], got.json()["token"]

    def token_and_endpoint(self, endpoint_type, service_type):
        if not getattr(self, "token", None):
            raise exceptions.EndpointException("not yet")
        interface = endpoint_type.replace("URL", "")
        urls = [place["url"] for service in self.body["catalog"] if service["type"] == service_type
                for place in service["endpoints"] if place["interface"] == interface]
        if not urls:
            raise exceptions.EndpointNotFound(service_type)
        return self.token, urls[0]


class Thing(base.Resource):
    HUMAN_ID = True


class Users(base.CrudManager):
    resource_class = Thing
    collection_key = "users"
    key = "user"


class Tenants(base.BaseManager):
    resource_class = Thing

    def list(self):
        return self._list("/tenants", "tenants")


class Identity(client.BaseClient):
    service_type = "identity"

    def __init__(self, http_client, extensions=None):
        super().__init__(http_client, extensions)
        self.users = Users(self)
        self.tenants = Tenants(self)


@pytest.fixture
def plugin(openstack):
    return Version3(username=openstack["username"], password=openstack["password"],
                    tenant_name=openstack["project_name"], auth_url=openstack["auth_url"])


@pytest.fixture
def http(plugin):
    return client.HTTPClient(plugin, timings=True, debug=True, original_ip="10.0.0.1", timeout=30)


def test_one_login_serves_clients_of_two_services(http, plugin):
    identity, second = Identity(http), Identity(http)
    assert http.identity is identity
    assert identity.users.list() and second.users.list()
    assert plugin.logins == 1
    assert [entry[0].split()[0] for entry in http.get_timings()] == ["POST", "GET", "GET"]


def test_users_by_the_managers_of_the_original(http, unique):
    users = Identity(http).users
    name = unique("person")
    made = users.create(name=name, domain_id="default", password="pw", enabled=True)
    assert users.get(user_id=made.id).name == name
    assert users.find(name=name).id == made.id
    assert users.find(name=name).human_id == name.lower()
    assert users.update(user_id=made.id, description="changed").description == "changed"
    assert users.head(user_id=made.id) is False, "a yes is 204 to it, and this service says 200"
    lazy = Thing(users, {"id": made.id})
    with pytest.raises(TypeError):
        lazy.name  # noqa: B018  its own lazy loading does not fit its own CrudManager
    users.delete(user_id=made.id)
    with pytest.raises(exceptions.NotFound) as caught:
        users.get(user_id=made.id)
    assert caught.value.http_status == 404
    assert caught.value.message == f"Could not find user: {made.id}."


def test_a_revoked_token_is_one_further_login(http, plugin):
    identity = Identity(http)
    identity.users.list()
    token = plugin.token
    headers = {"X-Auth-Token": token, "X-Subject-Token": token}
    http.request("DELETE", plugin.opts["auth_url"] + "/auth/tokens", headers=headers)
    assert identity.users.list()
    assert plugin.logins == 2


def test_a_wrong_password_is_one_attempt(http, plugin):
    plugin.opts["password"] = "wrong"
    with pytest.raises(exceptions.Unauthorized) as caught:
        Identity(http).users.list()
    assert str(caught.value) == "The request you have made requires authentication. (HTTP 401)"
    assert plugin.logins == 1


def test_each_failure_has_its_class(http, unique):
    identity = Identity(http)
    name = unique("twin")
    identity.users.create(name=name, domain_id="default")
    with pytest.raises(exceptions.Conflict):
        identity.users.create(name=name, domain_id="default")
    with pytest.raises(exceptions.BadRequest):
        identity.users.create()
    with pytest.raises(exceptions.MethodNotAllowed):
        identity.put("/users")
    with pytest.raises(exceptions.NotFound):
        identity.get("/no-such-thing")


def test_tenants_of_version_2(server, openstack):
    root = openstack["auth_url"].removesuffix("/v3") + "/v2.0"
    plugin = Version2(username=openstack["username"], password=openstack["password"],
                      tenant_name=openstack["project_name"], auth_url=root)
    http = client.HTTPClient(plugin)
    identity = Identity(http)
    identity.cached_endpoint, http.cached_token = root, None
    plugin.authenticate(http)
    http.cached_token = plugin.access["token"]["id"]
    assert [tenant.name for tenant in identity.tenants.list()] == [openstack["project_name"]]


def test_plugins_are_chosen_by_their_options(monkeypatch, openstack):
    monkeypatch.setattr(auth, "_discovered_plugins", {"keystone": Version2, "keystone3": Version3})
    parser = argparse.ArgumentParser()
    auth.load_auth_system_opts(parser)
    given = [f"--os-username={openstack['username']}", f"--os_password={openstack['password']}",
             f"--os-tenant-name={openstack['project_name']}", f"--os-auth-url={openstack['auth_url']}",
             "--os-auth-system=keystone3"]
    plugin = auth.load_plugin_from_args(parser.parse_args(given))
    assert isinstance(plugin, Version3)
    assert Identity(client.HTTPClient(plugin)).users.list()
    with pytest.raises(exceptions.AuthPluginOptionsMissing):
        auth.load_plugin_from_args(parser.parse_args(["--os-auth-system=keystone"]))
