"""A recount: figures and points as they are published, held against the events of every ticket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.pack.pack import Pack
from domain.pack.periods import Period
from store.db.engine import Store
from store.reporting import contribution_keeping
from store.reporting.figures import Figure, Figures, figures, figures_from_events
from store.reporting.formulas import formulas_of
from store.reporting.scores import Scores, scores, scores_from_events

_BESIDE = ("tickets", "excluded", "unrated", "not_reached")


@dataclass(frozen=True)
class RecountDifference:
    """A value that differs. `of`: the indicator, or `points`; `which`: a unit, ticket or rule."""

    of: str
    which: str
    published: str
    recounted: str


@dataclass(frozen=True)
class Recount:
    """The result. `kept`: contributions are kept by the pack's formulas, else there is only one
    way to count. `tickets`: of the figure with the most of them."""

    kept: bool
    tickets: int
    differences: list[RecountDifference]


async def recount(store: Store, pack: Pack, period: Period, as_of: datetime) -> Recount:
    """Compute all figures and points of a period both ways, and name every difference.

    It replays every ticket of the period three times. What changes meanwhile may appear as a
    difference, if `as_of` is not in the past.
    """
    kept = await contribution_keeping.asked(store, formulas_of(pack))
    told = await figures_from_events(store, pack, period, as_of=as_of, tickets=True)
    summed = await figures(store, pack, period, as_of=as_of)
    listed = await figures(store, pack, period, as_of=as_of, tickets=True)
    judged = await scores_from_events(store, pack, period, as_of=as_of)
    earned = await scores(store, pack, period, as_of=as_of)
    return Recount(
        kept=kept is not None,
        tickets=max((one.tickets for one in told.figures), default=0),
        differences=[
            *_of_figures(summed, told),
            *_of_tickets(listed, told),
            *_of_points(earned, judged),
        ],
    )


def _of_figures(published: Figures, recounted: Figures) -> Iterator[RecountDifference]:
    for one, other in zip(published.figures, recounted.figures, strict=True):
        yield from _differing(one.indicator.id, _values(one), _values(other))
    if published.broken != recounted.broken:
        yield RecountDifference("broken", "", str(published.broken), str(recounted.broken))


def _values(figure: Figure) -> dict[str, Any]:
    whole: dict[str, Any] = {"": figure.value, **figure.units}
    return whole | {name: getattr(figure, name) for name in _BESIDE}


def _of_tickets(published: Figures, recounted: Figures) -> Iterator[RecountDifference]:
    for one, other in zip(published.figures, recounted.figures, strict=True):
        listed, told = ({c.number: c for c in figure.counted} for figure in (one, other))
        yield from _differing(one.indicator.id, listed, told)


def _of_points(published: Scores, recounted: Scores) -> Iterator[RecountDifference]:
    listed, told = ({one.unit: one for one in found.units} for found in (published, recounted))
    yield from _differing("points", listed, told)
    left_out = {"left_out": published.left_out}, {"left_out": recounted.left_out}
    yield from _differing("points", *left_out)


def _differing(
    of: str, published: Mapping[str, Any], recounted: Mapping[str, Any]
) -> Iterator[RecountDifference]:
    for which in sorted(published.keys() | recounted.keys()):
        one, other = published.get(which), recounted.get(which)
        if one != other:
            yield RecountDifference(of, which, _said(one), _said(other))


def _said(value: object) -> str:
    return "nothing" if value is None else str(value)
