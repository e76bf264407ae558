"""Asks a real PostgreSQL what JSON paths select, and writes the answers down.

    python3 json_paths.py > ../../crates/server/src/ivcap/path/postgres.json

Starts a PostgreSQL of its own in a temporary directory (as the user nobody when run by root) and stops it again.
The answers are a fixture of the server's tests: they are made anew only when cases are added.
"""

import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile

DOCUMENTS = [
    {},
    [],
    None,
    "cat",
    7,
    True,
    {"name": "cat", "size": 3, "tags": ["a", "b"], "none": None, "ok": True, "ok2": False},
    {"name": ["cat", "dog"], "size": [1, 20, 300], "deep": {"a": {"b": [{"c": 1}, {"c": 2}, {"d": 3}]}}},
    {"images": [{"size": 5, "kind": "png"}, {"size": 20000, "kind": "jpeg"}, {"kind": "gif"}]},
    {"images": [[{"size": 11}], [{"size": 20000}, [{"size": 30000}]]], "a b": 1, "ä": 2},
    {"item": "urn:ivcap:artifact:1", "collection": "urn:x:collection:trip 1"},
    [1, "2", None, [3, [4]], {"a": 5}],
    {"n": 9007199254740993, "f": 0.1, "neg": -2.5, "big": 1e20, "s": "9", "e": "", "nl": "x\ny"},
    {"aa": 1, "b": 2, "a": {"zz": 3, "y": [4, 5]}},
    {"x": [{"v": 1, "w": 1}, {"v": 2, "w": 1}], "y": [1, 3], "z": {"v": 1}},
]

PATHS = [
    "$", "$.name", "$.size", '$."name"', '$."a b"', "$.ä", "$.missing", "$.*", "$.*.*", "$[*]", "$[0]", "$[1]", "$[9]",
    "$[*][*]", "$.tags[*]", "$.tags[1]", "$.name[0]", "$.name[1]", "$.size[0]", "$.deep.a.b.c", "$.deep.a.b[*].c",
    "$.deep.*.b[1]", "$.images[*].size", "$.images.size", "$.images[*][*].size", "$.images[1][0]", "$.none", "$.none.x",
    '$.item ? (@ == "urn:ivcap:artifact:1")', '$.name ? (@ == "cat")', '$.name ? (@ starts with "c")',
    '$.name ? (@ like_regex ".*O.*" flag "i")', '$.name ? (@ like_regex "^c.t$")', '$.nl ? (@ like_regex "x.y")',
    '$.nl ? (@ like_regex "x[^a]y")', '$.nl ? (@ like_regex "x\\\\sy")', '$.* ? (@ like_regex "\\\\d")',
    '$.* ? (@ like_regex "^[a-c]+$" flag "i")', '$.* ? (@ like_regex "(a|b)t?$")', '$.* ? (@ like_regex "\\\\mcat\\\\M")',
    "$.images[*] ? (@.size > 10000)", "$.images[*] ? (@.size > 10)", "$.images ? (@.size < 10)",
    '$.images[*] ? (@.size > 10 && @.kind == "jpeg")', '$.images[*] ? (@.size > 10 || @.kind == "gif")',
    "$.images[*] ? (!(@.size > 10))", "$.images[*] ? (exists (@.size))", "$.images[*] ? (!exists (@.size))",
    '$.images[*] ? (exists (@.size ? (@ > 10))).kind', '$ ? (exists (@.images[*] ? (@.kind == "png"))).images[0].size',
    "$ ? (@.size == 3)", "$ ? (@.size != 3)", "$ ? (@.size <> 3)", "$ ? (@.size >= 3)", "$ ? (@.size <= 20)",
    "$ ? (3 == @.size)", '$ ? (@.size == "3")', "$ ? (@.none == null)", "$ ? (@.none != null)", "$ ? (@.name != null)",
    "$ ? (@.name == null)", "$ ? (@.none < 1)", "$ ? (@.none <= null)", "$ ? (@.tags != null)", "$ ? (@.ok == true)",
    "$ ? (@.ok2 == false)", "$ ? (@.ok2 < @.ok)", "$ ? (@.missing == null)", "$ ? (!(@.missing == 1))",
    "$ ? (!(@.name == 1))", "$[*] ? (@ > 2)", '$[*] ? (@ > "1")', "$[*] ? (@ == null)", "$[*] ? (@.a == 5)",
    "$ ? (@ == 7)", "$ ? (@[*] == 7)", "$ ? (@ > 1) ? (@ < 9)", "$.size[*] ? (@ > 1) ? (@ < 100)",
    "$.n ? (@ == 9007199254740993)", "$.n ? (@ > 9007199254740992)", "$.f ? (@ == 0.1)", "$.f ? (@ == .1)",
    "$.neg ? (@ == -2.5)", "$.neg ? (@ < -2)", "$.neg ? (@ > +1)", "$.big ? (@ == 1e20)", "$.s ? (@ > 8)",
    '$.s ? (@ == "9")', '$.e ? (@ == "")', '$.e ? (@ starts with "")', '$.* ? (@ starts with "u")',
    "$.x[*] ? (@.v == $.y[*])", "$.x[*] ? (@.v == @.w)", "$.x ? (@.v == 2).w", "$.* ? (@.v == 1)", "$.*[*] ? (@.v == 1)",
    "$ ? (@.x.v > 1 && (@.y == 3 || @.y == 9))", "$ ? (@.x.v == 9 || @.missing == 1)", '$ ? (@.x == 1 || @.y == "1")',
    '$ ? ((@.name == 1) && (@.size == 3))', '$ ? (!(@.name == 1 && @.size == 4))', '$ ? (!(@.name == 1 || @.size == 3))',
    '$.name ? (@ == "c\\u0061t")', '$.name ? (@ == "\\x63at")', '$.name ? (@ == "c\\u{61}t")', '$."na\\u006de"',
    "$.exists", "$.true", "$.starts", "$.a.zz", "$.*.zz", "$.a.*", "$  .  name", "$.name?(@==\"cat\")",
    "$ ? (exists ($.size))", "$ ? (@.size == 3 && exists (@.tags[*] ? (@ == \"b\")))", "$ ? (null == null)",
    "$ ? (1 == 1)", '$ ? ("a" < "b")', "$ ? (true == 1)", "$.tags ? (@ == \"b\")", "$.tags ? (@[1] == \"b\")",
    # What PostgreSQL refuses.
    "", "name", "$.", "$..name", "$[", "$[*", "$[]", "$.name ?", "$ ? ()", "$ ? (@.a)", "$ ? (@.a ==)", "$ ? (== 1)",
    "$ ? (!@.a == 1)", "$ ? (1 < 2 < 3)", '$ ? (@ like_regex "(")', '$ ? (@ like_regex "*a")', '$ ? (@ like_regex "a**")',
    '$ ? (@ like_regex "a{2,1}")', '$ ? (@ like_regex "a" flag "z")', '$ ? (@ starts with 1)', "$ ? (@ == 'x')", "$.1a",
    '$ ? (@ == "x)', "$ ? (@ == 1", "$ ? (@ == 1))", "$ ? (TRUE == true)", "$.a b", '$ ? (@ == "\\u00")', "$ ? (@ == 1.2.3)",
]


def program(name):
    found = shutil.which(name) or next(iter(sorted(glob.glob(f"/usr/lib/postgresql/*/bin/{name}"), reverse=True)), None)
    return found or sys.exit(f"{name} was not found: install PostgreSQL")


def as_nobody(command):
    return ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command] if os.getuid() == 0 else command


def run(command, **more):
    return subprocess.run(as_nobody(command), check=True, capture_output=True, text=True, **more).stdout


def quoted(text):
    return "'" + text.replace("'", "''") + "'"


def ask(folder, statement):
    """The one value that a statement gives, or None if PostgreSQL refuses it."""
    command = [program("psql"), "-h", folder, "-U", "tester", "-d", "postgres", "-AtqX", "-c", statement]
    done = subprocess.run(as_nobody(command), capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def answers(folder):
    documents = ", ".join(f"({number}, {quoted(json.dumps(document))}::jsonb)" for number, document in enumerate(DOCUMENTS))
    for path in PATHS:
        text = quoted(path)
        found = ask(folder, f"""
            SELECT json_agg(json_build_array(jsonb_path_exists(d, {text}::jsonpath, '{{}}', true),
                                             jsonb_path_query_array(d, {text}::jsonpath, '{{}}', true)) ORDER BY n)
            FROM (VALUES {documents}) AS t(n, d)""")
        yield {"path": path, "answers": None if found is None else json.loads(found)}


def main():
    folder = tempfile.mkdtemp(prefix="json-paths-")
    data = os.path.join(folder, "data")
    try:
        shutil.chown(folder, "nobody", "nogroup") if os.getuid() == 0 else None
        run([program("initdb"), "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"])
        options = f"-c listen_addresses='' -k {folder} -c fsync=off"
        run([program("pg_ctl"), "-D", data, "-o", options, "-l", os.path.join(folder, "log"), "-w", "start"])
        try:
            version = ask(folder, "SHOW server_version").split()[0]
            cases = list(answers(folder))
        finally:
            run([program("pg_ctl"), "-D", data, "-m", "immediate", "-w", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print('{"postgresql": ' + json.dumps(version) + ',\n"documents": [')
    print(",\n".join(json.dumps(document, ensure_ascii=False) for document in DOCUMENTS))
    print('],\n"cases": [')
    print(",\n".join(json.dumps(case, ensure_ascii=False) for case in cases))
    print("]}")


if __name__ == "__main__":
    main()
