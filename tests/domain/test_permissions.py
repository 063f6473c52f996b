"""Tests that the permission table is complete and agrees with the lifecycle."""

import subprocess
import sys
from pathlib import Path

import pytest

from domain.actors import Actor, Role
from domain.commands.base import CommandBase
from domain.commands.registry import COMMANDS as EVERY
from domain.commands.relations import NEAR, Relation, relation
from domain.facts.transitions import TABLE as LIFECYCLE
from domain.facts.transitions import transition
from domain.policy.guards import check
from domain.policy.permissions import COMMANDS, RIGHTS, TABLE, Scope
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, Share
from domain.ticket.rules_snapshot import Rules
from domain.ticket.ticket import Ticket
from tests.store.stories import START, complaint

ROOT = Path(__file__).resolve().parent.parent.parent


def test_every_command_has_a_row_and_no_key_has_two() -> None:
    assert set(COMMANDS) == set(EVERY)
    assert len(RIGHTS) == len(TABLE)
    assert all(right.what for right in TABLE)


def test_the_roles_of_a_command_are_those_the_lifecycle_lets_cause_its_facts() -> None:
    for command, right in COMMANDS.items():
        facts = command.may_lead_to()
        by = {role for row in LIFECYCLE if row.fact in facts for role in row.by}
        by -= {Role.SYSTEM, Role.GRID_WORKER}  # who closes the own report as it is filed
        assert right.roles == by, right.key
        assert by, right.key
        assert right.scope is Scope.ACT


def test_the_table_says_how_near_an_officer_has_to_be_wherever_officers_may_act() -> None:
    for right in COMMANDS.values():
        assert (Role.OFFICER in right.roles) == (right.units is not None), right.key
        if right.units is not None:
            assert right.units, right.key
            assert right.units <= NEAR, right.key


def test_nobody_acts_for_the_engine() -> None:
    assert not any(Role.SYSTEM in right.roles for right in TABLE)


def test_auditor_and_administrator_change_no_ticket() -> None:
    for right in COMMANDS.values():
        assert not right.roles & {Role.AUDITOR, Role.ADMIN}, right.key


def _ticket() -> Ticket:
    """Return a ticket that U1 leads, U2 helps with, and in which U4 is accused."""
    ticket = Ticket.of(complaint())
    ticket.accused = ["U4"]
    for n, (unit, share) in enumerate((("U1", Share.LEAD), ("U2", Share.CO)), 1):
        ticket.assignments.append(
            Assignment(n=n, unit=unit, queue="units", why="test", share=share, opened_at=START)
        )
    return ticket


def test_how_near_a_unit_is() -> None:
    ticket = _ticket()
    near = {unit: relation(ticket, unit) for unit in ("U1", "U2", "U3", "U4")}
    assert near == {
        "U1": Relation.LEAD,
        "U2": Relation.SHARE,
        "U3": Relation.NONE,
        "U4": Relation.ACCUSED,
    }
    assert relation(ticket, None) is Relation.NONE


@pytest.mark.parametrize("unit", ["U3", "U4"])
@pytest.mark.parametrize("command", [c for c in EVERY if Role.OFFICER in COMMANDS[c].roles])
def test_the_ticket_itself_refuses_a_unit_that_is_not_near(
    command: type[CommandBase], unit: str, unchecked: Ticket
) -> None:
    given = command.model_construct(None, do=command.tag())
    for row in LIFECYCLE:
        for stage in row.since if row.fact is command.leads_to else ():
            unchecked.stage = stage
            transition(stage, command.leads_to).permit(Actor(role=Role.OFFICER))
            with pytest.raises(Refused) as caught:
                check(unchecked, given, Actor(role=Role.OFFICER, unit=unit), START)
            assert caught.value.code == "not_your_unit", command


@pytest.fixture
def unchecked() -> Ticket:
    """Return a ticket whose city has every feature."""
    ticket = _ticket()
    ticket.rules = Rules(
        pack="demo",
        pack_version="1",
        holds=1,
        delegations=1,
        co_handlers=3,
        raise_level=True,
        ask_citizen=True,
        exclude=True,
        appoint=True,
        settle_all=True,
    )
    return ticket


def test_the_page_in_the_docs_is_what_the_table_says() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/draw_permissions.py", "--check"],
        cwd=ROOT,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
