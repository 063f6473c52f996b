"""Tests that figures and points stay exact when ratings are set apart, or count again, later on."""

from datetime import timedelta

from sqlalchemy import select, update

from domain.ticket.rating import Apart
from store.db.engine import Store
from store.db.satisfaction_tables import rating_check
from store.db.tables import event
from store.reporting.contribution_keeping import waiting
from store.reporting.figures import figures
from store.reporting.scores import scores, scores_from_events
from tests.store.counting import kept
from tests.store.random_lives import lives
from tests.store.stories import project
from tests.store.test_contributions import CITY, PACKS, _check, _looks
from tests.support.seeds import dice


async def _set_apart(store: Store) -> list[tuple[str, int]]:
    """Set most ratings apart, some of them long after they were given; return them."""
    chance, rows = dice("rating checks"), []
    found = select(event.c.number, event.c.version, event.c.at).where(event.c.kind == "rated")
    for one in await store.rows(found.order_by(event.c.number, event.c.version)):
        if chance.random() < 0.2:
            continue
        later = timedelta(hours=chance.choice([0, 0, 3, 40, 900]))
        rows.append(
            {
                "number": one.number,
                "after": one.version - 1,
                "city": CITY,
                "given_at": one.at,
                "version": one.version,
                "at": one.at,
                "good": True,
                "reason": chance.choice(list(Apart)).value,
                "apart_at": one.at + later,
                "last": True,
                "lifted_why": "",
            }
        )
    for row in rows:
        await store.change(rating_check.insert(), row)
    return [(row["number"], row["version"]) for row in rows]


async def _points_agree(store: Store) -> None:
    for as_of, periods in _looks(PACKS[0]):
        for pack in PACKS:
            for period in periods:
                told = await scores_from_events(store, pack, period, as_of=as_of)
                assert await scores(store, pack, period, as_of=as_of) == told


async def test_figures_follow_what_is_said_of_ratings(store: Store) -> None:
    await project(store, *lives(dice("checked lives"), CITY, 60))
    await kept(store, *PACKS)
    assert await waiting(store) == 0
    _, [period, *_] = list(_looks(PACKS[0]))[1]
    before = (await figures(store, PACKS[0], period)).figures
    apart = await _set_apart(store)
    assert await waiting(store) == len({number for number, _ in apart}) > 5
    assert (await figures(store, PACKS[0], period)).figures != before
    await _check(store)
    await kept(store)
    assert await waiting(store) == 0
    await _check(store)
    await _points_agree(store)
    c = rating_check.c
    for number, version in apart[::2]:
        row = await store.first(select(c.apart_at).where(c.number == number, c.version == version))
        assert row is not None
        lifted = row.apart_at + timedelta(hours=30)
        await store.change(
            update(rating_check)
            .where(c.number == number, c.version == version)
            .values(lifted_at=lifted, lifted_by="supervisor-1", lifted_why="电话核实")
        )
    assert await waiting(store) > 0
    await _check(store)
    await kept(store)
    assert await waiting(store) == 0
    await _check(store)
    await _points_agree(store)
