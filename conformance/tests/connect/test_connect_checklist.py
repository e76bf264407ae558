"""Every public method of the original is used by some test: a new release cannot slip past unnoticed."""

import inspect
import pathlib
import re

import connect.client
import pytest
from connect.client import models

KINDS = ["ConnectClient", "NS", "Collection", "Resource", "Action", "ResourceSet"]
HERE = pathlib.Path(__file__)
SOURCES = "\n".join(path.read_text() for path in HERE.parent.glob("test_connect_*.py") if path != HERE)


def public_names():
    for kind in KINDS:
        for prefix in ("", "Async"):
            owner = getattr(connect.client, prefix + kind, None) or getattr(models, prefix + kind)
            for name, _ in inspect.getmembers(owner, inspect.isfunction):
                if not name.startswith("_"):
                    yield pytest.param(name, id=f"{prefix}{kind}.{name}")


@pytest.mark.parametrize("name", list(public_names()))
def test_every_public_method_is_exercised(name):
    assert re.search(rf"\.{name}\(", SOURCES)
