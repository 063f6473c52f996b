"""Tests that a moment at the edge of the calendar is refused wherever a command has one."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, get_args

import pytest
from pydantic import AwareDatetime, BaseModel

from domain.actors import Role
from domain.commands.base import CommandBase
from domain.commands.forms import FieldKind
from domain.commands.registry import COMMANDS
from tests.api.running_api import Api, problem
from tests.support.staff_pages import at_desk

EDGES = (
    "9999-12-31T23:59:59-12:00",
    "9999-12-31T23:59:59.999999-00:01",
    "0001-01-01T00:00:00+14:00",
    "0001-01-01T00:00:00+00:01",
)
"""Moments that have no time in UTC."""

TYPED = ("0001-01-01T00:00", "9999-12-31T23:59")
"""The first and the last that can be typed in a form, in the city's time."""


def _moments(annotation: Any) -> bool:
    """Return whether a value of this type has a moment anywhere in it."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return any(_moments(field.annotation) for field in annotation.model_fields.values())
    return annotation in (datetime, AwareDatetime) or any(
        _moments(part) for part in get_args(annotation)
    )


def _fields() -> Iterator[tuple[type[CommandBase], str]]:
    for command in COMMANDS:
        for name, field in command.model_fields.items():
            if _moments(field.annotation):
                yield command, name


FIELDS = [pytest.param(*pair, id=f"{pair[0].spec.path}-{pair[1]}") for pair in _fields()]


def test_the_walk_finds_the_fields_that_forms_have() -> None:
    found = {(command.spec.path, name) for command, name in _fields()}
    assert {("hold", "until"), ("appoint", "starts_at")} <= found
    assert found >= {
        (command.spec.path, field.name)
        for command in COMMANDS
        for field in command.spec.form.fields
        if field.kind is FieldKind.MOMENT
    }


@pytest.mark.parametrize(("command", "name"), FIELDS)
async def test_a_program_is_answered_that_there_is_no_such_moment(
    api: Api, command: type[CommandBase], name: str
) -> None:
    ticket = await api.file()
    for edge in EDGES:
        body = command.spec.example | {name: edge}
        answers = [
            await ticket.by_unit(command.spec.path, body),
            await ticket.by(Role.SUPERVISOR, command.spec.path, body),
        ]
        problems = {problem(answer) for answer in answers}
        assert (422, "invalid_request") in problems
        assert problems <= {(422, "invalid_request"), (403, "forbidden")}
        assert any(name in answer.text for answer in answers)


@pytest.mark.parametrize("typed", TYPED)
async def test_a_form_says_what_is_wrong_with_it(api: Api, typed: str) -> None:
    ticket = await api.file()
    who = await at_desk(api, Role.OFFICER, unit="water")
    sent = {"key": "k" * 32, "ground": "works", "until": typed, "reason": "汛期后施工"}
    answer = await who.do(ticket, "hold", sent)
    assert answer.status_code in (409, 422), answer.text
