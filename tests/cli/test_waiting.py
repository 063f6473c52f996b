"""Tests of `jiesu waiting`: stated once a month, listed, and compared with what came."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.pack.periods import month_at, month_of
from packs.registry import default_root, load_pack
from runtime.settings import Settings
from store.db.engine import Store
from store.db.waiting_tables import waiting
from tests.store.population import Busy
from tests.store.stories import complaint, project
from tests.support.jiesu_command import Terminal

HEPING = load_pack(default_root() / "heping")
CODE = HEPING.categories[0].code


async def _closed(store: Store, filed: datetime, hours: float) -> None:
    one = Busy(complaint(city="heping", filed_at=filed))
    life = [one.accepted(), one.classified(CODE), one.led_by("water")]
    one.at = filed + timedelta(hours=hours) - timedelta(minutes=4)
    life += [one.done(1), one.replied(), one.rated(5), one.watched()]
    await project(store, life)


async def test_a_month_is_stated_once_and_checked_when_it_is_over(
    sqlite_store: Store, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    begun = month_of(HEPING, month_at(HEPING, now)).since
    before = month_of(HEPING, month_at(HEPING, begun - timedelta(days=1))).since
    for n in range(HEPING.waiting.least):
        await _closed(sqlite_store, before - timedelta(days=90) + timedelta(hours=n), 10 + n % 5)
    terminal = Terminal(Settings(home=tmp_path))
    assert await terminal.json("waiting", "list", "heping") == []
    made = await terminal.jiesu("waiting", "state", "heping")
    assert (made.code, made.err) == (0, "")
    listed = await terminal.json("waiting", "list", "heping")
    [own] = [one for one in listed if one["category"] == CODE]
    assert (own["over"], own["50%"], own["80%"]) == (HEPING.waiting.least, 12.0, 13.0)
    assert "0 made" in (await terminal.jiesu("waiting", "state", "heping")).out
    # The statements of the month before are those that the job had made then.
    await sqlite_store.change(waiting.update().values(month=month_at(HEPING, before)))
    for n in range(5):
        await _closed(sqlite_store, before + timedelta(hours=n), 10 + n)
    checked = await terminal.json("waiting", "check", "heping")
    of_all = {
        one["level"]: (one["kept"], one["tickets"], one["holds"])
        for one in checked
        if one["what"] == "closure" and one["category"] == ""
    }
    assert of_all[0.5] == (3, 5, True)
    assert of_all[0.8] == (4, 5, True)
    shown = await terminal.jiesu("waiting", "check", "heping")
    assert "closure" in shown.out
    wrong = await terminal.jiesu("waiting", "check", "heping", "--month", "soon")
    assert wrong.code == 2
