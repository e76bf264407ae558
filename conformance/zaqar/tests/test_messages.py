"""Messages and claims through the original client."""

import pytest
from zaqarclient.queues.v2 import core
from zaqarclient.transport import errors


def bodies(messages):
    return [message.body for message in messages]


def test_messages_are_listed_with_echo_only(each):
    queue = each.queue("jobs")
    queue.post([{"body": {"n": n}, "ttl": 60} for n in range(3)])
    assert bodies(queue.messages()) == []
    assert bodies(queue.messages(echo=True)) == [{"n": n} for n in range(3)]


def test_a_long_list_is_followed(each):
    queue = each.queue("jobs")
    queue.post([{"body": n, "ttl": 60} for n in range(12)])
    assert bodies(queue.messages(echo=True, limit=5).stream()) == list(range(12))


def test_one_message_is_read_and_deleted(newer):
    queue = newer.queue("jobs")
    identifier = queue.post({"body": "x"})["resources"][0].rsplit("/", 1)[1]
    message = queue.message(identifier)
    assert (message.body, message.ttl, message.claim_id) == ("x", 3600, None)
    message.delete()
    with pytest.raises(errors.ResourceNotFound):
        queue.message(identifier)


def test_several_are_read_and_deleted_by_id(each):
    queue = each.queue("jobs")
    posted = queue.post([{"body": n, "ttl": 60} for n in range(3)])["resources"]
    ids = [href.rsplit("/", 1)[1] for href in posted]
    assert bodies(queue.messages(ids[0], ids[2])) == [0, 2]
    queue.delete_messages(ids[0], ids[2])
    assert bodies(queue.messages(echo=True)) == [1]


def test_pop_takes_the_oldest(newer):
    queue = newer.queue("jobs")
    queue.post([{"body": n} for n in range(3)])
    assert bodies(queue.pop(2)) == [0, 1]
    assert bodies(queue.messages(echo=True)) == [2]


def test_a_claim_holds_messages_until_it_is_released(each):
    queue = each.queue("jobs")
    queue.post([{"body": n, "ttl": 300} for n in range(3)])
    claim = queue.claim(ttl=60, grace=60, limit=2)
    held = list(claim)
    assert bodies(held) == [0, 1]
    assert bodies(queue.messages(echo=True)) == [2]
    assert all(message.claim_id == claim.id for message in held)
    again = queue.claim(id=claim.id)
    assert bodies(again) == [0, 1]
    claim.update(ttl=120, grace=60)
    assert queue.claim(id=claim.id).ttl == 120
    held[0].delete()
    claim.delete()
    assert bodies(queue.messages(echo=True)) == [1, 2]


def test_a_claimed_message_is_not_deleted_without_its_claim(each):
    queue = each.queue("jobs")
    identifier = queue.post({"body": 1, "ttl": 300})["resources"][0].rsplit("/", 1)[1]
    list(queue.claim(ttl=60, grace=60))
    request, transport = each._request_and_transport()
    with pytest.raises(errors.ForbiddenError) as refused:
        core.message_delete(transport, request, "jobs", identifier)
    assert "This message is claimed" in str(refused.value)


def test_claims_end_with_the_time(clock, each):
    queue = each.queue("jobs")
    queue.post({"body": 1, "ttl": 300})
    assert bodies(queue.claim(ttl=60, grace=60)) == [1]
    assert bodies(queue.claim(ttl=60, grace=60)) == []
    clock.advance(61)
    assert bodies(queue.claim(ttl=60, grace=60)) == [1]


def test_refusals_have_the_words_of_the_original(newer):
    queue = newer.queue("jobs")
    with pytest.raises(errors.MalformedRequest) as refused:
        queue.post({"body": 1, "ttl": 1})
    assert str(refused.value) == (
        "Error response from Zaqar. Code: 400. Title: Invalid API request. Description: The TTL for a message may not "
        "exceed 1209600 seconds, and must be at least 60 seconds long.."
    )


def test_a_claim_without_terms_is_refused_by_a_flaw_of_the_client(each):
    with pytest.raises(errors.MalformedRequest):
        each.queue("jobs").claim()
