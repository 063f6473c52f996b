"""The auditor's verdict on tickets: does the history replay, and does the record agree with it."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from temporalio.client import Client

from audit.compare import Difference, compare_events, compare_tickets
from audit.errors import AuditError, HistoryErased
from audit.replay import Break, Run, runs_by_history, untold
from store.db.engine import Store
from store.tickets import tickets


class Finding(StrEnum):
    """What came of a comparison; `no_history` and `not_deterministic`: of its attempt.

    `runs_differ`: a run of the history begins otherwise than the one before it ended.
    """

    AGREES = "agrees"
    DIFFERS = "differs"
    RUNS_DIFFER = "runs_differ"
    ERASED = "erased"
    NO_HISTORY = "no_history"
    NOT_DETERMINISTIC = "not_deterministic"


@dataclass(frozen=True)
class Verdict:
    """`problem`: why no comparison could be made (code and message), else None.

    `erased`: none can be made, and none is to be: what was personal is gone on purpose. `runs`: of
    its workflow. Of the first ones `lost` are no longer kept by the engine, or `left_out` were not
    asked for: nothing is said of the events before version `since`.
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
        return self.finding is Finding.AGREES

    @property
    def finding(self) -> Finding:
        """The verdict in a word."""
        if self.problem is not None:
            return Finding(self.problem.partition(":")[0])
        return found(self.differences, self.breaks)

    @property
    def fine(self) -> bool:
        """Nothing that somebody has to look into."""
        return self.agrees or self.erased


def found(differences: Sequence[Difference], breaks: Sequence[Break]) -> Finding:
    """What a comparison came to. A history that does not fit together comes first."""
    if breaks:
        return Finding.RUNS_DIFFER
    return Finding.DIFFERS if differences else Finding.AGREES


async def judge(client: Client, store: Store, number: str, most: int | None = None) -> Verdict:
    """Replay one ticket, or of a history with more than `most` events the last runs, and compare it
    with the record.

    Run by run: of a ticket with a hundred thousand events no more than two runs' are in memory.
    """
    differences: list[Difference] = []
    breaks: list[Break] = []
    first: Run | None = None
    held: Run | None = None
    try:
        async for run in runs_by_history(client, store, number, most=most):
            if held is not None:
                differences += await _compared(store, number, held, run.since)
            first, held = first or run, run
            breaks += run.breaks
    except AuditError as error:
        erased = isinstance(error, HistoryErased)
        return Verdict(number, problem=f"{error.code}: {error}", erased=erased)
    if first is None or held is None:
        raise ValueError("a history without a run")
    differences += await _compared(store, number, held, None)
    differences += compare_tickets(held.ticket, await tickets.state(store, number))
    lost, left_out = await untold(client, number, first)
    return Verdict(
        number,
        version=held.ticket.version,
        history_events=held.end,
        differences=differences,
        runs=held.n,
        lost=lost,
        left_out=left_out,
        since=first.since,
        breaks=breaks,
    )


async def _compared(store: Store, number: str, run: Run, until: int | None) -> list[Difference]:
    """The events of a run and those of the record, before version `until`."""
    # Whatever the record has before the first event, or after the last, is not passed over.
    since = run.since if run.n > 1 else None
    return compare_events(run.events, await tickets.events(store, number, since, until))


async def judge_all(client: Client, store: Store) -> AsyncIterator[Verdict]:
    """A verdict on every ticket of the store, open or ended."""
    async for number in tickets.numbers(store):
        yield await judge(client, store, number)
