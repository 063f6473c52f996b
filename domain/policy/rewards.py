"""The judgement of a report that may be rewarded: granted, held back, capped, or nothing."""

from dataclasses import dataclass
from enum import StrEnum

from domain.pack.rewards import RewardPolicy
from domain.ticket.ticket import Ticket


class RewardState(StrEnum):
    """The state of the reward for a report."""

    NONE = "none"  # no rule of the city holds
    CAPPED = "capped"  # a rule holds, but a cap is reached
    HELD = "held"  # a person has to decide
    GRANTED = "granted"
    REFUSED = "refused"  # a person has decided


class RewardReason(StrEnum):
    """Why a reward is capped or held back."""

    DAY_CAP = "day_cap"
    PLACE_CAP = "place_cap"
    SAME_PICTURE = "same_picture"
    SAME_PLACE = "same_place"
    FILED_BY_STAFF = "filed_by_staff"
    UNIT_NETWORK = "unit_network"
    MANY_NAMES = "many_names"
    MANY_REPORTS = "many_reports"


@dataclass(frozen=True)
class Signs:
    """The knowledge of a report besides the ticket itself.

    `alike`: reports with the same picture. `before`: earlier reports of the same kind at the same
    place, shortly before. `by_staff`: filed by an officer. `units_network`: filed from a network
    where an officer of a unit that handled it signed in. `names`: with the citizen's phone.
    `from_network`: reports from the same network on the same day, this one included.
    """

    alike: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    by_staff: bool = False
    units_network: bool = False
    names: int = 0
    from_network: int = 0


def can_earn(ticket: Ticket, policy: RewardPolicy) -> bool:
    """Return whether a ticket can earn points by channel and kind; no report of wrongdoing can."""
    complaint = ticket.complaint
    rewarded = policy.counts(complaint.channel, complaint.kind, ticket.kind)
    return rewarded and not ticket.of_wrongdoing


def suspicions(policy: RewardPolicy, signs: Signs) -> list[RewardReason]:
    """Return why a person has to look at it first; none for most reports."""
    seen = {
        RewardReason.SAME_PICTURE: bool(signs.alike),
        RewardReason.SAME_PLACE: bool(signs.before),
        RewardReason.FILED_BY_STAFF: signs.by_staff,
        RewardReason.UNIT_NETWORK: signs.units_network,
        RewardReason.MANY_NAMES: signs.names > policy.names_per_phone,
        RewardReason.MANY_REPORTS: signs.from_network > policy.per_network,
    }
    return [reason for reason, there in seen.items() if there]


def caps_reached(policy: RewardPolicy, today: int, at_place: int) -> list[RewardReason]:
    """Return the caps reached: `today` and `at_place` count earlier rewards, held ones included."""
    reached = {
        RewardReason.DAY_CAP: today >= policy.per_day,
        RewardReason.PLACE_CAP: at_place >= policy.per_place,
    }
    return [reason for reason, there in reached.items() if there]


def judged(caps: list[RewardReason], seen: list[RewardReason]) -> RewardState:
    """Return what becomes of a reward whose rule holds. A cap outweighs a suspicion."""
    if caps:
        return RewardState.CAPPED
    return RewardState.HELD if seen else RewardState.GRANTED


def spent_last(granted: int, old: int, balance: int) -> int:
    """Return how many points have run out of an account that was `granted` so many in all.

    `old`: those of them whose time is over. What was spent, or ran out, came from the oldest ones.
    """
    return max(0, min(balance, old - (granted - balance)))


ALIKE_BITS = 12
"""The most of the 128 bits of two pictures' marks (`media.likeness`) in which copies differ."""


def are_alike(mark: str, other: str) -> bool:
    """Return whether two marks are of one picture; a picture without a mark is like no other."""
    return bool(mark and other) and (int(mark, 16) ^ int(other, 16)).bit_count() <= ALIKE_BITS
