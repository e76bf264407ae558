"""Runs the functional tests that the original server brings along against a server that is already there.

    python3 run.py http://127.0.0.1:7700/zaqar ws://127.0.0.1:7700/zaqar/ws > passes.txt

The environment is that of the original server with its test tools (requirements.txt); its own server, storage and
configuration are not started. Prints one line for each test, and exits with 1 if one of them failed that is not
excused below.
"""

import os
import pathlib
import sys
import unittest
import uuid
import warnings
from unittest import mock

import websocket
import zaqar

ETC = pathlib.Path(zaqar.__file__).parent / "tests" / "etc"
os.environ["ZAQAR_TESTS_CONFIGS_DIR"] = str(ETC)
os.environ["ZAQAR_TEST_INTEGRATION"] = "1"
# Its pools are only named, not connected to.
os.environ["ZAQAR_TEST_MONGODB"] = "true"
warnings.simplefilter("ignore")

from zaqar.conf import drivers_management_store_mongodb as mongodb  # noqa: E402
from zaqar.tests.functional import base, config  # noqa: E402  the variables must be set first

# The first wants a storage that holds nothing else yet: run it against a new server.
MODULES = [
    "zaqar.tests.functional.wsgi.v1_1.test_health",
    "zaqar.tests.functional.wsgi.test_versions",
    "zaqar.tests.functional.wsgi.v1_1.test_claims",
    "zaqar.tests.functional.wsgi.v1_1.test_messages",
    "zaqar.tests.functional.wsgi.v1_1.test_pools",
    "zaqar.tests.functional.wsgi.v1_1.test_queues",
    "zaqar.tests.functional.wsgi.v2.test_subscriptions",
    "zaqar.tests.functional.websocket.test_queues",
]

# Tests that fail whatever the server does.
EXCUSED = {f"test_insert_pool_bad_data_{n}": "it calls a method that Python's unittest has no more" for n in (1, 2, 3)}


def point_at(url):
    """Lets the tests talk to a URL, and start nothing."""
    load, project = config.load_config, uuid.uuid4().hex

    def loaded():
        conf = load()
        conf.set_override("url", url, group="zaqar")
        conf.set_override("project_id", project, group="headers")
        return conf

    config.load_config = loaded
    load_conf = base.FunctionalTestBase.load_conf

    def load_with_pool(file):
        conf = load_conf(file)
        mongodb.register_opts(conf)
        conf.set_override("uri", "mongodb://127.0.0.1:27018", group=mongodb.GROUP_NAME)
        return conf

    base.FunctionalTestBase.load_conf = staticmethod(load_with_pool)
    base.bootstrap.Bootstrap = mock.MagicMock()
    for server in (base.ZaqarServer, base.ZaqarAdminServer):
        server.start = lambda self, conf: None
        server.is_alive = lambda self: True
        server.process = mock.MagicMock()
        server.__init__ = lambda self: None
    base.FunctionalTestBase.tearDownClass = classmethod(lambda cls: None)
    base.FunctionalTestBase.class_ttl_gc_interval = 1


def connect_to(url):
    """Lets the tests of websockets, which know one address only, connect to another."""
    create = websocket.create_connection
    websocket.create_connection = lambda _, **options: create(url, **options)


class Told(unittest.TestResult):
    """Keeps what came of each test."""

    def __init__(self):
        super().__init__()
        self.told = []

    def _tell(self, test, word, why=""):
        name = test.id().removeprefix("zaqar.tests.functional.")
        self.told.append((name, word, why.strip().splitlines()[-1:] or [""]))

    def addSuccess(self, test, details=None):
        self._tell(test, "passed")

    def addSkip(self, test, reason=None, details=None):
        self._tell(test, "skipped", reason or details["reason"].as_text())

    def addError(self, test, err=None, details=None):
        self._tell(test, "FAILED", self._why(err, details))

    addFailure = addError

    @staticmethod
    def _why(err, details):
        if err:
            return f"{err[0].__name__}: {err[1]}"
        return "\n".join(content.as_text() for content in (details or {}).values() if content.as_text())


def main():
    point_at(sys.argv[1].rstrip("/"))
    connect_to(sys.argv[2])
    loader = unittest.TestLoader()
    known = [name for name in MODULES if (ETC.parent / "functional" / (
        name.removeprefix("zaqar.tests.functional.").replace(".", "/") + ".py")).exists()]
    result = Told()
    loader.loadTestsFromNames(known).run(result)
    bad = 0
    for name, word, why in sorted(result.told):
        excuse = EXCUSED.get(name.rsplit(".", 1)[-1])
        bad += word == "FAILED" and excuse is None
        if word == "FAILED" and excuse:
            word, why = "excused", [excuse]
        print(name, word, *(why if word != "passed" else []))
    print(f"{len(result.told)} tests, {bad} failed")
    return bool(bad or not result.told)


if __name__ == "__main__":
    sys.exit(main())
