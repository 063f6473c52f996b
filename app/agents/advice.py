"""Advice to machines: the city's catalogue, and its rules' suggestions. Nothing is recorded."""

from collections.abc import Iterable
from datetime import datetime

from pydantic import Field

from app.access.caller import Caller
from app.access.permission import permit
from app.agents.covering import Cover
from app.agents.reading import cover_of, reading, visible_to
from app.cities.cities import CategoryLine, StreetLine, catalogue
from app.context import AppContext
from app.errors import FieldProblem, Problem
from app.filing.suggestions import suggestions_for
from domain.deadlines.clocks import Basis, Clock, LevelKind
from domain.deadlines.registry import DEADLINES, ClockName
from domain.model import Incoming, Instant, Recorded
from domain.pack.catalogue import Reason, UnitKind
from domain.pack.names import names_of
from domain.pack.pack import Pack
from domain.pack.planning import plan_clock
from domain.ticket.because import in_words
from domain.ticket.complaint import Code, Kind, Place, Text, Title, of_wrongdoing
from domain.ticket.ticket import Ticket


class AgentUnitLine(Recorded):
    """A unit of the city."""

    code: str
    name: str
    name_en: str
    kind: UnitKind
    parent: str | None
    area: str | None


class AgentCatalogue(Recorded):
    """A city's categories, units and areas, and the reasons that commands take."""

    city: str
    name: str
    name_en: str
    categories: list[CategoryLine]
    units: list[AgentUnitLine]
    streets: list[StreetLine]
    reasons: dict[str, list[Reason]]


class ClockLine(Recorded):
    """A clock of a ticket. `rule`: where the city's pack sets it. `levels`: what happens when."""

    name: str
    name_zh: str
    unit: str | None
    limit: str
    rule: str
    basis: Basis
    started_at: Instant
    due_at: Instant
    state: str = Field(description="`running`, `paused` or `stopped`.")
    late: bool
    provisional: bool
    levels: dict[LevelKind, Instant]


class ClocksOut(Recorded):
    """The clocks of a ticket. `promised_by`: until when the citizen is promised an answer."""

    number: str
    now: Instant
    promised_by: Instant | None
    clocks: list[ClockLine]


class DueIn(Incoming):
    """From when, and by which limit."""

    tier: Code | None = Field(None, description="A tier of the city; default: the ordinary one.")
    category: Code | None = Field(None, description="A category, whose tier is taken.")
    at: Instant | None = Field(None, description="Default: now.")


class DueOut(Recorded):
    """The day of an answer that is promised now; `limit` is the rule as the pack writes it."""

    started_at: Instant
    due_at: Instant | None
    limit: str | None
    provisional: bool


class TriageIn(Incoming):
    """A complaint as it is known so far: the words, or the number of a ticket."""

    text: Text
    title: Title = ""
    kind: Kind = Kind.COMPLAINT
    place: Place = Field(default_factory=Place)
    category: Code | None = Field(None, description="To see what follows from this one.")


class SimilarTicket(Recorded):
    """An open ticket of the category about the same place: perhaps a duplicate."""

    number: str
    stage: str
    unit: str | None
    filed_at: Instant


class TriageAdvice(Recorded):
    """The suggestion of the city's rules. `sure`: they would classify it without a person."""

    category: str | None
    sure: bool
    reasons: list[str]
    area: str | None
    unit: str | None
    unit_reasons: list[str]
    due_at: Instant | None
    similar: list[SimilarTicket]


async def city_catalogue(context: AppContext, caller: Caller) -> AgentCatalogue:
    """Return the catalogue of the machine's city."""
    await permit(context, caller, "get_city")
    pack = _pack(context, caller)
    page = await catalogue(context, pack.city.id)
    return AgentCatalogue(
        city=page.id,
        name=page.name,
        name_en=page.name_en,
        categories=page.categories,
        units=[
            AgentUnitLine(
                code=unit.code,
                name=unit.name,
                name_en=unit.name_en,
                kind=unit.kind,
                parent=unit.parent,
                area=unit.area,
            )
            for unit in pack.units
        ],
        streets=page.streets,
        reasons={
            name: list(getattr(pack.reasons, name)) for name in type(pack.reasons).model_fields
        },
    )


async def explain_clocks(context: AppContext, caller: Caller, number: str) -> ClocksOut:
    """Return the clocks of a ticket: what is due when, by which rule.

    Raises:
        Problem: ticket_not_found
    """
    machine = reading(caller)
    await permit(context, machine, "get_ticket", number)
    ticket, now = await visible_to(context, caller, number), context.now()
    return ClocksOut(
        number=number,
        now=now,
        promised_by=ticket.answer_due_at,
        clocks=[_clock(clock, ticket, now) for clock in ticket.clocks],
    )


async def preview_due(context: AppContext, caller: Caller, asked: DueIn) -> DueOut:
    """Return when an answer would be due that is promised now.

    Raises:
        UnknownCategory, UnknownTier
    """
    await permit(context, caller, "get_city")
    pack = _pack(context, caller)
    tier = pack.category(asked.category).tier if asked.category else asked.tier
    at = asked.at or context.now()
    clock = plan_clock(pack, ClockName.HANDLE, tier or pack.city.tier, at)
    if clock is None:
        return DueOut(started_at=at, due_at=None, limit=None, provisional=False)
    return DueOut(
        started_at=at, due_at=clock.due_at, limit=clock.limit, provisional=clock.provisional
    )


async def suggest_triage(
    context: AppContext, caller: Caller, asked: TriageIn, language: str
) -> TriageAdvice:
    """Return what triage and dispatch would suggest, and open tickets about the same place.

    Raises:
        Problem: not_for_machines, of a report of wrongdoing
        UnknownCategory
    """
    machine = reading(caller)
    await permit(context, machine, "page_desk")
    if of_wrongdoing(asked.kind):
        raise Problem("not_for_machines", "A person handles reports of wrongdoing.")
    pack = _pack(context, caller)
    values = asked.model_dump(exclude={"category"})
    found = await suggestions_for(context, machine, pack, values, asked.category)
    named, cover = names_of(pack, language), Cover()

    def words(reasons: Iterable[object]) -> list[str]:
        return [cover(in_words(one, language, named)) for one in reasons]  # type: ignore[arg-type]

    return TriageAdvice(
        category=found.category.code if found.category else None,
        sure=found.sure,
        reasons=words(found.reasons),
        area=found.area,
        unit=found.unit.code if found.unit else None,
        unit_reasons=words(found.unit_reasons),
        due_at=found.promise.due_at if found.promise else None,
        similar=[
            SimilarTicket(
                number=one.number, stage=one.stage.value, unit=one.unit, filed_at=one.filed_at
            )
            for one in found.similar
        ],
    )


async def suggest_for_ticket(
    context: AppContext, caller: Caller, number: str, language: str
) -> TriageAdvice:
    """Return the same for a ticket that is there, from its own words.

    Raises:
        Problem: ticket_not_found
    """
    machine = reading(caller)
    await permit(context, machine, "get_ticket", number)
    complaint = (ticket := await visible_to(context, caller, number)).complaint
    asked = TriageIn.model_construct(
        text=complaint.text,
        title=complaint.title,
        kind=ticket.kind,
        place=complaint.place,
        category=ticket.category,
    )
    advice = await suggest_triage(context, caller, asked, language)
    cover = await cover_of(context, reading(caller), ticket)
    return advice.model_copy(
        update={
            "reasons": [cover(one) for one in advice.reasons],
            "similar": [one for one in advice.similar if one.number != number],
        }
    )


def _pack(context: AppContext, caller: Caller) -> Pack:
    if caller.city is None:
        missing = FieldProblem(field="city", code="missing", message="An agent is of one city.")
        raise Problem("invalid_request", errors=[missing])
    return context.packs.get(caller.city)


def _clock(clock: Clock, ticket: Ticket, now: datetime) -> ClockLine:
    spec = DEADLINES[clock.name]
    paused = "paused" if clock.paused_at is not None else "running"
    unit = ticket.assignment(clock.assignment).unit if clock.assignment is not None else None
    return ClockLine(
        name=spec.label,
        name_zh=spec.label_zh,
        unit=unit,
        limit=clock.limit,
        rule=clock.rule_id,
        basis=clock.basis,
        started_at=clock.started_at,
        due_at=clock.due_at,
        state=paused if clock.running else "stopped",
        late=not clock.in_time(now),
        provisional=clock.provisional,
        levels={level.kind: level.at for level in clock.rungs},
    )
