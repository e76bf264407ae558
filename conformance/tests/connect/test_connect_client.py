"""The client, its raw verbs, namespaces, collections, resources and actions."""

import pytest
from connect.client import ClientError, R, RequestLogger
from connect.client.models import NS, AsyncNS


def test_raw_verbs_create_read_update_and_delete(client, name, play, tools):
    done, *_ = tools

    async def story():
        made = await done(client.create(name, payload={"name": "é", "n": 1}))
        path = f"{name}/{made['id']}"
        assert (await done(client.get(path)))["name"] == "é"
        assert (await done(client.update(path, payload={"n": 2})))["n"] == 2
        assert (await done(client.execute("patch", path, json={"n": 3})))["n"] == 3
        assert await done(client.get(f"{name}?eq(n,3)", params={"limit": 5})) != []
        assert client.response.headers["Content-Range"] == "items 0-0/1"
        assert await done(client.delete(path)) is None
        assert client.response.status_code == 204
        assert "Content-Type" not in client.response.headers

    play(story())


def test_a_wrong_key_is_unauthorized(make, play, tools):
    done, *_ = tools

    async def story():
        with pytest.raises(ClientError) as caught:
            await done(make(api_key="ApiKey SU-1:wrong").get("products"))
        assert (caught.value.status_code, caught.value.error_code) == (401, "AUTH_001")
        assert str(caught.value) == "401 Unauthorized: AUTH_001 - API request is unauthorized."

    play(story())


def test_errors_carry_code_texts_and_params(client, name, play, tools):
    done, items, _ = tools

    async def story():
        await done(client.collection(name).create({"a": 1}))
        with pytest.raises(ClientError) as caught:
            await items(client.collection(name).filter("eq(a"))
        error = caught.value
        assert (error.status_code, error.error_code, error.errors) == (400, "VAL_001", ["Bad filter query."])
        assert error.additional_info["params"]["position"] == 4
        with pytest.raises(ClientError) as caught:
            await done(client.collection(name).resource("none").get())
        assert caught.value.status_code == 404

    play(story())


def test_a_client_with_every_option_works(make, name, play, tools, tmp_path):
    done, items, _ = tools

    async def story():
        with open(tmp_path / "log", "w") as log:
            client = make(
                default_headers={"X-Extra": "1"},
                default_limit=2,
                logger=RequestLogger(file=log),
                timeout=(5, 20),
                resourceset_append=False,
                max_retries=1,
            )
            await done(client.collection(name).bulk_create([{"n": n} for n in range(5)]))
            assert [item["n"] for item in await items(client.collection(name).all())] == [0, 1, 2, 3, 4]
            made = await done(client.collection(name).create({}))
            assert await done(client.collection(name).resource(made["id"]).delete()) is None
        text = (tmp_path / "log").read_text()
        assert "HTTP Response" in text and "secret" not in text

    play(story())


def test_namespaces_nest_to_any_depth(client, unique, play, tools):
    done, items, ids = tools

    async def story():
        first = unique("ns")
        space = client(first)("inner")
        assert isinstance(space, (NS, AsyncNS)) and isinstance(client.ns(first).ns("inner"), (NS, AsyncNS))
        made = await done(space.some_things.create({"a": 1}))
        assert space.some_things.path == f"{first}/inner/some-things"
        assert await ids(space.collection("some-things").all()) == [made["id"]]

    play(story())


def test_collections_nest_below_resources(client, name, play, tools):
    done, items, ids = tools

    async def story():
        product = await done(client.collection(name).create({"name": "p"}))
        node = client.collection(name)[product["id"]]
        made = await done(node.item_groups.create({"name": "g"}))
        deeper = await done(node.item_groups[made["id"]].collection("items").create({"name": "i"}))
        assert await ids(node.collection("item-groups").all()) == [made["id"]]
        assert await done(node.item_groups[made["id"]].items[deeper["id"]].get()) == deeper
        await done(node.delete())
        with pytest.raises(ClientError) as caught:
            await items(node.item_groups.all())
        assert caught.value.status_code == 404

    play(story())


def test_collection_creates_in_the_shape_of_the_service(client, play, tools):
    done, *_ = tools

    async def story():
        made = await done(client.products.create({"name": "x"}))
        prefix, *groups = made["id"].split("-")
        assert prefix == "PRD" and [len(group) for group in groups] == [3, 3, 3]
        assert made["events"]["created"]["by"]["id"].startswith("SU-")
        assert set(made["events"]) == {"created", "updated"}

    play(story())


def test_bulk_operations(client, name, play, tools):
    done, items, ids = tools

    async def story():
        things = client.collection(name)
        made = await done(things.bulk_create([{"n": 1}, {"n": 2}, {"n": 3}]))
        assert [one["n"] for one in made] == [1, 2, 3]
        changed = await done(things.bulk_update([{"id": one["id"], "m": one["n"] * 10} for one in made]))
        assert [(one["n"], one["m"]) for one in changed] == [(1, 10), (2, 20), (3, 30)]
        assert await done(things.bulk_delete([{"id": made[0]["id"]}])) is None
        assert await ids(things.all()) == [one["id"] for one in made[1:]]
        await done(things.bulk_delete([]))
        assert await done(things.all().count()) == 2

    play(story())


def test_resources(client, name, play, tools):
    done, *_ = tools

    async def story():
        made = await done(client.collection(name).create({"name": "x", "owner": {"id": "U1"}, "tags": [1]}))
        node = client.collection(name).resource(made["id"])
        assert await done(node.exists()) is True
        assert await done(client.collection(name).resource("none").exists()) is False
        assert await done(node.get()) == made
        assert await done(node.values("id", "owner.id", "none.x")) == {
            "id": made["id"],
            "owner.id": "U1",
            "none.x": None,
        }
        assert (await done(node.update({"name": "y"})))["owner"] == {"id": "U1"}
        assert await done(node.delete()) is None
        assert await done(node.exists()) is False

    play(story())


def test_an_action_that_is_not_declared_is_not_found(client, name, play, tools):
    done, *_ = tools

    async def story():
        made = await done(client.collection(name).create({}))
        action = client.collection(name)[made["id"]]("activate")
        for call in (action.post, action.get, action.put, action.delete):
            with pytest.raises(ClientError) as caught:
                await done(call())
            assert caught.value.status_code == 404

    play(story())


@pytest.fixture
def buyer(make, shop):
    return make(api_key=shop.key, endpoint=shop.endpoints["connect"])


def test_actions_of_resources_and_collections(buyer, play, tools):
    done, *_ = tools

    async def story():
        made = await done(buyer.requests.create({}))
        assert (made["id"][:3], made["status"]) == ("PR-", "draft")
        node = buyer.requests[made["id"]]
        assert (await done(node("approve").post({"note": "x"})))["status"] == "approved"
        with pytest.raises(ClientError) as caught:
            await done(node.action("approve").post())
        assert (caught.value.status_code, caught.value.error_code) == (400, "TRE_003")
        assert caught.value.errors == ["Only drafts can be approved."]
        assert await done(node("render").get()) == b"# hi"
        assert await done(node("note").put({"a": 1})) == {"noted": True}
        assert await done(node("note").delete()) == {"noted": True}
        assert await done(buyer.requests.action("stats").get()) == {"total": 3}
        assert await done(buyer.requests("stats").post([1])) == {"total": 3}
        with pytest.raises(ClientError) as caught:
            await done(node("render").post())
        assert caught.value.status_code == 405

    play(story())


def test_a_document_says_what_there_is(make, shop, play, tools, capsys):
    done, items, _ = tools

    async def story():
        client = make(api_key=shop.key, endpoint=shop.endpoints["connect"], use_specs=True, specs_location=shop.document)
        made = await done(client.products.create({"name": "x", "price": 1}))
        assert (await done(client.products[made["id"]]("publish").post()))["name"] == "x"
        assert await items(client("sales").orders.all()) == []
        await done(client.products[made["id"]].items.create({"a": 1}))
        with pytest.raises(ClientError) as caught:
            await done(client.products.create({"price": "x"}))
        assert caught.value.status_code == 400
        assert sorted(caught.value.errors) == ["`name` is missing", "price: expected integer, found string"]
        with pytest.raises(ClientError) as caught:
            await done(client.others.create({}))
        assert caught.value.status_code is None, "the client itself refuses"
        for node in (client, client("sales"), client.products, client.products["P"], client.products.filter(R(name="x"))):
            assert node.help() is node
        client.products["P"]("publish").help()
        client.print_help(None)

    play(story())
    assert "Shop" in capsys.readouterr().out
