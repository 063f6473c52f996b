"""The conversion of domain objects to the rows of tables."""

from collections.abc import Iterator, Sequence

from domain.canonical import folded
from domain.commands.may_have import kept_from
from domain.deadlines.clocks import Clock, LevelKind
from domain.deadlines.registry import UNITS_DUTIES, ClockName
from domain.events import Event
from domain.facts.anytime import LevelReached
from domain.pack.coordinates import in_wgs84
from domain.policy.condition_inputs import cards
from domain.policy.notifications import notices
from domain.policy.work_queues import waiting
from domain.ticket.complaint import Place
from domain.ticket.ticket import Ticket
from store.db.tables import Row

_TITLE = 60


def ticket_row(ticket: Ticket, projection_number: int) -> Row:
    """Return the row of table `ticket`; `projection_number`: that of the projection."""
    complaint = ticket.complaint
    title = listed_title(complaint.title, complaint.text)
    lat, lon = point_of(complaint.place) or (None, None)
    waits, following = waiting(ticket), ticket.next_level()
    return {
        "number": complaint.number,
        "city": complaint.city,
        "stage": ticket.stage.value,
        "outcome": ticket.outcome.value if ticket.outcome else None,
        "version": ticket.version,
        "kind": ticket.kind.value,
        "channel": complaint.channel.value,
        "category": ticket.category,
        "tier": ticket.tier,
        "area": ticket.area,
        "site": ticket.site,
        "site_part": ticket.site_part,
        "unit": ticket.unit,
        "title": title,
        "title_folded": folded(title),
        "anonymous": complaint.anonymous,
        "person": complaint.person,
        "filed_at": complaint.filed_at,
        "updated_at": ticket.updated_at,
        "ended_at": ticket.ended_at,
        "due_at": ticket.due_at,
        "returns": ticket.returns,
        "reworks": ticket.reworks,
        "call_back_due": ticket.call_back_due,
        **_verdict(ticket),
        "yellow_cards": cards(ticket, LevelKind.WARN),
        "red_cards": cards(ticket, LevelKind.DUE),
        "severity": ticket.severity,
        "parent": ticket.parent,
        "accused": " ".join(kept_from(ticket)) or None,
        "of_wrongdoing": ticket.of_wrongdoing,
        "public": complaint.public,
        "excluded": ticket.excluded,
        "promised_at": ticket.promised_at,
        "address": complaint.place.address,
        "address_folded": folded(complaint.place.address),
        "lat": lat,
        "lon": lon,
        "projection_number": projection_number,
        "queue": waits.queue.value if waits else None,
        "queue_until": waits.until if waits else None,
        "queue_since": waits.since if waits else None,
        "rung_at": following[1].at if following else None,
        "void_cards": "".join(f",{version}," for version in ticket.void_rungs),
        **_counted(ticket),
        "state": ticket.model_dump_json(),
    }


def listed_title(title: str, text: str) -> str:
    """Return the title for lists, which need a text even if nobody wrote a title."""
    return title or text.partition("\n")[0][:_TITLE]


def _counted(ticket: Ticket) -> Row:
    """Return the calendars that the clocks were counted with, and the span of that."""
    clocks = ticket.counted
    return {
        "calendars": " ".join(sorted({str(clock.calendar_version) for clock in clocks})) or None,
        "counted_since": min((clock.started_at for clock in clocks), default=None),
        "counted_until": max((clock.last_at for clock in clocks), default=None),
    }


def _verdict(ticket: Ticket) -> Row:
    rating, rules = ticket.verdict, ticket.rules
    if rating is None:
        return dict.fromkeys(("contacted", "resolved", "grade", "satisfied")) | {"rated": False}
    return {
        "rated": True,
        "contacted": rating.contacted,
        "resolved": rating.resolved,
        "grade": rating.grade.value,
        "satisfied": rating.satisfied(rules.satisfied_from) if rules else None,
    }


def point_of(place: Place) -> tuple[float, float] | None:
    """Return the place in WGS-84; None if it has no point."""
    if place.lat is None or place.lon is None:
        return None
    return in_wgs84(place.lat, place.lon, place.crs)


def assignment_rows(ticket: Ticket, projection_number: int) -> Iterator[Row]:
    """Yield the rows of table `assignment`, with the ticket's version."""
    clocks: dict[int | None, list[Clock]] = {}
    for clock in ticket.clocks:
        clocks.setdefault(clock.assignment, []).append(clock)
    for assignment in ticket.assignments:
        yield {
            "number": ticket.complaint.number,
            "n": assignment.n,
            "city": ticket.complaint.city,
            "unit": assignment.unit,
            "queue": assignment.queue,
            "activity_id": assignment.activity_id,
            "rework": assignment.rework,
            "share": assignment.share.value,
            "task": assignment.task,
            "task_folded": folded(assignment.task),
            "level": assignment.level,
            "opened_at": assignment.opened_at,
            "signed_at": assignment.signed_at,
            "contacted_at": assignment.contacted_at,
            "ended_at": assignment.ended_at,
            "ending": assignment.ending.value if assignment.ending else None,
            "asked": assignment.asked.what if assignment.asked else None,
            "extensions": assignment.extensions,
            "version": ticket.version,
            "updated_at": ticket.updated_at,
            "projection_number": projection_number,
            "pause": assignment.pause.why if assignment.pause else None,
            "pause_until": assignment.pause.until if assignment.pause else None,
            **_promises(clocks.get(assignment.n, [])),
        }


def _promises(clocks: list[Clock]) -> Row:
    """Return the due times of an assignment; that of the handling also after its end."""
    # The last one counts: an extension adds a new clock after the old one.
    handling = [c for c in clocks if c.name in (ClockName.HANDLE, ClockName.VERIFY)][-1:]
    warnings = [r.at for c in handling for r in c.rungs if r.kind is LevelKind.WARN]
    running = [c for c in clocks if c.running and c.paused_at is None and c.name in UNITS_DUTIES]
    due = {clock.name: clock.due_at for clock in running}
    return {
        "due_at": handling[0].due_at if handling else None,
        "warn_at": min(warnings, default=None),
        "sign_due_at": due.get(ClockName.SIGN),
        "contact_due_at": due.get(ClockName.CONTACT),
        "burns_at": min((clock.due_at for clock in running), default=None),
    }


def event_row(event: Event, city: str, projection_number: int) -> Row:
    """Return the row of table `event`."""
    fact, actor = event.fact, event.actor
    climbed = fact if isinstance(fact, LevelReached) else None
    return {
        "number": event.number,
        "version": event.version,
        "city": city,
        "at": event.at,
        "kind": fact.kind,
        "stage": event.stage.value,
        "role": actor.role.value,
        "actor": actor.id,
        "unit": actor.unit,
        "clock": climbed.clock.value if climbed else None,
        "rung": climbed.rung.value if climbed else None,
        "projection_number": projection_number,
        "fact": fact.model_dump_json(),
    }


def outbox_rows(
    event: Event, ticket: Ticket, after: Sequence[Event], projection_number: int
) -> Iterator[Row]:
    """Yield the rows of table `outbox` for `event`; `after`: the later events of its projection."""
    for notice in notices(event, ticket, after):
        yield {
            "key": notice.key,
            "number": notice.number,
            "version": notice.version,
            "city": notice.city,
            "audience": notice.audience.value,
            "unit": notice.unit,
            "template": notice.template,
            "projection_number": projection_number,
            "created_at": event.at,
            "sent_at": None,
            "attempts": 0,
            "last_error": None,
        }
