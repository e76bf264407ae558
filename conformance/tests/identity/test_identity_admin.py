"""python-keystoneclient and openstacksdk: users, projects, domains, roles, groups, catalog, policies."""

import keystoneauth1.exceptions as failures
import openstack as sdk
import pytest
from keystoneclient.v3 import client as keystone_v3


def test_users_and_their_passwords(admin, login, person):
    user, project, password = person
    assert admin.users.find(name=user.name).id == user.id
    assert admin.users.update(user, email="u@example.org").email == "u@example.org"
    own = keystone_v3.Client(session=login(username=user.name, password=password, project_name=project.name))
    own.users.update_password(password, "second password")
    with pytest.raises(failures.Unauthorized):
        login(username=user.name, password=password, project_name=project.name).get_token()
    assert login(username=user.name, password="second password", project_name=project.name).get_token()
    admin.users.update(user, enabled=False)
    with pytest.raises(failures.Unauthorized):
        login(username=user.name, password="second password", project_name=project.name).get_token()
    admin.users.delete(user)
    with pytest.raises(failures.NotFound):
        admin.users.get(user)


def test_names_are_unique_within_their_domain(admin, unique):
    name = unique("user")
    admin.users.create(name)
    with pytest.raises(failures.Conflict):
        admin.users.create(name)
    other = admin.domains.create(unique("domain"))
    assert admin.users.create(name, domain=other).domain_id == other.id
    with pytest.raises(failures.Forbidden):
        admin.domains.delete(other)
    admin.domains.update(other, enabled=False)
    admin.domains.delete(other)
    assert [user.domain_id for user in admin.users.list() if user.name == name] == ["default"]


def test_projects_their_tree_and_their_tags(admin, unique):
    top = admin.projects.create(unique("top"), "default", tags=["a"])
    below = admin.projects.create(unique("below"), "default", parent=top)
    assert admin.projects.get(below, parents_as_ids=True).parents == {top.id: {"default": None}}
    assert admin.projects.get(top, subtree_as_ids=True).subtree == {below.id: None}
    top.add_tag("b")
    assert sorted(top.list_tags()) == ["a", "b"]
    assert top.check_tag("b") and not top.check_tag("c")
    assert [found.id for found in admin.projects.list(tags=["a", "b"])] == [top.id]
    with pytest.raises(failures.Forbidden):
        admin.projects.delete(top)
    admin.projects.delete(below)
    admin.projects.delete(top)


def test_roles_of_users_and_groups(admin, login, person, unique):
    user, project, password = person
    role = admin.roles.create(unique("role"))
    group = admin.groups.create(unique("group"))
    admin.users.add_to_group(user, group)
    assert admin.users.check_in_group(user, group)
    admin.roles.grant(role, group=group, project=project)
    sess = login(username=user.name, password=password, project_name=project.name)
    assert role.name in sess.auth.get_access(sess).role_names
    effective = admin.role_assignments.list(user=user, project=project, effective=True)
    assert role.id in {found.role["id"] for found in effective}
    reader = admin.roles.list(name="reader")[0]
    admin.inference_rules.create(role, reader)
    assert admin.inference_rules.check(role, reader)
    admin.roles.revoke(role, group=group, project=project)
    with pytest.raises(failures.NotFound):
        admin.roles.check(role, group=group, project=project)
    with pytest.raises(failures.Forbidden):
        admin.roles.delete(reader)


def test_inherited_roles_reach_the_projects_below(admin, login, unique):
    domain = admin.domains.create(unique("domain"))
    project = admin.projects.create(unique("project"), domain)
    user = admin.users.create(unique("user"), domain=domain, password="pw")
    member = admin.roles.list(name="member")[0]
    admin.roles.grant(member, user=user, domain=domain, os_inherit_extension_inherited=True)
    sess = login(username=user.name, user_domain_name=domain.name, password="pw",
                 project_name=project.name, project_domain_name=domain.name)
    assert "member" in sess.auth.get_access(sess).role_names


def test_the_catalog_is_administered(admin, login, unique):
    service = admin.services.create(unique("swift"), "object-store")
    region = admin.regions.create(unique("Region"))
    endpoint = admin.endpoints.create(service, "http://store.example/v1/%(project_id)s", "public", region.id)
    sess = login()
    url = sess.get_endpoint(service_type="object-store", region_name=region.id)
    assert url == f"http://store.example/v1/{sess.get_project_id()}"
    with pytest.raises(failures.Forbidden):
        admin.regions.delete(region)
    admin.endpoints.update(endpoint, enabled=False)
    with pytest.raises(failures.EndpointNotFound):
        login().get_endpoint(service_type="object-store", region_name=region.id)
    admin.services.delete(service)
    with pytest.raises(failures.NotFound):
        admin.endpoints.get(endpoint)
    admin.regions.delete(region)


def test_a_member_administers_nothing(admin, login, person):
    user, project, password = person
    member = keystone_v3.Client(session=login(username=user.name, password=password, project_name=project.name))
    for call in (member.users.list, member.projects.list, member.roles.list, member.services.list, member.domains.list,
                 lambda: member.users.create("x"), lambda: member.users.get(login().get_user_id()),
                 lambda: member.tokens.validate(login().get_token())):
        with pytest.raises(failures.Forbidden):
            call()
    assert member.users.get(user).name == user.name
    assert [found.id for found in member.projects.list(user=user)] == [project.id]


def test_credentials_are_those_of_their_user(admin, login, person):
    user, project, password = person
    own = keystone_v3.Client(session=login(username=user.name, password=password, project_name=project.name))
    kept = own.credentials.create(user, "cert", "a certificate")
    assert [found.blob for found in own.credentials.list()] == ["a certificate"]
    assert admin.credentials.get(kept).user_id == user.id
    own.credentials.delete(kept)


def test_openstacksdk_finds_its_way(openstack, unique):
    cloud = sdk.connect(region_name="RegionOne", **openstack)
    project = cloud.identity.create_project(name=unique("project"))
    user = cloud.identity.create_user(name=unique("user"), password="pw")
    role = cloud.identity.find_role("member")
    cloud.identity.assign_project_role_to_user(project, user, role)
    assert cloud.identity.validate_user_has_project_role(project, user, role)
    assert user.name in {found.name for found in cloud.identity.users()}
    assert cloud.identity.find_user("nobody") is None
    assert [found["name"] for found in cloud.service_catalog if found["type"] == "database"] == ["trove"]
    cloud.identity.delete_user(user)
    cloud.identity.delete_project(project)


def test_limits_stand_on_registered_limits(admin, login, unique):
    service = admin.services.create(unique("volumes"), "volume")
    registered = admin.registered_limits.create(service, "volume", 10)
    limit = admin.limits.create(login().get_project_id(), service, "volume", 3)
    assert [found.resource_limit for found in admin.limits.list(service=service)] == [3]
    with pytest.raises(failures.Forbidden):
        admin.registered_limits.delete(registered)
    assert admin.limits.update(limit, resource_limit=4).resource_limit == 4
    admin.limits.delete(limit)
    admin.registered_limits.delete(registered)
    admin.services.delete(service)


def test_ec2_credentials_policies_and_access_rules(admin, login, unique):
    me, project = login().get_user_id(), login().get_project_id()
    made = admin.ec2.create(me, project)
    assert admin.ec2.get(me, made.access).secret == made.secret
    assert [found.access for found in admin.ec2.list(me)] == [made.access]
    admin.ec2.delete(me, made.access)
    policy = admin.policies.create("{}", "application/json")
    assert admin.policies.update(policy, blob="[]").blob == "[]"
    admin.policies.delete(policy)
    rules = [{"service": "identity", "method": "GET", "path": "/v3/users/*"}]
    credential = admin.application_credentials.create(unique("narrow"), access_rules=rules)
    rule = admin.access_rules.list()[0]
    assert (rule.service, rule.method, rule.path) == ("identity", "GET", "/v3/users/*")
    admin.application_credentials.delete(credential)


def test_nobody_is_federated(admin):
    assert admin.federation.identity_providers.list() == []
    assert admin.federation.mappings.list() == []
    assert admin.federation.service_providers.list() == []
    with pytest.raises(failures.NotFound):
        admin.federation.identity_providers.get("nobody")
