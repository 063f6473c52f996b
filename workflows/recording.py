"""Recording: the one door through which things happen to a ticket, and its copy in the store."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import FailureError, is_cancelled_exception

from domain.actors import SYSTEM, Actor
from domain.decisions import follows
from domain.events import Event, Fact
from domain.plans import Projection
from domain.recording import record
from domain.refusals import Refused
from domain.ticket import Ticket
from workflows.asking import ask_patiently

with workflow.unsafe.imports_passed_through():
    from activities.project import Project


class Recording:
    """A ticket, its events so far, and those that are not in the store yet."""

    ladder: "asyncio.Task[None]"

    def __init__(self, ticket: Ticket) -> None:
        self.ticket = ticket
        self.events: list[Event] = []
        self.recorded_at: list[int] = []  # for the audit: history length at each event
        self.registered = False
        self._unprojected: list[Event] = []
        self._projecting = 0
        self._late: set[asyncio.Task[None]] = set()

    @property
    def pack(self) -> str | None:
        """The version of the pack it was accepted under."""
        return self.ticket.rules.pack_version if self.ticket.rules else None

    def happen(self, fact: Fact, at: datetime, actor: Actor = SYSTEM) -> None:
        """The one door: check the table, apply, count the version, remember to project.

        `at` is when what led to this came to the door, or was promised: a time that stands in a
        payload or in a clock. `workflow.now()` is not good enough for a record that is compared
        with a replay: a workflow task that had to be answered early (a query, a slow local
        activity) is replayed at the time of the task that followed it.
        """
        event = record(self.ticket, fact, actor, at)
        self.events.append(event)
        self.recorded_at.append(workflow.info().get_current_history_length())
        self._unprojected.append(event)
        graver = follows(self.ticket)
        if graver is not None:
            self.happen(graver, at)

    def happen_if_possible(self, fact: Fact, at: datetime) -> None:
        """For what the engine does by itself after a pause: a person may have been quicker."""
        try:
            self.happen(fact, at)
        except Refused as refused:
            workflow.logger.info("overtaken", extra={"fact": fact.kind, "code": refused.code})

    async def until(self, condition: Callable[[], bool]) -> datetime:
        """Project what is new, then wait. Every wait of a stage is here.

        Nothing is projected where there is nothing to wait for: the events of several quick
        stages are one projection. Returns when it came that was waited for, as far as the engine
        tells.
        """
        if condition():
            return workflow.now()
        await self.project()
        self.registered = True
        came: list[datetime] = []

        def over() -> bool:
            if not came and condition():
                came.append(workflow.now())
            # What ended the wait is first copied into the store: one thing after another.
            return self.ladder.done() or (bool(came) and not self._projecting)

        await workflow.wait_condition(over)
        if self.ladder.done() and self.ticket.open:
            self.ladder.result()  # a defect: fail this task loudly rather than run without clocks
        return came[0] if came else workflow.now()

    async def project(self) -> None:
        """Copy what is new into the store; when the store is away, the copy follows later."""
        if not self._unprojected:
            return
        events, self._unprojected = self._unprojected, []
        told = workflow.info().get_current_history_length()
        projection = Projection(ticket=self.ticket, events=events, told=told)
        if not self._late:
            self._projecting += 1
            try:
                await workflow.execute_local_activity_method(
                    Project.project,
                    projection,
                    schedule_to_close_timeout=timedelta(seconds=3),
                    retry_policy=RetryPolicy(maximum_attempts=3),
                )
                return
            except FailureError as error:
                if is_cancelled_exception(error):
                    raise
                workflow.logger.warning("the store is away; the record will follow")
            finally:
                self._projecting -= 1
        task = asyncio.create_task(ask_patiently(Project.project, projection))
        self._late.add(task)
        task.add_done_callback(self._late.discard)

    async def wind_up(self) -> None:
        """Nothing is left behind: the last events are projected, everyone has been answered."""
        await self.project()
        self.registered = True
        await self.ladder
        await workflow.wait_condition(lambda: workflow.all_handlers_finished() and not self._late)
