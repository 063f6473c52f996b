"""Tests that the benchmark of patrols simulates a whole week, and says what is above a target."""

from dataclasses import replace

from rich.console import Console

from bench import patrols
from store.db.engine import Store


async def test_a_week_is_whole_and_a_walk_is_counted(sqlite_store: Store) -> None:
    week = await patrols._week(sqlite_store, 4)
    assert (week.rounds, week.rungs, week.piled_up) == (28, 4 * (7 + 6 + 5), 0)
    assert week.looks == 7 * 96
    assert week.late < 900
    assert 0 < week.per_idle_look <= patrols.STATEMENTS_TARGET
    assert week.per_walk > 0


async def test_what_is_above_a_target_is_said(sqlite_store: Store) -> None:
    week = replace(await patrols._week(sqlite_store, 1), per_idle_look=4.0)
    good = patrols.Costs(week, 11, 1056)
    for costs, said in (
        (good, "within all targets"),
        (replace(good, events=900), "NOT within all targets"),
        (replace(good, week=replace(week, rounds=6)), "NOT within all targets"),
        (replace(good, week=replace(week, late=1800.0)), "NOT within all targets"),
    ):
        out = Console(record=True, width=120)
        patrols.show(out, costs)
        assert said in out.export_text()
        assert costs.right == (said == "within all targets")
