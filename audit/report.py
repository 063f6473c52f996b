"""The audit report of one ticket: history, record, verdict, and views of personal data."""

from datetime import UTC, datetime

from pydantic import ConfigDict, Field
from temporalio.client import Client

from audit.archive import HistoryArchive
from audit.compare import Change, Difference, changes, compare
from audit.errors import AuditError
from audit.replay import Break, Replayed, replay_history, run_of
from audit.verdicts import ComparisonResult, comparison_result
from domain.events import Event
from domain.model import Instant, Recorded
from domain.ticket.ticket import Ticket
from store.db.engine import Store
from store.tickets import tickets
from store.tickets import view_log as views
from store.tickets.view_log import View


class Story(Recorded):
    """A ticket with all its events. `ticket` is null where there is none."""

    ticket: Ticket | None
    events: list[Event]


class Report(Recorded):
    """The audit report of one ticket.

    `replayed`: from the history alone, with today's code; `positions`: the greatest possible
    history length at each event. `record`: from the store. The complainant's identity is in
    neither. Where runs are lost or left out, `replayed` begins with event `since`.
    """

    model_config = ConfigDict(serialize_by_alias=True)

    number: str
    made_at: Instant
    finding: ComparisonResult
    detail: str | None = Field(None, description="Why no comparison could be made.")
    differences: list[Difference] = Field(description="Each field in which they disagree.")
    runs: int = Field(1, description="How many runs of its workflow there were.")
    lost: int = Field(0, description="So many of the first the engine no longer keeps.")
    left_out: int = Field(0, description="So many of the first were not replayed: too long.")
    since: int = Field(1, description="The version of the first event that the history tells.")
    breaks: list[Break] = Field(
        default_factory=list,
        description="Each field in which a run begins otherwise than the one before it ended.",
    )
    history_events: int
    replayed: Story | None = Field(serialization_alias="told")
    positions: list[int]
    record: Story
    views: list[View] = Field(description="Who looked at the citizen's data, when and why.")

    @property
    def exists(self) -> bool:
        """True if anything is known of the ticket."""
        return (
            self.replayed is not None or self.record.ticket is not None or bool(self.record.events)
        )


class StateThen(Recorded):
    """A ticket after one event, from its history; and what that event changed."""

    number: str
    version: int
    position: int = Field(description="How long the history was at most at that moment.")
    event: Event
    state: Ticket
    changes: list[Change]


async def examine(
    client: Client,
    store: Store,
    number: str,
    most: int | None = None,
    archive: HistoryArchive | None = None,
) -> Report:
    """Replay the ticket, compare it with the record, and list who viewed its personal data.

    `most`, `archive`: as in `replay_history`.
    """
    replayed: Replayed | None = None
    problem: AuditError | None = None
    try:
        replayed = await replay_history(client, store, number, most=most, archive=archive)
    except AuditError as error:
        problem = error
    record = Story(
        ticket=await tickets.state(store, number), events=await tickets.events(store, number)
    )
    differences = compare(replayed, record.ticket, record.events) if replayed else []
    breaks = list(replayed.breaks) if replayed else []
    return Report(
        number=number,
        made_at=datetime.now(UTC),
        finding=ComparisonResult(problem.code)
        if problem
        else comparison_result(differences, breaks),
        detail=str(problem) if problem else None,
        differences=differences,
        runs=replayed.runs if replayed else 1,
        lost=replayed.lost if replayed else 0,
        left_out=replayed.left_out if replayed else 0,
        since=replayed.since if replayed else 1,
        breaks=breaks,
        history_events=replayed.history_events if replayed else 0,
        replayed=Story(ticket=replayed.ticket, events=list(replayed.events)) if replayed else None,
        positions=list(replayed.positions) if replayed else [],
        record=record,
        views=await views.views(store, number),
    )


async def state_then(
    client: Client,
    store: Store,
    number: str,
    version: int,
    archive: HistoryArchive | None = None,
) -> StateThen | None:
    """Return the ticket after its event `version`; None when the history has no such event.

    Raises:
        HistoryErased, NoHistory, ArchiveDamaged, NotDeterministic
    """
    run = await run_of(client, store, number, version, {version - 1, version}, archive)
    state, led = (run.states.get(version), run.event(version)) if run else (None, None)
    if run is None or state is None or led is None:
        return None
    event, position = led
    return StateThen(
        number=number,
        version=version,
        position=position,
        event=event,
        state=state,
        changes=changes(run.states.get(version - 1), state),
    )
