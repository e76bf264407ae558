"""Orders through the original clients (IVCAP reference 8.5, 8.6 and 9.5)."""

import http.client
import json
import urllib.request

import pytest
from steps import named, until

ivcap_client = pytest.importorskip("ivcap_client")
OLD = hasattr(ivcap_client.IVCAP, "add_metadata")
FINAL = {"succeeded", "failed", "error"}


def state(order):
    status = order.status()
    return str(status.status if OLD else status)


def ended(order):
    until(lambda: state(order) in FINAL, "the order did not end")
    return state(order)


def plain(server, credentials, path, body=None):
    """A request without a client, for what the clients cannot do."""
    request = urllib.request.Request(server.endpoints["ivcap"] + path, body and json.dumps(body).encode())
    request.add_header("Authorization", "Bearer " + credentials["jwt"])
    request.add_header("Content-Type", "application/json")
    return urllib.request.urlopen(request).read()


@pytest.mark.skipif(not OLD, reason="the newest client places no orders")
class TestPlacing:
    def test_an_order_runs_to_its_end(self, ivcap, server, credentials):
        order = named(ivcap, "echo").place_order(msg="hello there")
        assert repr(order).startswith(f"<Order id={order.urn}, status=")
        assert ended(order) == "succeeded"
        status = order.status(refresh=False)
        assert status.service.id == named(ivcap, "echo").urn
        assert status.account.id == credentials["account_id"]
        assert status.ordered_at <= status.started_at <= status.finished_at
        assert [(given.name, given.value) for given in status.parameters] == [("msg", "hello there")]
        assert plain(server, credentials, f"/1/orders/{order.urn}/logs") == b"hello there\n"

    def test_an_order_leaves_products(self, ivcap):
        order = named(ivcap, "greeting").place_order(name="World", times=2)
        assert ended(order) == "succeeded"
        (product,) = order.status(refresh=False).products
        assert (product.name, product.mime_type, product.status) == ("greeting.txt", "text/plain", "ready")
        assert ivcap.get_artifact(product.id).status.size == len("Hello, World!\n") * 2

    def test_a_service_that_fails_fails_its_order(self, ivcap):
        assert ended(named(ivcap, "failing").place_order()) == "failed"

    def test_what_does_not_fit_is_refused_before_anything_is_sent(self, ivcap):
        greeting = named(ivcap, "greeting")
        with pytest.raises(Exception, match="missing mandatory parameters"):
            greeting.place_order(times=2)
        with pytest.raises(Exception, match="is not a valid for parameter"):
            greeting.place_order(name="x", times="two")

    def test_orders_are_listed_with_their_states(self, ivcap):
        order = named(ivcap, "echo").place_order(msg="listed")
        ended(order)
        states = {found.urn: str(found.status(refresh=True).status) for found in ivcap.list_orders(order_desc=True)}
        assert states[order.urn] == "succeeded"

    def test_metadata_is_attached_to_an_order(self, ivcap):
        order = named(ivcap, "echo").place_order(msg="labelled")
        record = order.add_metadata({"label": "night"}, schema="urn:conformance:schema:label.1")
        found = ivcap.search_metadata(entity=order.urn, schema_prefix="urn:conformance:")
        assert [one.urn for one in found] == [record.urn]

    def test_an_unknown_service_is_not_found(self, ivcap):
        with pytest.raises(http.client.HTTPException):
            ivcap.get_service("urn:ivcap:service:00000000-0000-4000-8000-000000000000").parameters


@pytest.mark.skipif(OLD, reason="the newest")
class TestReading:
    def placed(self, ivcap, server, credentials):
        service = ivcap.get_service_by_name("echo").id
        body = {"service": service, "parameters": [{"name": "msg", "value": "modern"}], "name": "by hand"}
        answer = json.loads(plain(server, credentials, "/1/orders", body))
        return ivcap.get_order(answer["id"])

    def test_an_order_is_read(self, ivcap, server, credentials):
        order = self.placed(ivcap, server, credentials)
        assert ended(order) == "succeeded"
        order.refresh()
        assert (order.name, order.account) == ("by hand", credentials["account_id"])
        assert order.parameters["msg"].value == "modern"
        assert order.finished_at is not None

    def test_orders_are_listed(self, ivcap, server, credentials):
        order = self.placed(ivcap, server, credentials)
        assert order.id in [found.id for found in ivcap.list_orders(limit=None)]

    def test_an_aspect_is_attached_to_an_order(self, ivcap, server, credentials):
        order = self.placed(ivcap, server, credentials)
        added = order.add_metadata({"label": "night"}, schema="urn:conformance:schema:label.1")
        found = ivcap.list_aspects(entity=order.id, schema="urn:conformance:")
        assert [one.id for one in found] == [added.id]
