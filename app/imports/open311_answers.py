"""The lists of requests that other Open311 systems answer with, in JSON and XML.

Document types and entities in XML are refused.
"""

import json
from collections.abc import Mapping
from typing import Any

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

_MOST_FIELDS = 100

Request = dict[str, str]


class BadFeed(Exception):
    """Another system that answers something else than a list of requests, or nothing."""

    code = "bad_feed"


def is_json(body: bytes) -> bool:
    """Return whether an answer looks like JSON."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"[", b"{")


def parse_json(body: bytes) -> list[Request]:
    """Return the requests of an answer; some servers wrap the list in an object.

    Raises:
        BadFeed
    """
    try:
        found: Any = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise BadFeed("the answer is not JSON") from error
    if isinstance(found, dict):
        lists = [value for value in found.values() if isinstance(value, list)]
        found = lists[0] if len(lists) == 1 else None
    if not isinstance(found, list):
        raise BadFeed("the answer is no list of requests")
    return [_flat(one) if isinstance(one, dict) else {} for one in found]


def _flat(values: Mapping[object, object]) -> Request:
    pairs = list(values.items())[:_MOST_FIELDS]
    return {
        str(name): str(value)
        for name, value in pairs
        if value is not None and not isinstance(value, dict | list)
    }


def parse_xml(body: bytes) -> list[Request]:
    """Return the requests of an answer.

    Raises:
        BadFeed: among others if there is a document type, or an entity.
    """
    try:
        root = fromstring(body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise BadFeed("the answer has a document type or entities, and was not read") from error
    except (ParseError, ValueError, LookupError, RecursionError) as error:
        raise BadFeed("the answer is not XML") from error
    if root.tag.rpartition("}")[2] != "service_requests":
        raise BadFeed("the answer is no list of requests")
    return [
        {
            cell.tag.rpartition("}")[2]: (cell.text or "").strip()
            for cell in list(request)[:_MOST_FIELDS]
        }
        for request in root
    ]
