"""Result sets: filters, search, order, selection, pages."""

import datetime

import pytest
from connect.client import AsyncConnectClient, R

NOT_LATER = datetime.datetime(2024, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)


@pytest.fixture
def things(client, name, play, tools):
    """A collection of seven objects; returns its node."""
    done, *_ = tools
    node = client.collection(name)
    made = [
        {"id": "0", "n": 0, "status": "draft", "name": "two words", "owner": {"id": "U1"}},
        {"id": "1", "n": 1, "status": "draft", "name": "a,b", "owner": None},
        {"id": "2", "n": 2, "status": "done", "name": "it's", "tags": ["x", "y"]},
        {"id": "3", "n": 3, "status": "done", "name": "café", "created": NOT_LATER.isoformat()},
        {"id": "4", "n": 4.5, "status": "other", "name": "50%", "open": True},
        {"id": "5", "n": 5, "status": "other", "name": "a|b", "open": False},
        {"id": "6", "n": -6, "status": "other", "name": "[x]"},
    ]
    play(done(node.bulk_create(made)))
    return node


FILTERS = [
    (["eq(n,1)"], {}, "1"),
    ([], {"status": "draft"}, "01"),
    ([], {"status__ne": "draft"}, "23456"),
    ([], {"n__lt": 1}, "06"),
    ([], {"n__le": 1}, "016"),
    ([], {"n__gt": 3}, "45"),
    ([], {"n__ge": 3}, "345"),
    ([], {"n": 4.5}, "4"),
    ([], {"open": True}, "4"),
    ([], {"status__in": ("draft", "done")}, "0123"),
    ([], {"status__out": ["draft", "done"]}, "456"),
    ([], {"owner__id": "U1"}, "0"),
    ([], {"owner__null": True}, "123456"),
    ([], {"owner__null": False}, "0"),
    ([], {"name__empty": False}, "0123456"),
    ([], {"name__ilike": "*TWO words*"}, "0"),
    ([], {"name__like": "*TWO*"}, ""),
    ([], {"name__ilike": '"*a,b*"'}, "1"),
    ([], {"name": '"it\'s"'}, "2"),
    ([], {"name": "café"}, "3"),
    ([], {"name": '"50%"'}, "4"),
    ([], {"name": '"a|b"'}, "5"),
    ([], {"name": '"[x]"'}, "6"),
    ([], {"tags": "y"}, "2"),
    ([], {"created__ge": NOT_LATER}, "3"),
    ([R(n=1) | R(n=2)], {}, "12"),
    ([R(n=1) | R(n=2), "eq(status,done)"], {}, "2"),
    (["eq(status,other)", ~R(n=5)], {}, "46"),
    (["eq(status,other)", ~(R(n=5) | R(n=-6))], {}, "4"),
    ([R().owner.id.eq("U1") & R().n("n").in_(["0", "1"])], {}, "0"),
    ([R().n("n").oneof(["1", "2"]) & R().status.out(["done"])], {}, "1"),
    (["eq(n,1)&eq(status,draft)"], {}, "1"),
]


@pytest.mark.parametrize(("args", "kwargs", "expected"), FILTERS, ids=[str(case[:2]) for case in FILTERS])
def test_filter(things, play, tools, args, kwargs, expected):
    *_, ids = tools
    assert "".join(play(ids(things.filter(*args, **kwargs)))) == expected


def test_filters_add_up(things, play, tools):
    *_, ids = tools
    assert play(ids(things.all().filter(status="other").filter("gt(n,0)"))) == ["4", "5"]


@pytest.mark.parametrize(("term", "expected"), [("two words", "0"), ("caf", "3"), ('"a,b"', "1"), (None, "0123456")])
def test_search(things, play, tools, term, expected):
    *_, ids = tools
    assert "".join(play(ids(things.all().search(term)))) == expected


def test_order_by(things, play, tools):
    *_, ids = tools
    assert "".join(play(ids(things.all().order_by("-n")))) == "5432106"
    assert "".join(play(ids(things.all().order_by("status").order_by("-n")))) == "3210546"
    assert "".join(play(ids(things.all().order_by("+n").limit(2)))) == "6012345"


def test_select(things, play, tools):
    _, items, _ = tools
    one = play(items(things.filter(id="0").select("-events", "-owner.id", "name")))
    assert one == [{"id": "0", "n": 0, "status": "draft", "name": "two words", "owner": {}}]


def test_pages(things, play, tools):
    _, items, ids = tools
    for limit in (1, 3, 7, 100, 1000):
        found = things.all().limit(limit)
        assert "".join(play(ids(found))) == "0123456"
        assert found.content_range.count == 7
        assert "".join(play(ids(found))) == "0123456", "from what was kept"


@pytest.mark.parametrize(
    ("limit", "start", "stop", "expected"),
    [(100, 2, 5, "234"), (2, 1, 6, "12345"), (2, 1, 60, "123456"), (100, 10, 20, ""), (100, 3, 3, "")],
)
def test_slices(things, play, tools, limit, start, stop, expected):
    *_, ids = tools
    assert "".join(play(ids(things.all().limit(limit)[start:stop]))) == expected


def test_count_first_and_index(client, things, play, tools):
    done, *_ = tools

    async def story():
        assert await done(things.all().count()) == 7
        assert await done(things.filter(status="draft").count()) == 2
        assert await done(things.filter(status="none").count()) == 0
        assert (await done(things.filter(status="done").first()))["id"] == "2"
        assert await done(things.filter(status="none").first()) is None
        if not isinstance(client, AsyncConnectClient):
            assert things.all()[4]["id"] == "4"
            assert things.all()[99] is None
            assert bool(things.all()) and not things.filter(status="none")

    play(story())


def test_values_list(things, play, tools):
    _, items, _ = tools
    found = play(items(things.filter(status="draft").values_list("id", "owner.id")))
    assert found == [{"id": "0", "owner.id": "U1"}, {"id": "1", "owner.id": None}]


def test_configure_reaches_every_page(client, things, play, tools):
    *_, ids = tools

    async def story():
        found = things.all().limit(3).configure(headers={"X-A": "1"}, timeout=20, params={"status": "other"})
        assert await ids(found) == ["4", "5", "6"]
        assert "status=other" in str(client.response.request.url)
        assert client.response.request.headers["X-A"] == "1"

    play(story())


def test_many_pages_come_in_order(client, unique, play, tools):
    done, _, ids = tools
    node = client.collection(unique("rows"))
    made = play(done(node.bulk_create([{"n": n} for n in range(1250)])))
    assert play(ids(node.all())) == [one["id"] for one in made]
    assert play(ids(node.all().limit(1000).order_by("-n"))) == [one["id"] for one in reversed(made)]
