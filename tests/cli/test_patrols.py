"""Tests of `jiesu patrols redraw`: the same draw, or exit code 1 and how it differs."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text

from runtime.settings import Settings
from store.db.engine import Store
from store.patrols import draws
from store.patrols.draws import Draw, WantedDraw
from tests.support.cities import SHIPPED
from tests.support.jiesu_command import Terminal
from tests.support.patrols import open_round

CITY = "jinan"
NOW = datetime(2026, 3, 9, 6, tzinfo=UTC)
PATROLS = SHIPPED.get(CITY).patrols


async def _drawn(store: Store) -> Draw:
    for days in range(1, 7):
        await open_round(store, CITY, PATROLS.routes[0], NOW - timedelta(days=days))
    assert PATROLS.checks is not None
    since = (NOW - timedelta(days=7)).date()
    wanted = WantedDraw(CITY, since, (NOW - timedelta(days=1)).date(), 2, PATROLS.checks, "s")
    return await draws.draw(store, wanted, NOW.date(), lambda: "a seed")


async def test_a_draw_comes_out_the_same(sqlite_store: Store, tmp_path: Path) -> None:
    made = await _drawn(sqlite_store)
    terminal = Terminal(Settings(home=tmp_path))
    done = await terminal.jiesu("patrols", "redraw", made.id)
    assert (done.code, done.err) == (0, "")
    assert "the same as recorded" in done.out
    assert all(one in done.out for one in made.drawn)
    told = await terminal.json("patrols", "redraw", made.id)
    assert (told["same"], told["drawn"]) == (True, made.drawn)


async def test_it_says_how_a_draw_differs(sqlite_store: Store, tmp_path: Path) -> None:
    made = await _drawn(sqlite_store)
    terminal = Terminal(Settings(home=tmp_path))
    await open_round(sqlite_store, CITY, PATROLS.routes[1], NOW - timedelta(days=2))
    done = await terminal.jiesu("patrols", "redraw", made.id)
    assert done.code == 1
    assert "not in the draw: jinan.HC01.20260307" in done.out
    await sqlite_store.change(text("DROP TRIGGER patrol_draw_no_update"))
    await sqlite_store.change(text("UPDATE patrol_draw SET seed = 'another seed'"))
    done = await terminal.jiesu("patrols", "redraw", made.id)
    assert (done.code, "not in the order of the seed" in done.out) == (1, True)


async def test_an_unknown_number_is_said(sqlite_store: Store, tmp_path: Path) -> None:
    done = await Terminal(Settings(home=tmp_path)).jiesu("patrols", "redraw", "jinan-9")
    assert (done.code, "no draw jinan-9" in done.err) == (2, True)
