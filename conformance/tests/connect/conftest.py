"""Fixtures for Connect: the original client, blocking and async, told the same story."""

import asyncio
import inspect
import pathlib

import pytest
from connect.client import AsyncConnectClient, ConnectClient

from pentad.process import Server

SHOP = pathlib.Path(__file__).with_name("shop.yml")


@pytest.fixture(scope="session")
def loop():
    """One loop for all tests: the async client shares its connections between loops, and fails on the second."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture
def play(loop):
    """Runs a coroutine to its end."""
    return loop.run_until_complete


@pytest.fixture(params=[ConnectClient, AsyncConnectClient], ids=["blocking", "async"])
def make(request, server):
    """Makes a client of the kind under test for the common server."""

    def client(**options):
        key = options.pop("api_key", server.announcement["credentials"]["connect"]["api_key"])
        endpoint = options.pop("endpoint", server.endpoints["connect"])
        return request.param(key, endpoint=endpoint, **{"max_retries": 0, **options})

    return client


@pytest.fixture
def client(make):
    return make()


@pytest.fixture
def name(unique):
    """The name of a collection of its own."""
    return unique("widgets")


async def done(value):
    """The result of a call of either client."""
    return await value if inspect.isawaitable(value) else value


async def items(found):
    """All of a result set of either client."""
    if hasattr(found, "__aiter__"):
        return [item async for item in found]
    return list(found)


async def ids(found):
    return [item["id"] for item in await items(found)]


@pytest.fixture
def tools():
    return done, items, ids


@pytest.fixture(scope="session")
def shop(tmp_path_factory):
    """A server of what a document describes, with states from a seed."""
    seed = tmp_path_factory.mktemp("seed") / "seed.yml"
    seed.write_text(
        """
connect:
  api_keys: [{key: "ApiKey SU-123-456-789:secret", name: Tester}]
  collections:
    - path: requests
      prefix: PR
      fields: {status: {type: text, search: true}, created: datetime}
      status:
        initial: draft
        transitions:
          - {action: approve, from: [draft], to: approved, error_code: TRE_003, error: Only drafts can be approved.}
      actions:
        - {name: render, methods: [GET], text: "# hi", content_type: text/markdown}
        - {name: note, methods: [PUT, DELETE], answer: {noted: true}}
        - {name: stats, on: collection, methods: [GET, POST], answer: {total: 3}}
"""
    )
    server = Server("--seed", str(seed), "--connect-spec", str(SHOP))
    server.key, server.document = "ApiKey SU-123-456-789:secret", str(SHOP)
    yield server
    code, _ = server.stop()
    assert code == 0, server.errors()
