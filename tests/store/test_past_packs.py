"""Tests that a past month keeps the formulas that it was published by."""

import shutil
from datetime import timedelta
from pathlib import Path

import pytest

from domain.activity_io import Projection
from domain.deadlines.registry import ClockName
from domain.facts.intake import Accepted
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.ticket.rules_snapshot import Rules
from packs.registry import default_root, load_pack
from store.db.engine import Store
from store.packs import archive
from store.packs.archive import UnknownPackVersion
from store.reporting.figures import figures
from store.reporting.past_packs import pack_at
from tests.packs.pack_folders import replace
from tests.store.population import Busy
from tests.store.stories import START, clock, complaint, project

DAY = timedelta(days=1)
FIRST_DAY = Period(START, START + DAY)
LATER = START + 60 * DAY
LENIENT = 'over = "t.rated && t.grade > 2"'


class Accepting(Busy):
    """A story under a certain version of the pack."""

    def __init__(self, version: str, days: float = 0, city: str = "tongzhou") -> None:
        super().__init__(complaint(city=city, filed_at=START + timedelta(days=days)))
        self.version = version

    def accepted(self) -> Projection:
        rules = Rules.model_validate({"pack": "tongzhou", "pack_version": self.version})
        return self.tell(Accepted(rules=rules, clocks=[clock(ClockName.TRIAGE, self.at, 1)]))


async def _changed(store: Store, folder: Path) -> tuple[Pack, Pack]:
    """Return Tongzhou's archived pack, and today's with a more lenient formula."""
    path = folder / "tongzhou"
    shutil.copytree(default_root() / "tongzhou", path)
    before = load_pack(path)
    await archive.keep(store, path)
    figure = next(one for one in before.indicators if one.id == "satisfaction")
    replace(
        path / "indicators.toml",
        f'over = "{figure.over}"\ncounts = "{figure.counts}"',
        f'{LENIENT}\ncounts = "{figure.counts}"',
    )
    return before, load_pack(path)


async def test_a_past_month_is_computed_by_the_pack_it_was_published_by(
    store: Store, tmp_path: Path
) -> None:
    before, now = await _changed(store, tmp_path)
    good, bad = Accepting(before.version), Accepting(before.version)
    await project(store, good.answered_by(grade=5), [*bad.answered_by(grade=1), bad.watched()])
    published = await figures(store, before, FIRST_DAY)
    await project(store, Accepting(now.version, days=31).whole())

    then = await pack_at(store, now, FIRST_DAY.until, LATER)
    assert then.version == before.version
    assert await figures(store, then, FIRST_DAY) == published
    assert await figures(store, now, FIRST_DAY) != published
    # By its version, any pack that was in use can be requested, for any time.
    assert await pack_at(store, now, FIRST_DAY.until, LATER, now.version) == now
    named = await pack_at(store, now, LATER, LATER, before.version)
    assert named.version == before.version


async def test_the_running_month_is_computed_by_the_pack_of_today(
    store: Store, tmp_path: Path
) -> None:
    before, now = await _changed(store, tmp_path)
    await project(store, Accepting(before.version).whole())
    assert await pack_at(store, now, LATER, LATER) is now


async def test_what_waited_for_the_engine_is_accepted_later(store: Store, tmp_path: Path) -> None:
    """It was filed on the first day, and accepted under the pack of the next."""
    before, now = await _changed(store, tmp_path)
    late = Accepting(now.version, days=0.9)
    late.at += DAY
    await project(store, Accepting(before.version).whole(), late.whole())
    assert (await pack_at(store, now, FIRST_DAY.until, LATER)).version == before.version


async def test_where_nothing_is_known_of_that_time_it_is_the_pack_of_today(
    store: Store, tmp_path: Path
) -> None:
    _, now = await _changed(store, tmp_path)
    assert await pack_at(store, now, FIRST_DAY.until, LATER) is now
    await project(store, Accepting("0123456789ab").whole(), Accepting("x", city="other").whole())
    assert await pack_at(store, now, FIRST_DAY.until, LATER) is now
    with pytest.raises(UnknownPackVersion):
        await pack_at(store, now, FIRST_DAY.until, LATER, "0123456789ab")
