"""Queues and their metadata through the original client."""

import pytest
from zaqarclient.transport import errors


def names(listing):
    listing = listing[0] if isinstance(listing, tuple) else listing
    return [queue.name for queue in listing]


def test_a_queue_of_v1_exists_at_once_and_of_others_when_it_is_used(each):
    queue = each.queue("jobs")
    assert names(each.queues()) == (["jobs"] if each.api_version == 1 else [])
    queue.post({"body": 1, "ttl": 60})
    assert names(each.queues()) == ["jobs"]
    queue.delete()
    assert names(each.queues()) == []


def test_forced_creation_is_at_once_in_every_version(each):
    each.queue("jobs", force_create=True)
    assert names(each.queues()) == ["jobs"]


def test_v1_tells_whether_a_queue_exists(v1):
    queue = v1.queue("jobs")
    assert queue.exists()
    queue.delete()
    assert not queue.exists()


def test_v1_replaces_metadata(v1):
    queue = v1.queue("jobs")
    assert queue.metadata({"team": "blue"}) == {"team": "blue"}
    assert queue.metadata(force_reload=True) == {"team": "blue"}


def test_v2_patches_metadata(v2):
    queue = v2.queue("jobs", force_create=True)
    queue.metadata({"team": "blue", "_default_message_ttl": 120})
    read = queue.metadata(force_reload=True)
    assert read["team"] == "blue" and read["_default_message_ttl"] == 120
    queue.metadata({"team": "red"})
    read = queue.metadata(force_reload=True)
    assert read["team"] == "red" and read["_default_message_ttl"] == 3600


def test_v2_cannot_set_a_key_that_is_shown_as_null_by_a_flaw_of_the_client(v2):
    queue = v2.queue("jobs", force_create=True)
    queue.metadata({"_max_claim_count": 3})
    assert queue.metadata(force_reload=True)["_max_claim_count"] is None


def test_metadata_of_a_missing_queue_cannot_be_patched(v2):
    with pytest.raises(errors.ResourceNotFound):
        v2.queue("jobs").metadata({"a": 1})


def test_lists_are_followed_to_their_end(each):
    for number in range(12):
        each.queue(f"q{number:02}", force_create=True)
    listing = each.queues(limit=5)
    listing = listing[0] if isinstance(listing, tuple) else listing
    assert [queue.name for queue in listing.stream()] == [f"q{number:02}" for number in range(12)]


def test_v2_filters_and_counts(v2):
    for name in ("red-1", "red-2", "blue"):
        v2.queue(name, force_create=True)
    listing, count = v2.queues(name="^red", with_count=True)
    assert [queue.name for queue in listing] == ["red-1", "red-2"]
    assert count == 3


def test_statistics_are_counted(each):
    queue = each.queue("jobs", force_create=True)
    queue.post([{"body": n, "ttl": 60} for n in range(3)])
    list(queue.claim(ttl=60, grace=60, limit=1))
    counts = queue.stats["messages"]
    assert (counts["claimed"], counts["free"], counts["total"]) == (1, 2, 3)
    assert set(counts["oldest"]) == {"age", "created", "href"}


def test_purge_empties_a_queue(v2):
    queue = v2.queue("jobs")
    queue.post([{"body": 1}, {"body": 2}])
    queue.purge(resource_types=["messages"])
    assert queue.stats["messages"]["total"] == 0


def test_ping_answers(v2):
    assert v2.ping()
