"""The judgement whether a report that comes in is one of many about an open incident.

Where it surely is, it is entered as a member in the very transaction that registers it: it has its
number and the incident's statement at once, and its ticket is started later, after all others.
Where it may be, it is an ordinary ticket that the desk is shown beside the incident.
"""

from dataclasses import dataclass, replace

from app.context import API, AppContext
from app.filing.filing import IncidentTold
from domain.incident.incident import Incident, IncidentState, MemberState
from domain.incident.judging import Judgement, Verdict, judge
from domain.incident.reports import report_of
from domain.pack.pack import Pack
from domain.pack.routing import CategorySuggestion, classify
from domain.ticket.complaint import Complaint
from store.incidents import book, marks, members
from store.tickets.intake import Entry, Registered


@dataclass(frozen=True)
class Placed:
    """The rows entered with a report. `member`: the incident that it surely belongs to."""

    entries: tuple[Entry, ...] = ()
    member: Incident | None = None

    def of(self, registered: Registered) -> Registered:
        """Return the registration of this report, with its incident."""
        if self.member is None or not registered.new:
            return registered
        return replace(registered, incident=self.member.id)


async def placed(context: AppContext, pack: Pack, complaint: Complaint) -> Placed:
    """Judge a report that comes in by the open incidents of its city, if the city has any.

    One that a person has to decide about, or that concerns one unit only, is left alone.
    """
    if pack.incidents is None or complaint.by_hand or complaint.topic or complaint.unit:
        return Placed()
    guess = classify(pack, complaint)
    entries: list[Entry] = []
    if guess.category is not None and not complaint.of_wrongdoing:
        entries.append(marks.enter(context.store, guess.category, guess.area or ""))
    found = await belongs(context, pack, complaint, guess)
    if found is None:
        return Placed(tuple(entries))
    incident, judgement = found
    sure = judgement.verdict is Verdict.SURE
    new = members.New(
        incident=incident.id,
        state=MemberState.MEMBER if sure else MemberState.SUGGESTED,
        area=guess.area,
        reasons=judgement.reasons,
        told=incident.version if sure else 0,
        by="system",
    )
    entries.append(members.enter(context.store, new, complaint.filed_at))
    return Placed(tuple(entries), incident if sure else None)


async def belongs(
    context: AppContext, pack: Pack, complaint: Complaint, guess: CategorySuggestion | None = None
) -> tuple[Incident, Judgement] | None:
    """Return the open incident that the report surely, or else perhaps, belongs to, and why."""
    if pack.incidents is None:
        return None
    report = report_of(pack, complaint, guess)
    perhaps = None
    for incident in await book.of_city(context.store, pack.city.id, [IncidentState.OPEN]):
        judgement = judge(incident.scope, report, pack.incidents.danger, pack.calendar.tz)
        if judgement.verdict is Verdict.SURE:
            return incident, judgement
        if judgement.verdict is Verdict.MAYBE and perhaps is None:
            perhaps = incident, judgement
    return perhaps


async def told_to(context: AppContext, registered: Registered) -> IncidentTold | None:
    """Return what a member is told of its incident; None for any other report."""
    if registered.incident is None:
        return None
    incident = await book.get(context.store, registered.incident)
    return None if incident is None else told_of(incident)


def told_of(incident: Incident) -> IncidentTold:
    """Return what everybody may know of an incident."""
    return IncidentTold(
        id=incident.id,
        title=incident.title,
        statement=incident.statement,
        version=incident.version,
        over=incident.state is IncidentState.ENDED,
        url=f"{API}/incidents/{incident.id}",
    )
