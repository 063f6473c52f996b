"""Suggestions during a call: subject, unit, due time, scripts, and similar tickets.

They come from the functions of triage and dispatch, and need neither the engine nor a ticket.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app import filing
from app.context import AppContext
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.pack.catalogue import Category, Unit
from domain.pack.pack import Pack
from domain.pack.phrases import Moment, Reply, Script
from domain.pack.planning import plan_clock
from domain.pack.routing import CategorySuggestion, route
from domain.ticket.because import Because
from domain.ticket.complaint import Complaint, Kind
from store.tickets.nearby import Nearby, open_nearby
from store.tickets.repeats import find_repeats
from store.tickets.suggestions import filing_holds, suggest

_TITLE = 40
_PAUSES = "，。；！？,;!?\n"


@dataclass
class Hints:
    """The suggestions. `category`: the chosen or suggested one; `sure`: it needs no person."""

    category: Category | None = None
    suggested: Category | None = None
    sure: bool = False
    reasons: list[Because] = field(default_factory=list)
    area: str | None = None
    unit: Unit | None = None
    unit_reasons: list[Because] = field(default_factory=list)
    promise: Clock | None = None
    missing: str | None = None
    scripts: list[Script] = field(default_factory=list)
    answers: list[Reply] = field(default_factory=list)
    similar: list[Nearby] = field(default_factory=list)
    title: str = ""
    answerable: bool = True


async def hints(context: AppContext, pack: Pack, said: dict[str, Any], chosen: str | None) -> Hints:
    """Return the suggestions for a complaint as typed so far; `chosen`: its subject."""
    draft = filing.draft(pack, datetime.now(UTC), **said)
    found = guess(context, pack, draft)
    code = chosen or found.category
    told = Hints(
        category=pack.category(code) if code else None,
        suggested=pack.category(found.category) if found.category else None,
        sure=found.confident,
        reasons=found.because if draft.text or draft.title else [],
        area=found.area,
        scripts=list(pack.phrases.scripts_for(Moment.CALL, code)),
        answers=list(pack.phrases.answers_for(code)),
        title=title_of(pack, draft, code),
        answerable=draft.kind in pack.desk.answers,
    )
    if told.category is not None:
        await _about(context, pack, draft, told, told.category)
    return told


def guess(context: AppContext, pack: Pack, draft: Complaint) -> CategorySuggestion:
    """Return what triage would suggest."""
    place = draft.place
    located = place.lat is not None and place.lon is not None
    return suggest(pack, context.packs.grid(pack.city.id) if located else None, draft)


async def _about(
    context: AppContext, pack: Pack, draft: Complaint, told: Hints, category: Category
) -> None:
    """Fill in the unit, the due time, the unmet filing condition, and similar open tickets."""
    code = category.code
    routing = route(pack, code, told.area, draft.place)
    told.unit, told.unit_reasons = pack.unit(routing.unit), routing.because
    told.promise = promise(pack, category.tier, draft.filed_at)
    if category.filing is not None:
        since = draft.filed_at - pack.severity.repeats_within.length
        again = await find_repeats(context.store, draft, code, told.area, pack.severity, since)
        holds = filing_holds(pack, draft, code, told.area, len(again))
        told.missing = None if holds else category.filing
    if draft.kind is not Kind.REPORT:
        told.similar = await open_nearby(context.store, draft, code, told.area, pack.severity)


def promise(pack: Pack, tier: str | None, at: datetime) -> Clock | None:
    """Plan the clock for the answer; None without a limit."""
    return plan_clock(pack, ClockName.HANDLE, tier, at)


def title_of(pack: Pack, draft: Complaint, category: str | None) -> str:
    """Compose a short title: the place and the subject, else the beginning of the text."""
    street = pack.street_of(draft.place.area)
    where = draft.place.address or (street.name if street else "")
    if category and where:
        return f"{where[:_TITLE]}：{pack.category(category).name}"
    said = draft.text
    ends = min((at for sign in _PAUSES if (at := said.find(sign)) > 0), default=len(said))
    return said[: min(ends, _TITLE)]
