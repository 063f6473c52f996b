"""The auditor's verdict on tickets: does the history replay, and does the record agree with it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from temporalio.client import Client

from audit.archive import HistoryArchive
from audit.compare import Difference, compare_events, compare_tickets
from audit.errors import AuditError, HistoryErased
from audit.replay import Break, Run, runs_by_history, untold
from store.db.engine import Store
from store.tickets import tickets


class ComparisonResult(StrEnum):
    """The result of a comparison; `no_history` and `not_deterministic`: none was possible.

    `runs_differ`: the input of a run differs from the end of the one before it.
    """

    AGREES = "agrees"
    DIFFERS = "differs"
    RUNS_DIFFER = "runs_differ"
    ERASED = "erased"
    NO_HISTORY = "no_history"
    ARCHIVE_DAMAGED = "archive_damaged"
    NOT_DETERMINISTIC = "not_deterministic"


@dataclass(frozen=True)
class AuditVerdict:
    """The verdict on one ticket. `problem`: why it could not be compared (code and message).

    `erased`: no comparison is possible or needed, as it was erased on purpose. `runs`: of its
    workflow. Of the first ones `lost` are no longer stored by the engine, or `left_out` were not
    requested: events before version `since` are not compared.
    """

    number: str
    version: int = 0
    history_events: int = 0
    differences: list[Difference] = field(default_factory=list)
    problem: str | None = None
    erased: bool = False
    runs: int = 1
    lost: int = 0
    left_out: int = 0
    since: int = 1
    breaks: list[Break] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        return self.finding is ComparisonResult.AGREES

    @property
    def finding(self) -> ComparisonResult:
        """The verdict in one code."""
        if self.problem is not None:
            return ComparisonResult(self.problem.partition(":")[0])
        return comparison_result(self.differences, self.breaks)

    @property
    def fine(self) -> bool:
        """True if nothing has to be investigated."""
        return self.agrees or self.erased


def comparison_result(
    differences: Sequence[Difference], breaks: Sequence[Break]
) -> ComparisonResult:
    """Return the result of a comparison. Runs that do not match come first."""
    if breaks:
        return ComparisonResult.RUNS_DIFFER
    return ComparisonResult.DIFFERS if differences else ComparisonResult.AGREES


async def judge(
    client: Client,
    store: Store,
    number: str,
    most: int | None = None,
    archive: HistoryArchive | None = None,
) -> AuditVerdict:
    """Replay one ticket, or only the last runs of a history with more than `most` events, and
    compare it with the record. What the engine no longer has is read from the archive.

    Run by run: of a ticket with a hundred thousand events no more than two runs' are in memory.
    """
    runs = runs_by_history(client, store, number, most=most, archive=archive)
    first, verdict = await judge_runs(store, number, runs)
    if first is None:
        return verdict
    lost, left_out = await untold(client, number, first, archive)
    return replace(verdict, lost=lost, left_out=left_out)


async def judge_runs(
    store: Store, number: str, runs: AsyncIterator[Run], *, final: bool = True
) -> tuple[Run | None, AuditVerdict]:
    """Compare these runs with the record; return the first one, if any can be read, and a verdict.

    `final`: they are all there are; otherwise what followed is not compared.
    """
    differences: list[Difference] = []
    breaks: list[Break] = []
    first: Run | None = None
    held: Run | None = None
    try:
        async for run in runs:
            if held is not None:
                differences += await _compared(store, number, held, run.since)
            first, held = first or run, run
            breaks += run.breaks
    except AuditError as error:
        erased = isinstance(error, HistoryErased)
        return None, AuditVerdict(number, problem=f"{error.code}: {error}", erased=erased)
    if first is None or held is None:
        raise ValueError("a history without a run")
    until = None if final else held.ticket.version + 1
    differences += await _compared(store, number, held, until)
    if final:
        differences += compare_tickets(held.ticket, await tickets.state(store, number))
    return first, AuditVerdict(
        number,
        version=held.ticket.version,
        history_events=held.end,
        differences=differences,
        runs=held.n,
        since=first.since,
        breaks=breaks,
    )


async def _compared(store: Store, number: str, run: Run, until: int | None) -> list[Difference]:
    """Compare the events of a run with those of the record, before version `until`."""
    # The first and last run have no bound, so that surplus events of the record are found.
    since = run.since if run.n > 1 else None
    return compare_events(run.events, await tickets.events(store, number, since, until))


async def judge_all(
    client: Client, store: Store, archive: HistoryArchive | None = None
) -> AsyncIterator[AuditVerdict]:
    """Yield a verdict on every ticket of the store, open or ended."""
    async for number in tickets.numbers(store):
        yield await judge(client, store, number, archive=archive)
