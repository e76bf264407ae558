"""Reduces an API document to what answers can be held against: no texts, no samples, no names of its authors.

    python3 contract.py DOCUMENT > ../../crates/server/src/ivcap/contract/LEVEL.json

Kept are paths, parameters, bodies, statuses, types, required members, enumerations, formats and limits.
"""

import json
import sys

KEPT = {
    "type", "format", "enum", "required", "properties", "items", "additionalProperties", "minimum", "maximum",
    "minLength", "maxLength", "minItems", "maxItems", "pattern", "oneOf", "anyOf", "allOf", "$ref", "nullable", "default",
}
METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def schema(found):
    """The facts of a schema; names of properties are no keywords."""
    if isinstance(found, list):
        return [schema(one) for one in found]
    if not isinstance(found, dict):
        return found
    kept = {}
    for key, value in found.items():
        if key == "properties":
            kept[key] = {name: schema(one) for name, one in value.items()}
        elif key in KEPT:
            kept[key] = schema(value) if key in ("items", "additionalProperties", "oneOf", "anyOf", "allOf") else value
    return kept


def content(found):
    return {kind: {"schema": schema(media.get("schema", {}))} for kind, media in found.items()}


def parameter(found):
    kept = {"name": found["name"], "in": found["in"], "schema": schema(found.get("schema", {}))}
    if found["in"] == "path":
        # Made-up URIs have slashes, which a segment cannot hold.
        kept["schema"].pop("format", None)
    if found.get("required"):
        kept["required"] = True
    return kept


def operation(method, path, found):
    kept = {"operationId": f"{method} {path}", "responses": {}}
    if found.get("parameters"):
        # These headers belong to the body, not to the caller.
        kept["parameters"] = [parameter(one) for one in found["parameters"] if one["name"] not in ("Content-Type", "Content-Length")]
    if "requestBody" in found:
        body = found["requestBody"]
        kept["requestBody"] = {"required": body.get("required", False), "content": content(body["content"])}
    for status, answer in found["responses"].items():
        kept["responses"][status] = {"description": ""}
        if answer.get("content"):
            kept["responses"][status]["content"] = content(answer["content"])
    return kept


def reachable(paths, schemas):
    """The schemas that are used, directly or by others."""
    used, waiting = set(), [json.dumps(paths)]
    while waiting:
        text = waiting.pop()
        for piece in text.split("#/components/schemas/")[1:]:
            name = piece.split('"')[0]
            if name not in used:
                used.add(name)
                waiting.append(json.dumps(schemas[name]))
    return {name: schemas[name] for name in sorted(used)}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        document = json.load(file)
    paths = {}
    for path, item in sorted(document["paths"].items()):
        paths[path] = {method: operation(method, path, item[method]) for method in METHODS if method in item}
    schemas = {name: schema(found) for name, found in document["components"]["schemas"].items()}
    schemas = reachable(paths, schemas)
    print('{"openapi": "3.0.3", "info": {"title": "IVCAP", "version": ' + json.dumps(document["info"]["version"]) + '},')
    print('"paths": {')
    print(",\n".join(f"{json.dumps(path)}: {json.dumps(item)}" for path, item in paths.items()))
    print('}, "components": {"schemas": {')
    print(",\n".join(f"{json.dumps(name)}: {json.dumps(found)}" for name, found in schemas.items()))
    print("}}}")


if __name__ == "__main__":
    main()
