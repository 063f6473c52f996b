"""Tests that the registry of commands takes complete commands only, and names what is missing."""

from datetime import datetime
from typing import Literal

import pytest

from domain.actors import Actor
from domain.commands.base import CommandBase
from domain.commands.registry import COMMANDS, IncompleteCommand, complete
from domain.commands.unit_command import UnitCommand
from domain.commands.units.sign import Sign
from domain.deadlines.registry import DEADLINES, ClockName
from domain.facts.handling import Signed
from domain.pack.policies import Limits
from domain.ticket.assignment import Share
from domain.ticket.rules_snapshot import Rules
from domain.ticket.ticket import Ticket


class Unguarded(CommandBase):
    do: Literal["unguarded"] = "unguarded"
    leads_to = Signed
    spec = Sign.spec


class UnguardedShare(UnitCommand):
    do: Literal["unguarded_share"] = "unguarded_share"
    leads_to = Signed
    spec = Sign.spec


class Unspecified(CommandBase):
    do: Literal["unspecified"] = "unspecified"

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept."""


@pytest.mark.parametrize(
    ("command", "missing"),
    [(Unguarded, "guard"), (UnguardedShare, "guard_share"), (Unspecified, "spec, leads_to")],
)
def test_an_incomplete_command_is_named_with_what_it_lacks(
    command: type[CommandBase], missing: str
) -> None:
    with pytest.raises(IncompleteCommand, match=rf"\.{command.__name__} lacks {missing}$"):
        complete(command)


def test_no_command_is_found_twice_and_no_path_or_tag_is_shared() -> None:
    assert len(COMMANDS) == len(set(COMMANDS))
    assert len({command.tag() for command in COMMANDS}) == len(COMMANDS)
    assert len({command.spec.path for command in COMMANDS}) == len(COMMANDS)


def test_every_example_is_a_valid_command() -> None:
    for command in COMMANDS:
        assert command.model_validate(command.spec.example).do == command.tag()


def test_every_switch_is_a_rule_of_the_city() -> None:
    switches = {command.spec.switch for command in COMMANDS} - {None}
    assert switches <= set(Rules.model_fields)


def test_every_deadline_is_specified_once_and_packs_limit_all_but_those_of_a_given_day() -> None:
    assert set(DEADLINES) == set(ClockName)
    clock_names = {ClockName.PROMISE, ClockName.HOLD}
    assert {name.value for name in set(ClockName) - clock_names} == set(Limits.model_fields)


def test_the_clocks_of_a_share_are_for_kinds_of_shares_that_exist() -> None:
    named = {share for one in DEADLINES.values() for share in one.shares}
    assert named == {share.value for share in Share}
