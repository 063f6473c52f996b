"""Incidents go on: proposed by the rate of reports, their members started, merged and answered.

Everything here may be repeated: what was done is read from the store, or told by the ticket. It is
done at a pace, and only while nothing else waits for its start, so that no other ticket is later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

import structlog
from temporalio import activity
from temporalio.client import (
    Client,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError

from activities.incident_beginnings import IncidentBeginnings
from activities.incident_orders import IncidentOrders
from activities.maintenance import keep_doing
from activities.postponed import Postponed
from domain.actors import Role
from domain.commands.intake.merge import Merge
from domain.commands.intake.unmerge import Unmerge
from domain.facts.closing import Replied
from domain.facts.merging import Merged, RepliedWithParent
from domain.incident.incident import Incident
from domain.messages import ParentReply
from domain.pack.incidents import IncidentPolicy
from domain.ticket.complaint import Complaint
from domain.ticket.erasure import GONE
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from packs.registry import PackError, PackRegistry
from runtime.names import TICKET_WORKFLOW, TICKETS, search_attributes, ticket_workflow_id
from store.db.engine import Store
from store.db.errors import StoreError
from store.incidents import book, marks, members
from store.tickets import intake, tickets

log = structlog.get_logger(__name__)

One = TypeVar("One")

_LOOK = timedelta(seconds=1)
"""The time from one question whether more reports come in than usual to the next."""

_OTHERS_FIRST = timedelta(seconds=2)
"""Complaints of no incident that wait for so long are started before any member."""

_FORGETS = timedelta(hours=1)
"""The time from one deletion of old marks to the next."""

_AT_ONCE = 10
_START, _MERGE = "start", "merge"
_ON_ITS_WAY = timedelta(minutes=1)
"""The time in which a merge that was asked for may still happen, whoever asked was stopped."""

_SILENT = timedelta(days=1)
"""The time that the desk has to name another lead, once one has ended without an answer."""

_REASON = "与突发事件为同一问题，随主单统一答复"
_APART = "与突发事件不是同一问题，单独办理"
_ANSWERED = frozenset({Stage.RATE, Stage.SUPERVISE, Stage.AFTERCARE, Stage.ENDED})
_PASSES = frozenset({"merge_target_unclassified", "merge_target_unknown", "not_now", "too_late"})
"""Refusals that pass: the lead is not classified yet, the member was not accepted yet."""


class Incidents:
    """The job. `_allowed`: by city and step, how many members may be started or merged now."""

    def __init__(self, packs: PackRegistry, store: Store, client: Client) -> None:
        self._packs, self._store, self._client = packs, store, client
        self._allowed: dict[tuple[str, str], float] = {}
        self._looked_at: datetime | None = None
        self._last: datetime | None = None
        self._forgot_at: datetime | None = None
        self._turn: dict[str, int] = {}
        self._put_off = Postponed("keep_incidents", (StoreError, RPCError))
        self._beginnings = IncidentBeginnings(store)
        self._orders = IncidentOrders(store, client)

    @activity.defn(name="keep_incidents")
    async def keep(self) -> int:
        """Let incidents go on for one run window; return how much was done."""
        return await keep_doing(lambda: self.step(datetime.now(UTC)))

    async def step(self, now: datetime) -> int:
        """Do what is due, a little of each; return how much."""
        looks = self._looked_at is None or abs(now - self._looked_at) >= _LOOK
        passed = max((now - self._last).total_seconds(), 0.0) if self._last else 1.0
        self._looked_at, self._last = now if looks else self._looked_at, now
        done, unswept = 0, await book.unswept(self._store)
        for city in self._packs.ids():
            policy = self._policy(city)
            if policy is not None:
                pack = self._packs.get(city)
                if looks:
                    propose = partial(self._beginnings.propose, pack, policy, now)
                    done += await self._put_off.one(("propose", city), propose, now)
                if city in unswept:
                    sweep = partial(self._beginnings.sweep, pack, policy, now)
                    done += await self._put_off.one(("sweep", city), sweep, now)
        for city, going in (await members.going(self._store)).items():
            # Also of a city that has no incidents any more: its members were promised an answer.
            policy = self._policy(city) or IncidentPolicy()
            for what in (_START, _MERGE):
                more = self._allowed.get((city, what), 0) + passed * policy.starts
                self._allowed[city, what] = min(2.0 * policy.starts, more)
            done += await self._start(city, now)
            for id in self._in_turn(city, going):
                go_on = partial(self._go_on, id, now)
                done += await self._put_off.one(id, go_on, now)
        if self._forgot_at is None or abs(now - self._forgot_at) >= _FORGETS:
            self._forgot_at = now
            await marks.forget(self._store, now - marks.KEPT)
        return done

    def _policy(self, city: str) -> IncidentPolicy | None:
        if city not in self._packs.ids():
            return None
        try:
            return self._packs.get(city).incidents
        except PackError:  # said by the doctor, and no reason to stop the other cities
            return None

    # --- starting -------------------------------------------------------------------------------

    def _may(self, city: str, what: str) -> int:
        """Return how many members may be started, or merged, now."""
        return min(int(self._allowed.get((city, what), 0)), _AT_ONCE)

    def _did(self, city: str, what: str, count: int) -> None:
        self._allowed[city, what] = self._allowed.get((city, what), 0) - count

    async def _start(self, city: str, now: datetime) -> int:
        limit = self._may(city, _START)
        if limit == 0 or await members.others_wait(self._store, city, now, _OTHERS_FIRST):
            return 0
        waiting = await members.to_start(self._store, city, limit)
        self._did(city, _START, len(waiting))
        return await _together(self._start_one, waiting)

    async def _start_one(self, complaint: Complaint) -> bool:
        """Start the ticket of a member; it stays at triage until it is merged."""
        try:
            await self._client.start_workflow(
                TICKET_WORKFLOW,
                complaint.model_copy(update={"by_hand": True}),
                id=ticket_workflow_id(complaint.number),
                task_queue=TICKETS,
                id_reuse_policy=WorkflowIDReusePolicy.REJECT_DUPLICATE,
                search_attributes=search_attributes(complaint),
            )
        except WorkflowAlreadyStartedError:
            pass  # it only has to be marked as started
        except RPCError as error:
            await intake.mark_failed(self._store, complaint.number, error.status.name)
            return False
        await intake.mark_started(self._store, complaint.number, datetime.now(UTC))
        return True

    # --- merging and answering ------------------------------------------------------------------

    def _in_turn(self, city: str, going: list[str]) -> list[str]:
        """Return the incidents, another one first each time: the pace is that of the whole city."""
        turn = self._turn.get(city, 0) % max(len(going), 1)
        self._turn[city] = turn + 1
        return going[turn:] + going[:turn]

    async def _go_on(self, id: str, now: datetime) -> int:
        incident = await book.get(self._store, id)
        if incident is None:
            return 0
        done = await self._part(incident, now)
        lead = await tickets.state(self._store, incident.lead) if incident.lead else None
        if lead is None or incident.declared_at is None:
            return done
        why = self._gives_no_answer(lead, now)
        if why is None:
            done += await self._merge(incident, lead, now)
            done += await self._answer(incident, lead, now)
        elif why:
            done += await self._let_go(incident, why, now)
        return done

    def _gives_no_answer(self, lead: Ticket, now: datetime) -> str | None:
        """Return why this lead answers nobody; empty while the desk may name another one, and None
        if it may answer.

        What is answered to a report of wrongdoing is for whoever reported alone.
        """
        if lead.of_wrongdoing:
            return "report"
        if lead.ended_at is None or lead.stage is not Stage.ENDED:
            return None
        if lead.answer not in (None, GONE):
            return None
        return "no_answer" if now - lead.ended_at >= _SILENT else ""

    async def _let_go(self, incident: Incident, why: str, now: datetime) -> int:
        """Let those go their own way that wait for an answer that does not come."""
        found = await members.unanswered(self._store, incident.id, _AT_ONCE)
        for number in found:
            await members.take_out(self._store, number, f"system/{why}", now)
        return len(found)

    async def _merge(self, incident: Incident, into: Ticket, now: datetime) -> int:
        lead = into.complaint.number
        if into.category is None or into.stage is Stage.MERGED:
            return 0  # nobody can be merged into it yet
        limit = self._may(incident.city, _MERGE)
        found = await members.to_merge(self._store, incident.id, limit) if limit else []
        self._did(incident.city, _MERGE, len(found))

        async def merge(number: str) -> bool:
            command = Merge(into=lead, reason=_REASON, incident=incident.id)
            code = await self._orders.act(number, command, now)
            if code is None or await self._waits(number):
                if not await members.note_merged(self._store, number, now):
                    await members.note_to_part(self._store, number, now)  # taken out meanwhile
                return True
            if code in _PASSES:
                await members.note_failed(self._store, number, code)
            else:  # it is handled already, or is a report by now: it goes on by itself
                await members.take_out(self._store, number, f"system/{code}"[:40], now)
            return False

        return await self._each(merge, found)

    async def _waits(self, number: str) -> bool:
        """Return whether it waits for the lead's answer: merged by this job, and by no person."""
        ticket = await tickets.state(self._store, number)
        if ticket is None or ticket.stage is not Stage.MERGED:
            return False
        events = await tickets.events(self._store, number)
        merges = [event for event in events if isinstance(event.fact, Merged)]
        return bool(merges) and merges[-1].actor.role is Role.SYSTEM

    async def _part(self, incident: Incident, now: datetime) -> int:
        """Let those go their own way that were taken out while they waited for the lead.

        One whose merge was asked for, and not noted, is looked at for a while: it may be late.
        """

        async def part(number: str) -> bool:
            if not await self._waits(number):
                return await members.note_apart(self._store, number, now - _ON_ITS_WAY)
            code = await self._orders.act(number, Unmerge(reason=_APART), now)
            if code in (None, "ended"):
                return await members.note_apart(self._store, number)
            await members.note_failed(self._store, number, code or "")
            return False

        found = await members.to_part(self._store, incident.id, _AT_ONCE)
        return await self._each(part, found)

    async def _answer(self, incident: Incident, lead: Ticket, now: datetime) -> int:
        """Pass the lead's answer on to members that wait for it, as a merge does."""
        if lead.answer is None or lead.stage not in _ANSWERED:
            return 0
        text, resolved, share = (
            lead.answer,
            await self._resolved(lead.complaint.number),
            lead.handled,
        )

        async def answer(number: str) -> bool:
            member = await tickets.state(self._store, number)
            if member is None or (member.stage is Stage.MERGED and not member.parent):
                return False
            if await self._waits(number):
                reply = ParentReply(
                    parent=member.parent or lead.complaint.number,
                    text=text,
                    resolved=resolved,
                    answered_by=share,
                    at=now,
                )
                if not await self._orders.answer(number, reply):
                    return False
            elif member.stage not in _ANSWERED:  # a person has merged it elsewhere, or unmerged it
                await members.take_out(self._store, number, "system/apart", now)
                return False
            await members.note_answered(self._store, number, now)
            return True

        found = await members.to_answer(self._store, incident.id, _AT_ONCE)
        return await self._each(answer, found)

    async def _each(self, do: Callable[[str], Awaitable[bool]], numbers: list[str]) -> int:
        """Do it for each member at once; one for which that fails is behind all others."""

        async def tried(number: str) -> bool:
            try:
                return await do(number)
            except (StoreError, RPCError):
                raise
            except Exception as error:  # never its text, which may be a citizen's
                log.error("a member failed", number=number, error=type(error).__name__)
                await members.note_failed(self._store, number, type(error).__name__)
                return False

        return await _together(tried, numbers)

    async def _resolved(self, lead: str) -> bool:
        answers = [
            event.fact.resolved
            for event in await tickets.events(self._store, lead)
            if isinstance(event.fact, Replied | RepliedWithParent)
        ]
        return bool(answers and answers[-1])


async def _together(do: Callable[[One], Awaitable[bool]], what: Iterable[One]) -> int:
    """Do it for each at once; return for how many it was done. Nothing goes on after an error."""
    ended = await asyncio.gather(*(do(one) for one in what), return_exceptions=True)
    for one in ended:
        if isinstance(one, BaseException):
            raise one
    return sum(one is True for one in ended)
