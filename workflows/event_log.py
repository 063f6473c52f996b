"""Recording: the only place where a ticket's events are recorded, and their copy in the store."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError, is_cancelled_exception

from domain.activity_io import Projection
from domain.actors import SYSTEM, Actor
from domain.continuation import Carried
from domain.events import Event, Fact
from domain.facts.intake import Reclassified
from domain.policy.decide import follows
from domain.policy.hearing import said_in
from domain.policy.record import projection_number, record
from domain.refusals import Refused
from domain.ticket.complaint import Complaint
from domain.ticket.said import Heard
from domain.ticket.ticket import LIFECYCLE, Ticket
from runtime.engine_limits import ORDER_BYTES
from workflows.calls import ask_patiently
from workflows.traces import leave_trace, result_arrived

with workflow.unsafe.imports_passed_through():
    from activities.project import Project


class CarryOn(Exception):
    """A request to stop waiting, and to continue in a new run of the workflow."""


async def all_delivered() -> None:
    """Let everything that this task brings reach its place: messages come before results."""
    for _ in range(3):
        await asyncio.sleep(0)


class RecordedTicket:
    """A ticket, its events so far, and those that are not in the store yet.

    `lifecycle`: the version of the ticket's automatic behaviour in this run; 0 in histories from
    before there were versions. `reclassified`: how often its classification was corrected in this
    run: what was planned before a correction does not count after it. `heard`: what citizens said
    of it, in all runs.
    """

    ladder: "asyncio.Task[None]"
    in_step = True
    """True while the stages do something, with events still to be recorded."""

    def __init__(self, begun: Complaint | Carried) -> None:
        carried = begun if isinstance(begun, Carried) else None
        self.carried = carried
        self.ticket = begun.ticket if isinstance(begun, Carried) else Ticket.of(begun)
        self.lifecycle = LIFECYCLE if workflow.patched("lifecycle-1") else 0
        self.events: list[Event] = []
        self.reclassified: int = 0
        heard = carried.heard if carried else None
        self.heard = heard.model_copy(deep=True) if heard else Heard()
        self.recorded_at: list[int] = []  # for the audit: history length at each event
        self.registered = carried is not None
        self._before = carried.history_length if carried else 0
        self._unprojected: list[Event] = list(carried.unprojected) if carried else []
        self._on_the_way: list[Event] = []
        self._projecting = 0
        self._late: set[asyncio.Task[None]] = set()
        self._heard_at_the_end = False
        self._task = (self.history_length, workflow.now())

    @property
    def history_length(self) -> int:
        """The number of events in the engine's history of the ticket, over all runs."""
        return self._before + workflow.info().get_current_history_length()

    @property
    def _projection_number(self) -> int:
        """The number of this task's projection."""
        if not self.lifecycle:
            return self.history_length  # an older worker may project the rest
        self.note_task()
        length, began = self._task
        return projection_number(length, began - self.ticket.complaint.filed_at)

    def note_task(self) -> None:
        """Store when this workflow task began: local activity results advance `now()` within it."""
        if self.history_length != self._task[0]:
            self._task = (self.history_length, workflow.now())

    @property
    def unprojected(self) -> list[Event]:
        """The events that may not be in the store yet, oldest first."""
        return [*self._on_the_way, *self._unprojected]

    @property
    def carrying_on(self) -> bool:
        """True if this run is to end, and the next one to begin."""
        return False

    async def before_waiting(self) -> None:
        """Prepare the ticket before it waits; a subclass may override this."""

    @property
    def pack(self) -> str | None:
        """The version of the pack that the ticket was accepted under."""
        return self.ticket.rules.pack_version if self.ticket.rules else None

    def record_event(self, fact: Fact, at: datetime, actor: Actor = SYSTEM) -> None:
        """Record an event: check the table, apply, count the version, queue it for projection.

        `at` is when its cause was received or fell due: a time from a payload or a clock.
        `workflow.now()` does not suit a record that is compared with a replay: a workflow task
        that had to be completed early (a query, a slow local activity) is replayed at the time of
        the task that followed it.
        """
        event = record(self.ticket, fact, actor, at)
        self.events.append(event)
        self.reclassified += isinstance(fact, Reclassified)
        said = said_in(event)
        if said is not None:
            self.heard.add(said, event.number, ORDER_BYTES)
        self.recorded_at.append(self.history_length)
        self._unprojected.append(event)
        graver = follows(self.ticket)
        if graver is not None:
            self.record_event(graver, at)

    def record_if_allowed(self, fact: Fact, at: datetime) -> None:
        """Record an event of the system after a wait, unless a person made it impossible."""
        self.record_for(fact, at, SYSTEM)

    def record_for(self, fact: Fact, at: datetime, actor: Actor) -> None:
        """Record an event of `actor`, unless an earlier one made it impossible."""
        try:
            self.record_event(fact, at, actor)
        except Refused as refused:
            workflow.logger.info("overtaken", extra={"fact": fact.kind, "code": refused.code})

    def hears(self) -> bool:
        """Return whether a message is recorded now: in older histories, not after the end."""
        if not self.ticket.open:
            self._heard_at_the_end = workflow.patched("heard-at-the-end")
        return self.ticket.open or self._heard_at_the_end

    async def until(self, condition: Callable[[], bool]) -> datetime:
        """Project new events, then wait for `condition`. Every wait of a stage is here.

        Nothing is projected when there is nothing to wait for: the events of several quick
        stages are one projection. Returns the time at which the condition came true, as far as
        the engine shows it.

        Raises:
            CarryOn: it did not come true, and the ticket is to continue in a new run.
        """
        if condition():
            return workflow.now()
        if self.lifecycle:
            await self.before_waiting()
        with self.between_steps():
            await self.project()
        self.registered = True
        times: list[datetime] = []

        def over() -> bool:  # evaluated in every task before its first result
            self.note_task()
            if not times and condition():
                times.append(workflow.now())
            # A projection under way is finished first, so that steps follow in order.
            return self.ladder.done() or (
                (bool(times) or self.carrying_on) and not self._projecting
            )

        with self.between_steps():
            await workflow.wait_condition(over)
        if self.ladder.done() and self.ticket.open:
            self.ladder.result()  # a defect: fail this task loudly rather than run without clocks
        if not times and self.carrying_on:
            raise CarryOn
        return times[0] if times else workflow.now()

    @contextmanager
    def between_steps(self) -> Iterator[None]:
        """Mark that the stages wait for something, and have nothing to record."""
        self.in_step = False
        try:
            yield
        finally:
            self.in_step = True

    async def project(self, *, again: bool = False) -> None:
        """Copy new events into the store; when the store is away, the copy follows later.

        `again`: copy the state even if nothing is new.
        """
        if not self._unprojected and not again:
            return
        events, self._unprojected = self._unprojected, []
        self._on_the_way += events
        projection = Projection(ticket=self.ticket, events=events, told=self._projection_number)
        if not self._late:
            self._projecting += 1
            try:
                await workflow.execute_local_activity_method(
                    Project.project,
                    projection,
                    schedule_to_close_timeout=timedelta(seconds=3),
                    retry_policy=RetryPolicy(maximum_attempts=3),
                )
                self._arrived(events)
                return
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.logger.warning("the store is away; the record will follow")
            finally:
                self._projecting -= 1
        task = asyncio.create_task(self._project_late(projection))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def _project_late(self, projection: Projection) -> None:
        await ask_patiently(Project.project, projection)
        self._arrived(projection.events)
        if not result_arrived():
            leave_trace()

    def _arrived(self, events: list[Event]) -> None:
        versions = {event.version for event in events}
        self._on_the_way = [e for e in self._on_the_way if e.version not in versions]

    async def drain(self) -> None:
        """Project the last events, and wait until everything under way is finished."""
        await self.project()
        self.registered = True
        await self.ladder
        await workflow.wait_condition(self._nothing_under_way)

    def _nothing_under_way(self) -> bool:
        words = self._heard_at_the_end and self._projecting
        return workflow.all_handlers_finished() and not self._late and not words
