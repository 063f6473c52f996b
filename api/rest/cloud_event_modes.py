"""The three ways in which HTTP carries events of CloudEvents 1.0: structured, binary, batch."""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from urllib.parse import unquote_to_bytes

from pydantic_core import from_json

from app.errors import Problem
from app.sensors.events import MOST, BatchMember
from domain.sensors.events import BadEvent, envelope

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
_PREFIX = "ce-"
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_PERCENT = re.compile("%(?![0-9A-Fa-f]{2})")
_SHOWN = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,256}")

Headers = Iterable[tuple[bytes, bytes]]


def media_type(content_type: str) -> str:
    """Return the type of a content type, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


def members_of(headers: Headers, content_type: str, body: bytes) -> tuple[list[BatchMember], bool]:
    """Return the events of a request, and whether it is a batch.

    Raises:
        Problem: malformed_json, malformed_event, unsupported_event_format, too_many_events
    """
    kind = media_type(content_type)
    if kind == BATCH:
        return _batch(_json(body)), True
    if kind == STRUCTURED:
        return [_structured(_json(body))], False
    attributes = dict(_attributes(headers))
    if kind.startswith("application/cloudevents") or not attributes:
        raise Problem("unsupported_event_format")
    return [_binary(attributes, content_type, body)], False


def signed_part(headers: Headers, content_type: str, body: bytes) -> bytes:
    """Return what a source signs: the body; of an event in headers these, too, in their order."""
    if media_type(content_type) in (STRUCTURED, BATCH):
        return body
    said = sorted((name.lower(), value) for name, value in headers)
    lines = [name + b":" + value.strip() for name, value in said if name.startswith(b"ce-")]
    return b"\n".join([*lines, b"content-type:" + content_type.strip().encode(), body])


def _json(body: bytes) -> object:
    try:
        # NaN is no JSON. It is read all the same, so that it spoils one member and no batch.
        return from_json(body, allow_inf_nan=True, cache_strings="keys")
    except ValueError:
        raise Problem("malformed_json") from None


def _batch(content: object) -> list[BatchMember]:
    if not isinstance(content, list):
        raise Problem("malformed_event", "A batch is a list of events.")
    if len(content) > MOST:
        raise Problem("too_many_events", f"A batch has at most {MOST} events.")
    return [_structured(one) for one in content]


def _structured(content: object) -> BatchMember:
    if not isinstance(content, dict):
        return BatchMember(None, BadEvent("malformed_event", "An event is an object."))
    try:
        data = _data(content)
        attributes = {k: v for k, v in content.items() if k not in ("data", "data_base64")}
        return BatchMember(_id(content), envelope(attributes, data))
    except BadEvent as error:
        return BatchMember(_id(content), error)


def _id(attributes: Mapping[str, object]) -> str | None:
    """Return the id of an event as it is repeated in the answer, if it can be."""
    value = attributes.get("id")
    return value if isinstance(value, str) and _SHOWN.fullmatch(value) else None


def _data(content: Mapping[str, object]) -> object:
    said = content.get("datacontenttype")
    is_json = said is None or (isinstance(said, str) and _is_json(said))
    encoded = content.get("data_base64")
    if encoded is None:
        data = content.get("data")
        if data is not None and not is_json:
            raise BadEvent("unsupported_event_data")
        return data
    if "data" in content:
        raise BadEvent("malformed_event", "data and data_base64 exclude each other.")
    if not is_json:
        raise BadEvent("unsupported_event_data")
    try:
        decoded = base64.b64decode(str(encoded), validate=True)
    except (binascii.Error, ValueError):
        raise BadEvent("malformed_event", "data_base64 is not in base64.") from None
    return _json_data(decoded)


def _is_json(content_type: str) -> bool:
    kind = media_type(content_type)
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def _json_data(data: bytes) -> object:
    if not data.strip():
        return None
    try:
        return from_json(data, allow_inf_nan=True)
    except ValueError:
        raise BadEvent("malformed_event", "data is not JSON.") from None


def _attributes(headers: Headers) -> Iterable[tuple[str, object]]:
    """Return the attributes that headers have; one that is there twice is not readable."""
    seen = set[str]()
    for raw_name, raw in headers:
        name = raw_name.decode("latin-1").lower()
        if not name.startswith(_PREFIX):
            continue
        attribute = name.removeprefix(_PREFIX)
        yield attribute, (_Unreadable() if attribute in seen else _header(raw))
        seen.add(attribute)


class _Unreadable:
    """A header whose value cannot be read."""


def _header(raw: bytes) -> object:
    """Return the text of a header: without quotes, and percent-decoded once."""
    try:
        text = raw.decode("utf-8").strip()
    except UnicodeDecodeError:
        return _Unreadable()
    quoted = _QUOTED.fullmatch(text)
    if quoted:
        text = _ESCAPED.sub(r"\1", quoted[1])
    if _PERCENT.search(text):
        return _Unreadable()
    try:
        return unquote_to_bytes(text).decode("utf-8")
    except UnicodeDecodeError:
        return _Unreadable()


def _binary(attributes: dict[str, object], content_type: str, body: bytes) -> BatchMember:
    shown = _id(attributes)
    bad = next((name for name, one in attributes.items() if isinstance(one, _Unreadable)), None)
    try:
        if bad is not None:
            raise BadEvent("malformed_event", f"The header ce-{bad[:40]} cannot be read.")
        if body.strip() and content_type and not _is_json(content_type):
            raise BadEvent("unsupported_event_data")
        return BatchMember(shown, envelope(attributes, _json_data(body)))
    except BadEvent as error:
        return BatchMember(shown, error)
