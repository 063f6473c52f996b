"""Tests that the transition table is complete, readable, and obeyed."""

import subprocess
import sys
from pathlib import Path

import pytest

from domain.actors import SYSTEM, Actor, Role
from domain.facts.anytime import Urged, Withdrawn
from domain.facts.base import FactBase
from domain.facts.handling import Signed
from domain.facts.transitions import TABLE, transition
from domain.policy.record import record
from domain.refusals import Refused
from domain.ticket.stages import OPEN, Stage
from domain.ticket.ticket import Ticket
from tests.store.stories import START, complaint

ROOT = Path(__file__).resolve().parent.parent.parent


def _facts(base: type[FactBase]) -> set[type[FactBase]]:
    """Return the product's facts below a base, which are those with a kind."""
    below = set[type[FactBase]]().union(*(_facts(one) for one in base.__subclasses__()))
    ours = base.__module__.startswith("domain.")
    return below | ({base} if "kind" in base.model_fields and ours else set())


def test_every_fact_has_a_row_and_every_row_a_reason() -> None:
    assert {row.fact for row in TABLE} == _facts(FactBase)
    for row in TABLE:
        assert len(row.why) > 10, row.kind
        assert row.by, row.kind


def test_no_stage_has_two_rows_for_one_fact() -> None:
    edges = [(stage, row.fact) for row in TABLE for stage in row.since]
    assert len(edges) == len(set(edges))


def test_nothing_leaves_the_end() -> None:
    """Messages received while a ticket ends are recorded, without any change of stage."""
    after = {row.kind: row.to for row in TABLE if Stage.ENDED in row.since}
    assert after == {"rating_refused": None, "result_overtaken": None}


def test_every_open_stage_can_still_reach_the_end() -> None:
    reached = {Stage.ENDED}
    while True:
        more = {stage for row in TABLE if (row.to in reached) for stage in row.since} - reached
        if not more:
            break
        reached |= more
    assert reached >= OPEN


def test_every_stage_is_reached_from_the_first() -> None:
    reached = {Stage.ACCEPT}
    while more := {row.to for row in TABLE if row.to and row.since & reached} - reached:
        reached |= more
    assert reached == set(Stage)


@pytest.mark.parametrize("role", list(Role))
def test_a_role_that_is_not_in_the_row_is_refused(role: Role) -> None:
    for row in TABLE:
        if role in row.by:
            row.permit(Actor(role=role))
        else:
            with pytest.raises(Refused) as caught:
                row.permit(Actor(role=role))
            assert caught.value.code == "forbidden"


def test_a_refused_fact_leaves_the_ticket_as_it_was() -> None:
    ticket = Ticket.of(complaint())
    before = ticket.model_dump()
    with pytest.raises(Refused) as caught:
        record(ticket, Signed(assignment=1), SYSTEM, START)
    assert caught.value.code == "not_now"
    assert ticket.model_dump() == before


def test_after_the_end_the_reason_is_that_it_ended() -> None:
    with pytest.raises(Refused) as caught:
        transition(Stage.ENDED, Urged())
    assert caught.value.code == "ticket_ended"


def test_before_it_is_accepted_nothing_else_happens() -> None:
    with pytest.raises(Refused):
        transition(Stage.ACCEPT, Withdrawn())


def test_the_page_in_the_docs_is_what_the_table_says() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/draw_lifecycle.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
