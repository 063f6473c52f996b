"""Supervision lists: the pack's rules put tickets on the lists of the leaders of their place."""

from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256

import structlog
from temporalio import activity

from domain.actors import SYSTEM
from domain.pack.pack import Pack
from domain.pack.supervision import Leader, ListRule
from domain.policy.condition_inputs import case_of
from domain.refusals import Refused
from domain.supervision import rows
from domain.supervision.rows import ListRow
from domain.ticket.ticket import Ticket
from packs.conditions import OF_TICKETS, compile_condition
from packs.registry import PackError, PackRegistry
from store.db.engine import Store
from store.tickets import supervision_lists, tickets

log = structlog.get_logger(__name__)

LOOKED_BACK = timedelta(days=7)
"""The time since its last change for which a ticket is judged: longer than the job stands still."""

_AT_ONCE = 200


class Listing:
    """The job."""

    def __init__(self, registry: PackRegistry, store: Store) -> None:
        self._registry, self._store = registry, store

    @activity.defn(name="fill_supervision_lists")
    async def fill(self) -> int:
        """Put on the lists what the rules say; return how much. It may be repeated."""
        done = 0
        async for count in self.due(datetime.now(UTC)):
            done += count
            activity.heartbeat(done)
        return done

    async def due(self, now: datetime) -> AsyncIterator[int]:
        """Judge what changed before `now`, ticket by ticket; yield how many rows each gave."""
        for city in self._registry.ids():
            try:
                pack = self._registry.get(city)
            except PackError:  # said by the doctor, and no reason to stop the other cities
                continue
            if not (pack.supervision.leaders and pack.supervision.rules):
                continue
            after = ""
            since = now - LOOKED_BACK
            while some := await supervision_lists.unlisted(
                self._store, city, since, after, _AT_ONCE
            ):
                for number in some:
                    yield await self._judge(pack, number, now)
                after = some[-1]

    async def _judge(self, pack: Pack, number: str, now: datetime) -> int:
        ticket = await tickets.state(self._store, number)
        leaders = [] if ticket is None else leaders_of(pack, ticket)
        if ticket is None or not leaders:
            return 0
        holding = rules_that_hold(pack, ticket, now)
        if not holding:
            return 0
        used, put = await supervision_lists.rules_used(self._store, number), 0
        for leader in leaders:
            fresh = [rule for rule in holding if (leader.code, rule.code) not in used]
            if not fresh or (leader.code, "") in used:
                continue
            with suppress(Refused):  # a person was faster, or it has become a report
                await self._put(pack, ticket, leader, fresh[0])
                put += 1
        return put

    async def _put(self, pack: Pack, ticket: Ticket, leader: Leader, rule: ListRule) -> None:
        number, now = ticket.complaint.number, datetime.now(UTC)
        cause = f"list/{number}/{leader.code}/{rule.code}"
        new = ListRow(
            id=sha256(cause.encode()).hexdigest()[:32],
            city=pack.city.id,
            number=number,
            leader=leader.code,
            unit=ticket.unit or pack.city.fallback,
            rule=rule.code,
            text=rule.name,
            due=rows.day_of(pack.calendar, now),
            revisits=list(pack.supervision.revisits),
            put_at=now,
        )

        def due(at: datetime) -> date:
            return rows.deadline(pack.calendar, at, pack.supervision.deadline, None)

        await supervision_lists.put(self._store, new, SYSTEM, due)


def leaders_of(pack: Pack, ticket: Ticket) -> list[Leader]:
    """Return the leaders in whose area the ticket is, or one of whose units has it."""
    area, unit = ticket.area or "", ticket.unit
    known = unit is not None and pack.has_unit(unit)
    return [
        leader
        for leader in pack.supervision.leaders
        if any(area.startswith(one) for one in leader.areas)
        or (known and any(pack.is_within(unit or "", one) for one in leader.units))
    ]


def rules_that_hold(pack: Pack, ticket: Ticket, at: datetime) -> list[ListRule]:
    """Return the rules that put the ticket on a list at this moment, in the pack's order."""
    case = case_of(ticket, at).model_dump()
    return [
        rule
        for rule in pack.supervision.rules
        if compile_condition(rule.when, OF_TICKETS).holds(t=case)
    ]
