"""Tests of the one question behind every way by which a ticket comes to a unit (举报)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel

from domain.actors import SYSTEM, Actor, Role
from domain.commands.base import CommandBase
from domain.commands.intake.accuse import Accuse
from domain.commands.may_have import covered, may_have, units_given
from domain.commands.registry import COMMANDS
from domain.commands.relations import Relation, relation
from domain.deadlines.clocks import LevelKind
from domain.deadlines.registry import ClockName
from domain.facts.anytime import Moved
from domain.facts.base import FactBase
from domain.facts.transitions import FACTS, TABLE
from domain.pack.pack import Pack
from domain.policy.guards import check, units_named
from domain.policy.notifications import notices
from domain.policy.record import record
from domain.refusals import Refused
from domain.ticket.assignment import AssignmentPlan, Share
from domain.ticket.complaint import Kind
from domain.ticket.ticket import Ticket
from tests.domain.planned import TONGZHOU
from tests.store.stories import complaint

AT = datetime(2025, 3, 3, 2, tzinfo=UTC)
ACCUSED, BELOW, ABOVE, OTHER = "water", "river-station", "gov", "police"
PLAN = AssignmentPlan(assignment=1, unit=BELOW, queue="units", why="by a rule")


def _accusing(*accused: str) -> Ticket:
    ticket = Ticket.of(complaint(city="tongzhou", kind=Kind.REPORT))
    ticket.accused, ticket.kept_from = list(accused), covered(TONGZHOU, accused)
    return ticket


def test_the_accused_and_all_below_them_may_not_have_it_and_those_above_may() -> None:
    ticket = _accusing(ACCUSED)
    for unit in TONGZHOU.units:
        below = ACCUSED in TONGZHOU.chain(unit.code)
        for pack in (None, TONGZHOU):
            assert may_have(ticket, unit.code, pack) is not below, unit.code
    assert may_have(ticket, ABOVE, TONGZHOU)
    assert relation(ticket, BELOW) is relation(ticket, ACCUSED) is Relation.ACCUSED


def test_a_unit_that_comes_under_an_accused_one_later_may_not_have_it_either() -> None:
    ticket = _accusing(ACCUSED)
    later = _moved(TONGZHOU, OTHER, ACCUSED)
    assert may_have(ticket, OTHER, TONGZHOU)
    assert not may_have(ticket, OTHER, later)
    left = _moved(TONGZHOU, BELOW, ABOVE)
    assert not may_have(ticket, BELOW, left), "it was under the accused one when that was named"


def _moved(pack: Pack, unit: str, parent: str) -> Pack:
    units = tuple(
        one.model_copy(update={"parent": parent}) if one.code == unit else one for one in pack.units
    )
    return pack.model_copy(update={"units": units})


def test_a_ticket_of_before_is_kept_from_the_unit_that_it_names() -> None:
    old = _accusing(ACCUSED).model_dump(mode="json")
    old |= {"accused": ACCUSED}
    del old["kept_from"]
    ticket = Ticket.model_validate(old)
    assert ticket.accused == [ACCUSED]
    assert not may_have(ticket, ACCUSED)
    assert not may_have(ticket, BELOW, TONGZHOU)
    assert Ticket.model_validate(old | {"accused": None}).accused is None


# --- every command --------------------------------------------------------------------------------


def _with_units(value: Any, name: str = "") -> tuple[Any, int]:
    """Return an example whose units are the accused one, and how many it names."""
    if name in ("unit", "units") and isinstance(value, str):
        return BELOW, 1
    if isinstance(value, list):
        parts = [_with_units(one, name) for one in value]
        return [one for one, _ in parts], sum(count for _, count in parts)
    if isinstance(value, dict):
        made = {key: _with_units(one, key) for key, one in value.items()}
        return {key: one for key, (one, _) in made.items()}, sum(n for _, n in made.values())
    return value, 0


def _naming(model: type[BaseModel], seen: tuple[type[BaseModel], ...] = ()) -> bool:
    """Return whether a field of the model, at any depth, names a unit."""
    return any(
        name in ("unit", "units") or any(_naming(one, (*seen, model)) for one in _models(field))
        for name, field in model.model_fields.items()
        if model not in seen
    )


def _models(field: Any) -> Iterator[type[BaseModel]]:
    def within(annotation: Any) -> Iterator[type[BaseModel]]:
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            yield annotation
        for part in getattr(annotation, "__args__", ()):
            yield from within(part)

    return within(field.annotation)


NAMING = [command for command in COMMANDS if _naming(command) and command is not Accuse]
MORE: dict[str, dict[str, Any]] = {
    "triage": {"unit": OTHER}, "conclude": {"unit": OTHER}, "decide": {"unit": OTHER},
    "settle_all": {"units": [OTHER]}, "reclassify": {"unit": OTHER},
}  # fmt: skip
"""The units of commands whose example names none."""


@pytest.mark.parametrize("command", NAMING, ids=lambda command: command.tag())
def test_no_command_names_an_accused_unit(command: type[CommandBase]) -> None:
    example, count = _with_units(command.spec.example | MORE.get(command.tag(), {}))
    assert count, "the example names no unit"
    given = command.model_validate(example)
    assert list(units_named(given)) == [BELOW] * count
    assert "accused_unit" in command.spec.refusals
    ticket = _accusing(ACCUSED)
    for role in Role:
        for stage in {stage for row in TABLE if row.fact is given.leads_to for stage in row.since}:
            ticket.stage = stage
            with pytest.raises(Refused):
                check(ticket, given, Actor(role=role, unit=OTHER), AT)


# --- every fact -----------------------------------------------------------------------------------


def _giving(fact: type[FactBase]) -> bool:
    plans = [one for field in fact.model_fields.values() for one in _models(field)]
    return "queue" in fact.model_fields or AssignmentPlan in plans


@pytest.mark.parametrize("kind", [fact for fact in FACTS if _giving(fact)])
def test_no_fact_gives_it_to_an_accused_unit(kind: type[FactBase]) -> None:
    fields: dict[str, Any] = PLAN.model_dump() if "queue" in kind.model_fields else {}
    fields |= {"share": PLAN, "shares": [PLAN], "reason": "r", "ground": "g", "before": "filing"}
    fact = kind.model_validate({**fields, "assignment": 1})
    assert list(units_given(fact)) == [BELOW]
    (stage, *_) = next(row.since for row in TABLE if row.fact is kind)
    (role, *_) = next(row.by for row in TABLE if row.fact is kind)
    ticket = _accusing(ACCUSED)
    ticket.stage = stage
    before = ticket.model_dump_json()
    with pytest.raises(Refused) as refused:
        record(ticket, fact, Actor(role=role), AT)
    assert refused.value.code == "accused_unit"
    assert ticket.model_dump_json() == before


def test_no_message_goes_to_a_unit_that_had_it_and_is_accused_now() -> None:
    ticket = _accusing()
    ticket.open_assignment(PLAN, Share.LEAD, AT)
    told = 0
    for row in TABLE:
        values: dict[str, Any] = {"assignment": 1, "unit": BELOW, "order": 1, "round": 1}
        values |= {"share": PLAN, "shares": [PLAN], "parent": "1", "moved": [_MOVED]}
        values |= {"clock": ClockName.SIGN, "rung": LevelKind.WARN, "tells": [Role.OFFICER]}
        event: Any = _Happened(row.fact.model_construct(**values))
        ticket.kept_from = []
        told += any(one.unit == BELOW for one in notices(event, ticket))
        ticket.kept_from = covered(TONGZHOU, [ACCUSED])
        assert not any(one.unit == BELOW for one in notices(event, ticket)), row.kind
    assert told > 20, "units are told of what happens to their tickets"


_MOVED = Moved(clock=ClockName.SIGN, unit=BELOW, was=AT, due_at=AT, later=False)


class _Happened:
    """An event of any fact."""

    number, version, at, actor = "2603021234560", 7, AT, SYSTEM

    def __init__(self, fact: FactBase) -> None:
        self.fact, self.kind = fact, fact.kind
