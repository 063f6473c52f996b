"""The figures of a period: published indicators, per unit, and the tickets behind them."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from app.caller import Caller
from app.cities import Fraction, share
from app.context import AppContext
from app.periods import Reckoning, ReckoningQuery
from app.visibility import hidden_from
from domain.model import Instant, Recorded
from domain.pack.catalogue import UnitKind
from domain.pack.pack import Pack
from domain.ticket.complaint import Code
from store.db.cursors import cursor as cursor_of
from store.db.cursors import key_of
from store.reporting.figures import Behind, Figure, Figures, UnknownIndicator, Value, figures
from store.reporting.ranking import NamedUnit, standings


class FiguresQuery(ReckoningQuery):
    """The query. Without a token: a month, as it was when it ended."""

    indicator: Code | None = Field(None, description="Only this one.")
    by: Literal["unit"] | None = Field(None, description="Also for each unit that leads.")
    kind: UnitKind | None = Field(None, description="Of the units, only those of a kind.")
    sort: Code | None = Field(
        None, description="The indicator that orders the units, best first. Default: the first."
    )
    tickets: bool = Field(False, description="Staff: the tickets behind `indicator`.")
    cursor: Annotated[str, Field(max_length=500)] | None = None
    limit: int = Field(200, ge=1, le=1000, description="Tickets in one answer.")


class UnitName(Recorded):
    """A unit by its names in the pack; `kind` is null if the pack no longer has it."""

    unit: str = Field(examples=["110112003"])
    name: str
    name_en: str
    kind: UnitKind | None


class Excluding(Recorded):
    """A figure before exclusion (剔除), and without the excluded tickets."""

    before: Fraction
    after: Fraction


class FigureLine(Excluding):
    """One indicator. Of the tickets that `by` puts into the period and for which `over` holds, the
    share for which `counts` holds.

    The counts are of all tickets that `by` puts into the period; no figure counts unrated ones as
    satisfied, nor as dissatisfied.
    """

    id: str = Field(examples=["satisfaction"])
    version: int
    name: str = Field(examples=["满意率"])
    name_en: str
    over: str = Field(examples=["t.rated"])
    counts: str = Field(examples=["t.satisfied"])
    by: str = Field(examples=["ended"])
    source: str
    tickets: int
    excluded: int
    unrated: int
    not_reached: int


class UnitLine(UnitName):
    """A unit, and the figures of the tickets that it leads, by indicator."""

    figures: dict[str, Excluding]


class TicketLine(Recorded):
    """A ticket of the denominator; `counts`: also of the numerator."""

    number: str
    counts: bool
    excluded: bool
    unit: str


class FiguresPage(Recorded):
    """The figures. `broken`: how many tickets are in none, because events of theirs are missing."""

    city: str
    pack_version: str
    since: Instant
    until: Instant
    as_of: Instant
    figures: list[FigureLine]
    units: list[UnitLine] | None = None
    tickets: list[TicketLine] | None = None
    next_cursor: str | None = Field(None, description="Ask again with it for more tickets.")
    broken: int


async def counted(
    context: AppContext, caller: Caller | None, asked: Reckoning, behind: str | None
) -> tuple[Figures, Pack]:
    """Return the figures and the pack they are computed by; `behind`: drill down to its tickets.

    Results are cached for a while: separately for the public, see `AppContext.figures`.
    """

    async def find() -> tuple[Figures, Pack]:
        pack = await asked.pack_then(context)
        only = None if behind is None else {behind}
        computed = await figures(
            context.store,
            pack,
            asked.period,
            as_of=asked.as_of,
            only=only,
            tickets=behind is not None,
        )
        return computed, pack

    kept = context.figures if caller is None else context.staff_figures
    return await kept.get(("figures", behind, *asked.asked), find)


def _shown(found: Figures, indicator: str | None, pack: Pack) -> list[Figure]:
    shown = [one for one in found.figures if indicator in (None, one.indicator.id)]
    if indicator is not None and not shown:
        raise UnknownIndicator(indicator, pack.city.id)
    return shown


def _line(figure: Figure) -> FigureLine:
    told = figure.indicator.model_dump()
    counts = {
        name: getattr(figure, name) for name in ("tickets", "excluded", "unrated", "not_reached")
    }
    return FigureLine(**told, **counts, **_excluding(figure.value).model_dump())


def _excluding(value: Value) -> Excluding:
    return Excluding(before=share(value.before), after=share(value.after))


def unit_name(unit: NamedUnit) -> UnitName:
    return UnitName(unit=unit.code, name=unit.name, name_en=unit.name_en, kind=unit.kind)


def _units(pack: Pack, shown: list[Figure], query: FiguresQuery) -> list[UnitLine] | None:
    if not (query.by or query.kind or query.sort):
        return None
    return [
        UnitLine(
            **unit_name(line.unit).model_dump(),
            figures={code: _excluding(value) for code, value in line.values.items()},
        )
        for line in standings(pack, shown, query.kind, query.sort)
    ]


def behind_for(
    context: AppContext, caller: Caller, pack: Pack, behind: Iterable[Behind]
) -> list[Behind]:
    """Return the tickets that this caller may see, in the order of their numbers."""
    hidden = hidden_from(context, caller).get(pack.city.id, ())
    seen = [one for one in behind if caller.unit in (None, one.unit) and one.accused not in hidden]
    return sorted(seen, key=lambda one: one.number)


def _page(behind: list[Behind], query: FiguresQuery) -> tuple[list[TicketLine], str | None]:
    after = key_of(query.cursor, str)[0] if query.cursor is not None else ""
    rest = [one for one in behind if one.number > str(after)]
    items = [
        TicketLine(number=one.number, counts=one.counts, excluded=one.excluded, unit=one.unit)
        for one in rest[: query.limit]
    ]
    return items, cursor_of(items[-1].number) if len(rest) > query.limit else None
