"""Tests of what is beside a ticket's workflow: asked only where the city has it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from api.rest.councils import EXAMPLE as DRAFT
from domain.actors import Role
from tests.api.running_api import COMPLAINT, Api, problem
from tests.support.staff_pages import at_desk

SUBJECTS = re.compile(r"\b(?:FROM|JOIN) (council|promise|booking)\b")


@pytest.fixture
def asked() -> Iterator[set[str]]:
    """Return the tables of subjects beside the workflow that any statement reads."""
    tables = set[str]()

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        tables.update(SUBJECTS.findall(statement))

    event.listen(Engine, "before_cursor_execute", note)
    yield tables
    event.remove(Engine, "before_cursor_execute", note)


async def test_a_subject_that_a_city_has_not_costs_no_query(api: Api, asked: set[str]) -> None:
    pack = api.context.packs.get("tongzhou")
    has = {
        "council": pack.council is not None,
        "promise": pack.promises is not None,
        "booking": bool(pack.services.services),
    }
    ticket = await api.handled()
    officer = await at_desk(api, Role.OFFICER, "water")
    asked.clear()
    assert (await officer.ticket(ticket)).status_code == 200
    seen = await api.http.get(ticket.path, headers=ticket.citizen)
    assert seen.status_code == 200
    assert asked == {name for name, here in has.items() if here}
    assert not all(has.values()), "the test needs a city without one of them"


@pytest.mark.parametrize(
    ("what", "body"),
    [
        ("mediations", {"subject": "漏水", "parties": [{"name": "甲", "says": "泡坏。"}] * 2}),
        ("councils", DRAFT),
        ("promises", {"text": "清淤", "due": "2030-01-01"}),
        ("checks", {"moment": "filing", "question": "河水黑吗？"}),
    ],
)
async def test_nothing_is_done_beside_a_ticket_that_has_not_started(
    engineless_api: Api, what: str, body: dict[str, Any]
) -> None:
    filed = await engineless_api.http.post("/api/v1/complaints", json=COMPLAINT)
    path = f"/api/v1/tickets/{filed.json()['number']}/{what}"
    supervisor = await engineless_api.token(Role.SUPERVISOR)
    refused = await engineless_api.http.post(path, json=body, headers=supervisor)
    assert problem(refused) == (409, "not_started_yet")
    officer = await engineless_api.officer("water")
    unknown = await engineless_api.http.post(path, json=body, headers=officer)
    assert problem(unknown) == (404, "ticket_not_found"), "a unit has nothing to do with it yet"
