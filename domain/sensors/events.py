"""Events of sensors by CloudEvents 1.0: what one has to say, and the reading that it is.

An event is known by its `source` and `id`. Its `subject` is the device, its `time` when it was
measured; `data` has the number by the `field` of the device's kind. What is wrong with one has a
stable code, and says of one member of a batch nothing about the others.
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import isfinite
from typing import NoReturn

from domain.pack.coordinates import in_wgs84
from domain.pack.sensors import SensorKind
from domain.ticket.complaint import Crs, clean_text

AHEAD = timedelta(minutes=5)
"""The time by which the clock of a device may be ahead."""

SPEC_VERSION = "1.0"
_LONGEST_ID, _LONGEST_SOURCE, _LONGEST_NOTE = 256, 512, 500
_CORNERS = 200
_FIRST = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of clocks that were never set: nothing is measured before."""

_DEVICE = re.compile(r"[0-9A-Za-z_.-]{1,32}")
_ATTRIBUTE = re.compile(r"[a-z0-9]+")
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_URI = re.compile(r"[A-Za-z0-9!#-;=?@\[\]_~%]+")
_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_ONLY = frozenset({"kind", "lat", "lon", "outline", "note"})
"""The fields of `data` without a value: that it happened, and where."""

HAPPENED = 1.0
"""The value of an event without one: it happened."""


class BadEvent(Exception):
    """An event that is not taken. `code` is stable; no value that was sent is repeated."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(detail or code)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Envelope:
    """An event as its attributes say it. `at`: None if it says no time. `data`: None without."""

    source: str
    id: str
    device: str
    at: datetime | None
    data: object = None

    @property
    def key(self) -> str:
        """The fingerprint of what makes it this event and no other, in the form of a code."""
        return "ce-" + hashlib.sha256(f"{self.source}\0{self.id}".encode()).hexdigest()[:29]


@dataclass(frozen=True)
class EventReading:
    """The reading that an event is; `lat`, `lon`, `shape`, `note`: of a lead."""

    at: datetime
    value: float
    lat: float | None = None
    lon: float | None = None
    shape: str = ""
    note: str = ""


def envelope(attributes: Mapping[str, object], data: object) -> Envelope:
    """Return the event of these attributes.

    Raises:
        BadEvent: malformed_event, unsupported_spec_version, event_without_device
    """
    version = attributes.get("specversion")
    if version is None:
        _malformed("specversion", "is missing")
    if version != SPEC_VERSION:
        raise BadEvent("unsupported_spec_version", "specversion has to be 1.0.")
    for name, value in attributes.items():
        _check(name, value)
    source = _required(attributes, "source", _LONGEST_SOURCE)
    if not _URI.fullmatch(source):
        _malformed("source", "is no URI reference")
    event_id = _required(attributes, "id", _LONGEST_ID)
    _required(attributes, "type", _LONGEST_SOURCE)
    at = _time(attributes.get("time"))
    if attributes.get("subject") is None:
        raise BadEvent("event_without_device", "subject has to be the code of the device.")
    device = _required(attributes, "subject", _LONGEST_ID)
    if not _DEVICE.fullmatch(device):
        raise BadEvent("unknown_device")
    return Envelope(source, event_id, device, at, data)


def _malformed(name: str, what: str) -> NoReturn:
    raise BadEvent("malformed_event", f"{name} {what}.")


def _check(name: str, value: object) -> None:
    """Refuse a name that no attribute may have, and a value of no type of an attribute."""
    if not _ATTRIBUTE.fullmatch(name):
        raise BadEvent(
            "malformed_event", "The name of an attribute has other characters than a-z and 0-9."
        )
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if not -(2**31) <= value < 2**31:
            _malformed(name[:40], "is no integer of 32 bits")
        return
    if not isinstance(value, str):
        _malformed(name[:40], "is neither text, nor an integer, nor true or false")
    if _UNWRITABLE.search(value):
        _malformed(name[:40], "has characters that no attribute may have")


def _required(attributes: Mapping[str, object], name: str, longest: int) -> str:
    value = attributes.get(name)
    if value is None:
        _malformed(name, "is missing")
    if not isinstance(value, str):
        _malformed(name, "is not text")
    if not value or len(value) > longest:
        _malformed(name, f"has to have 1 to {longest} characters")
    return value


def _time(value: object) -> datetime | None:
    if value is None:
        return None
    if not isinstance(value, str) or not _TIME.fullmatch(value):
        _malformed("time", "is not a time by RFC 3339")
    try:
        at = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        _malformed("time", "is not a time by RFC 3339")
    if at < _FIRST:
        _malformed("time", "is before 1970")
    return at


def reading_of(event: Envelope, kind: SensorKind, received: datetime) -> EventReading:
    """Return the reading that an event of such a device is.

    Without a time it was measured when it came. So is one of a button whose clock is off by more
    than its readings may be late: by its own time it would belong to a matter of long ago, and
    nobody would come.

    Raises:
        BadEvent: reading_from_future, value_missing, bad_value, place_missing, wrong_event_kind
    """
    at = event.at or received
    if at > received + AHEAD:
        raise BadEvent("reading_from_future")
    if at < received - kind.late.length and is_button(kind):
        at = received
    data = event.data
    fields = data if isinstance(data, Mapping) else {}
    said = fields.get("kind")
    if said is not None and said not in (kind.code, kind.field, *(one.code for one in kind.alarms)):
        raise BadEvent("wrong_event_kind", "kind is neither the device's nor that of its alarm.")
    value = _value(data, fields, kind)
    if not kind.leads:
        return EventReading(at, value)
    lat, lon, shape = _place(fields, kind.crs)
    note = fields.get("note", "")
    if not isinstance(note, str) or len(note) > _LONGEST_NOTE or _UNWRITABLE.search(note):
        raise BadEvent("bad_value", f"note has to be a line of at most {_LONGEST_NOTE} characters.")
    return EventReading(at, value, lat, lon, shape, clean_text(note))


def is_button(kind: SensorKind) -> bool:
    """Return whether such a device says that something happened, and needs no value for it."""
    return not kind.leads and any(rule.passes and rule.alarms(HAPPENED) for rule in kind.alarms)


def _value(data: object, fields: Mapping[str, object], kind: SensorKind) -> float:
    value = fields.get(kind.field) if isinstance(data, Mapping) else data
    if value is None:
        if (kind.leads or is_button(kind)) and fields.keys() <= _ONLY:
            return HAPPENED
        raise BadEvent("value_missing", f"data has no {kind.field}.")
    if not isinstance(value, int | float):
        raise BadEvent("bad_value", f"{kind.field} is not a number.")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not isfinite(number):
        raise BadEvent("bad_value", f"{kind.field} is not a number that can be measured.")
    return number


def _place(fields: Mapping[str, object], crs: Crs) -> tuple[float, float, str]:
    """Return the place of a lead, its point, else the middle of its outline; and the outline.

    `crs`: the datum that the source sends in; what is returned is WGS-84.
    """
    outline = fields.get("outline") or ()
    if not isinstance(outline, Sequence) or isinstance(outline, str) or len(outline) > _CORNERS:
        raise BadEvent("bad_value", f"outline has to be a list of at most {_CORNERS} corners.")
    corners = [_corner(one, crs) for one in outline]
    if 0 < len(corners) < 3:
        raise BadEvent("bad_value", "An outline has three corners at least.")
    shape = json.dumps(corners) if corners else ""
    lat, lon = fields.get("lat"), fields.get("lon")
    if lat is not None or lon is not None:
        lon, lat = _corner((lon, lat), crs)
        return lat, lon, shape
    if not corners:
        raise BadEvent("place_missing", "A lead needs a place: lat and lon, or an outline.")
    lon, lat = (sum(one[axis] for one in corners) / len(corners) for axis in (0, 1))
    return lat, lon, shape


def _corner(one: object, crs: Crs) -> tuple[float, float]:
    """Return a point in WGS-84, longitude first."""
    if isinstance(one, Sequence) and len(one) == 2:
        lon, lat = one
        if (
            isinstance(lon, int | float)
            and isinstance(lat, int | float)
            and -180 <= lon <= 180
            and -90 <= lat <= 90
        ):
            lat, lon = in_wgs84(float(lat), float(lon), crs)
            return lon, lat
    raise BadEvent("bad_value", "A place needs a longitude and a latitude, in degrees.")


def digest(event: Envelope, reading: EventReading) -> str:
    """Return the fingerprint of what an event says: the same event says it each time."""
    said = (event.device, event.at and event.at.isoformat(), reading.value, reading.lat,
            reading.lon, reading.shape, reading.note)  # fmt: skip
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()[:32]
