"""Sends the same requests to two Zaqar servers and shows where their answers differ.

    python3 compare.py http://127.0.0.1:8888 http://127.0.0.1:7700/zaqar

Ids, times and ages are made alike first. Differences that the storage of the first server explains (see KNOWN) are
counted, not shown. Exit code 1 if others are left.
"""

import http.client
import json
import re
import sys
import urllib.parse
import uuid

CLIENT = "5b0f6c1e-4f0a-4d0e-9a55-0c1d2e3f4a5b"
OTHER = "c0ffee00-0000-4000-8000-000000000001"
PATCH = "application/openstack-messaging-v2.0-json-patch"
SHOWN = ("content-type", "location", "allow", "vary")

# (name of a step, why the first server answers otherwise)
KNOWN = {
    "unknown parameter filters": "the Redis driver ignores filters",
    "name filter": "the Redis driver ignores filters",
    "bad name filter": "the Redis driver ignores filters",
    "marker that is unknown": "the Redis driver starts again from the beginning",
    "pop": "the Redis driver shows a claim id",
    "stats": "the Redis driver leaks fields into oldest and newest",
    "delete with another claim": "the Redis driver looks the claim up",
    "list claimed": "some releases with Redis fail",
    "claims none": "the Redis driver",
    "message of none": "the Redis driver looks for the queue first",
    "empty message of none": "the Redis driver looks for the queue first",
    "list ids={m1},{m0}": "the Redis driver keeps the order of the request, and what is asked for twice",
    "list ids={m0}&ids={m0}&ids=x": "the Redis driver keeps the order of the request, and what is asked for twice",
}


class Side:
    """One server, with what its answers were called by."""

    def __init__(self, base):
        self.url = urllib.parse.urlsplit(base)
        self.known = {}

    def send(self, method, path, body, headers):
        for name, value in self.known.items():
            path = path.replace("{" + name + "}", value)
        connection = http.client.HTTPConnection(self.url.hostname, self.url.port, timeout=20)
        connection.request(method, self.url.path.rstrip("/") + path, body=body, headers=headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        connection.close()
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, text

    def learn(self, text, headers):
        """Gives the ids of an answer names: m0, m1 … for messages, c0 … for claims."""
        everything = text + " " + headers.get("location", "")
        for kind, found in re.findall(r"/(messages|claims)/([0-9a-f-]{24,36})", everything):
            letter = kind[0]
            if found not in self.known.values():
                self.known[letter + str(sum(k[0] == letter for k in self.known))] = found
        for found in re.findall(r"claim_id=([0-9a-f-]{24,36})", everything):
            if found not in self.known.values():
                self.known["c" + str(sum(k[0] == "c" for k in self.known))] = found

    def plain(self, text):
        for name, value in self.known.items():
            text = text.replace(value, "{" + name + "}")
        text = re.sub(r'"age": \d+', '"age": N', text)
        text = text.replace("{'subscriptions', 'messages'}", "{'messages', 'subscriptions'}")
        text = re.sub(r'"created": "[^"]+"', '"created": "T"', text)
        return re.sub(r"marker=(\d+|\{m\d+\}|[0-9a-f-]{36})", "marker=M", text)


def steps(queue):
    full = {"Client-ID": CLIENT, "X-Project-ID": "compare"}
    q = f"/v2/queues/{queue}"

    def step(name, method, path, body=None, headers=full, **more):
        if body is not None and not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        return name, method, path, body, {**headers, **more.get("extra", {})}

    yield step("no headers", "GET", "/v2/queues", headers={})
    yield step("no client", "GET", "/v2/queues", headers={"X-Project-ID": "p"})
    yield step("bad client", "GET", "/v2/queues", headers={"Client-ID": "x", "X-Project-ID": "p"})
    yield step("no project", "GET", "/v2/queues", headers={"Client-ID": CLIENT})
    yield step("empty project", "GET", "/v2/queues", headers={"Client-ID": CLIENT, "X-Project-ID": ""})
    yield step("long project", "GET", q, headers={"Client-ID": CLIENT, "X-Project-ID": "p" * 257})
    for accept in ("text/html", "application/xml", "text/xml", "application/x+json", "application/*", "*/*;q=0.1"):
        yield step("accept " + accept, "GET", "/v2/queues", extra={"Accept": accept})
        yield step("unknown path " + accept, "GET", "/v2/nope", extra={"Accept": accept})
    for path in ("/v2", "/v2/nope", "/nope", "/v2/queues//messages", "/v2/queues/", "/v2/queues/a%20b",
                 q + "/nope", q + "/claims", q + "/claims/x", "/v2/queues/" + "q" * 64, "/v2/queues/" + "q" * 65):
        yield step("GET " + path, "GET", path)
        yield step("OPTIONS " + path, "OPTIONS", path)
    yield step("empty message of none", "GET", q + "/messages/")
    yield step("message of none", "GET", q + "/messages/x")
    yield step("empty message of none deleted", "DELETE", q + "/messages/")
    for method in ("HEAD", "POST", "TRACE", "PATCH"):
        yield step("queue " + method, method, q)
        yield step("queues " + method, method, "/v2/queues")
    yield step("form", "POST", q + "/messages", "a=b", extra={"Content-Type": "application/x-www-form-urlencoded"})
    yield step("metadata of none", "GET", q)
    yield step("stats of none", "GET", q + "/stats")
    yield step("list of none", "GET", q + "/messages")
    yield step("pop of none", "DELETE", q + "/messages?pop=1")
    yield step("claims none", "POST", q + "/claims")
    yield step("patch of none", "PATCH", q, [], extra={"Content-Type": PATCH})
    yield step("delete of none", "DELETE", q)
    for number, body in enumerate(('{', '[]', '1', '{"a": 99999999999999999999}', '"x"',
                                   '{"_default_message_ttl": 59}', '{"_default_message_ttl": "x"}', '{"_default_message_ttl": ""}',
                                   '{"_default_message_ttl": 0}', '{"_max_messages_post_size": 0}', '{"_max_messages_post_size": 262145}',
                                   '{"_default_message_delay": 901}', '{"_default_message_delay": -1}', '{"_max_claim_count": "x"}',
                                   '{"_dead_letter_queue_messages_ttl": 1}', '{"_enable_encrypt_messages": 1}', '{"_retry_policy": 1}',
                                   '{"_retry_policy": {"minimum_delay": "x"}}', '{"_retry_policy": {"retry_backoff_function": "x"}}',
                                   '{"_retry_policy": {"minimum_delay": 40}}', '{"_retry_policy": {"minimum_delay": 25}}')):
        yield step(f"put metadata {body}", "PUT", f"{q}-bad{number}", body)
    yield step("put long", "PUT", q, '{"k": "' + "x" * 65536 + '"}')
    yield step("put", "PUT", q, '{"team": "blü", "n": 5, "f": 1.5, "e": 1e20}')
    yield step("put again", "PUT", q, '{"team": "red"}')
    yield step("get", "GET", q)
    for number, change in enumerate((
            {}, [1], [{}], [{"op": "test", "path": "/metadata/x"}], [{"op": "add"}], [{"op": "add", "path": "/metadata/x"}],
            [{"op": "add", "path": "metadata/x", "value": 1}], [{"op": "add", "path": "/metadata//x", "value": 1}],
            [{"op": "add", "path": "/metadata/x/", "value": 1}], [{"op": "add", "path": "/metadata/~x", "value": 1}],
            [{"op": "add", "path": "/metadata", "value": 1}], [{"op": "add", "path": "/x/y", "value": 1}],
            [{"op": "remove", "path": "/x/y"}], [{"op": "replace", "path": "/metadata/y", "value": 1}],
            [{"op": "add", "path": "/metadata/_default_message_ttl", "value": 1}],
            [{"op": "add", "path": "/metadata/a~1b", "value": [None, "ü"]}, {"op": "remove", "path": "/metadata/team"}],
            [{"op": "remove", "path": "/metadata/_max_claim_count"}], [])):
        yield step(f"patch {number} {change}", "PATCH", q, change, extra={"Content-Type": PATCH})
    yield step("patch type", "PATCH", q, [])
    yield step("patch empty", "PATCH", q, "", extra={"Content-Type": PATCH})
    yield step("patch broken", "PATCH", q, "[", extra={"Content-Type": PATCH})
    for query in ("?limit=0", "?limit=21", "?limit=x", "?limit=", "?limit=1.5", "?detailed=TRUE", "?limit=1", "?limit=1&limit=2",
                  "?limit=1&detailed=True", "?marker=zzzzzz", "?limit=1&marker=0", "?limit=1,2"):
        yield step("queues " + query, "GET", "/v2/queues" + query)
    yield step("name filter", "GET", "/v2/queues?name=%5Ezz")
    yield step("bad name filter", "GET", "/v2/queues?name=(")
    yield step("unknown parameter filters", "GET", "/v2/queues?team=none")
    for body in ('', '{', '[1]', '{}', '1', '{"messages": {}}', '{"messages": []}', '{"messages": [1]}', '{"messages": ["x"]}',
                 '{"messages": [null]}', '{"messages": [[1]]}', '{"messages": [true]}', '{"messages": [1.5]}', '{"messages": [{}]}',
                 '{"messages": [{"body": 1, "ttl": 59}]}', '{"messages": [{"body": 1, "ttl": 1209601}]}', '{"messages": [{"body": 1, "ttl": null}]}',
                 '{"messages": [{"body": 1, "ttl": true}]}', '{"messages": [{"body": 1, "ttl": "60"}]}', '{"messages": [{"body": 1, "ttl": 60.0}]}',
                 '{"messages": [{"body": 9223372036854775808}]}', '{"messages": null}', '["messages"]', '{"messages": "x"}'):
        yield step("post " + body, "POST", q + "/messages", body)
    yield step("post long", "POST", q + "/messages", '{"messages": [{"body": "' + "x" * 262144 + '"}]}')
    yield step("post", "POST", q + "/messages", {"messages": [
        {"body": {"k": [1, 2.5, None, True, "ü\u0001"]}}, {"body": None, "ttl": 60, "x": 1}, {"body": "3", "delay": 5000}, {"body": 1e22}]})
    yield step("own are hidden", "GET", q + "/messages")
    for query in ("echo=true", "echo=true&limit=1", "echo=true&limit=2&include_delayed=false", "limit=0&echo=true", "limit=21",
                  "echo=TRUE", "echo=1&marker=", "ids={m1},{m0}", "ids={m0}&ids={m0}&ids=x", "ids=x,y'z", "ids=" + ",".join(["x"] * 21)):
        yield step("list " + query, "GET", q + "/messages?" + query)
    yield step("marker that is unknown", "GET", q + "/messages?echo=true&marker=nonsense")
    yield step("list other", "GET", q + "/messages", headers={**full, "Client-ID": OTHER})
    yield step("message", "GET", q + "/messages/{m0}")
    yield step("stats", "GET", q + "/stats")
    for body in ('[]', '{"ttl": 59}', '{"ttl": 43201}', '{"grace": 59}', '{"grace": 43201}', '{"ttl": null}', '{"ttl": "x"}', '{', '1'):
        yield step("claim " + body, "POST", q + "/claims", body)
    for query in ("limit=0", "limit=21", "limit=x"):
        yield step("claim " + query, "POST", q + "/claims?" + query, "{}")
    yield step("claim", "POST", q + "/claims?limit=2", {"ttl": 100, "grace": 60})
    yield step("claim get", "GET", q + "/claims/{c0}")
    yield step("claimed message", "GET", q + "/messages/{m0}")
    yield step("list unclaimed", "GET", q + "/messages?echo=true")
    yield step("list claimed", "GET", q + "/messages?echo=true&include_claimed=true")
    yield step("delete without claim", "DELETE", q + "/messages/{m0}")
    yield step("delete with malformed claim", "DELETE", q + "/messages/{m0}?claim_id=x")
    yield step("delete with another claim", "DELETE", q + "/messages/{m0}?claim_id=" + "0" * 24)
    yield step("delete free with claim", "DELETE", q + "/messages/{m2}?claim_id={c0}")
    yield step("delete with claim", "DELETE", q + "/messages/{m0}?claim_id={c0}")
    yield step("delete with claim again", "DELETE", q + "/messages/{m0}?claim_id={c0}")
    for body in ('', '{}', '{"ttl": 59}', '{"ttl": 100, "grace": 1}', '[]'):
        yield step("claim patch " + body, "PATCH", q + "/claims/{c0}", body)
    yield step("claim after patch", "GET", q + "/claims/{c0}")
    yield step("claim release", "DELETE", q + "/claims/{c0}")
    yield step("claim released", "GET", q + "/claims/{c0}")
    yield step("claim patch released", "PATCH", q + "/claims/{c0}", "{}")
    for query in ("", "?pop=0", "?pop=21", "?pop=x", "?pop=1&ids=a", "?ids=" + ",".join(["x"] * 21), "?ids=x", "?ids="):
        yield step("delete many " + query, "DELETE", q + "/messages" + query)
    yield step("delete many", "DELETE", q + "/messages?ids={m1}")
    yield step("pop", "DELETE", q + "/messages?pop=1")
    for body in ('{"x": 1}', '{"resource_types": ["x"]}', '{"resource_types": []}', '{"resource_types": ["messages"]}', '{', '{"resource_types": 1}',
                 '{"resource_types": null}', '{"resource_types": "messages"}', '[]'):
        yield step("purge " + body, "POST", q + "/purge", body)
    yield step("purge", "POST", q + "/purge")
    yield step("empty", "GET", q + "/messages?echo=true")
    yield step("ping", "GET", "/v2/ping")
    yield step("ping head", "HEAD", "/v2/ping")
    yield step("delete queue", "DELETE", q)
    yield step("gone", "GET", q)


def main(first, second):
    sides = Side(first), Side(second)
    queue = "compare-" + uuid.uuid4().hex[:12]
    counts = {"same": 0, "known": 0, "different": 0}
    for name, method, path, body, headers in steps(queue):
        seen = []
        for side in sides:
            status, fields, text = side.send(method, path, body, headers)
            side.learn(text, fields)
            shown = {key: side.plain(fields[key]) for key in SHOWN if fields.get(key)}
            seen.append((status, shown, side.plain(text)))
        if seen[0] == seen[1]:
            counts["same"] += 1
        elif name in KNOWN:
            counts["known"] += 1
        else:
            counts["different"] += 1
            print(f"{name}: {method} {path[:100]} {(body or '')[:100]}")
            for mark, (status, fields, text) in zip("-+", seen):
                print(f"  {mark} {status} {fields} {text[:400]}")
    print(", ".join(f"{number} {word}" for word, number in counts.items()))
    return 1 if counts["different"] else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
