"""keystoneauth1: discovery, every way to log in, scopes, catalog, re-authentication."""

import keystoneauth1.exceptions as failures
import pytest
from keystoneauth1 import session
from keystoneauth1.identity import generic, v2, v3
from keystoneclient.v3 import client as keystone_v3


def test_the_generic_plugin_finds_version_3_from_every_root(server, openstack):
    root = server.endpoints["control"].rsplit("/", 1)[0]
    for url in (openstack["auth_url"], f"{root}/identity", f"{root}/v3", f"{root}/identity/v3/"):
        given = dict(openstack, auth_url=url)
        assert session.Session(auth=generic.Password(**given)).get_token()


def test_the_catalog_leads_to_the_announced_roots(server, login):
    sess = login()
    project = sess.get_project_id()
    found = {kind: sess.get_endpoint(service_type=kind, interface="public", region_name="RegionOne")
             for kind in ("identity", "messaging", "messaging-websocket", "database")}
    assert found["identity"] == server.endpoints["identity"]
    assert found["messaging"] == server.endpoints["zaqar"]
    assert found["messaging-websocket"] == server.endpoints["zaqar_ws"]
    assert found["database"].endswith(f"/v1.0/{project}")
    with pytest.raises(failures.EndpointNotFound):
        sess.get_endpoint(service_type="nothing")


def test_each_scope(login, openstack):
    alone = dict(project_name=None, project_domain_name=None)
    assert login().auth.get_access(login()).project_name == "demo"
    system = login(system_scope="all", **alone)
    assert system.auth.get_access(system).system_scoped
    unscoped = login(unscoped=True, **alone)
    access = unscoped.auth.get_access(unscoped)
    assert not access.scoped and not access.has_service_catalog()
    with pytest.raises(failures.Unauthorized):
        login(domain_name="Default", **alone).get_token()


def test_a_wrong_password_is_one_unauthorized(login):
    with pytest.raises(failures.Unauthorized) as caught:
        login(password="wrong").get_token()
    assert "The request you have made requires authentication." in str(caught.value)


def test_a_token_buys_another_scope_and_keeps_its_end(auth_url, login):
    first = login(project_name=None, project_domain_name=None, unscoped=True)
    access = first.auth.get_access(first)
    second = session.Session(auth=v3.Token(auth_url, first.get_token(), project_name="demo", project_domain_name="Default"))
    got = second.auth.get_access(second)
    assert got.project_name == "demo"
    assert got.expires == access.expires
    assert got.audit_chain_id == access.audit_id


def test_a_session_logs_in_again_when_its_token_is_void(admin, login):
    sess = login()
    client = keystone_v3.Client(session=sess)
    before = sess.get_token()
    admin.tokens.revoke_token(before)
    assert client.users.get(sess.get_user_id()).name == "demo"
    assert sess.get_token() != before


def test_tokens_end_with_the_clock(clock, admin, login):
    sess = login()
    token = sess.get_token()
    assert admin.tokens.validate(token).user_id
    clock.advance(3601)
    fresh = keystone_v3.Client(session=login())
    with pytest.raises(failures.NotFound):
        fresh.tokens.validate(token)
    assert fresh.tokens.validate(token, allow_expired=True).user_id


def test_application_credentials(admin, login, auth_url, unique):
    made = admin.application_credentials.create(unique("job"), roles=[{"name": "reader"}])
    by_id = v3.ApplicationCredential(auth_url, application_credential_id=made.id, application_credential_secret=made.secret)
    access = session.Session(auth=by_id).auth.get_access(session.Session())
    assert access.role_names == ["reader"]
    assert access.project_name == "demo"
    by_name = v3.ApplicationCredential(
        auth_url, application_credential_name=made.name, application_credential_secret=made.secret,
        username="demo", user_domain_name="Default")
    assert session.Session(auth=by_name).get_token()
    admin.application_credentials.delete(made)
    with pytest.raises(failures.NotFound):
        session.Session(auth=by_id.__class__(auth_url, application_credential_id=made.id,
                                             application_credential_secret=made.secret)).get_token()


def test_trusts(admin, login, person, openstack):
    user, _, password = person
    me = login().get_user_id()
    trust = admin.trusts.create(user, me, role_names=["member"], project=login().get_project_id(), impersonation=True)
    sess = login(username=user.name, password=password, project_name=None, project_domain_name=None, trust_id=trust.id)
    access = sess.auth.get_access(sess)
    assert access.trust_id == trust.id and access.username == "demo"
    assert sorted(access.role_names) == ["member", "reader"]
    admin.trusts.delete(trust)
    with pytest.raises(failures.Unauthorized):
        login(username=user.name, password=password, project_name=None, project_domain_name=None,
              trust_id=trust.id).get_token()


def test_two_methods_with_a_receipt(admin, login, person, auth_url):
    user, project, password = person
    admin.credentials.create(user, "totp", "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ")
    admin.users.update(user, options={"multi_factor_auth_rules": [["password", "totp"]]})
    with pytest.raises(failures.MissingAuthMethods) as caught:
        login(username=user.name, password=password, project_name=project.name).get_token()
    assert caught.value.required_auth_methods == [["password", "totp"]]
    assert caught.value.methods == ["password"]
    wrong = v3.TOTP(auth_url, passcode="000000", user_id=user.id)
    wrong.add_method(v3.PasswordMethod(user_id=user.id, password=password))
    with pytest.raises(failures.Unauthorized):
        session.Session(auth=wrong).get_token()


def test_version_2(server, openstack):
    root = server.endpoints["identity"].removesuffix("/v3")
    auth = v2.Password(f"{root}/v2.0", username="demo", password=openstack["password"], tenant_name="demo")
    sess = session.Session(auth=auth)
    assert sess.get_token()
    assert sess.get_endpoint(service_type="messaging", interface="public") == server.endpoints["zaqar"]
    assert sess.auth.get_access(sess).project_name == "demo"
