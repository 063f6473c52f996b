"""The two formats of the standard, written from the same values.

JSON drops the XML's container: a list is a bare array. What is absent is null there, and an empty
element here.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

MEDIA_TYPES = {
    "xml": "text/xml; charset=utf-8",
    "json": "application/json; charset=utf-8",
}

CONTAINERS = {
    "endpoints": "endpoint",
    "formats": "format",
    "services": "service",
    "groups": "group",
    "attributes": "attribute",
    "values": "value",
    "service_requests": "request",
    "extended_attributes": "attribute",
    "notes": "note",
    "service_request_updates": "request_update",
    "errors": "error",
}
"""The XML elements that hold a list, and the element of each of its entries."""

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that no XML document may contain, not even escaped."""

# A bare carriage return would be read as a line feed.
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"})


def written(suffix: str, root: str, value: Any, *, sparse: bool = False) -> bytes:
    """Return the values in a format. `root`: the XML's outermost element.

    `sparse`: absent values are left out of the XML. Perl's clients read an empty element as a hash.
    """
    if suffix == "json":
        return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace")
    text = "".join(_element(root, value, sparse))
    head = '<?xml version="1.0" encoding="utf-8"?>\n'
    return (head + text + "\n").encode("utf-8", "replace")


def _element(name: str, value: Any, sparse: bool) -> Iterator[str]:
    if value is None or value == "" or value == []:
        yield f"<{name}/>"
        return
    yield f"<{name}>"
    if isinstance(value, dict):
        for key, inner in value.items():
            if not (sparse and inner is None):
                yield from _element(key, inner, sparse)
    elif isinstance(value, list):
        for inner in value:
            yield from _element(CONTAINERS[name], inner, sparse)
    else:
        yield _text(value)
    yield f"</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return _NO_XML.sub("\ufffd", str(value)).translate(_ESCAPED)
