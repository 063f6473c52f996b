"""Tests that the registry of commands takes complete commands only, and names what is missing."""

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import Any, Literal

import pytest

import domain.facts
from api.http.problem_responses import UnknownCode, responses
from app.errors import CODES
from domain.actors import Actor
from domain.commands.base import CommandBase
from domain.commands.registry import (
    COMMANDS,
    DuplicateCommand,
    IncompleteCommand,
    _imported,
    complete,
    distinct,
    is_base,
)
from domain.commands.spec import CommandSpec
from domain.commands.unit_command import UnitCommand
from domain.commands.units.sign import Sign
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import DEADLINES, ClockName
from domain.events import Fact
from domain.facts.base import EventWords, FactBase
from domain.facts.handling import Signed
from domain.facts.transitions import FACTS, BadFact, checked
from domain.pack.policies import Limits
from domain.policy.permissions import RIGHTS, UnknownRight
from domain.ticket.assignment import Share
from domain.ticket.rules_snapshot import Rules
from domain.ticket.ticket import Ticket
from packs.checks.unused import BadDeadline, check_deadlines
from workflows.handlers import _HANDLERS

ROOT = Path(__file__).parents[2]


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


class Guarded(CommandBase):
    leads_to = Signed

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept."""

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        return []


class Untagged(Guarded):
    spec = Sign.spec


class TaggedByAnything(Guarded):
    do: str
    spec = Sign.spec


class Unread(Guarded):
    do: Literal["unread"] = "unread"
    spec = CommandSpec(path="unread", example={})


class Factless(CommandBase):
    do: Literal["factless"] = "factless"
    leads_to = Signed
    spec = Sign.spec

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Accept."""


class Planned(Factless):
    planned = True


class SignAgain(Guarded):
    do: Literal["sign"] = "sign"
    spec = CommandSpec(**dict(vars(Sign.spec), path="sign-again"))


class SignElsewhere(Guarded):
    do: Literal["sign_elsewhere"] = "sign_elsewhere"
    spec = Sign.spec


@pytest.mark.parametrize(
    ("command", "missing"),
    [
        (Unguarded, "guard, facts"),
        (UnguardedShare, "guard_share, facts"),
        (Unspecified, "spec, leads_to, facts"),
        (Untagged, "do"),
        (TaggedByAnything, "do"),
        (Unread, "right in spec, summary in spec, form in spec"),
        (Factless, "facts"),
    ],
)
def test_an_incomplete_command_is_named_with_what_it_lacks(
    command: type[CommandBase], missing: str
) -> None:
    with pytest.raises(IncompleteCommand, match=rf"\.{command.__name__} lacks {missing}$"):
        complete(command)


def test_a_command_without_a_tag_is_not_taken_for_a_base() -> None:
    assert not is_base(Untagged)
    assert is_base(UnitCommand)


def test_every_command_without_facts_of_its_own_has_a_handler() -> None:
    planned = {command.__name__ for command in COMMANDS if command.planned}
    assert complete(Planned) is Planned
    assert planned - {command.__name__ for command in _HANDLERS} == set()


@pytest.mark.parametrize(("other", "what"), [(SignAgain, "tag 'sign'"), (SignElsewhere, "path")])
def test_two_commands_with_the_same_tag_or_path_are_both_named(
    other: type[CommandBase], what: str
) -> None:
    with pytest.raises(DuplicateCommand, match=rf"\.Sign and .*\.{other.__name__} .* {what}"):
        distinct([Sign, other])


def test_a_form_that_lacks_a_part_is_named_with_its_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added = ROOT / "domain" / "commands" / "units" / "sign.py"
    text = added.read_text(encoding="utf-8").replace('done=N_("Signed."),', "")
    copy = tmp_path / "lacking_form.py"
    copy.write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(IncompleteCommand, match=r"^lacking_form cannot be imported: .*'done'"):
        _imported("lacking_form")


class Wordless(FactBase):
    kind: Literal["wordless"] = "wordless"


class Kindless(FactBase):
    words = EventWords("Kindless", "无")


class SignedTwice(FactBase):
    kind: Literal["signed"] = "signed"
    words = EventWords("Signed", "已签收")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ([Wordless], r"\.Wordless lacks words$"),
        ([Kindless], r"\.Kindless lacks kind$"),
        ([Signed, SignedTwice], r"\.Signed and .*\.SignedTwice have the same kind 'signed'$"),
    ],
)
def test_an_incomplete_fact_is_named_with_what_it_lacks(
    facts: list[type[FactBase]], says: str
) -> None:
    with pytest.raises(BadFact, match=says):
        checked(facts)


def test_every_fact_has_a_row_in_the_table() -> None:
    """One without a row can never happen, and its class says so to nobody."""
    classes = {
        f"{module.name}.{name}": value
        for module in walk_packages(domain.facts.__path__, f"{domain.facts.__name__}.")
        for name, value in vars(import_module(module.name)).items()
        if isinstance(value, type)
        and value.__module__ == module.name
        and issubclass(value, FactBase)
        and "kind" in value.model_fields
    }
    assert [name for name, value in classes.items() if value not in FACTS] == []


def test_every_refusal_of_a_command_is_a_known_code() -> None:
    unknown = [
        f"{command.__name__}: {code}"
        for command in COMMANDS
        for code in command.spec.refusals
        if code not in CODES
    ]
    assert unknown == []
    with pytest.raises(UnknownCode, match=r"^'tired' is no row of app\.errors\.CODES$"):
        responses("tired")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"needs": ("features.nope",)}, "'citizen' needs 'features.nope', no setting"),
        ({"needs": ("nope.ask_citizen",)}, "'citizen' needs 'nope.ask_citizen'"),
        ({"shares": ("boss",)}, "'citizen' names the share 'boss', not of co, delegate"),
    ],
)
def test_a_deadline_that_names_what_does_not_exist_is_named(
    changes: dict[str, Any], says: str
) -> None:
    wrong = replace(DEADLINES[ClockName.CITIZEN], **changes)
    with pytest.raises(BadDeadline, match=says):
        check_deadlines({ClockName.CITIZEN: wrong})


_STARTING = re.compile(r"plan|ClockNeed|Clock$")
"""The names of functions that start the clock they are given."""


def _started() -> Iterator[str]:
    """Yield the clocks that the code names to a function that starts one."""
    for package in ("activities", "domain/commands", "domain/pack", "workflows"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and _STARTING.search(ast.unparse(node.func)):
                    yield from re.findall(r"\bClockName\.([A-Z_]+)", ast.unparse(node))


def test_every_clock_is_started_by_a_share_or_in_the_code() -> None:
    """A clock that nothing starts could be limited by a city, and would never run."""
    started = set(_started())
    assert {"STEP", "TRIAGE", "CITIZEN"} <= started
    idle = [name.value for name in ClockName if not DEADLINES[name].shares]
    assert [name for name in idle if name.upper() not in started] == []


def test_an_unknown_right_is_named() -> None:
    with pytest.raises(UnknownRight, match=r"^no right 'list_visits' in the table of domain/"):
        RIGHTS["list_visits"]


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
