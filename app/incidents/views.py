"""Reading incidents: those of a city, one with its reports, and what everybody may know."""

from datetime import datetime, timedelta

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import pack_asked
from app.context import AppContext
from app.errors import Problem
from app.filing.filing import IncidentTold
from app.filing.incidents import told_of
from domain.incident.incident import Incident, IncidentScope, IncidentState, MemberState
from domain.incident.judging import JudgingReason
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.ticket.stages import Stage
from store.incidents import book, members, standing
from store.incidents.members import Member
from store.tickets import tickets

_SUGGESTED = 50
_BARS = 60
"""The most bars of the picture of members over time."""

_STEPS = [timedelta(minutes=one) for one in (1, 5, 15, 60, 360, 1440)]


class IncidentStatementOut(Recorded):
    """A statement; `told`: on how many receipts, `read`: by how many members it was seen."""

    version: int
    text: str
    at: Instant
    told: int
    read: int


class IncidentOut(Recorded):
    """An incident as staff read it. `reports`: how many made the system propose it.

    `without_answer`: the lead has ended and told nobody anything, so that members wait in vain
    until another one is named.
    """

    id: str
    city: str
    state: IncidentState
    title: str
    scope: IncidentScope
    lead: str | None
    statement: str
    version: int
    reports: int
    made_at: Instant
    declared_at: Instant | None
    ended_at: Instant | None
    members: int
    suggested: int
    taken_out: int
    started: int
    merged: int
    answered: int
    without_answer: bool
    statements: list[IncidentStatementOut]


class IncidentsOut(Recorded):
    items: list[IncidentOut]


class PublicIncidentsOut(Recorded):
    items: list[IncidentTold]


class ReportOut(Recorded):
    """A report of an incident, and why it is thought to be one."""

    number: str
    state: MemberState
    area: str | None
    filed_at: Instant
    reasons: list[JudgingReason]
    by: str


class ReportsOut(Recorded):
    items: list[ReportOut]
    next_cursor: str | None = None


class Bar(Recorded):
    """The number of members that came in a span of time."""

    at: Instant
    size: int


class IncidentPicture(Recorded):
    """The members of an incident over time and by area."""

    step: timedelta
    bars: list[Bar]
    areas: list[tuple[str | None, int]]


def pack_with_incidents(context: AppContext, city: str) -> Pack:
    """Return the pack of a city that has incidents.

    Raises:
        Problem: not_in_this_city
        UnknownCity
    """
    pack = context.packs.get(city)
    if pack.incidents is None:
        raise Problem("not_in_this_city")
    return pack


async def known(context: AppContext, caller: Caller, id: str) -> Incident:
    """Return the incident, if this caller serves its city."""
    incident = await book.get(context.store, id)
    if incident is None or not caller.serves(incident.city):
        raise Problem("incident_not_found")
    return incident


async def incidents_of(
    context: AppContext, caller: Caller, city: str | None = None, *, over: bool = False
) -> list[IncidentOut]:
    """Return the proposed and open incidents of a city, or with `over` the others.

    Raises:
        Problem: not_your_city, not_in_this_city, invalid_request
        UnknownCity
    """
    await permit(context, caller, "list_incidents")
    pack = pack_asked(context, caller, city, lambda one: one.incidents is not None)
    now = {IncidentState.PROPOSED, IncidentState.OPEN}
    states = set(IncidentState) - now if over else now
    found = await book.of_city(context.store, pack.city.id, states)
    return [await shown(context, one) for one in found]


async def one_incident(context: AppContext, caller: Caller, id: str) -> IncidentOut:
    """Return an incident with what was told of it.

    Raises:
        Problem: incident_not_found
    """
    await permit(context, caller, "list_incidents")
    return await shown(context, await known(context, caller, id))


async def reports_of(
    context: AppContext, caller: Caller, id: str, state: MemberState, after: str = ""
) -> ReportsOut:
    """Return the reports of an incident in this state, by their numbers.

    Raises:
        Problem: incident_not_found
    """
    await permit(context, caller, "list_incidents")
    incident = await known(context, caller, id)
    found = await members.listed(context.store, incident.id, state, _SUGGESTED + 1, after)
    items = [_report(one) for one in found[:_SUGGESTED]]
    return ReportsOut(
        items=items, next_cursor=items[-1].number if len(found) > _SUGGESTED else None
    )


async def picture_of(context: AppContext, caller: Caller, id: str) -> IncidentPicture:
    """Return the members of an incident over time and by area.

    Raises:
        Problem: incident_not_found
    """
    await permit(context, caller, "list_incidents")
    incident = await known(context, caller, id)
    times = await standing.times(context.store, incident.id)
    areas = await standing.by_area(context.store, incident.id)
    step, bars = _bars(times)
    return IncidentPicture(step=step, bars=bars, areas=areas)


def _bars(times: list[datetime]) -> tuple[timedelta, list[Bar]]:
    """Count moments by spans of one length, such that there are few of them."""
    if not times:
        return _STEPS[0], []
    first, last = times[0], times[-1]
    step = next((one for one in _STEPS if (last - first) / one < _BARS), _STEPS[-1])
    sizes: dict[int, int] = {}
    for at in times:
        place = int((at - first) / step)
        sizes[place] = sizes.get(place, 0) + 1
    until = min(max(sizes), 10 * _BARS)
    return step, [Bar(at=first + n * step, size=sizes.get(n, 0)) for n in range(until + 1)]


async def public_incident(context: AppContext, id: str) -> IncidentTold:
    """Return what everybody may know of a declared incident.

    Raises:
        Problem: incident_not_found
    """
    await permit(context, None, "get_incident")
    incident = await book.get(context.store, id)
    if incident is None or incident.declared_at is None or not incident.statement:
        raise Problem("incident_not_found")
    return told_of(incident)


async def public_incidents(context: AppContext, city: str) -> list[IncidentTold]:
    """Return what is said of the open incidents of a city, the newest first.

    Raises:
        Problem: not_in_this_city
        UnknownCity
    """
    await permit(context, None, "get_incident")
    pack = pack_with_incidents(context, city)
    found = await book.of_city(context.store, pack.city.id, [IncidentState.OPEN])
    return [told_of(one) for one in found]


async def told_member(context: AppContext, number: str) -> IncidentTold | None:
    """Return what the citizen of a member is told, and note that they have seen it.

    Asked by whoever has shown the report's access code, or may read the ticket.
    """
    member = await members.get(context.store, number)
    if member is None or member.state is not MemberState.MEMBER:
        return None
    incident = await book.get(context.store, member.incident)
    if incident is None:
        return None
    if member.answered_at is None:
        await members.note_read(context.store, number, incident.version)
    return told_of(incident)


async def shown(context: AppContext, incident: Incident) -> IncidentOut:
    """Return an incident as staff read it, for acts that have asked permission."""
    counts = await standing.counts(context.store, incident.id)
    lead = await tickets.state(context.store, incident.lead) if incident.lead else None
    ended_silent = lead is not None and lead.stage is Stage.ENDED and lead.answer is None
    told = await book.statements(context.store, incident.id)
    fields = IncidentOut.model_fields.keys() & Incident.model_fields.keys()
    return IncidentOut(
        **{name: getattr(incident, name) for name in fields},
        members=counts.members,
        suggested=counts.suggested,
        taken_out=counts.out,
        started=counts.started,
        merged=counts.merged,
        answered=counts.answered,
        without_answer=ended_silent and counts.answered < counts.members,
        statements=[
            IncidentStatementOut(
                version=one.version, text=one.text, at=one.at, told=one.told, read=one.read
            )
            for one in told
        ],
    )


def _report(member: Member) -> ReportOut:
    return ReportOut(
        number=member.number,
        state=member.state,
        area=member.area,
        filed_at=member.filed_at,
        reasons=member.reasons,
        by=member.by.split(":")[0],
    )
