"""Where answers leave the API documents because original clients need it, or because no listed status fits.

Each row says why, with the section of the IVCAP reference.
"""

# Level of the document (`*` is all), operation (`*` is all), status.
STATUSES = [
    ("*", "post /1/artifacts", 412, "another version of the upload protocol is refused with it (7.6)"),
    ("*", "post /1/artifacts", 422, "names the header that is wrong; the listed 400 has no place for that (4)"),
    ("*", "*", 413, "bodies have a limit; the documents name none (7.6)"),
    ("*", "get /1/services2/{service_id}/jobs", 404, "no listed status says that the service is not there (7.4)"),
]

# Level, place in the document, what stands there instead.
SCHEMAS = [
    ("0.25", ("OrderStatusRT", "id"), {"type": "string"}, "a UUID in the document, a URN in all of its samples (6.1)"),
    ("0.28", ("OrderStatusRT", "id"), {"type": "string"}, "a UUID in the document, a URN in all of its samples (6.1)"),
    ("0.25", ("MetadataListItemRT", "aspect"), {"type": "object"}, "a text in the document; clients need an object (7.7)"),
    ("0.25", ("MetadataRecordRT", "aspect"), {"type": "object"}, "a text in the document; clients need an object (7.7)"),
    ("0.28", ("MetadataRecordRT", "aspect"), {"type": "object"}, "a text in the document; clients need an object (7.7)"),
]


def allows(level, operation, status):
    """Whether a status that the document does not list for an operation is a known deviation."""
    return any(
        known in ("*", level) and named in ("*", operation) and listed == status
        for known, named, listed, _ in STATUSES
    )


def amend(level, document):
    """The document with the places where answers are known to differ."""
    for known, (schema, member), instead, _ in SCHEMAS:
        if known == level:
            document["components"]["schemas"][schema]["properties"][member] = instead
    return document
