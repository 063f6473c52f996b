"""The auditor's verdict on tickets: does the history replay, and does the record agree with it."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from enum import StrEnum

from temporalio.client import Client

from audit.compare import Difference, compare
from audit.errors import AuditError, HistoryErased
from audit.replay import told_by_history
from store import tickets
from store.engine import Store


class Finding(StrEnum):
    """What came of a comparison; `no_history` and `not_deterministic`: of its attempt."""

    AGREES = "agrees"
    DIFFERS = "differs"
    ERASED = "erased"
    NO_HISTORY = "no_history"
    NOT_DETERMINISTIC = "not_deterministic"


@dataclass(frozen=True)
class Verdict:
    """`problem`: why no comparison could be made (code and message), else None.

    `erased`: none can be made, and none is to be: what was personal is gone on purpose.
    """

    number: str
    version: int = 0
    history_events: int = 0
    differences: list[Difference] = field(default_factory=list)
    problem: str | None = None
    erased: bool = False

    @property
    def agrees(self) -> bool:
        return self.problem is None and not self.differences

    @property
    def finding(self) -> Finding:
        """The verdict in a word."""
        if self.problem is not None:
            return Finding(self.problem.partition(":")[0])
        return Finding.DIFFERS if self.differences else Finding.AGREES

    @property
    def fine(self) -> bool:
        """Nothing that somebody has to look into."""
        return self.agrees or self.erased


async def judge(client: Client, store: Store, number: str) -> Verdict:
    """Replay one ticket and compare it with the record."""
    try:
        replayed = await told_by_history(client, store, number)
    except AuditError as error:
        erased = isinstance(error, HistoryErased)
        return Verdict(number, problem=f"{error.code}: {error}", erased=erased)
    return Verdict(
        number,
        version=replayed.ticket.version,
        history_events=replayed.history_events,
        differences=compare(
            replayed, await tickets.state(store, number), await tickets.events(store, number)
        ),
    )


async def judge_all(client: Client, store: Store) -> AsyncIterator[Verdict]:
    """A verdict on every ticket of the store, open or ended."""
    async for number in tickets.numbers(store):
        yield await judge(client, store, number)
