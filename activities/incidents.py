"""Incidents go on: proposed by the rate of reports, their members started, merged and answered.

Everything here may be repeated: what was done is read from the store, or told by the ticket. It is
done at a pace, and only while nothing else waits for its start, so that no other ticket is later.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TypeVar

from temporalio import activity
from temporalio.client import (
    Client,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDReusePolicy
from temporalio.exceptions import ApplicationError, WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from activities.maintenance import keep_doing
from domain.actors import SYSTEM
from domain.commands.intake.merge import Merge
from domain.commands.intake.unmerge import Unmerge
from domain.facts.closing import Replied
from domain.facts.merging import RepliedWithParent
from domain.incident.incident import Incident, IncidentScope, IncidentState, MemberState
from domain.incident.judging import Verdict, judge
from domain.incident.rate import Crowd, common_places, common_words, unusual
from domain.incident.reports import report_of
from domain.messages import Act, Command, ParentReply
from domain.pack.incidents import IncidentPolicy
from domain.pack.pack import Pack
from domain.ticket.complaint import Complaint
from domain.ticket.stages import Stage
from domain.ticket.state import Snapshot
from packs.registry import PackError, PackRegistry
from runtime.engine_errors import NOT_READY
from runtime.names import TICKET_WORKFLOW, TICKETS, search_attributes, ticket_workflow_id
from store.db.engine import Store
from store.incidents import book, marks, members
from store.tickets import intake, tickets

One = TypeVar("One")

_LOOK = timedelta(seconds=1)
"""The time from one question whether more reports come in than usual to the next."""

_OTHERS_FIRST = timedelta(seconds=2)
"""Complaints of no incident that wait for so long are started before any member."""

_READ = 300
"""The reports that are read of a crowd, and looked through at a time."""

_AT_ONCE = 10
_START, _MERGE = "start", "merge"
_PATIENCE = timedelta(seconds=20)
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

    @activity.defn(name="keep_incidents")
    async def keep(self) -> int:
        """Let incidents go on for one run window; return how much was done."""
        return await keep_doing(lambda: self.step(datetime.now(UTC)))

    async def step(self, now: datetime) -> int:
        """Do what is due, a little of each; return how much."""
        looks = self._looked_at is None or abs(now - self._looked_at) >= _LOOK
        passed = max((now - self._last).total_seconds(), 0.0) if self._last else 1.0
        self._looked_at, self._last = now if looks else self._looked_at, now
        done = 0
        for city in self._packs.ids():
            try:
                pack = self._packs.get(city)
            except PackError:  # said by the doctor, and no reason to stop the other cities
                continue
            if pack.incidents is None:
                continue
            for what in (_START, _MERGE):
                more = self._allowed.get((city, what), 0) + passed * pack.incidents.starts
                self._allowed[city, what] = min(2.0 * pack.incidents.starts, more)
            if looks:
                done += await self._propose(pack, pack.incidents, now)
            done += await self._sweep(pack, pack.incidents, now)
            done += await self._start(pack, now)
            done += await self._go_on(pack, now)
        if looks:
            await marks.forget(self._store, now - marks.KEPT)
        return done

    # --- proposing ------------------------------------------------------------------------------

    async def _propose(self, pack: Pack, policy: IncidentPolicy, now: datetime) -> int:
        window = timedelta(minutes=policy.minutes)
        city = pack.city.id
        crowds = await marks.crowds(self._store, city, now, window, policy.reports)
        known = await book.of_city(self._store, city, list(IncidentState))
        made = 0
        for crowd in unusual(policy, crowds):
            if not any(_covers(one, crowd, now - window) for one in known):
                made += await self._put(pack, crowd, now, window)
        return made

    async def _put(self, pack: Pack, crowd: Crowd, now: datetime, window: timedelta) -> bool:
        city = pack.city.id
        reports = await marks.reports_of(
            self._store, city, now - window, _READ, category=crowd.category, area=crowd.area
        )
        if not reports:
            return False
        category = pack.category(crowd.category)
        texts = [f"{one.place.address}。{one.title}。{one.text}" for one in reports]
        first = min(reports, key=lambda one: one.filed_at)
        places = common_places(texts)
        street = pack.street_of(crowd.area)
        where = "、".join(places[:2]) or (street.name if street else pack.city.name)
        cause = f"{city}/{crowd.category}/{crowd.area}/{first.number}"
        areas = [crowd.area] if crowd.area else [] if places else [pack.city.division]
        new = Incident(
            id=sha256(cause.encode()).hexdigest()[:16],
            city=city,
            state=IncidentState.PROPOSED,
            title=f"{where}：{category.name}",
            scope=IncidentScope(
                categories=[crowd.category],
                areas=areas,
                places=places,
                words=common_words(texts, category.keywords),
                began_at=first.filed_at - window,
            ),
            lead=first.number,
            reports=crowd.size,
            made_at=now,
        )
        return await book.put(self._store, new)

    # --- reports from before it was declared ----------------------------------------------------

    async def _sweep(self, pack: Pack, policy: IncidentPolicy, now: datetime) -> int:
        done = 0
        for incident in await book.of_city(self._store, pack.city.id, [IncidentState.OPEN]):
            if incident.swept_at is not None:
                continue
            after = ""
            while found := await marks.reports_of(
                self._store, pack.city.id, incident.scope.began_at, _READ, after=after
            ):
                for complaint in found:
                    done += await self._take_in(pack, policy, incident, complaint, now)
                after = found[-1].number
            await book.mark_swept(self._store, incident.id, now)
        return done

    async def _take_in(
        self,
        pack: Pack,
        policy: IncidentPolicy,
        incident: Incident,
        complaint: Complaint,
        now: datetime,
    ) -> bool:
        if complaint.number == incident.lead or complaint.by_hand:
            return False
        report = report_of(pack, complaint)
        judgement = judge(incident.scope, report, policy.danger, pack.calendar.tz)
        if judgement.verdict is Verdict.NO:
            return False
        sure = judgement.verdict is Verdict.SURE
        new = members.New(
            incident=incident.id,
            state=MemberState.MEMBER if sure else MemberState.SUGGESTED,
            area=report.area,
            reasons=judgement.reasons,
            told=0,
            by="system",
        )
        enter = members.enter(self._store, new, now)
        await self._store.write(lambda connection: enter(connection, complaint))
        return True

    # --- starting -------------------------------------------------------------------------------

    def _may(self, city: str, what: str) -> int:
        """Return how many members may be started, or merged, now."""
        return min(int(self._allowed.get((city, what), 0)), _AT_ONCE)

    def _did(self, city: str, what: str, count: int) -> None:
        self._allowed[city, what] = self._allowed.get((city, what), 0) - count

    async def _start(self, pack: Pack, now: datetime) -> int:
        city = pack.city.id
        limit = self._may(city, _START)
        if limit == 0 or await members.others_wait(self._store, now, _OTHERS_FIRST):
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

    async def _go_on(self, pack: Pack, now: datetime) -> int:
        done = 0
        for id in await members.going(self._store, pack.city.id):
            incident = await book.get(self._store, id)
            if incident is None:
                continue
            done += await self._part(incident, now)
            if incident.lead is not None and incident.declared_at is not None:
                done += await self._merge(incident, incident.lead, now)
                done += await self._answer(incident, incident.lead, now)
        return done

    async def _merge(self, incident: Incident, lead: str, now: datetime) -> int:
        ticket = await tickets.state(self._store, lead)
        if ticket is None or ticket.category is None or ticket.stage is Stage.MERGED:
            return 0  # nobody can be merged into it yet
        limit = self._may(incident.city, _MERGE)
        found = await members.to_merge(self._store, incident.id, limit) if limit else []
        self._did(incident.city, _MERGE, len(found))

        async def merge(number: str) -> bool:
            command = Merge(into=lead, reason=_REASON, incident=incident.id)
            code = await self._act(number, command, now)
            if code is None or await self._is_merged(number):
                await members.note_merged(self._store, number, now)
                return True
            if code in _PASSES:
                await members.note_failed(self._store, number, code)
            else:  # it is handled already, or is a report by now: it goes on by itself
                await members.take_out(self._store, number, f"system/{code}"[:40], now)
            return False

        return await _together(merge, found)

    async def _is_merged(self, number: str) -> bool:
        ticket = await tickets.state(self._store, number)
        return ticket is not None and ticket.stage is Stage.MERGED

    async def _part(self, incident: Incident, now: datetime) -> int:
        """Let those go their own way that were taken out while they waited for the lead."""

        async def part(number: str) -> bool:
            code = await self._act(number, Unmerge(reason=_APART), now)
            if code in (None, "ended") or not await self._is_merged(number):
                await members.note_apart(self._store, number)
                return True
            await members.note_failed(self._store, number, code or "")
            return False

        return await _together(part, await members.to_part(self._store, incident.id, _AT_ONCE))

    async def _answer(self, incident: Incident, lead: str, now: datetime) -> int:
        """Pass the lead's answer on to members that wait for it, as a merge does."""
        ticket = await tickets.state(self._store, lead)
        if ticket is None or ticket.answer is None or ticket.stage not in _ANSWERED:
            return 0
        text, resolved, share = ticket.answer, await self._resolved(lead), ticket.handled

        async def answer(number: str) -> bool:
            member = await tickets.state(self._store, number)
            if member is not None and member.stage is Stage.MERGED and member.parent:
                reply = ParentReply(
                    parent=member.parent,
                    text=text,
                    resolved=resolved,
                    answered_by=share,
                    at=now,
                )
                if not await self._signal(number, reply):
                    return False
            await members.note_answered(self._store, number, now)
            return True

        found = await members.to_answer(self._store, incident.id, _AT_ONCE)
        return await _together(answer, found)

    async def _resolved(self, lead: str) -> bool:
        answers = [
            event.fact.resolved
            for event in await tickets.events(self._store, lead)
            if isinstance(event.fact, Replied | RepliedWithParent)
        ]
        return bool(answers and answers[-1])

    async def _signal(self, number: str, reply: ParentReply) -> bool:
        handle = self._client.get_workflow_handle(ticket_workflow_id(number))
        try:
            await handle.signal("answered_with_parent", reply, rpc_timeout=_PATIENCE)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return True  # it has ended: taken back by its citizen
            await members.note_failed(self._store, number, error.status.name)
            return False
        return True

    async def _act(self, number: str, command: Command, now: datetime) -> str | None:
        """Give a command for the system; return the code of its refusal, or None."""
        handle = self._client.get_workflow_handle(ticket_workflow_id(number))
        try:
            await handle.execute_update(
                "act",
                Act(actor=SYSTEM, command=command, at=now),
                result_type=Snapshot,
                rpc_timeout=_PATIENCE,
            )
        except WorkflowUpdateFailedError as error:
            cause = error.cause
            return str(cause.type) if isinstance(cause, ApplicationError) else "not_now"
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling() > 0:  # the activity is to end
                raise asyncio.CancelledError from None
            return "too_late"
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                return "ended"
            if error.status is NOT_READY:
                return "not_now"
            raise
        return None


def _covers(incident: Incident, crowd: Crowd, since: datetime) -> bool:
    """Return whether a crowd is that of an incident that is known already."""
    same = crowd.category in incident.scope.categories
    areas = incident.scope.areas
    here = (
        not crowd.area
        or not areas
        or any(one.startswith(crowd.area) or crowd.area.startswith(one) for one in areas)
    )
    over = incident.state in (IncidentState.ENDED, IncidentState.DISMISSED)
    ended = incident.ended_at or incident.made_at
    return same and here and (not over or ended >= since)


async def _together(do: Callable[[One], Awaitable[bool]], what: Iterable[One]) -> int:
    """Do it for each at once; return for how many it was done."""
    return sum(await asyncio.gather(*(do(one) for one in what)))
