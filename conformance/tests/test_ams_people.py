"""Users, projects and members through `ArgoMessagingService`."""

import re

import pytest
from argo_ams_library import AmsServiceException, AmsUser, AmsUserProject, ArgoMessagingService
from argo_ams_library.amsuser import AmsUserPage

TOKEN = re.compile(r"[0-9a-f]{64}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")


@pytest.fixture
def user(root, ams, unique):
    """A user who consumes in the project, with every text filled."""
    return root.create_user(
        AmsUser(
            name=unique("user"),
            firstname="First",
            lastname="Last",
            organization="Org",
            description="About",
            email="u@example.org",
            projects=[AmsUserProject(project=ams.project, roles=["consumer"])],
        )
    )


def test_create_user_returns_everything(user, ams):
    assert isinstance(user, AmsUser)
    assert (user.firstname, user.lastname, user.organization, user.description) == ("First", "Last", "Org", "About")
    assert user.email == "u@example.org"
    assert TOKEN.fullmatch(user.token)
    assert MOMENT.fullmatch(user.created_on) and MOMENT.fullmatch(user.modified_on)
    assert user.service_roles is None
    [project] = user.projects
    assert isinstance(project, AmsUserProject)
    assert vars(project) == {"project": ams.project, "roles": ["consumer"], "topics": [], "subscriptions": []}


def test_create_user_wants_a_user(root):
    with pytest.raises(ValueError):
        root.create_user({"name": "x"})


def test_create_user_twice_conflicts(root, user):
    with pytest.raises(AmsServiceException) as caught:
        root.create_user(AmsUser(name=user.name, email="x@example.org"))
    assert caught.value.msg == "While trying the [user_create]: User already exists"


@pytest.mark.parametrize(
    ("project", "role", "text"),
    [("no-such-project", "consumer", "invalid project: no-such-project"), (None, "emperor", "invalid role: emperor")],
)
def test_create_user_with_unknown_project_or_role(root, ams, unique, project, role, text):
    projects = [AmsUserProject(project=project or ams.project, roles=[role])]
    with pytest.raises(AmsServiceException) as caught:
        root.create_user(AmsUser(name=unique("user"), projects=projects))
    assert (caught.value.code, caught.value.msg) == (400, f"While trying the [user_create]: {text}")


def test_users_are_found_by_name_token_uuid_and_by_themselves(root, ams, user, server):
    for found in (root.get_user(user.name), root.get_user_by_token(user.token), root.get_user_by_uuid(user.uuid)):
        assert (found.uuid, found.token, found.created_by) == (user.uuid, user.token, user.created_by)
    itself = ArgoMessagingService(endpoint=server.endpoints["ams"], token=user.token, project=ams.project)
    assert itself.get_user_profile().uuid == user.uuid


def test_users_that_are_not_there(root, unique):
    uuid = "00000000-0000-4000-8000-000000000000"
    for call in (
        lambda: root.get_user(unique("user")),
        lambda: root.get_user_by_token("f" * 64),
        lambda: root.get_user_by_uuid(uuid),
        lambda: root.delete_user(unique("user")),
        lambda: root.refresh_user_token(unique("user")),
        lambda: root.update_user(unique("user"), service_roles=[], projects=[]),
    ):
        with pytest.raises(AmsServiceException) as caught:
            call()
        assert caught.value.code == 404
        assert caught.value.msg.endswith("]: User doesn't exist")


def test_update_user_crashes_on_its_own_defaults(root, user):
    with pytest.raises(TypeError):
        root.update_user(user.name, first_name="New")


def test_update_user_with_lists(root, ams, user, unique):
    renamed = unique("renamed")
    projects = [AmsUserProject(project=ams.project, roles=["publisher"])]
    changed = root.update_user(
        user.name, first_name="New", username=renamed, email="n@example.org", service_roles=["admin_viewer"], projects=projects
    )
    assert (changed.uuid, changed.name, changed.firstname, changed.lastname) == (user.uuid, renamed, "New", "Last")
    assert (changed.service_roles, changed.email) == (["admin_viewer"], "n@example.org")
    assert [project.roles for project in changed.projects] == [["publisher"]]


def test_update_user_cannot_clear_lists(root, user):
    changed = root.update_user(user.name, description="Other", service_roles=[], projects=[])
    assert changed.description == "Other"
    assert [project.roles for project in changed.projects] == [["consumer"]]


def test_refresh_user_token_replaces_it(root, user):
    fresh = root.refresh_user_token(user.name)
    assert TOKEN.fullmatch(fresh.token) and fresh.token != user.token
    assert root.get_user_by_token(fresh.token).uuid == user.uuid
    with pytest.raises(AmsServiceException):
        root.get_user_by_token(user.token)


def test_delete_user_returns_nothing(root, user):
    assert root.delete_user(user.name) is None
    with pytest.raises(AmsServiceException):
        root.get_user(user.name)


def test_list_users_never_gets_details(root, user):
    page = root.list_users()
    assert isinstance(page, AmsUserPage)
    assert page.total_size == len(page.users)
    assert page.next_page_token == ""
    [found] = [candidate for candidate in page.users if candidate.name == user.name]
    assert (found.uuid, found.token, found.projects) == (user.uuid, user.token, [])


def test_list_users_always_gets_the_first_page(root, user):
    first = root.list_users(page_size=1)
    assert [found.name for found in first.users] == [user.name]
    assert first.total_size > 1 and first.next_page_token != ""
    again = root.list_users(page_size=1, next_page_token=first.next_page_token)
    assert [found.name for found in again.users] == [user.name]


def test_list_users_with_a_size_that_is_no_number(root):
    with pytest.raises(AmsServiceException) as caught:
        root.list_users(page_size="many")
    assert caught.value.msg == "While trying the [users_list]: Invalid page size"


def test_a_project_administrator_is_no_service_administrator(ams):
    for call in (ams.list_users, ams.metrics, lambda: ams.get_user("x"), lambda: ams.create_project("x", "y")):
        with pytest.raises(AmsServiceException) as caught:
            call()
        assert caught.value.code in (401, 403)


def test_projects_come_and_go(root, unique):
    name = unique("project")
    made = root.create_project(name, "some project")
    assert (made["name"], made["description"]) == (name, "some project")
    assert MOMENT.fullmatch(made["created_on"])
    assert root.get_project(name) == made
    assert root.delete_project(name) == {}
    with pytest.raises(AmsServiceException) as caught:
        root.get_project(name)
    assert caught.value.msg == "While trying the [project_get]: project doesn't exist"


def test_create_project_twice_conflicts(root, ams):
    with pytest.raises(AmsServiceException) as caught:
        root.create_project(ams.project, "again")
    assert caught.value.msg == "While trying the [project_create]: Project already exists"


def test_update_project_changes_what_is_given(root, unique):
    name, renamed = unique("project"), unique("project")
    root.create_project(name, "before")
    assert root.update_project(name)["description"] == "before"
    assert root.update_project(name, description="after")["description"] == "after"
    moved = root.update_project(name, updated_name=renamed)
    assert (moved["name"], moved["description"]) == (renamed, "after")
    assert root.get_project(renamed)["name"] == renamed


def test_update_project_to_a_taken_name(root, ams, unique):
    name = unique("project")
    root.create_project(name, "x")
    with pytest.raises(AmsServiceException) as caught:
        root.update_project(name, updated_name=ams.project)
    text = "invalid project name change, name already exists"
    assert caught.value.msg == f"While trying the [project_update]: {text}"


def test_deleting_a_project_takes_its_topics_along(root, ams, feed):
    project = ams.project
    root.delete_project(project)
    root.create_project(project, "anew")
    root.project = project
    roles = [AmsUserProject(project=project, roles=["project_admin"])]
    again = root.create_user(AmsUser(name=f"{project}-again", projects=roles))
    ams.token = again.token
    assert ams.list_topics()["topics"] == []
    assert ams.list_subs()["subscriptions"] == []


def test_create_project_member_uses_the_own_project(ams, unique):
    name = unique("member")
    made = ams.create_project_member(name, roles=["publisher"], email="m@example.org")
    assert (made.name, made.email, made.service_roles, made.created_by) == (name, "m@example.org", [], ams.user_name)
    assert TOKEN.fullmatch(made.token)
    assert [(project.project, project.roles) for project in made.projects] == [(ams.project, ["publisher"])]


def test_create_project_member_without_roles_or_mail(ams, unique):
    made = ams.create_project_member(unique("member"), project=ams.project)
    assert made.email == ""
    assert [project.project for project in made.projects] == [ams.project]


def test_get_project_member_hides_what_is_not_the_projects_business(ams, user):
    found = ams.get_project_member(user.name)
    assert (found.name, found.token, found.created_by, found.service_roles) == (user.name, "", "", [])
    assert [project.project for project in found.projects] == [ams.project]
    assert ams.get_project_member(user.name, project=ams.project).uuid == user.uuid


def test_get_project_member_shows_a_service_administrator_all(root, ams, user):
    assert root.get_project_member(user.name, project=ams.project).token == user.token


def test_add_and_remove_project_member(root, ams, unique):
    name = unique("user")
    root.create_user(AmsUser(name=name, email="x@example.org"))
    added = ams.add_project_member(name, roles=["consumer"])
    assert [(project.project, project.roles) for project in added.projects] == [(ams.project, ["consumer"])]
    with pytest.raises(AmsServiceException) as caught:
        ams.add_project_member(name, project=ams.project, roles=["consumer"])
    assert caught.value.msg == "While trying the [project_add_member]: User is already a member of the project"
    assert ams.remove_project_member(name, ams.project) == {}
    with pytest.raises(AmsServiceException) as caught:
        ams.remove_project_member(name, ams.project)
    assert caught.value.code == 403
    with pytest.raises(AmsServiceException) as caught:
        ams.get_project_member(name)
    assert caught.value.code == 404


def test_remove_project_member_insists_on_the_project(ams, user):
    with pytest.raises(TypeError):
        ams.remove_project_member(user.name)


def test_members_appear_with_the_topics_that_list_them(ams, feed, user):
    ams.modifyacl_topic(feed[0], [])
    ams.modifyacl_sub(feed[1], [user.name])
    [project] = ams.get_project_member(user.name).projects
    assert (project.topics, project.subscriptions) == ([], [feed[1]])
