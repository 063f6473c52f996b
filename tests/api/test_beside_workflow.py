"""Tests of what is beside a ticket's workflow: asked only where the city has it."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, event

from domain.actors import Role
from tests.api.running_api import Api
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
