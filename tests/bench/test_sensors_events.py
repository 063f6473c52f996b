"""Tests that the benchmark of events knows what it has to find."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from bench.events import EventLoad, EventResult, _event, expected_alarms, show
from domain.sensors.events import envelope, reading_of
from domain.sensors.readings import DeviceReading, DeviceState, judged
from packs.registry import default_root, load_pack

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    "load", [EventLoad(600, 1, 20), EventLoad(1000, 2, 40), EventLoad(60, 1, 60)]
)
def test_as_many_alarms_are_expected_as_the_rules_of_the_city_raise(load: EventLoad) -> None:
    kind = load_pack(default_root() / "huangpu").sensors.kind("outfall")
    assert kind is not None
    by_device: dict[str, list[DeviceReading]] = {}
    for n in range(load.events):
        said: dict[str, Any] = _event(n, load, NOW - timedelta(days=1))
        event = envelope({k: v for k, v in said.items() if k != "data"}, said["data"])
        reading = reading_of(event, kind, NOW)
        one = DeviceReading(id=event.key, at=reading.at, value=reading.value)
        by_device.setdefault(event.device, []).append(one)
    raised = [
        judged(kind, DeviceState(), readings).alarms["foul"].raised_at is not None
        for readings in by_device.values()
    ]
    assert raised.count(True) == expected_alarms(load)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({}, "; right"), ({"lost": 1}, "NOT RIGHT"), ({"tickets": 3}, "NOT RIGHT"),
     ({"accepted": 599}, "NOT RIGHT")],
)  # fmt: skip
def test_it_says_whether_what_was_found_is_right(changes: dict[str, Any], verdict: str) -> None:
    found = {"accepted": 600, "alarms": 2, "causes": 2, "tickets": 2} | changes
    result = EventResult(EventLoad(600, 1, 20), accept_ms=[1.0, 600.0], empty_ms=[1.0], **found)
    out = Console(record=True, width=200)
    show(out, result)
    assert verdict in out.export_text()
    assert result.right is (not changes)
