"""Replay: run today's workflow code over a recorded history, and read the state it ends with.

Nothing outside the history is read but its encryption key: no record, no pack, no calendar. The
result is the ticket as the history has it. A ticket that continued in new runs is one: its runs are
replayed in order, and the input of each is compared with the end of the one before it.
"""

from collections.abc import AsyncIterable, AsyncIterator, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from pydantic import ValidationError
from temporalio import workflow
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client, WorkflowHistory
from temporalio.converter import DataConverter
from temporalio.worker import (
    ContinueAsNewInput,
    ExecuteWorkflowInput,
    HandleSignalInput,
    HandleUpdateInput,
    Interceptor,
    Replayer,
    UnsandboxedWorkflowRunner,
    WorkflowInboundInterceptor,
    WorkflowInterceptorClassInput,
    WorkflowOutboundInterceptor,
)

from audit.archive import HistoryArchive
from audit.errors import HistoryErased, NoHistory, NotDeterministic
from audit.fields import MISSING, apart
from audit.runs import (
    backwards,
    continues,
    is_retained,
    length,
    load,
    started,
    stored_histories,
)
from domain.continuation import Carried
from domain.events import Event
from domain.ticket.ticket import Ticket
from runtime.codec import Unreadable
from runtime.engine import CONVERTER
from runtime.sealed_runner import SealedRunner
from store.db.engine import Store
from store.db.errors import BadKey
from store.secrets.ticket_keys import erased_at
from workflows.ticket import TicketWorkflow


@dataclass(frozen=True)
class Break:
    """One field in which the input of run `run` differs from the end of the run before.

    `path` like `ticket.assignments.0.signed_at`; empty if one of the two is missing.
    """

    run: int
    path: str
    ended: str
    began: str


@dataclass(frozen=True)
class Run:
    """One replayed run. `n` counts the runs of the ticket from 1.

    `began`: its input, None for the first; `follows`: the id of the run before, or empty.
    `positions[i]`: length of the whole history at event i; `before`: of the runs before. `handed`:
    the input of the next run.
    """

    n: int
    follows: str
    began: Carried | None
    ticket: Ticket
    events: Sequence[Event]
    positions: Sequence[int]
    before: int
    length: int
    handed: Carried | None = None
    states: Mapping[int, Ticket] = field(default_factory=dict)
    breaks: Sequence[Break] = ()

    @property
    def since(self) -> int:
        """The version of its first event, if it has one."""
        return (self.began.ticket.version if self.began else 0) + 1

    def event(self, version: int) -> tuple[Event, int] | None:
        """Return the event of this version and its position; None if the run has none."""
        return _event_at(self, version)

    @property
    def end(self) -> int:
        """The length of the whole history up to the end of this run."""
        return self.before + self.length


@dataclass(frozen=True)
class Replayed:
    """A ticket as its history has it. `positions[i]`: history length at event i.

    `states`: the ticket after each requested event, by version. `breaks`: where two runs do not
    match. `runs`: how many there were; of the first ones `lost` are no longer stored by the
    engine, or `left_out` were not requested: events begin with version `since`.
    """

    ticket: Ticket
    events: Sequence[Event]
    positions: Sequence[int]
    history_events: int
    states: Mapping[int, Ticket] = field(default_factory=dict)
    runs: int = 1
    lost: int = 0
    left_out: int = 0
    since: int = 1
    breaks: Sequence[Break] = ()

    def event(self, version: int) -> tuple[Event, int] | None:
        """Return the event of this version and its position; None if there is none."""
        return _event_at(self, version)


def _event_at(story: Run | Replayed, version: int) -> tuple[Event, int] | None:
    index = version - story.since
    if not 0 <= index < len(story.events):
        return None
    return story.events[index], story.positions[index]


_LENGTH = "history_length"
_STOOD_STILL, _ATTEMPTS = ("[TMPRL1101]", "_DeadlockError"), 5
"""The SDK's error for a step of more than two seconds, in the clear or with its text encrypted, and
the attempts to replay such a run: on a busy machine it does not mean that the code is wrong."""

_TASK_STARTED = EventType.EVENT_TYPE_WORKFLOW_TASK_STARTED
Histories = AsyncIterable[WorkflowHistory] | Iterable[WorkflowHistory]


async def replay_history(
    client: Client,
    store: Store,
    number: str,
    keep: Collection[int] = (),
    most: int | None = None,
    archive: HistoryArchive | None = None,
) -> Replayed:
    """Replay a ticket from its history; the store only says whether it was erased, and its key.

    `keep`: the versions whose states are returned as well. `most`: of a history with more events,
    only the last runs are replayed, those that together have no more. `archive`: where to read what
    the engine no longer has.

    Raises:
        HistoryErased, NoHistory, ArchiveDamaged, NotDeterministic
    """
    first, replayed = await _whole(runs_by_history(client, store, number, keep, most, archive))
    lost, left_out = await untold(client, number, first, archive)
    return replace(replayed, lost=lost, left_out=left_out)


async def untold(
    client: Client, number: str, first: Run, archive: HistoryArchive | None = None
) -> tuple[int, int]:
    """Return how many runs before `first` are no longer stored, and how many were left out."""
    if first.follows and await is_retained(client, number, first.follows):
        return 0, first.n - 1
    if first.follows and archive is not None:
        kept = await archive.held(number)
        if kept is not None and first.follows in kept.runs:
            return 0, first.n - 1
    return first.n - 1, 0


async def runs_by_history(
    client: Client,
    store: Store,
    number: str,
    keep: Collection[int] = (),
    most: int | None = None,
    archive: HistoryArchive | None = None,
) -> AsyncIterator[Run]:
    """Replay a ticket run by run, oldest first: no more than two are in memory at a time.

    Raises:
        HistoryErased, NoHistory, NotDeterministic
    """
    await _refuse_erased(store, number)
    told = stored_histories(client, number, most, archive)
    async for run in replay_runs(told, client.data_converter, keep):
        yield run


async def run_of(
    client: Client,
    store: Store,
    number: str,
    version: int,
    keep: Collection[int] = (),
    archive: HistoryArchive | None = None,
) -> Run | None:
    """Replay only the run in which the ticket reached this version; None if there is none.

    Raises:
        HistoryErased, NoHistory, ArchiveDamaged, NotDeterministic
    """
    await _refuse_erased(store, number)
    try:
        run = await _run_in_engine(client, number, version, keep)
    except NoHistory:
        if archive is None:
            raise
        run = None
    if run is not None or archive is None:
        return run
    return await _run_in_archive(archive, client.data_converter, number, version, keep)


async def _run_in_archive(
    archive: HistoryArchive,
    converter: DataConverter,
    number: str,
    version: int,
    keep: Collection[int],
) -> Run | None:
    story = await archive.story(number)
    if story is None:
        raise NoHistory(f"neither engine nor archive has a history of ticket {number}")
    begun = [n for n, run in enumerate(story.runs) if run.since <= version]
    if not begun:
        return None
    # The first run may itself follow others that were never archived.
    start = (
        sum(run.events for run in story.runs[: begun[-1]]) if not story.runs[0].follows else None
    )
    return await _replay_run(await archive.history(story, begun[-1]), converter, keep, start)


async def _run_in_engine(
    client: Client, number: str, version: int, keep: Collection[int]
) -> Run | None:
    result, began, start = "", None, 0
    async for run_id, first in backwards(client, number):
        if result:
            start += await length(client, number, run_id)
        began = await _begun_with(first, client.data_converter)
        if not result and version > (began.ticket.version if began else 0):
            result = run_id
    if not result:
        return None
    start += began.history_length if began else 0  # of runs that the engine no longer has
    history = await load(client, number, result)
    return await _replay_run(history, client.data_converter, keep, start)


async def replay(
    history: WorkflowHistory | Histories,
    converter: DataConverter = CONVERTER,
    keep: Collection[int] = (),
) -> Replayed:
    """Replay a history with the keys of `converter`; return its end, and the states in `keep`.

    `history`: of the only run, or of all runs in their order.

    Raises:
        NoHistory: no worker has taken the ticket up yet.
        NotDeterministic: today's code does not follow it.
    """
    runs = [history] if isinstance(history, WorkflowHistory) else history
    first, replayed = await _whole(replay_runs(runs, converter, keep))
    return replace(replayed, lost=first.n - 1)


async def replay_runs(
    runs: Histories, converter: DataConverter = CONVERTER, keep: Collection[int] = ()
) -> AsyncIterator[Run]:
    """Replay each run of a ticket in order. Raises NoHistory, NotDeterministic."""
    before: Run | None = None
    async for history in _each(runs):
        run = await _replay_run(history, converter, keep, before.end if before else None)
        if before is not None:
            run = replace(run, breaks=_breaks(before, run.began))
        yield run
        before = run


async def _refuse_erased(store: Store, number: str) -> None:
    erased = await erased_at(store, number)
    if erased is not None:
        raise HistoryErased(f"erased on {erased:%Y-%m-%d}; its history cannot be read any more")


async def _whole(runs: AsyncIterator[Run]) -> tuple[Run, Replayed]:
    """Return the first run, and all runs joined into one."""
    events: list[Event] = []
    positions: list[int] = []
    states: dict[int, Ticket] = {}
    breaks: list[Break] = []
    first: Run | None = None
    async for run in runs:
        first = first or run
        events += run.events
        positions += run.positions
        states |= run.states
        breaks += run.breaks
    if first is None:
        raise NotDeterministic("there is no run to replay")
    return first, Replayed(
        run.ticket,
        events,
        positions,
        run.end,
        states,
        runs=run.n,
        since=first.since,
        breaks=breaks,
    )


async def _each(runs: Histories) -> AsyncIterator[WorkflowHistory]:
    if isinstance(runs, AsyncIterable):
        async for history in runs:
            yield history
    else:
        for history in runs:
            yield history


async def _replay_run(
    history: WorkflowHistory, converter: DataConverter, keep: Collection[int], start: int | None
) -> Run:
    """Replay one run. `start`: history length of the runs before; None: as its input says."""
    began = await _begun_with(history, converter)
    n = began.runs + 1 if began else 1
    seen = _Seen(keep)
    if any(event.event_type == _TASK_STARTED for event in history.events):
        seen = await _follow(history, converter, keep, f"run {n}: " if began else "")
    ticket, events, positions = _final_state(seen, began)
    # The carried length may lack the last events that the engine wrote to the run before.
    carried = began.history_length if began else 0
    start = carried if start is None else start
    states = seen.states
    if began is not None and began.ticket.version in keep:
        states = {began.ticket.version: began.ticket, **states}
    return Run(
        n=n,
        follows=started(history).continued_execution_run_id,
        began=began,
        ticket=ticket,
        events=events,
        positions=[start + position - carried for position in positions],
        before=start,
        length=len(history.events),
        handed=seen.handed,
        states=states,
    )


async def _follow(
    history: WorkflowHistory, converter: DataConverter, keep: Collection[int], where: str
) -> "_Seen":
    """Run today's code over one run. Raises NotDeterministic.

    The SDK never returns from a history without a workflow task.
    """
    for attempt in range(_ATTEMPTS):
        seen = _Seen(keep)
        replayer = Replayer(
            workflows=[TicketWorkflow],
            data_converter=converter,
            interceptors=[_Capture(seen)],
            # The sandbox guards new code against mistakes; a replay is faster without it.
            workflow_runner=SealedRunner(UnsandboxedWorkflowRunner()),
        )
        result = await replayer.replay_workflow(history, raise_on_replay_failure=False)
        failure = result.replay_failure
        if failure is None:
            break
        if not any(mark in str(failure) for mark in _STOOD_STILL) or attempt == _ATTEMPTS - 1:
            raise NotDeterministic(f"{where}{failure}") from failure
    return seen


def _final_state(seen: "_Seen", began: Carried | None) -> tuple[Ticket, list[Event], list[int]]:
    if seen.flow is not None:
        return seen.flow.ticket, list(seen.flow.events), seen.flow.recorded_at
    if began is None:
        raise NoHistory("no worker has taken the ticket up yet")
    return began.ticket, [], []  # the new run has no event yet


async def _begun_with(history: WorkflowHistory, converter: DataConverter) -> Carried | None:
    """Return the input from the run before; None for the first run. Raises NotDeterministic."""
    if not continues(history):
        return None
    try:
        [carried] = await converter.decode(started(history).input.payloads, [Carried])
    except (ValidationError, ValueError, RuntimeError, Unreadable, BadKey) as error:
        raise NotDeterministic(f"what a new run begins with cannot be read: {error}") from error
    if not isinstance(carried, Carried):
        raise NotDeterministic("a new run begins with no ticket")
    return carried


async def since(history: WorkflowHistory, converter: DataConverter) -> int:
    """Return the version of the first event of a run; 1 where its input cannot be read."""
    try:
        began = await _begun_with(history, converter)
    except NotDeterministic:
        return 1
    return (began.ticket.version if began else 0) + 1


def _breaks(before: Run, began: Carried | None) -> list[Break]:
    """Compare the input of a run with the end of the run before it."""
    n = before.n + 1
    if began is None or before.handed is None:
        one, other = (MISSING if each is None else "" for each in (before.handed, began))
        return [Break(n, "", one, other)]
    # A run that was begun before it was told what citizens had said lacks just that.
    left_out = {"heard"} if began.heard is None else set[str]()
    dumped = (each.model_dump(mode="json", exclude=left_out) for each in (before.handed, began))
    handed, values = dumped
    breaks = [Break(n, *each) for each in apart("", handed, values) if each[0] != _LENGTH]
    # The length dates from the last task of the run before, so it may lack later events; and a
    # task that had to be completed early is replayed a little later (`Recording.happen`).
    drift = before.before - (before.began.history_length if before.began else 0)
    least = (before.positions[-1] if before.positions else before.before) - drift
    if not least <= began.history_length <= before.end:
        breaks.append(Break(n, _LENGTH, str(before.end), str(began.history_length)))
    return breaks


class _Seen:
    """The data that a replay collects."""

    def __init__(self, keep: Collection[int]) -> None:
        self.keep = keep
        self.flow: TicketWorkflow | None = None
        self.states: dict[int, Ticket] = {}
        self.handed: Carried | None = None

    def look(self) -> None:
        """Capture the workflow that is being replayed, before it records an event.

        Messages that came with its start are handled before `run` begins.
        """
        if self.flow is None:
            flow: TicketWorkflow = workflow.instance()
            self.flow = flow
            if self.keep:
                flow.events = _Watched(flow, self)


class _Watched(list[Event]):
    """The events of a replay, with a copy of the ticket at each requested one.

    An event is appended as soon as it has changed the ticket and before anything else can
    (`Recording.happen`), so the copy is the state right after that event.
    """

    def __init__(self, flow: TicketWorkflow, seen: _Seen) -> None:
        super().__init__(flow.events)
        self._flow, self._seen = flow, seen

    def append(self, event: Event) -> None:
        super().append(event)
        if event.version in self._seen.keep:
            self._seen.states[event.version] = self._flow.ticket.model_copy(deep=True)


class _Capture(Interceptor):
    """An interceptor that captures the workflow's instance, to read its state after the replay, and
    the input that it gives to the next run."""

    def __init__(self, seen: _Seen) -> None:
        self._seen = seen

    def workflow_interceptor_class(
        self, input: WorkflowInterceptorClassInput
    ) -> type[WorkflowInboundInterceptor]:
        seen = self._seen

        class CapturingOutbound(WorkflowOutboundInterceptor):
            def continue_as_new(self, input: ContinueAsNewInput) -> NoReturn:
                [handed] = input.args
                seen.handed = handed.model_copy(deep=True)
                super().continue_as_new(input)

        class CapturingInbound(WorkflowInboundInterceptor):
            def init(self, outbound: WorkflowOutboundInterceptor) -> None:
                super().init(CapturingOutbound(outbound))

            async def execute_workflow(self, input: ExecuteWorkflowInput) -> Any:
                seen.look()
                return await super().execute_workflow(input)

            async def handle_signal(self, input: HandleSignalInput) -> None:
                seen.look()
                await super().handle_signal(input)

            async def handle_update_handler(self, input: HandleUpdateInput) -> Any:
                seen.look()
                return await super().handle_update_handler(input)

        return CapturingInbound
