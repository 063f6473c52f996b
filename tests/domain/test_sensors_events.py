"""Tests of events: what CloudEvents requires, and the reading that an event is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.pack.coordinates import from_wgs84
from domain.pack.sensors import AlarmRule, SensorKind
from domain.sensors.events import BadEvent, Envelope, digest, envelope, reading_of
from domain.ticket.complaint import Crs
from tests.domain.test_sensors import kind

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
GOOD: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "urn:example:gateway",
    "type": "cn.example.reading",
    "subject": "outfall-1",
    "time": "2026-03-02T07:59:00Z",
}


def button() -> SensorKind:
    rule = AlarmRule(
        code="pressed",
        name="紧急呼叫",
        name_en="SOS",
        above=0.5,
        category="0801",
        title="一键呼叫",
    )
    return kind(code="sos", field="pressed", alarms=(rule,))


def camera() -> SensorKind:
    rule = AlarmRule(code="seen", name="发现", name_en="Seen", category="0109", title="发现")
    return kind(code="camera", leads=True, alarms=(rule,))


def code_of(changes: dict[str, Any]) -> str:
    attributes = {name: value for name, value in (GOOD | changes).items() if value is not ...}
    with pytest.raises(BadEvent) as refused:
        envelope(attributes, None)
    return refused.value.code


@pytest.mark.parametrize("name", ["id", "source", "type"])
@pytest.mark.parametrize("value", [..., None, "", 7, True, {"a": 1}, "x" * 600, "a\x00b", "\ud800"])
def test_what_the_standard_requires_is_checked(name: str, value: Any) -> None:
    assert code_of({name: value}) == "malformed_event"


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"specversion": ...}, "malformed_event"),
        ({"specversion": "0.3"}, "unsupported_spec_version"),
        ({"specversion": 1.0}, "unsupported_spec_version"),
        ({"time": "2026-03-02 "}, "malformed_event"),
        ({"time": "2026-03-02T08:00:00"}, "malformed_event"),  # where on earth?
        ({"time": "2026-02-30T08:00:00Z"}, "malformed_event"),
        ({"time": "0001-01-01T00:00:00+08:00"}, "malformed_event"),
        ({"time": "1969-12-31T23:59:59Z"}, "malformed_event"),
        ({"time": 1772409600}, "malformed_event"),
        ({"source": "no uri at all"}, "malformed_event"),
        ({"subject": ...}, "event_without_device"),
        ({"subject": "outfall 1"}, "unknown_device"),
        ({"Bad-Name": "x"}, "malformed_event"),
        ({"extension": 2**31}, "malformed_event"),
        ({"extension": ["a"]}, "malformed_event"),
        ({"extension": 1.5}, "malformed_event"),
    ],
)
def test_what_is_wrong_with_an_event_has_a_code(changes: dict[str, Any], code: str) -> None:
    assert code_of(changes) == code


def test_extensions_are_taken_and_the_time_may_be_missing() -> None:
    said = envelope(
        GOOD | {"sequence": 7, "ok": True, "traceparent": "00-a", "dataschema": None}, 1
    )
    assert (said.device, said.at) == ("outfall-1", NOW - timedelta(minutes=1))
    timeless = envelope({k: v for k, v in GOOD.items() if k != "time"}, 1)
    assert timeless.at is None
    assert reading_of(timeless, kind(), NOW).at == NOW


def test_an_event_is_known_by_its_source_and_id() -> None:
    one = envelope(GOOD, 1)
    assert one.key == envelope(GOOD | {"time": "2026-03-02T07:00:00Z"}, 2).key
    assert one.key != envelope(GOOD | {"source": "urn:example:other"}, 1).key
    assert one.key != envelope(GOOD | {"id": "e2"}, 1).key
    assert len(one.key) <= 32


def event(data: object, at: datetime | None = NOW) -> Envelope:
    return Envelope("urn:example:gateway", "e1", "outfall-1", at, data)


@pytest.mark.parametrize(
    ("data", "value"),
    [({"value": 2.4}, 2.4), (2.4, 2.4), (7, 7.0), ({"value": 0}, 0.0), ({"value": True}, 1.0)],
)
def test_the_value_is_that_of_the_kinds_field(data: object, value: float) -> None:
    assert reading_of(event(data), kind(), NOW).value == value


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (None, "value_missing"),
        ({}, "value_missing"),
        ({"kind": "foul"}, "value_missing"),
        ({"other": 1}, "value_missing"),
        ({"value": "2.4"}, "bad_value"),
        ({"value": [2.4]}, "bad_value"),
        ("2.4", "bad_value"),
        ({"value": float("nan")}, "bad_value"),
        ({"value": float("inf")}, "bad_value"),
        ({"value": 10**400}, "bad_value"),
        ({"value": 1, "kind": "nothing"}, "wrong_event_kind"),
        ({"value": 1, "kind": 7}, "wrong_event_kind"),
    ],
)
def test_a_measuring_device_needs_a_number(data: object, code: str) -> None:
    with pytest.raises(BadEvent) as refused:
        reading_of(event(data), kind(), NOW)
    assert refused.value.code == code


@pytest.mark.parametrize("data", [None, {}, {"kind": "sos"}, {"kind": "pressed"}, True])
def test_a_button_says_that_it_was_pressed(data: object) -> None:
    assert reading_of(event(data), button(), NOW).value == 1.0


def test_a_buttons_battery_is_no_call_for_help() -> None:
    with pytest.raises(BadEvent) as refused:
        reading_of(event({"battery": 80}), button(), NOW)
    assert refused.value.code == "value_missing"
    assert reading_of(event({"pressed": 0, "battery": 80}), button(), NOW).value == 0.0


def test_a_button_whose_clock_is_years_off_is_pressed_now() -> None:
    years_ago = NOW - timedelta(days=730)
    assert reading_of(event(None, years_ago), button(), NOW).at == NOW
    assert reading_of(event({"value": 1}, years_ago), kind(), NOW).at == years_ago
    with pytest.raises(BadEvent) as refused:
        reading_of(event(None, NOW + timedelta(days=730)), button(), NOW)
    assert refused.value.code == "reading_from_future"
    # Sent again later it says the same.
    first, again = (
        reading_of(event(None, years_ago), button(), at) for at in (NOW, NOW + timedelta(hours=1))
    )
    assert digest(event(None, years_ago), first) == digest(event(None, years_ago), again)


def test_a_camera_says_where_and_no_number() -> None:
    seen = reading_of(event({"kind": "camera", "lat": 39.9, "lon": 116.6}), camera(), NOW)
    assert (seen.value, seen.lat, seen.lon, seen.shape) == (1.0, 39.9, 116.6, "")
    outline = [[116.0, 39.0], [116.2, 39.0], [116.2, 39.2], [116.0, 39.2]]
    seen = reading_of(event({"outline": outline, "note": " 屋顶\u202e "}), camera(), NOW)
    assert (round(seen.lat or 0, 6), round(seen.lon or 0, 6)) == (39.1, 116.1)
    assert seen.note == "屋顶"


def test_a_camera_of_another_datum_is_where_it_is() -> None:
    shifted = camera().model_copy(update={"crs": Crs.BD09})
    lat, lon = from_wgs84(39.9, 116.6, Crs.BD09)
    seen = reading_of(event({"kind": "camera", "lat": lat, "lon": lon}), shifted, NOW)
    assert (round(seen.lat or 0, 6), round(seen.lon or 0, 6)) == (39.9, 116.6)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({}, "place_missing"),
        (None, "place_missing"),
        ({"lat": 39.9}, "bad_value"),
        ({"lat": 99, "lon": 116}, "bad_value"),
        ({"lat": "39.9", "lon": "116"}, "bad_value"),
        ({"lat": float("nan"), "lon": 116}, "bad_value"),
        ({"outline": [[116, 39], [117, 39]]}, "bad_value"),
        ({"outline": "116,39"}, "bad_value"),
        ({"outline": [[116, 39]] * 201}, "bad_value"),
        ({"lat": 39, "lon": 116, "note": "x" * 501}, "bad_value"),
        ({"lat": 39, "lon": 116, "note": "a\x00"}, "bad_value"),
        ({"lat": 39, "lon": 116, "note": 7}, "bad_value"),
    ],
)
def test_a_lead_needs_a_place(data: object, code: str) -> None:
    with pytest.raises(BadEvent) as refused:
        reading_of(event(data), camera(), NOW)
    assert refused.value.code == code
