"""Requests made from the API documents, and answers held against them."""

import json

import pytest

schemathesis = pytest.importorskip("schemathesis")

import requests  # noqa: E402
from deviations import FOLDER, allows, amend  # noqa: E402
from hypothesis import HealthCheck, Phase, given, settings  # noqa: E402
from schemathesis.specs.openapi.checks import response_schema_conformance  # noqa: E402

# Level of the document and the endpoint that speaks it.
LEVELS = {"0.25": "ivcap_l23", "0.28": "ivcap_l28", "0.44": "ivcap", "0.48": "ivcap"}
# The answer comes when something happens, unless nothing is waited for.
WAITS = "/events"


@schemathesis.serializer("application/datalog+mangle")
def mangle(_context, value):
    return value if isinstance(value, bytes) else str(value).encode()


def document(level):
    text = (FOLDER / f"{level}.json").read_text(encoding="utf-8")
    return schemathesis.openapi.from_dict(amend(level, json.loads(text)))


DOCUMENTS = {level: document(level) for level in LEVELS}


def operations():
    for level, found in DOCUMENTS.items():
        for result in found.get_all_operations():
            operation = result.ok()
            name = f"{level} {operation.method} {operation.path}"
            yield pytest.param(level, operation.method, operation.path, id=name)


def shape(path):
    return "/".join("{}" if part.startswith("{") else part for part in path.split("/"))


@pytest.fixture(scope="session")
def api(server, credentials):
    session = requests.Session()
    session.headers["Authorization"] = f"Bearer {credentials['jwt']}"
    session.root = server.endpoints["ivcap"]
    return session


@pytest.fixture(scope="session")
def served(server, api):
    """The operations that the server itself says it has, by level."""
    found = {}
    for level, endpoint in LEVELS.items():
        paths = api.get(server.endpoints[endpoint] + "/1/openapi/openapi3.json", timeout=10).json()["paths"]
        found[level] = {(method, shape(path)) for path, item in paths.items() for method in item}
    return found


@pytest.fixture(scope="session")
def there(api):
    """Things that exist, by the path that they are below."""
    root, found = api.root, {}
    subject = {"entity": "urn:contract:entity", "schema": "urn:contract:schema"}
    aspect = api.post(f"{root}/1/aspects", params=subject, json={"label": "cat"}, timeout=10).json()["id"]
    found["/1/aspects"] = found["/1/metadata"] = aspect
    found["/1/queues"] = api.post(f"{root}/1/queues", json={"name": "contract"}, timeout=10).json()["id"]
    found["/1/project"] = api.post(f"{root}/1/project", json={"name": "contract"}, timeout=10).json()["urn"]
    artifact = api.post(f"{root}/1/artifacts", headers={"X-Content-Type": "text/plain", "X-Content-Length": "0"}, timeout=10)
    found["/1/artifacts"] = artifact.json()["id"]
    services = api.get(f"{root}/1/services2", timeout=10).json()["items"]
    if services:
        found["/1/services"] = found["/1/services2"] = services[0]["id"]
        order = api.post(f"{root}/1/orders", json={"service": services[0]["id"], "parameters": []}, timeout=30)
        if order.status_code == 200:
            found["/1/orders"] = order.json()["id"]
    return found


@pytest.mark.parametrize("endpoint", sorted(set(LEVELS.values())))
def test_the_servers_own_document_says_all_that_the_levels_demand(server, api, endpoint):
    own = api.get(server.endpoints[endpoint] + "/1/openapi/openapi3.json", timeout=10).json()
    operations = {result.ok().path for result in schemathesis.openapi.from_dict(own).get_all_operations()}
    assert len(operations) > 10
    (level,) = {level for level, one in LEVELS.items() if one == endpoint and level == own["info"]["version"]}
    wanted = amend(level, json.loads((FOLDER / f"{level}.json").read_text(encoding="utf-8")))
    for path, item in wanted["paths"].items():
        for method, operation in item.items():
            listed = set(own["paths"][path][method]["responses"])
            assert set(operation["responses"]) <= listed, f"{method} {path}"
    for name, schema in wanted["components"]["schemas"].items():
        assert own["components"]["schemas"][name] == schema, name


@pytest.mark.parametrize(("level", "method", "path"), list(operations()))
def test_answers_are_as_documented(server, credentials, served, there, level, method, path):
    assert (method, shape(path)) in served[level], "the server does not have this operation"
    base = server.endpoints[LEVELS[level]]
    headers = {"Authorization": f"Bearer {credentials['jwt']}"}
    operation = DOCUMENTS[level][path][method]
    listed = {str(status) for status in operation.definition.raw["responses"]}
    collection = path.split("/{")[0]

    def judge(case):
        if path.endswith(WAITS):
            case.query = {**(case.query or {}), "max-wait-time": 0}
        answer = case.call(base_url=base, headers=headers, timeout=30)
        if str(answer.status_code) in listed:
            case.validate_response(answer, checks=[response_schema_conformance])
            return
        assert allows(level, f"{method} {path}", answer.status_code), (
            f"{case.as_curl_command()}\n{answer.status_code} is not listed: {answer.text[:500]}")

    @given(operation.as_strategy())
    @settings(max_examples=20, derandomize=True, deadline=None, database=None, phases=[Phase.explicit, Phase.generate],
              suppress_health_check=list(HealthCheck))
    def ask(case):
        judge(case)
        # Made-up names find nothing: once more with one that does, unless that would take it away.
        if method != "delete" and len(case.path_parameters or {}) == 1 and collection in there:
            name = next(iter(case.path_parameters))
            case.path_parameters[name] = there[collection]
            judge(case)

    ask()
