"""Findings of the doctor on what waits for neighbouring cities."""

from datetime import UTC, datetime, timedelta

from app.installation.findings import Finding, Part
from domain.words import N_, clauses, phrase
from store.db.engine import Store
from store.handover import letters, neighbours
from store.handover.letters import WaitingFor

_LATE = timedelta(hours=1)
"""The wait from which on a letter is worth a look: a neighbour may be away for minutes."""


async def neighbours_of(store: Store) -> list[Finding]:
    """Say for each neighbour what waits for it; none where no neighbour is entered.

    Raises:
        StoreUnavailable
    """
    waits = {one.neighbour: one for one in await letters.waiting(store)}
    return [_of(one.code, waits.get(one.code)) for one in await neighbours.listed(store)]


def _of(code: str, wait: WaitingFor | None) -> Finding:
    if wait is None:
        return Finding(Part.NEIGHBOUR, "ok", phrase(N_("nothing waits for it")), code)
    late = datetime.now(UTC) - wait.since > _LATE
    says = [phrase(N_("letters that wait: %(n)s"), n=wait.letters)]
    if wait.error:
        says.append(phrase(N_("the last failure: %(code)s"), code=wait.error))
    if late:
        says.append(phrase(N_("ask the city, then: %(command)s"), command=_hurry(code)))
    return Finding(Part.NEIGHBOUR, "wrong" if late else "note", clauses(says), code)


def _hurry(code: str) -> str:
    return f"`jiesu neighbours hurry {code}`"
