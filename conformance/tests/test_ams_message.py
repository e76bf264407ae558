"""`AmsMessage` and the user classes: what the original makes of values, without a server."""

import json

import pytest
from argo_ams_library import AmsMessage, AmsMessageException, AmsUser, AmsUserProject
from argo_ams_library.amsuser import AmsUserPage

EMPTY = "At least data field or one attribute needs to be defined"


@pytest.mark.parametrize(
    ("data", "encoded"), [("baz", "YmF6"), ("baz1", "YmF6MQ=="), ("ùňĭćőđĕ", "w7nFiMStxIfFkcSRxJU=")]
)
def test_data_is_base64_on_the_wire(data, encoded):
    message = AmsMessage(data=data)
    assert message.dict() == {"data": encoded}
    assert json.loads(message.json()) == {"data": encoded}
    assert str(message) == str({"data": encoded})
    assert message.get_data().decode() == data
    assert AmsMessage(b64enc=False, data=encoded).get_data().decode() == data
    assert AmsMessage(data=data.encode()).dict() == {"data": encoded}


def test_the_dict_has_the_fields_that_are_not_empty_in_order():
    message = AmsMessage(attributes={"k": "v"}, data="x", messageId="7", publishTime="2024-05-06T07:08:09Z")
    assert list(message.dict()) == ["attributes", "data", "messageId", "publishTime"]
    assert (message.get_msgid(), message.get_publishtime()) == ("7", "2024-05-06T07:08:09Z")
    assert message.get_attr() == {"k": "v"}
    assert AmsMessage(attributes={"k": "v"}).dict() == {"attributes": {"k": "v"}}


@pytest.mark.parametrize("member", ["dict", "get_data", "get_attr", "json"])
def test_an_empty_message_raises(member):
    with pytest.raises(AmsMessageException) as caught:
        getattr(AmsMessage(), member)()
    assert caught.value.msg == EMPTY


def test_undecodable_data_raises():
    with pytest.raises(AmsMessageException, match=r"^b64decode\(\) "):
        AmsMessage(b64enc=False, data="123456789thiswillfail").get_data()


def test_data_of_another_type_raises():
    with pytest.raises(AmsMessageException, match=r"^b64encode\(\) "):
        AmsMessage(data=42)


def test_set_attr_adds_but_fails_on_a_message_made_without():
    message = AmsMessage(attributes={"a": "1"})
    message.set_attr("b", "2")
    assert message.get_attr() == {"a": "1", "b": "2"}
    with pytest.raises(AttributeError):
        AmsMessage(data="x").set_attr("a", "1")


def test_set_data_replaces_but_an_empty_value_keeps():
    message = AmsMessage(data="one")
    message.set_data("two")
    assert message.get_data() == b"two"
    message.set_data("")
    assert message.get_data() == b"two"
    message.set_data("YmF6", b64enc=False)
    assert message.get_data() == b"baz"


def test_a_message_is_callable_and_remembers():
    message = AmsMessage(data="first", attributes={"a": "1"}, messageId="3")
    assert message(data="second") == {"attributes": {"a": "1"}, "data": "c2Vjb25k"}
    assert message(attributes={"b": "2"}) == {"attributes": {"b": "2"}, "data": "c2Vjb25k"}
    assert message.get_msgid() == ""
    with pytest.raises(TypeError):
        message(b64enc=False, data="x")


def test_user_project_checks_its_values():
    assert vars(AmsUserProject()) == {"project": "", "roles": [], "topics": [], "subscriptions": []}
    assert AmsUserProject(roles="consumer").roles == []
    with pytest.raises(ValueError):
        AmsUserProject(roles=[1])
    loaded = AmsUserProject().load_from_dict({"project": "p", "roles": ["consumer"]})
    assert (loaded.project, loaded.roles, loaded.topics, loaded.subscriptions) == ("p", ["consumer"], [], [])


def test_user_writes_only_what_is_not_empty():
    project = AmsUserProject(project="p", roles=["consumer"])
    user = AmsUser(uuid="u", name="n", token="t", firstname="F", email="e@x", projects=[project], service_roles=["admin_viewer"])
    assert list(json.loads(user.to_json())) == ["projects", "first_name", "email", "service_roles"]
    assert AmsUser(name="n").to_json() == "{}"
    for wrong in ({"projects": ["p"]}, {"service_roles": [1]}):
        with pytest.raises(ValueError):
            AmsUser(**wrong)


def test_a_user_whose_service_roles_are_null_cannot_be_written_again():
    with pytest.raises(TypeError):
        AmsUser().load_from_dict({"name": "n", "service_roles": None}).to_json()


def test_a_page_holds_what_it_was_given():
    page = AmsUserPage(users=[1], total_size=2, next_page_token="3")
    assert (page.users, page.total_size, page.next_page_token) == ([1], 2, "3")
