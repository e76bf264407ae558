"""The original's own RQL libraries beside the local service: the same rows, the same generated queries.

2,000 queries by default; PENTAD_RQL_CASES=100000 asks as many as the agreement is promised for.
"""

import datetime
import decimal
import http.client
import json
import os
import random
import urllib.parse

import django
import pytest
from django.conf import settings

if not settings.configured:
    settings.configure(
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
        INSTALLED_APPS=[],
        USE_TZ=True,
        TIME_ZONE="UTC",
    )
    django.setup()

from django.db import connection, models
from lark.exceptions import LarkError
from py_rql.exceptions import RQLFilterError as BaseError
from py_rql.parser import RQLParser

from dj_rql.filter_cls import RQLFilterClass
from dj_rql.transformer import RQLLimitOffsetTransformer
from pentad.process import Server

CASES = int(os.environ.get("PENTAD_RQL_CASES", "2000"))
STATUSES = ["draft", "published", "retired"]


class Thing(models.Model):
    class Meta:
        app_label = "things"

    key = models.CharField(max_length=20, primary_key=True)
    name = models.CharField(max_length=50, null=True, blank=True)
    size = models.IntegerField(null=True)
    price = models.DecimalField(max_digits=10, decimal_places=2, null=True)
    open = models.BooleanField(null=True)
    day = models.DateField(null=True)
    at = models.DateTimeField(null=True)
    status = models.CharField(max_length=10, choices=[(one, one) for one in STATUSES], null=True)
    owner_id = models.IntegerField(null=True)
    owner_name = models.CharField(max_length=20, null=True)


class Things(RQLFilterClass):
    MODEL = Thing
    FILTERS = [
        {"filter": "id", "source": "key", "ordering": True},
        {"filter": "name", "search": True, "ordering": True},
        {"filter": "size", "ordering": True},
        "price",
        "open",
        "day",
        "at",
        "status",
        {"filter": "owner.id", "source": "owner_id"},
        {"filter": "owner.name", "source": "owner_name"},
    ]


class Selecting(RQLFilterClass):
    """The same with a field that is hidden unless it is named, and the owner as an object."""

    MODEL = Thing
    SELECT = True
    FILTERS = [
        {"filter": "id", "source": "key", "ordering": True},
        "name",
        "size",
        {"filter": "price", "hidden": True},
        "status",
        {"filter": "owner.id", "source": "owner_id"},
        {"filter": "owner.name", "source": "owner_name"},
    ]


SEED = """
connect:
  api_keys: [{key: "ApiKey SU-123-456-789:secret", name: Tester}]
  collections:
    - path: things
      closed: true
      fields:
        id: text
        name: {type: text, nullable: true, search: true}
        size: {type: integer, nullable: true}
        price: {type: decimal, scale: 2, nullable: true}
        open: {type: boolean, nullable: true}
        day: {type: date, nullable: true}
        at: {type: datetime, nullable: true}
        status: {type: choice, members: [draft, published, retired], nullable: true}
        owner.id: {type: integer, nullable: true}
        owner.name: {type: text, nullable: true}
    - path: shown
      closed: true
      fields:
        id: text
        name: text
        size: integer
        price: {type: decimal, hidden: true}
        status: text
        owner.id: integer
        owner.name: text
"""

NAMES = ["", "a", "A", "ab", "aB", "b a", "a*b", "50%", "a_b", "1", "null", "true", "x-y", "2024-01-02"]
UTC = datetime.timezone.utc


def row(chance, number):
    def maybe(value):
        return None if chance.random() < 0.2 else value

    day = datetime.date(2024, 1, 1) + datetime.timedelta(days=chance.randrange(5))
    at = datetime.datetime(2024, 1, 2, chance.randrange(24), 30, chance.randrange(2), tzinfo=UTC)
    return {
        "key": f"THG-{number:03}",
        "name": maybe(chance.choice(NAMES)),
        "size": maybe(chance.randrange(-3, 8)),
        "price": maybe(decimal.Decimal(chance.randrange(-100, 300)) / 4),
        "open": maybe(chance.random() < 0.5),
        "day": maybe(day),
        "at": maybe(at),
        "status": maybe(chance.choice(STATUSES)),
        "owner_id": maybe(chance.randrange(4)),
        "owner_name": maybe(chance.choice(["one", "two"])),
    }


def as_json(row):
    def plain(value):
        if isinstance(value, decimal.Decimal):
            return float(value)
        return value.isoformat() if hasattr(value, "isoformat") else value

    flat = {("id" if name == "key" else name): plain(value) for name, value in row.items()}
    return {**flat, "owner": {"id": flat.pop("owner_id"), "name": flat.pop("owner_name")}}


VALUES = {
    "name": [*(f'"{name}"' for name in NAMES), "a", "ab", "null()", "empty()", "b a", "zz"],
    "size": ["0", "3", "-2", "7", '"3"', "null()", "1.0", "x", "100"],
    "price": ["1", "1.5", "-3.25", "2.999", "0", "null()", "x"],
    "open": ["true", "false", "null()", "True", "1"],
    "day": ["2024-01-02", "2024-01-04", "null()", "2024-01-02T00:00:00", "yesterday"],
    "at": ["2024-01-02T05:30:00", "2024-01-02T05:30:01Z", "2024-01-02T12:30:00+02:00", "2024-01-02", "null()", "x"],
    "status": ["draft", "published", "null()", "none", '"retired"'],
    "id": ["THG-001", "THG-010", '"THG-005"', "none"],
    "owner.id": ["0", "1", "3", "null()", "x"],
    "owner.name": ["one", "two", "null()", "zz"],
}
# Django on SQLite ignores the case of letters in `like`: those are for `ilike`.
PLAIN = ["*_*", '"50%"', "*", "*-*", "*1*", "**"]
PATTERNS = [*PLAIN, "*a*", "a*", "*B", "*", "a", '"a\\*b"', "b*a"]


def term(chance):
    field = chance.choice(list(VALUES))
    value = chance.choice(VALUES[field])
    kind = chance.random()
    if kind < 0.5:
        return f"{chance.choice(['eq', 'ne', 'eq', 'ne', 'gt', 'ge', 'lt', 'le'])}({field},{value})"
    if kind < 0.65:
        # The local service takes lists of booleans, too.
        field = chance.choice([name for name in VALUES if name != "open"])
        values = ",".join(chance.choice(VALUES[field]) for _ in range(chance.randrange(1, 4)))
        return f"{chance.choice(['in', 'out'])}({field},({values}))"
    if kind < 0.8:
        word, patterns = chance.choice([("like", PLAIN), ("ilike", PATTERNS)])
        return f"{word}({chance.choice(['name', 'name', 'id', field])},{chance.choice(patterns)})"
    if kind < 0.85:
        return f"{field}={chance.choice(['', 'gt=', 'ne='])}{value}"
    if kind < 0.9:
        return f"search={chance.choice(['a', 'B', '*a*', 'zz', 'null'])}"
    if kind < 0.93:
        return f"eq(unknown,{value})"
    return f"not({term(chance)})"


def query(chance, depth=2):
    kind = chance.random()
    if depth == 0 or kind < 0.4:
        return term(chance)
    parts = [query(chance, depth - 1) for _ in range(chance.randrange(2, 4))]
    if kind < 0.6:
        return f"and({','.join(parts)})"
    if kind < 0.8:
        return f"or({','.join(parts)})"
    return f"({chance.choice('&|;').join(parts)})"


def page(chance):
    """Order and size of a page; sizes and places that are none, too."""
    fields = chance.sample(["size", "name"], chance.randrange(3))
    signed = [chance.choice(["", "-", "+"]) + field for field in fields]
    # Ties are broken by the id: what they leave is nobody's promise.
    parts = [f"ordering({','.join([*signed, chance.choice(['id', '-id'])])})"]
    if chance.random() < 0.6:
        parts.append(chance.choice(["limit=5", "limit=0", "limit=17", "eq(limit,3)"]))
    if chance.random() < 0.6:
        parts.append(chance.choice(["offset=2", "eq(offset,40)", "offset=70"]))
    return parts


@pytest.fixture(scope="module")
def ground(tmp_path_factory):
    """The same rows on both sides."""
    chance = random.Random(7)
    rows = [row(chance, number) for number in range(60)]
    with connection.schema_editor() as editor:
        editor.create_model(Thing)
    Thing.objects.bulk_create(Thing(**one) for one in rows)
    seed = tmp_path_factory.mktemp("rql") / "seed.yml"
    seed.write_text(SEED)
    server = Server("--seed", str(seed), "--mode", "strict")
    url = urllib.parse.urlsplit(server.endpoints["connect"])
    http_connection = http.client.HTTPConnection(url.netloc)

    def ask(method, text, body=None, collection="things"):
        headers = {"Authorization": "ApiKey SU-123-456-789:secret", "Content-Type": "application/json"}
        http_connection.request(method, f"{url.path}/{collection}{text}", body, headers)
        answer = http_connection.getresponse()
        return answer.status, json.loads(answer.read())

    status, _ = ask("POST", "", json.dumps([as_json(one) for one in rows]))
    assert status == 201
    yield ask
    code, _ = server.stop()
    assert code == 0, server.errors()


def theirs(text, ordered=False):
    try:
        _, found = Things(Thing.objects.all()).apply_filters(text)
        keys = list(found.values_list("key", flat=True))
        if not ordered:
            return sorted(keys)
        limit, offset = RQLLimitOffsetTransformer().transform(RQLParser.parse_query(text))
        first = int(offset or 0)
        return keys[first : None if limit is None else first + int(limit)]
    except (BaseError, LarkError):
        return "refused"


def ours(ask, text, ordered=False):
    size = "" if ordered else "&limit=1000"
    status, answer = ask("GET", "?" + urllib.parse.quote(text, safe="()=,&;*:+'") + size)
    if status == 400:
        return "refused"
    assert status == 200, answer
    found = [one["id"] for one in answer]
    return found if ordered else sorted(found)


def test_generated_queries_find_what_the_original_libraries_find(ground):
    chance = random.Random(CASES)
    wrong, refused = [], 0
    for _ in range(CASES):
        text = query(chance)
        expected, found = theirs(text), ours(ground, text)
        refused += expected == "refused"
        if expected != found:
            wrong.append((text, expected, found))
    assert not wrong, f"{len(wrong)} of {CASES}, the shortest: {min(wrong, key=lambda one: len(one[0]))}"
    assert CASES // 20 < refused < CASES * 19 // 20


def test_generated_pages_hold_what_the_original_libraries_put_there_in_their_order(ground):
    chance = random.Random(CASES + 1)
    wrong, pages = [], 0
    for _ in range(CASES):
        order, *rest = page(chance)
        # The grammar takes `&` between terms, wherever the page stands among them.
        terms = [*([query(chance, 1)] if chance.random() < 0.5 else []), *rest]
        chance.shuffle(terms)
        text = "&".join([*terms, order])
        expected, found = theirs(text, ordered=True), ours(ground, text, ordered=True)
        pages += expected != "refused"
        if expected != found:
            wrong.append((text, expected, found))
    assert not wrong, f"{len(wrong)} of {CASES}, the shortest: {min(wrong, key=lambda one: len(one[0]))}"
    assert pages > CASES // 2


SHOWN = {"id": "THG-000", "name": "a", "size": 1, "price": 1.5, "status": "draft", "owner": {"id": 1, "name": "one"}}


def chosen(text):
    """What the original's choice leaves of an object, as its serializers apply it."""
    try:
        filters = Selecting(Thing.objects.all())
        filters.apply_filters(text)
        select = filters.queryset.select_data["select"] if filters.queryset.select_data else {}
    except (BaseError, LarkError):
        return "refused"
    left = {**SHOWN, "owner": dict(SHOWN["owner"])}
    for path, included in select.items():
        *outer, last = path.split(".")
        place = left
        for name in outer:
            place = place.get(name, {})
        if not included:
            place.pop(last, None)
    return left


def test_generated_selections_leave_what_the_original_leaves(ground):
    status, _ = ground("POST", "", json.dumps(SHOWN), "shown")
    assert status == 201
    chance = random.Random(CASES + 2)
    names = ["id", "name", "size", "price", "status", "owner", "owner.id", "owner.name", "unknown", "owner.unknown"]
    wrong, refused = [], 0
    for _ in range(CASES):
        fields = [chance.choice(["", "", "-", "+"]) + chance.choice(names[: chance.choice([8, 8, 10])])
                  for _ in range(chance.randrange(4))]
        text = f"select({','.join(fields)})"
        expected = chosen(text)
        status, answer = ground("GET", f"?{text}", collection="shown")
        found = "refused" if status == 400 else {k: v for k, v in answer[0].items() if k != "events"}
        refused += expected == "refused"
        if expected != found:
            wrong.append((text, expected, found))
    assert not wrong, f"{len(wrong)} of {CASES}, the shortest: {min(wrong, key=lambda one: len(one[0]))}"
    assert CASES // 20 < refused < CASES * 19 // 20
