"""Tests of the rules of a council: its phases, what is refused when, and how a vote is counted."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.council import checks
from domain.council.council import (
    MOST_INVITED,
    Council,
    CouncilDraft,
    CouncilOption,
    FollowUpTask,
    Phase,
)
from domain.council.votes import CouncilOutcome, VoteKind, counted
from domain.refusals import Refused

START = datetime(2026, 3, 2, 1, tzinfo=UTC)
SECOND = timedelta(seconds=1)
SAID, OPENS, CLOSES = (START + timedelta(days=days) for days in (3, 4, 6))
COUNCIL = Council(
    id="c1",
    number="2603021234560",
    city="jinan",
    n=1,
    subject="停车位怎么安排",
    options=[CouncilOption(title=title) for title in ("划线", "分时", "不变")],
    vote=VoteKind.NAMELESS,
    quorum=50,
    majority=50,
    statements=2,
    statements_until=SAID,
    vote_opens_at=OPENS,
    vote_closes_at=CLOSES,
    prepared_at=START,
    invited=4,
)
OPENED = COUNCIL.model_copy(update={"opened_at": START})
DECIDED = OPENED.model_copy(update={"outcome": CouncilOutcome.DECIDED, "chosen": 1})
UNDECIDED = OPENED.model_copy(update={"outcome": CouncilOutcome.TIE})
FOLLOWED = DECIDED.model_copy(update={"followed_up_at": CLOSES})


def code(act: Callable[..., None], *values: Any) -> str:
    """Return the code of the refusal; "" if it is none."""
    try:
        act(*values)
    except Refused as refused:
        return refused.code
    return ""


def test_each_phase_begins_with_its_moment() -> None:
    assert COUNCIL.phase(CLOSES) is Phase.PREPARING
    for at, phase in (
        (SAID - SECOND, Phase.STATEMENTS),
        (SAID, Phase.BETWEEN),
        (OPENS - SECOND, Phase.BETWEEN),
        (OPENS, Phase.VOTING),
        (CLOSES - SECOND, Phase.VOTING),
        (CLOSES, Phase.COUNTING),
    ):
        assert OPENED.phase(at) is phase
    assert DECIDED.phase(CLOSES) is Phase.DECIDED
    assert UNDECIDED.phase(CLOSES) is Phase.UNDECIDED
    assert FOLLOWED.phase(CLOSES) is Phase.FOLLOWED_UP
    assert FOLLOWED.model_copy(update={"closed_at": CLOSES}).phase(CLOSES) is Phase.CLOSED


@pytest.mark.parametrize(
    ("votes", "invited", "quorum", "majority", "outcome", "chosen"),
    [
        ([3, 1, 0], 4, 50, 50, "decided", 1),
        ([0, 1, 2], 4, 75, 50, "decided", 3),
        ([2, 0, 0], 5, 50, 50, "no_quorum", None),
        ([0, 0, 0], 4, 1, 0, "no_quorum", None),
        ([0, 0], 0, 1, 0, "no_quorum", None),
        ([2, 2, 0], 4, 50, 50, "tie", None),
        ([1, 1, 1], 4, 50, 0, "tie", None),
        ([2, 1, 1], 4, 50, 50, "no_majority", None),
        ([2, 1, 1], 4, 50, 49, "decided", 1),
        ([2, 1], 3, 100, 66, "decided", 1),
        ([2, 1], 3, 100, 67, "no_majority", None),
    ],
)
def test_a_vote_is_counted_by_quorum_and_majority(
    votes: list[int], invited: int, quorum: int, majority: int, outcome: str, chosen: int | None
) -> None:
    assert counted(votes, invited, quorum, majority) == (outcome, chosen)


@given(
    st.lists(st.integers(0, 60), min_size=2, max_size=10),
    st.integers(0, 200),
    st.integers(1, 100),
    st.integers(0, 99),
)
def test_what_is_chosen_has_more_votes_than_any_other(
    votes: list[int], missing: int, quorum: int, majority: int
) -> None:
    invited = sum(votes) + missing
    count = counted(votes, invited, quorum, majority)
    assert (count.chosen is None) is (count.outcome is not CouncilOutcome.DECIDED)
    if count.chosen is None:
        return
    own = votes[count.chosen - 1]
    assert all(own > other for n, other in enumerate(votes, 1) if n != count.chosen)
    assert own * 100 > majority * sum(votes)
    assert sum(votes) * 100 >= quorum * invited


def test_a_statement_is_late_from_the_second_at_which_statements_end() -> None:
    assert code(checks.check_statement, OPENED, 1, SAID - SECOND) == ""
    assert code(checks.check_statement, OPENED, 0, SAID) == "statements_over"
    assert code(checks.check_statement, OPENED, 0, OPENS) == "statements_over"
    assert code(checks.check_statement, OPENED, 2, START) == "statement_cap"
    assert code(checks.check_statement, COUNCIL, 0, START) == "council_not_now"


def test_a_vote_is_in_time_from_its_first_to_its_last_second() -> None:
    def ballot(council: Council, at: datetime, option: int = 1, voted: bool = False) -> str:
        return code(checks.check_ballot, council, option, "", voted, at)

    assert ballot(OPENED, OPENS - SECOND) == "vote_not_open"
    assert ballot(OPENED, OPENS) == ballot(OPENED, CLOSES - SECOND) == ""
    assert ballot(OPENED, CLOSES) == ballot(DECIDED, OPENS) == "vote_over"
    assert ballot(COUNCIL, OPENS) == "vote_not_open"
    assert ballot(OPENED, OPENS, 0) == ballot(OPENED, OPENS, 4) == "unknown_option"
    assert ballot(OPENED, OPENS, voted=True) == "already_voted"
    named = OPENED.model_copy(update={"vote": VoteKind.OPEN})
    assert ballot(named, OPENS) == "label_missing"
    assert code(checks.check_ballot, named, 1, "三号楼居民", False, OPENS) == ""


def test_it_is_opened_for_somebody_and_in_time() -> None:
    assert code(checks.check_opening, COUNCIL, SAID - SECOND) == ""
    assert code(checks.check_opening, COUNCIL, SAID) == "in_the_past"
    nobody = COUNCIL.model_copy(update={"invited": 0})
    assert code(checks.check_opening, nobody, START) == "nobody_invited"
    assert code(checks.check_opening, OPENED, START) == "council_not_now"


def test_nobody_is_invited_once_the_vote_has_begun() -> None:
    assert code(checks.check_inviting, COUNCIL, 1, START) == ""
    assert code(checks.check_inviting, OPENED, 1, OPENS - SECOND) == ""
    assert code(checks.check_inviting, OPENED, 1, OPENS) == "council_not_now"
    assert code(checks.check_inviting, COUNCIL, MOST_INVITED, START) == "invitation_cap"


@pytest.mark.parametrize("council", [DECIDED, UNDECIDED])
def test_tasks_follow_once_and_are_not_late_already(council: Council) -> None:
    today = date(2026, 3, 9)
    task = FollowUpTask(text="划停车位", unit="street", due=today)
    assert code(checks.check_follow_up, council, [task], today, CLOSES) == ""
    late = [task, task.model_copy(update={"due": today - timedelta(days=1)})]
    assert code(checks.check_follow_up, council, late, today, CLOSES) == "in_the_past"
    assert code(checks.check_follow_up, FOLLOWED, [], today, CLOSES) == "council_not_now"
    assert code(checks.check_follow_up, OPENED, [], today, CLOSES - SECOND) == "council_not_now"


def test_it_is_closed_before_it_began_or_with_all_tasks_done() -> None:
    assert code(checks.check_closing, COUNCIL, 0, START) == ""
    assert code(checks.check_closing, OPENED, 0, START) == "council_not_now"
    assert code(checks.check_closing, DECIDED, 0, CLOSES) == "council_not_now"
    assert code(checks.check_closing, FOLLOWED, 1, CLOSES) == "council_tasks_left"
    assert code(checks.check_closing, FOLLOWED, 0, CLOSES) == ""


def test_a_council_is_prepared_for_the_next_year_at_most() -> None:
    assert code(checks.check_draft, START + SECOND, CLOSES, START) == ""
    assert code(checks.check_draft, START, CLOSES, START) == "in_the_past"
    far = START + checks.LONGEST
    assert code(checks.check_draft, SAID, far, START) == ""
    assert code(checks.check_draft, SAID, far + SECOND, START) == "too_far"


DRAFT = {
    "subject": "停车位怎么安排",
    "options": [{"title": "划线", "pros": ["清楚"], "cons": ["车位少"]}, {"title": "分时"}],
    "statements_until": SAID,
    "vote_opens_at": SAID,
    "vote_closes_at": CLOSES,
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": " \u200b"},
        {"options": [{"title": "划线"}]},
        {"options": [{"title": "划线"}, {"title": "划 线"}]},
        {"options": [{"title": f"方案{n}"} for n in range(11)]},
        {"vote_opens_at": SAID - SECOND},
        {"vote_closes_at": SAID},
        {"vote": "open"},
    ],
)
def test_a_draft_that_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    CouncilDraft.model_validate(DRAFT)
    with pytest.raises(ValidationError):
        CouncilDraft.model_validate(DRAFT | wrong)
