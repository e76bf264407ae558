"""Services through the original clients (IVCAP reference 8.2, 8.4 and 9.3)."""

import pytest
from steps import named

ivcap_client = pytest.importorskip("ivcap_client")
OLD = hasattr(ivcap_client.IVCAP, "add_metadata")


def test_the_services_of_the_installation_are_listed(ivcap):
    assert {"echo", "greeting", "failing"} <= {service.name for service in ivcap.list_services()}


def test_a_service_tells_its_state_and_its_parameters(ivcap):
    greeting = named(ivcap, "greeting")
    status = greeting.status if OLD else greeting.status()
    assert str(status) == "active"
    parameters = greeting.parameters
    assert list(parameters) == ["name", "times"]
    assert not parameters["name"].is_optional
    assert parameters["times"].is_optional
    assert parameters["times"].default == "1"


def test_a_service_is_lazy_until_it_is_asked(ivcap):
    found = named(ivcap, "echo")
    lazy = ivcap.get_service(found.urn if OLD else found.id)
    assert lazy.name is None
    lazy._refresh() if OLD else lazy.refresh()
    assert lazy.name == "echo"
    assert "name=echo>" in repr(lazy)


@pytest.mark.skipif(not OLD, reason="0.28.x")
def test_mandatory_parameters_are_known_by_their_names(ivcap):
    assert named(ivcap, "greeting")._mandatory_parameters() == {"name"}
    assert named(ivcap, "echo")._mandatory_parameters() == set()


@pytest.mark.skipif(OLD, reason="the newest")
def test_a_service_is_found_by_its_name(ivcap):
    assert ivcap.get_service_by_name("echo").name == "echo"
    with pytest.raises(ivcap_client.exception.ResourceNotFound):
        ivcap.get_service_by_name("there-is-no-such-service")


@pytest.mark.skipif(OLD, reason="the newest")
def test_the_request_of_a_job_has_a_model(ivcap):
    model = ivcap.get_service_by_name("echo").request_model
    assert model().msg == "Hello"
    assert model(msg="x").msg == "x"


def test_the_client_says_where_it_is_and_what_it_is(ivcap, server):
    assert ivcap.url == server.endpoints["ivcap_l28" if OLD else "ivcap"]
    assert ivcap.url in repr(ivcap)
    assert ivcap_client.__version__[0].isdigit()
