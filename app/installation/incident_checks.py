"""Findings of the doctor on incidents that do not go on."""

from datetime import datetime, timedelta

from app.installation.findings import Finding, Part
from domain.words import N_, clauses, phrase
from store.db.engine import Store
from store.incidents import standing
from store.incidents.standing import FailingMembers

_LATE = timedelta(hours=1)
"""The time from which on a member that failed is worth a look: what passes has passed by then."""


async def incidents_of(store: Store, now: datetime) -> list[Finding]:
    """Say of each incident whose members fail how many, since when they wait, and why.

    Raises:
        StoreUnavailable
    """
    return [_of(one, now) for one in await standing.failing(store)]


def _of(one: FailingMembers, now: datetime) -> Finding:
    says = [
        phrase(N_("reports that could not be merged or answered: %(n)s"), n=one.size),
        phrase(N_("the last failure: %(code)s"), code=one.error),
        phrase(N_("one of them: %(number)s"), number=one.number),
    ]
    late = now - one.since > _LATE
    return Finding(Part.INCIDENT, "wrong" if late else "note", clauses(says), one.incident)
