"""Tests of `jiesu promises list`: by their day, with their words as they were written."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cli.terminal import printable
from domain.promise.promise import Promise
from runtime.settings import Settings
from store.db.engine import Store
from store.tickets import promises
from tests.store.stories import Story, complaint, project
from tests.support.jiesu_command import Terminal

HOSTILE = "[red]红[/red]\x1b[31m修好"


async def _promised(store: Store) -> str:
    story = Story(complaint(city="heping"))
    await project(store, story.until_replied())
    today = (datetime.now(UTC) + timedelta(hours=8)).date()
    new = Promise(
        id="p1",
        number=story.number,
        city="heping",
        n=0,
        unit="water",
        text=HOSTILE,
        due=today,
        asked_until=today,
        made_at=datetime.now(UTC),
        made_by="a",
    )
    await promises.make(store, new, today, (90, 2), UTC)
    return story.number


async def test_promises_whose_day_is_here_are_listed(sqlite_store: Store, tmp_path: Path) -> None:
    number = await _promised(sqlite_store)
    terminal = Terminal(Settings(home=tmp_path))
    done = await terminal.jiesu("promises", "list", "heping")
    assert (done.code, done.err) == (0, "")
    assert number in done.out
    assert printable(HOSTILE) in done.out
    assert "\x1b[31m" not in done.out
    [one] = await terminal.json("promises", "list", "heping", "--unit", "water")
    assert (one["number"], one["state"], one["text"]) == (number, "due", HOSTILE)
    assert await terminal.json("promises", "list", "heping", "--which", "unsaid") == []


async def test_a_city_without_promises_lists_none(sqlite_store: Store, tmp_path: Path) -> None:
    terminal = Terminal(Settings(home=tmp_path))
    done = await terminal.jiesu("promises", "list", "tongzhou")
    assert (done.code, "records no promises" in done.err) == (2, True)
    assert (await terminal.jiesu("promises", "list", "nowhere")).code == 2
