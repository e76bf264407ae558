"""Where answers leave the API documents because original clients need it, or because no listed status fits.

Each says why, with the section of the IVCAP reference: `deviations.json` beside the documents, of which the server's own
document is made, too.
"""

import json
import pathlib

FOLDER = pathlib.Path(__file__).parents[2] / "crates" / "server" / "src" / "ivcap" / "contract"
_KNOWN = json.loads((FOLDER / "deviations.json").read_text(encoding="utf-8"))


def allows(level, operation, status):
    """Whether a status that the document does not list for an operation is a known deviation."""
    return any(
        row["level"] in ("*", level) and row["operation"] in ("*", operation) and row["status"] == status
        for row in _KNOWN["statuses"]
    )


def amend(level, document):
    """The document with the places where answers are known to differ. `*` is every level, every operation."""
    for row in _KNOWN["schemas"]:
        if row["level"] == level:
            document["components"]["schemas"][row["schema"]]["properties"][row["member"]] = row["instead"]
    return document
