"""What ninjs 3.2 says of the properties that an export has, as JSON Schema: names, types and what is required.

Written by hand from the standard's schema and user guide; it is not the IPTC's file, which has many more properties. One that is not here
is refused, as the standard refuses names that it does not know.
"""

TEXT = {"type": "string", "minLength": 1}
URI = {"type": "string", "pattern": r"^[a-z][a-z0-9+.-]*:\S+$"}
DATE_TIME = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"}


def _closed(required: list[str], **properties: dict) -> dict:
    return {"type": "object", "additionalProperties": False, "required": required, "properties": properties}


def _list(item: dict) -> dict:
    return {"type": "array", "minItems": 1, "items": item}


NINJS = _closed(
    ["uri"],
    uri=URI,
    type={"enum": ["text", "audio", "video", "picture", "graphic", "composite", "component", "event", "planning"]},
    representationType={"enum": ["full", "partial"]},
    version=TEXT,
    versionCreated=DATE_TIME,
    language=TEXT,
    headlines=_list(_closed(["value"], role=TEXT, contentType=TEXT, value=TEXT)),
    bodies=_list(_closed(["value"], role=TEXT, contentType=TEXT, charCount={"type": "integer"}, wordCount={"type": "integer"}, value=TEXT)),
    by=TEXT,
    people=_list(_closed([], name=TEXT, rel=TEXT, uri=URI, literal=TEXT)),
    organisations=_list(_closed([], name=TEXT, rel=TEXT, uri=URI, literal=TEXT)),
    subjects=_list(_closed([], name=TEXT, rel=TEXT, uri=URI, literal=TEXT)),
    infoSources=_list(_closed([], name=TEXT, role=TEXT, uri=URI, literal=TEXT)),
    renditions=_list(_closed(["name"], name=TEXT, href=URI, contentType=TEXT, title=TEXT)),
    copyrightNotice=TEXT,
    standard=_closed([], name=TEXT, version=TEXT, schema=URI),
)
