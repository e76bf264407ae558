"""The public names of an original, and the tests that are to use them."""

import inspect
import pathlib

import pytest


def public_methods(owners):
    """A parameter for each public method; `owners` are classes by the name that is shown."""
    for shown, owner in owners:
        for name, _ in inspect.getmembers(owner, inspect.isfunction):
            if not name.startswith("_"):
                yield pytest.param(name, id=f"{shown}.{name}")


def sources(checklist, pattern):
    """The text of all tests beside the file of a checklist."""
    here = pathlib.Path(checklist)
    return "\n".join(path.read_text() for path in sorted(here.parent.glob(pattern)) if path != here)
