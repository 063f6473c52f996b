"""Supervision lists: the pack's rules put tickets on the lists of the leaders of their place."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

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
from store.tickets.supervision_lists import Changed

log = structlog.get_logger(__name__)

LOOKED_BACK = timedelta(days=7)
"""The time since its last change for which a ticket is judged: longer than the job stands still."""

_AT_ONCE = 2000
"""The tickets whose versions are read at a time."""


class _Judged(NamedTuple):
    """The state of a ticket when the rules were last asked, which rules, and when that was."""

    version: int
    pack: str
    at: datetime

    def holds_for(self, ticket: Changed, pack: Pack, now: datetime) -> bool:
        """Return whether the rules would say the same: nothing changed, nothing came to be late."""
        same = (self.version, self.pack) == (ticket.version, pack.version)
        return same and not any(self.at < turn <= now for turn in ticket.turns)


class Listing:
    """The job. It remembers what it has judged, so that it reads only the tickets that changed.

    A worker that starts has judged nothing: its first run reads all that changed within the time
    looked back. So does the first one by another version of a city's rules.
    """

    def __init__(self, registry: PackRegistry, store: Store) -> None:
        self._registry, self._store = registry, store
        self._judged: dict[str, dict[str, _Judged]] = {}

    @activity.defn(name="fill_supervision_lists")
    async def fill(self) -> int:
        """Put on the lists what the rules say; return how much. It may be repeated."""
        done = 0
        async for count in self.due(datetime.now(UTC)):
            done += count
            activity.heartbeat(done)
        return done

    async def due(self, now: datetime) -> AsyncIterator[int]:
        """Judge what changed before `now`, or is late since then; yield the new rows of each."""
        for city in self._registry.ids():
            try:
                pack = self._registry.get(city)
            except PackError:  # said by the doctor, and no reason to stop the other cities
                continue
            if not (pack.supervision.leaders and pack.supervision.rules):
                continue
            async for count in self._city(pack, now):
                yield count

    async def _city(self, pack: Pack, now: datetime) -> AsyncIterator[int]:
        city, after = pack.city.id, ""
        known, seen = self._judged.setdefault(city, {}), set[str]()
        while some := await supervision_lists.changed(
            self._store, city, now - LOOKED_BACK, after, _AT_ONCE
        ):
            for one in some:
                seen.add(one.number)
                before = known.get(one.number)
                if before is not None and before.holds_for(one, pack, now):
                    continue
                put, blocked = await self._judge(pack, one.number, now)
                if blocked:  # as soon as that list is done with it, a rule may put it there
                    known.pop(one.number, None)
                else:
                    known[one.number] = _Judged(one.version, pack.version, now)
                yield put
            after = some[-1].number
        for number in known.keys() - seen:
            del known[number]

    async def _judge(self, pack: Pack, number: str, now: datetime) -> tuple[int, bool]:
        """Return on how many lists it was put, and whether it waits for another one."""
        ticket = await tickets.state(self._store, number)
        leaders = [] if ticket is None else leaders_of(pack, ticket)
        if ticket is None or not leaders:
            return 0, False
        holding = rules_that_hold(pack, ticket, now)
        if not holding:
            return 0, False
        used, put, blocked = await supervision_lists.rules_used(self._store, number), 0, False
        for leader in leaders:
            fresh = [rule for rule in holding if (leader.code, rule.code) not in used]
            if not fresh:
                continue
            if (leader.code, "") in used:
                blocked = True
                continue
            blocked = blocked or len(fresh) > 1
            try:
                await self._put(pack, ticket, leader, fresh[0])
            except Refused:  # a person was faster, or it has become a report
                blocked = True
            else:
                put += 1
        return put, blocked

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
