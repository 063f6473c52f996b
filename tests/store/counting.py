"""Figures and points from kept contributions, held against a recount from events."""

from datetime import datetime
from typing import Any

from domain.pack.pack import Pack
from domain.pack.periods import Period
from packs.registry import PackRegistry, default_root
from store.db.engine import Store
from store.reporting.contribution_keeping import keep, kept_sets, settle_all
from store.reporting.figures import Figures, figures, figures_from_events
from store.reporting.formulas import formulas_of
from store.reporting.scores import Scores, scores, scores_from_events

SHIPPED = PackRegistry(default_root())


async def kept(store: Store, *packs: Pack, now: datetime | None = None) -> None:
    """Keep contributions by the formulas of these packs, and bring all up to date."""
    for pack in packs:
        await keep(store, formulas_of(pack), now or datetime.now().astimezone())
    await settle_all(store, await kept_sets(store, SHIPPED))


async def figures_both_ways(store: Store, pack: Pack, period: Period, **more: Any) -> Figures:
    """Return figures that are the same from events, with marked tickets, and from what is kept."""
    as_of = more.pop("as_of", None) or period.until
    if as_of < period.until:
        return await figures(store, pack, period, as_of=as_of, **more)
    told = await figures_from_events(store, pack, period, as_of=as_of, **more)
    assert await figures(store, pack, period, as_of=as_of, **more) == told
    await kept(store, pack)
    assert await figures(store, pack, period, as_of=as_of, **more) == told
    return told


async def scores_both_ways(store: Store, pack: Pack, period: Period, **more: Any) -> Scores:
    """Return points that are the same from events, with marked tickets, and from what is kept."""
    as_of = more.pop("as_of", None) or period.until
    told = await scores_from_events(store, pack, period, as_of=as_of, **more)
    assert await scores(store, pack, period, as_of=as_of, **more) == told
    await kept(store, pack)
    assert await scores(store, pack, period, as_of=as_of, **more) == told
    return told
