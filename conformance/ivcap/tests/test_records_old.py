"""Metadata through the clients 0.28.x (IVCAP reference 8.6 and 11)."""

import datetime
import http.client
import time

import pytest

ivcap_client = pytest.importorskip("ivcap_client")
if not hasattr(ivcap_client.IVCAP, "add_metadata"):
    pytest.skip("this client has no metadata records", allow_module_level=True)

SCHEMA = "urn:conformance:schema:label.1"


def plain(aspect):
    return aspect.to_dict() if hasattr(aspect, "to_dict") else aspect


def test_a_record_is_added_and_found_by_entity(ivcap, entity):
    added = ivcap.add_metadata(entity, {"label": "cat"}, schema=SCHEMA)
    assert added.urn.startswith("urn:ivcap:record:")
    (found,) = ivcap.search_metadata(entity=entity)
    assert (found.urn, found.entity, found.schema, plain(found.aspect)) == (added.urn, entity, SCHEMA, {"label": "cat"})
    assert repr(found) == f"<Metadata id={added.urn}, entity={entity} schema={SCHEMA}>"


def test_the_schema_may_stand_in_the_aspect(ivcap, entity):
    ivcap.add_metadata(entity, {"$schema": SCHEMA, "label": "dog"})
    (found,) = ivcap.search_metadata(entity=entity, schema_prefix="urn:conformance:schema:%")
    assert plain(found.aspect)["$schema"] == SCHEMA


def test_every_page_is_walked(ivcap, entity):
    for number in range(23):
        ivcap.add_metadata(entity, {"n": number}, schema=SCHEMA)
    numbers = [plain(found.aspect)["n"] for found in ivcap.search_metadata(entity=entity)]
    assert sorted(numbers) == list(range(23))


def test_records_are_filtered_selected_and_ordered(ivcap, entity):
    for number in range(12):
        ivcap.add_metadata(entity, {"n": number, "images": [{"size": number * 10}]}, schema=SCHEMA)
    few = ivcap.search_metadata(entity=entity, filter="n >= 10")
    assert sorted(plain(found.aspect)["n"] for found in few) == [10, 11]
    path = ivcap.search_metadata(entity=entity, aspect_path="$.images[*] ? (@.size > 90)")
    assert sorted(plain(found.aspect)["n"] for found in path) == [10, 11]
    newest = ivcap.search_metadata(entity=entity, order_by="valid_from", order_desc=True)
    assert [plain(found.aspect)["n"] for found in newest] == list(range(11, -1, -1))


def test_the_past_is_as_it_was(ivcap, entity):
    ivcap.add_metadata(entity, {"n": 1}, schema=SCHEMA)
    time.sleep(0.02)
    then = datetime.datetime.now(datetime.timezone.utc)
    time.sleep(0.02)
    ivcap.add_metadata(entity, {"n": 2}, schema=SCHEMA)
    assert len(list(ivcap.search_metadata(entity=entity))) == 2
    assert [plain(found.aspect)["n"] for found in ivcap.search_metadata(entity=entity, at_time=then)] == [1]
    naive = then.replace(tzinfo=None)
    assert len(list(ivcap.search_metadata(entity=entity, at_time=naive))) == 1
    before = datetime.datetime(2001, 2, 3, 4, 5, 6, tzinfo=datetime.timezone.utc)
    assert list(ivcap.search_metadata(entity=entity, at_time=before)) == []


def test_artifacts_and_orders_reach_their_metadata(ivcap):
    artifact = ivcap.get_artifact("urn:ivcap:artifact:7b1e2c34-0000-4000-8000-000000000001")
    assert artifact.add_metadata({"label": "x"}, schema=SCHEMA) is artifact
    assert [plain(found.aspect) for found in artifact.metadata] == [{"label": "x"}]
    order = ivcap.get_order("urn:ivcap:order:7b1e2c34-0000-4000-8000-000000000002")
    assert order.add_metadata({"label": "y"}, schema=SCHEMA).entity == order.urn


def test_refusals_reach_the_caller(ivcap, server, credentials, entity):
    with pytest.raises(http.client.HTTPException) as refused:
        ivcap.search_metadata(entity=entity, filter="no filter at all")
    assert refused.value.args[0] == 422
    stranger = ivcap_client.IVCAP(server.endpoints["ivcap_l28"], token="forged", account_id=credentials["account_id"])
    with pytest.raises(BaseException) as denied:
        stranger.add_metadata(entity, {}, schema=SCHEMA)
    assert type(denied.value).__name__ == "NotAuthorizedException"
