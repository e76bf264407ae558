"""Every public method of the original is used by some test: a new release cannot slip past unnoticed."""

import re

import connect.client
import pytest
from connect.client import models

from pentad.names import public_methods, sources

KINDS = ["ConnectClient", "NS", "Collection", "Resource", "Action", "ResourceSet"]
OWNERS = [
    (name, getattr(connect.client, name, None) or getattr(models, name))
    for name in (prefix + kind for kind in KINDS for prefix in ("", "Async"))
]
SOURCES = sources(__file__, "test_connect_*.py")


@pytest.mark.parametrize("name", list(public_methods(OWNERS)))
def test_every_public_method_is_exercised(name):
    assert re.search(rf"\.{name}\(", SOURCES)
