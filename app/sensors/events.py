"""Taking events: validated, entered in the book by one durable write, answered; judged later."""

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.sensors.event_sources import too_many
from domain.model import Recorded
from domain.pack.pack import Pack
from domain.sensors.events import BadEvent, Envelope, EventReading, digest, reading_of
from store.sensors.book import Entered, EventEntry, NewEvent
from store.sensors.sources import EventSource

MOST = 10_000
"""The most events of a batch."""

_AT_ONCE = 500
"""The events that are looked at before others have their turn."""


class EventOutcome(StrEnum):
    ACCEPTED = "accepted"
    KNOWN = "known"
    REFUSED = "refused"


class EventOut(Recorded):
    """The outcome of an event. `known`: it came before. `code`, `detail`: why it is refused."""

    index: int
    id: str | None
    outcome: EventOutcome
    code: str | None = None
    detail: str | None = None


class EventsOut(Recorded):
    """The outcomes of a request, in its order."""

    accepted: int
    known: int
    refused: int
    results: list[EventOut]


@dataclass(frozen=True)
class BatchMember:
    """An event as it was sent: its envelope, or what is wrong with it. `id`: if it is known."""

    id: str | None
    event: Envelope | BadEvent


async def take_events(
    context: AppContext, city: str, source: EventSource, members: Sequence[BatchMember]
) -> EventsOut:
    """Take the good ones of some events, each once, and say of each what became of it.

    What is accepted is on the disk. It is judged soon after, whatever happens to this process.

    Raises:
        Problem: not_in_this_city, too_many_requests
        StoreUnavailable: nothing was taken; the events may be sent again.
    """
    await permit(context, None, "send_events")
    now = context.now()
    pack = context.packs.get(city)
    if not pack.sensors.kinds:
        raise Problem("not_in_this_city")
    looked_at = [_admitted(source, one) for one in members]
    codes = {one.device for one in looked_at if isinstance(one, Envelope)}
    of_pack = {one.code: one.kind for one in pack.devices if one.code in codes}
    kinds = await context.events.kinds(city, sorted(codes), of_pack, now)
    said = list[NewEvent | BadEvent]()
    for n, one in enumerate(looked_at):
        said.append(one if isinstance(one, BadEvent) else _new(pack, kinds, one, now))
        if n % _AT_ONCE == _AT_ONCE - 1:
            await asyncio.sleep(0)
    good = [one for one in said if isinstance(one, NewEvent)]
    entry = EventEntry(city, source.id, source.per_minute, max(1, len(members)), good, now)
    result = await context.events.enter(entry)
    if result.wait is not None:
        raise too_many(result.wait)
    return _out(members, said, result.outcomes)


def _admitted(source: EventSource, member: BatchMember) -> Envelope | BadEvent:
    """Return an event of which its source may speak."""
    event = member.event
    if isinstance(event, BadEvent):
        return event
    if not source.speaks_as(event.source):
        return BadEvent("not_your_source")
    if not source.speaks_for(event.device):
        return BadEvent("not_your_device")
    return event


def _new(
    pack: Pack, kinds: Mapping[str, str], event: Envelope, now: datetime
) -> NewEvent | BadEvent:
    kind = pack.sensors.kind(kinds.get(event.device, ""))
    if kind is None:
        return BadEvent("unknown_device")
    try:
        reading: EventReading = reading_of(event, kind, now)
    except BadEvent as error:
        return error
    return NewEvent(
        key=event.key,
        source=event.source,
        id=event.id,
        device=event.device,
        digest=digest(event, reading),
        **reading.__dict__,
    )


def _out(
    members: Sequence[BatchMember],
    said: Sequence[NewEvent | BadEvent],
    outcomes: Sequence[Entered],
) -> EventsOut:
    entered = iter(outcomes)
    results = [
        _one(n, member.id, one if isinstance(one, BadEvent) else next(entered))
        for n, (member, one) in enumerate(zip(members, said, strict=True))
    ]
    many = Counter(one.outcome for one in results)
    return EventsOut(
        accepted=many[EventOutcome.ACCEPTED],
        known=many[EventOutcome.KNOWN],
        refused=many[EventOutcome.REFUSED],
        results=results,
    )


def _one(index: int, event_id: str | None, became: Entered | BadEvent) -> EventOut:
    if became is Entered.NEW:
        return EventOut(index=index, id=event_id, outcome=EventOutcome.ACCEPTED)
    if became is Entered.KNOWN:
        return EventOut(index=index, id=event_id, outcome=EventOutcome.KNOWN)
    bad = became if isinstance(became, BadEvent) else BadEvent("event_differs")
    return EventOut(
        index=index,
        id=event_id,
        outcome=EventOutcome.REFUSED,
        code=bad.code,
        detail=bad.detail if bad.detail != bad.code else None,
    )


async def count_unreadable(context: AppContext, city: str, source: EventSource) -> None:
    """Count a request that nobody can read: who sends very many of them has to wait, too.

    Raises:
        Problem: too_many_requests
    """
    await permit(context, None, "send_events")
    entry = EventEntry(city, source.id, source.per_minute, 1, (), context.now())
    result = await context.events.enter(entry)
    if result.wait is not None:
        raise too_many(result.wait)
