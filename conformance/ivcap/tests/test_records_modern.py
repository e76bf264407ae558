"""Aspects, collections, search, secrets through the newest client (IVCAP reference 9)."""

import datetime
import time

import pytest

ivcap_client = pytest.importorskip("ivcap_client")
if not hasattr(ivcap_client.IVCAP, "add_aspect"):
    pytest.skip("this client has no aspects", allow_module_level=True)

SCHEMA = "urn:conformance:schema:label.1"


def low(ivcap, module):
    """A generated function of the client, and the connection for it."""
    return ivcap._client, module


def test_an_aspect_is_added_read_listed_updated_and_retracted(ivcap, entity):
    added = ivcap.add_aspect(entity, {"label": "cat"}, schema=SCHEMA)
    assert added.id.startswith("urn:ivcap:aspect:")
    (found,) = ivcap.list_aspects(entity=entity)
    assert (found.id, found.entity, found.schema) == (added.id, entity, SCHEMA)
    assert found.aspect["label"] == "cat"
    updated = ivcap.update_aspect(entity, {"label": "dog"}, schema=SCHEMA)
    (found,) = ivcap.list_aspects(entity=entity, schema=SCHEMA)
    assert found.id == updated.id and found.content["label"] == "dog"
    found.retract()
    assert found.valid_to is not None and found.retracter is not None
    assert list(ivcap.list_aspects(entity=entity)) == []


def test_limits_order_and_pages_are_kept(ivcap, entity):
    for number in range(65):
        ivcap.add_aspect(entity, {"n": number}, schema=SCHEMA)
    numbers = [found.aspect["n"] for found in ivcap.list_aspects(entity=entity, limit=None)]
    assert numbers == list(range(64, -1, -1))
    assert len(list(ivcap.list_aspects(entity=entity, limit=60))) == 60
    assert len(list(ivcap.list_aspects(entity=entity))) == 10
    oldest = ivcap.list_aspects(entity=entity, order_by="valid_from", order_direction="ASC", limit=3)
    assert [found.aspect["n"] for found in oldest] == [0, 1, 2]


def test_aspects_are_selected_by_path_filter_and_time(ivcap, entity):
    for number in range(5):
        ivcap.add_aspect(entity, {"n": number, "name": f"name {number}"}, schema=SCHEMA)
    time.sleep(0.02)
    then = datetime.datetime.now(datetime.timezone.utc)
    time.sleep(0.02)
    ivcap.add_aspect(entity, {"n": 9, "name": "late"}, schema=SCHEMA)
    assert len(list(ivcap.list_aspects(entity=entity, content_path='$.name ? (@ starts with "name")'))) == 5
    assert len(list(ivcap.list_aspects(entity=entity, content_path='$.name ? (@ like_regex ".*LATE.*" flag "i")'))) == 1
    assert len(list(ivcap.list_aspects(entity=entity, filter="n<2"))) == 2
    assert len(list(ivcap.list_aspects(entity=entity, at_time=then))) == 5


def test_collections(ivcap, entity):
    urn = entity.replace("entity", "collection")
    collection = ivcap.create_collection(urn, "trip", description="a trip")
    assert ivcap.get_collection(urn).name == "trip"
    assert [found.urn for found in ivcap.list_collections(name_filter='== "trip"') if found.urn == urn] == [urn]
    for number in range(60):
        assert collection.add_item(f"urn:conformance:item:{number}") is not None
    assert collection.add_item("urn:conformance:item:1") is None
    assert len(list(collection.items(limit=None))) == 60
    assert collection.remove_item("urn:conformance:item:1") is True
    assert collection.remove_item("urn:conformance:item:1") is False
    assert ivcap.retract_collection(urn) == 59 or ivcap.list_collections() is not None
    with pytest.raises(Exception) as missing:
        ivcap.get_collection(urn)
    assert type(missing.value).__name__ == "ResourceNotFound"


def test_search_answers_rows(ivcap, entity):
    ivcap.add_aspect(entity, {"label": "cat"}, schema=SCHEMA)
    found = ivcap.search(f'query(Schema) :- ivcap_aspect("{entity}", Schema, _).')
    assert found.items == [{"Schema": SCHEMA}]


def test_secrets_are_listed(ivcap):
    from ivcap_client.api.secret import secret_set
    from ivcap_client.models.set_secret_request_t import SetSecretRequestT

    for name in ("conformance-a", "conformance-b"):
        body = SetSecretRequestT(secret_name=name, secret_value="hush", expiry_time=int(time.time()) + 3600)
        assert secret_set.sync_detailed(client=ivcap._client, body=body).status_code == 204
    names = [secret.secret_name for secret in ivcap.list_secrets(filter="^conformance-")]
    assert names == ["conformance-a", "conformance-b"]


def test_queues_through_the_generated_calls(ivcap, entity):
    from ivcap_client.api.queue import queue_create, queue_delete, queue_dequeue, queue_list, queue_read
    from ivcap_client.models.payload_for_create_endpoint import PayloadForCreateEndpoint

    name = entity.replace(":", "-")
    made = queue_create.sync_detailed(client=ivcap._client, body=PayloadForCreateEndpoint(name=name))
    assert made.status_code == 201 and made.parsed.name == name
    assert queue_read.sync_detailed(made.parsed.id, client=ivcap._client).parsed.total_messages == 0
    assert any(queue.id == made.parsed.id for queue in queue_list.sync_detailed(client=ivcap._client).parsed.items)
    empty = queue_dequeue.sync_detailed(made.parsed.id, client=ivcap._client, limit=2)
    assert empty.parsed.messages == []
    assert queue_delete.sync_detailed(made.parsed.id, client=ivcap._client).status_code == 204


def test_projects_through_the_generated_calls(ivcap):
    from ivcap_client.api.project import project__create_project, project_delete, project_list, project_read
    from ivcap_client.models.project_create_request import ProjectCreateRequest

    made = project__create_project.sync_detailed(client=ivcap._client, body=ProjectCreateRequest(name="Reef"))
    assert made.status_code == 200 and made.parsed.name == "Reef"
    assert project_read.sync_detailed(made.parsed.urn, client=ivcap._client).parsed.status.value == "active"
    assert project_list.sync_detailed(client=ivcap._client).parsed.projects
    assert project_delete.sync_detailed(made.parsed.urn, client=ivcap._client).status_code == 204


def test_a_bad_token_is_not_authorized(server, entity):
    stranger = ivcap_client.IVCAP(server.endpoints["ivcap"], token="forged")
    with pytest.raises(Exception) as denied:
        stranger.add_aspect(entity, {}, schema=SCHEMA)
    assert type(denied.value).__name__ == "NotAuthorizedException"
