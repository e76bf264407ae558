"""Sends the same frames over websocket to a real Zaqar and to ours, and shows where the answers differ.

    python3 compare_ws.py ws://127.0.0.1:9000/ ws://127.0.0.1:7700/zaqar/ws

Ids are replaced by numbers in the order of their appearance. Known differences of the Redis storage are at the end.
"""

import json
import re
import sys
import uuid

import websocket

CLIENT, PROJECT = str(uuid.uuid4()), "ws-" + uuid.uuid4().hex[:8]
HEADERS = {"Client-ID": CLIENT, "X-Project-ID": PROJECT}
IDS = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{24}\b")

# What Redis answers otherwise than the reference storage (Zaqar reference 13).
KNOWN = {"queue_get_stats", "claim_create none", "message_delete other claim", "pop"}


class Side:
    """One server."""

    def __init__(self, url):
        self.socket = websocket.create_connection(url, timeout=10)
        self.kept = {}

    def ask(self, frame):
        text = frame if isinstance(frame, str) else json.dumps(frame)
        for name, value in self.kept.items():
            text = text.replace("$" + name, value)
        self.socket.send(text)
        return json.loads(self.socket.recv())

    def keep(self, answer, names):
        body = answer.get("body")
        if not isinstance(body, dict):
            return
        if "message_ids" in names and body.get("message_ids"):
            for number, own in enumerate(body["message_ids"]):
                self.kept[f"m{number}"] = own
        for name in ("claim_id", "subscription_id"):
            if name in names and body.get(name):
                self.kept[name] = body[name]


def action(name, body=None, headers=None):
    frame = {"action": name, "headers": HEADERS if headers is None else headers}
    if body is not None:
        frame["body"] = body
    return frame


def steps():
    """Title, frame, and what of the answer is used later."""
    q = {"queue_name": "jobs"}
    yield "junk", "nonsense", ()
    yield "list", "[1]", ()
    yield "empty", "{}", ()
    yield "unknown", action("nonsense"), ()
    yield "headers missing", {"action": "queue_list"}, ()
    yield "client missing", action("queue_list", {}, {"X-Project-ID": PROJECT}), ()
    yield "body missing", action("queue_create"), ()
    yield "body wrong", action("queue_create", {"queue_name": 1}), ()
    yield "body list", action("queue_create", []), ()
    yield "queue_create", action("queue_create", q), ()
    yield "queue_create again", action("queue_create", q), ()
    yield "queue_create with", action("queue_create", {"queue_name": "other", "metadata": {"a": 1}}), ()
    yield "queue_create bad name", action("queue_create", {"queue_name": "a b"}), ()
    yield "queue_create long name", action("queue_create", {"queue_name": "q" * 65}), ()
    yield "queue_create bad ttl", action("queue_create", {"queue_name": "x", "metadata": {"_default_message_ttl": 1}}), ()
    yield "queue_list", action("queue_list", {}), ()
    yield "queue_list without body", action("queue_list"), ()
    yield "queue_list detailed", action("queue_list", {"detailed": True, "limit": 1}), ()
    yield "queue_list limit", action("queue_list", {"limit": 21}), ()
    yield "queue_get", action("queue_get", {"queue_name": "other"}), ()
    yield "queue_get none", action("queue_get", {"queue_name": "none"}), ()
    yield "stats none", action("queue_get_stats", {"queue_name": "none"}), ()
    yield "stats empty", action("queue_get_stats", q), ()
    yield "message_list none", action("message_list", {"queue_name": "none"}), ()
    for title, messages in [
        ("short ttl", [{"ttl": 59, "body": 1}]), ("ttl text", [{"ttl": "60", "body": 1}]), ("no body", [{"ttl": 60}]),
        ("none", []), ("a text", ["x"]), ("too long", [{"ttl": 60, "body": "x" * 262144}]),
    ]:
        yield "message_post " + title, action("message_post", {"queue_name": "jobs", "messages": messages}), ()
    yield "message_post bad client", action(
        "message_post", {"queue_name": "jobs", "messages": [{"body": 1}]}, {"Client-ID": "x", "X-Project-ID": PROJECT}), ()
    messages = [{"ttl": 60, "body": "x"}, {"body": {"a": ["ü", None]}}, {"ttl": 300, "body": 3}]
    yield "message_post", action("message_post", {"queue_name": "jobs", "messages": messages}), ("message_ids",)
    yield "message_list", action("message_list", q), ()
    yield "message_list echo", action("message_list", {"queue_name": "jobs", "echo": True}), ()
    yield "message_list limit", action("message_list", {"queue_name": "jobs", "limit": 0}), ()
    yield "message_get", action("message_get", {"queue_name": "jobs", "message_id": "$m0"}), ()
    yield "message_get none", action("message_get", {"queue_name": "jobs", "message_id": "none"}), ()
    yield "message_get_many", action("message_get_many", {"queue_name": "jobs", "message_ids": ["$m0", "$m1"]}), ()
    yield "message_get_many none", action("message_get_many", {"queue_name": "jobs", "message_ids": []}), ()
    yield "queue_get_stats", action("queue_get_stats", q), ()
    yield "claim_create short", action("claim_create", {"queue_name": "jobs", "ttl": 59}), ()
    yield "claim_create grace", action("claim_create", {"queue_name": "jobs", "grace": 59}), ()
    yield "claim_create limit", action("claim_create", {"queue_name": "jobs", "limit": 21}), ()
    yield "claim_create", action("claim_create", {"queue_name": "jobs", "ttl": 100, "grace": 60, "limit": 1}), ("claim_id",)
    yield "claim_get", action("claim_get", {"queue_name": "jobs", "claim_id": "$claim_id"}), ()
    yield "message_delete claimed", action("message_delete", {"queue_name": "jobs", "message_id": "$m0"}), ()
    yield "message_delete other claim", action(
        "message_delete", {"queue_name": "jobs", "message_id": "$m0", "claim_id": "5" * 24}), ()
    yield "claim_update", action("claim_update", {"queue_name": "jobs", "claim_id": "$claim_id", "ttl": 120}), ()
    yield "claim_update short", action("claim_update", {"queue_name": "jobs", "claim_id": "$claim_id", "ttl": 5}), ()
    yield "claim_delete", action("claim_delete", {"queue_name": "jobs", "claim_id": "$claim_id"}), ()
    yield "claim_get gone", action("claim_get", {"queue_name": "jobs", "claim_id": "$claim_id"}), ()
    yield "claim_update gone", action("claim_update", {"queue_name": "jobs", "claim_id": "$claim_id"}), ()
    yield "message_delete", action("message_delete", {"queue_name": "jobs", "message_id": "$m0"}), ()
    yield "message_delete again", action("message_delete", {"queue_name": "jobs", "message_id": "$m0"}), ()
    yield "delete_many neither", action("message_delete_many", q), ()
    yield "delete_many both", action("message_delete_many", {"queue_name": "jobs", "pop": 1, "message_ids": ["$m1"]}), ()
    yield "delete_many pop 21", action("message_delete_many", {"queue_name": "jobs", "pop": 21}), ()
    yield "delete_many", action("message_delete_many", {"queue_name": "jobs", "message_ids": ["$m1"]}), ()
    yield "pop", action("message_delete_many", {"queue_name": "jobs", "pop": 5}), ()
    yield "pop none", action("message_delete_many", {"queue_name": "jobs", "pop": 5}), ()
    yield "claim_create none", action("claim_create", q), ()
    yield "queue_purge", action("queue_purge", q), ()
    hook = {"queue_name": "jobs", "subscriber": "http://127.0.0.1:1/x", "ttl": 600, "options": {"a": 1}}
    yield "subscription_create", action("subscription_create", hook), ("subscription_id",)
    yield "subscription_create again", action("subscription_create", hook), ()
    yield "subscription_create short", action("subscription_create", dict(hook, ttl=59)), ()
    yield "subscription_create scheme", action("subscription_create", dict(hook, subscriber="ftp://h/")), ()
    own = {"queue_name": "jobs", "subscription_id": "$subscription_id"}
    yield "subscription_get", action("subscription_get", own), ()
    yield "subscription_list", action("subscription_list", q), ()
    yield "subscription_delete", action("subscription_delete", own), ()
    yield "subscription_get gone", action("subscription_get", own), ()
    yield "queue_delete", action("queue_delete", q), ()
    yield "queue_delete again", action("queue_delete", q), ()


def plain(answer):
    """The text of an answer with numbers for ids."""
    seen = {}
    text = json.dumps({key: answer.get(key) for key in ("request", "body", "headers")})
    return IDS.sub(lambda found: f"<{seen.setdefault(found.group(), len(seen))}>", text)


def main():
    sides = [Side(url) for url in sys.argv[1:3]]
    differences = 0
    for title, frame, names in steps():
        told = []
        for side in sides:
            answer = side.ask(frame)
            side.keep(answer, names)
            told.append(plain(answer))
        if told[0] != told[1]:
            known = title in KNOWN
            differences += not known
            print(f"{title}{' (storage)' if known else ''}\n  real {told[0][:600]}\n  ours {told[1][:600]}")
    print(f"{differences} differences")
    return bool(differences)


if __name__ == "__main__":
    sys.exit(main())
