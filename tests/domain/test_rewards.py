"""Tests of the judgement of rewards: caps, signs, and points whose time is over. All of it pure."""

import pytest

from domain.pack.rewards import RewardPolicy
from domain.policy.rewards import (
    ALIKE_BITS,
    RewardReason,
    RewardState,
    Signs,
    are_alike,
    can_earn,
    caps_reached,
    judged,
    spent_last,
    suspicions,
)
from domain.ticket.complaint import Channel, Kind
from domain.ticket.ticket import Ticket
from tests.store.stories import complaint

POLICY = RewardPolicy(channels=(Channel.SNAPSHOT,), kinds=(Kind.COMPLAINT, Kind.HELP))


@pytest.mark.parametrize(
    ("signs", "reason"),
    [
        (Signs(alike=("1",)), RewardReason.SAME_PICTURE),
        (Signs(before=("1",)), RewardReason.SAME_PLACE),
        (Signs(by_staff=True), RewardReason.FILED_BY_STAFF),
        (Signs(units_network=True), RewardReason.UNIT_NETWORK),
        (Signs(names=3), RewardReason.MANY_NAMES),
        (Signs(from_network=11), RewardReason.MANY_REPORTS),
    ],
)
def test_each_sign_holds_a_reward_back(signs: Signs, reason: RewardReason) -> None:
    assert suspicions(POLICY, signs) == [reason]
    assert judged([], [reason]) is RewardState.HELD


def test_most_reports_are_rewarded_at_once() -> None:
    assert suspicions(POLICY, Signs(names=2, from_network=10)) == []
    assert judged([], []) is RewardState.GRANTED


@pytest.mark.parametrize(
    ("today", "at_place", "caps"),
    [
        (0, 0, []),
        (2, 0, []),
        (3, 0, [RewardReason.DAY_CAP]),
        (0, 1, [RewardReason.PLACE_CAP]),
        (9, 9, [RewardReason.DAY_CAP, RewardReason.PLACE_CAP]),
    ],
)
def test_caps(today: int, at_place: int, caps: list[RewardReason]) -> None:
    assert caps_reached(POLICY, today, at_place) == caps


def test_nobody_has_to_look_at_what_is_capped_anyway() -> None:
    assert judged([RewardReason.DAY_CAP], [RewardReason.SAME_PICTURE]) is RewardState.CAPPED


def test_which_reports_can_earn() -> None:
    def earns(**more: object) -> bool:
        return can_earn(Ticket.of(complaint(channel=Channel.SNAPSHOT, **more)), POLICY)  # type: ignore[arg-type]

    assert earns()
    assert earns(kind=Kind.HELP)
    assert not earns(kind=Kind.CONSULTATION)
    assert not earns(kind=Kind.REPORT)
    assert not earns(kept_from=["gov"])  # it follows a report of wrongdoing
    assert not can_earn(Ticket.of(complaint(channel=Channel.HOTLINE)), POLICY)


def test_a_report_that_was_made_something_else_stays_a_report() -> None:
    filed = Ticket.of(complaint(channel=Channel.SNAPSHOT, kind=Kind.REPORT))
    filed.kind = Kind.COMPLAINT
    assert not can_earn(filed, POLICY)
    became = Ticket.of(complaint(channel=Channel.SNAPSHOT))
    became.kind = Kind.REPORT
    assert not can_earn(became, POLICY)


@pytest.mark.parametrize(
    ("granted", "old", "balance", "over"),
    [
        (20, 0, 20, 0),  # nothing is old
        (20, 10, 20, 10),  # nothing was spent
        (20, 10, 16, 6),  # four were spent, of the oldest
        (20, 10, 10, 0),  # the old ones were
        (20, 20, 3, 3),
        (20, 20, 0, 0),
    ],
)
def test_points_run_out_the_oldest_first(granted: int, old: int, balance: int, over: int) -> None:
    assert spent_last(granted, old, balance) == over


def test_pictures_are_alike_up_to_a_few_bits() -> None:
    mark = f"{0x0123456789ABCDEF0123456789ABCDEF:032x}"
    near = f"{int(mark, 16) ^ (2**ALIKE_BITS - 1):032x}"
    far = f"{int(mark, 16) ^ (2 ** (ALIKE_BITS + 1) - 1):032x}"
    assert are_alike(mark, mark)
    assert are_alike(mark, near)
    assert not are_alike(mark, far)
    assert not are_alike("", "")
