"""Tests of `jiesu lists`: what is late first, with words as they were written."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from cli.terminal import printable
from domain.actors import SYSTEM
from domain.supervision.rows import ListRow
from runtime.settings import Settings
from store.db.engine import Store
from store.tickets import supervision_lists
from tests.store.stories import Story, complaint, project
from tests.support.jiesu_command import Terminal

HOSTILE = "[red]清淤[/red]\x1b[31m公示"
TODAY = (datetime.now(UTC) + timedelta(hours=8)).date()


async def _put(store: Store, leader: str, due: date) -> str:
    """Put a ticket of Jinan on a leader's list, and return its number."""
    story = Story(complaint(city="jinan"))
    await project(store, story.until_replied())
    new = ListRow(
        id=f"row-{leader}",
        city="jinan",
        number=story.number,
        leader=leader,
        unit="water",
        text=HOSTILE,
        due=due,
        put_at=datetime.now(UTC),
    )
    await supervision_lists.put(store, new, SYSTEM, lambda _: due)
    return story.number


async def test_open_problems_are_printed_and_what_is_late_first(
    sqlite_store: Store, tmp_path: Path
) -> None:
    first, second = "lixia", "shizhong"
    open_ = await _put(sqlite_store, first, TODAY + timedelta(days=9))
    late = await _put(sqlite_store, second, TODAY - timedelta(days=2))
    terminal = Terminal(Settings(home=tmp_path))
    done = await terminal.jiesu("lists", "jinan")
    assert (done.code, done.err) == (0, "")
    assert done.out.index(late) < done.out.index(open_)
    assert printable(HOSTILE) in done.out
    assert "\x1b[31m" not in done.out
    told = await terminal.json("lists", "jinan")
    assert [(one["number"], one["late"], one["text"]) for one in told] == [
        (late, True, HOSTILE),
        (open_, False, HOSTILE),
    ]
    [one] = await terminal.json("lists", "jinan", "--late")
    assert (one["number"], one["next_day"]) == (late, f"{TODAY - timedelta(days=2)}")
    [one] = await terminal.json("lists", "jinan", "--leader", first)
    assert one["number"] == open_
    assert await terminal.json("lists", "jinan", "--unit", "nobody") == []


async def test_a_city_without_lists_has_none(sqlite_store: Store, tmp_path: Path) -> None:
    terminal = Terminal(Settings(home=tmp_path))
    done = await terminal.jiesu("lists", "tongzhou")
    assert (done.code, "has no supervision lists" in done.err) == (2, True)
    done = await terminal.jiesu("lists", "jinan", "--leader", "nobody")
    assert (done.code, "unknown_leader" in done.err) == (2, True)
    assert (await terminal.jiesu("lists", "nowhere")).code == 2
