"""Tests that the benchmark of grid workers says what is lost, twice or slow."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from bench import grid
from store.db.engine import Store


async def test_what_is_not_there_is_named(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid, "_PATIENCE", 0.0)
    system: Any = SimpleNamespace(store=sqlite_store)
    assert await grid._missing(system, workers=20, days=1) == [
        "entries: 0, not 41",
        "entries settled: 0, not 41",
        "diary entries: 0, not 40",
        "tickets that a unit handles: 0, not 1",
        "tickets: 0, not 1",
    ]


def test_everybody_reports_on_some_day_and_no_id_is_there_twice() -> None:
    days = range(grid.REPORTS)
    assert all(any(grid._reports(n, day) for day in days) for n in range(100))
    made = [
        grid._entry(n, day, which)["id"]
        for n in range(50)
        for day in days
        for which in range(grid._entries(n, day))
    ]
    assert len(set(made)) == len(made)


def test_what_is_above_a_target_is_said() -> None:
    good = grid.GridWeek(1, 1, 3, 1, 1.0, 0.1, 0.5, 0.0, 3000, [])
    for week, said in (
        (good, "within all targets"),
        (replace(good, batch_p99=9.0), "NOT within all targets"),
        (replace(good, wrong=["tickets: 0, not 1"]), "NOT within all targets"),
    ):
        out = Console(record=True, width=120)
        grid.show(out, week)
        text = out.export_text()
        assert said in text
        assert ("NOT" not in text) == week.right == (not said.startswith("NOT"))
        assert all(line in text for line in week.wrong)
