"""Suggestions during a call: subject, unit, due time, scripts, and similar tickets.

They come from the functions of triage and dispatch, and need neither the engine nor a ticket.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from app.access.caller import Caller
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.filing import filing
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.pack.catalogue import Category, Unit
from domain.pack.pack import Pack
from domain.pack.phrases import Moment, Reply, Script
from domain.pack.planning import plan_clock
from domain.pack.routing import CategorySuggestion, route
from domain.ticket.because import Because
from domain.ticket.complaint import Complaint, of_wrongdoing
from packs.locating import Located, locate
from store.tickets.nearby import Nearby, open_nearby
from store.tickets.repeats import Where, find_repeats
from store.tickets.suggestions import filing_holds, suggest

_TITLE = 40
_PAUSES = "，。；！？,;!?\n"


@dataclass
class Suggestions:
    """The suggestions. `category`: the chosen or suggested one; `sure`: it needs no person."""

    category: Category | None = None
    suggested: Category | None = None
    sure: bool = False
    reasons: list[Because] = field(default_factory=list)
    area: str | None = None
    site: str | None = None
    site_part: str | None = None
    unit: Unit | None = None
    unit_reasons: list[Because] = field(default_factory=list)
    promise: Clock | None = None
    missing: str | None = None
    scripts: list[Script] = field(default_factory=list)
    answers: list[Reply] = field(default_factory=list)
    similar: list[Nearby] = field(default_factory=list)
    title: str = ""
    answerable: bool = True


async def suggestions_for(
    context: AppContext, caller: Caller, pack: Pack, values: dict[str, Any], chosen: str | None
) -> Suggestions:
    """Return the suggestions for a complaint as typed so far; `chosen`: its subject.

    Raises:
        Problem: not_your_city
    """
    await permit(context, caller, "page_desk")
    if not caller.serves(pack.city.id):
        raise Problem("not_your_city")
    complaint = filing.unnumbered(pack, datetime.now(UTC), **values)
    suggestion = guess(context, pack, complaint)
    code = chosen or suggestion.category
    suggested = Suggestions(
        category=pack.category(code) if code else None,
        suggested=pack.category(suggestion.category) if suggestion.category else None,
        sure=suggestion.confident,
        reasons=suggestion.because if complaint.text or complaint.title else [],
        area=suggestion.area,
        site=suggestion.site,
        site_part=suggestion.site_part,
        scripts=list(pack.phrases.scripts_for(Moment.CALL, code)),
        answers=list(pack.phrases.answers_for(code)),
        title=title_of(pack, complaint, code),
        answerable=complaint.kind in pack.desk.answers,
    )
    if suggested.category is not None:
        await _about(context, pack, complaint, suggested, suggested.category)
    return suggested


def guess(context: AppContext, pack: Pack, complaint: Complaint) -> CategorySuggestion:
    """Return what triage would suggest."""
    place = complaint.place
    located = place.lat is not None and place.lon is not None
    return suggest(pack, context.packs.grid(pack.city.id) if located else None, complaint)


def located(context: AppContext, pack: Pack, complaint: Complaint) -> Located:
    """Return what triage understands of the place, with candidates and the words that led there."""
    place = complaint.place
    pointed = place.lat is not None and place.lon is not None
    return locate(pack, context.packs.grid(pack.city.id) if pointed else None, complaint)


async def _about(
    context: AppContext,
    pack: Pack,
    complaint: Complaint,
    suggested: Suggestions,
    category: Category,
) -> None:
    """Fill in the unit, the due time, the unmet filing condition, and similar open tickets."""
    code = category.code
    where = Where(suggested.area, suggested.site, suggested.site_part)
    routing = route(pack, code, suggested.area, complaint.place)
    suggested.unit, suggested.unit_reasons = pack.unit(routing.unit), routing.because
    suggested.promise = promise(pack, category.tier, complaint.filed_at)
    if category.filing is not None:
        since = complaint.filed_at - pack.severity.repeats_within.length
        again = await find_repeats(context.store, complaint, code, where, pack.severity, since)
        holds = filing_holds(pack, complaint, code, suggested.area, len(again))
        suggested.missing = None if holds else category.filing
    if not of_wrongdoing(complaint.kind):
        suggested.similar = await open_nearby(context.store, complaint, code, where, pack.severity)


def promise(pack: Pack, tier: str | None, at: datetime) -> Clock | None:
    """Plan the clock for the answer; None without a limit."""
    return plan_clock(pack, ClockName.HANDLE, tier, at)


def title_of(pack: Pack, complaint: Complaint, category: str | None) -> str:
    """Compose a short title: the place and the subject, else the beginning of the text."""
    street = pack.street_of(complaint.place.area)
    where = complaint.place.address or (street.name if street else "")
    if category and where:
        return f"{where[:_TITLE]}：{pack.category(category).name}"
    text = complaint.text
    ends = min((at for sign in _PAUSES if (at := text.find(sign)) > 0), default=len(text))
    return text[: min(ends, _TITLE)]
