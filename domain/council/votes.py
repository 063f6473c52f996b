"""The two ways to vote, and the count of a vote."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple


class VoteKind(StrEnum):
    NAMELESS = "secret"  # 无记名投票
    OPEN = "open"  # 记名投票


class CouncilOutcome(StrEnum):
    DECIDED = "decided"
    NO_QUORUM = "no_quorum"
    TIE = "tie"
    NO_MAJORITY = "no_majority"


class Count(NamedTuple):
    """The outcome of a vote. `chosen`: the number of the option, from 1; only if it is decided."""

    outcome: CouncilOutcome
    chosen: int | None = None


def counted(votes: Sequence[int], invited: int, quorum: int, majority: int) -> Count:
    """Return the outcome of the votes for each option.

    `quorum`: the percentage of those invited who have to vote. `majority`: the percentage of the
    ballots that an option has to have more than.
    """
    ballots = sum(votes)
    if ballots == 0 or ballots * 100 < quorum * invited:
        return Count(CouncilOutcome.NO_QUORUM)
    most = max(votes)
    if list(votes).count(most) > 1:
        return Count(CouncilOutcome.TIE)
    if most * 100 <= majority * ballots:
        return Count(CouncilOutcome.NO_MAJORITY)
    return Count(CouncilOutcome.DECIDED, list(votes).index(most) + 1)
