"""Tests that nothing of an earlier round is read as the present one."""

import ast
import re
from pathlib import Path

import pytest

from domain.actors import Role
from domain.facts.base import RoundFact
from domain.facts.transitions import TABLE
from domain.policy.notifications import notices
from domain.ticket.stages import ANSWERED, OPEN
from tests.domain.test_promise import handled

ROOT = Path(__file__).resolve().parents[2]
ASKS = ("app", "store", "api", "activities", "workflows", "audit", "cli", "domain/policy")
"""Packages that ask for the present answer."""

RAW = {
    ("app/auditing/exposures.py", "reply"),  # an answer that was ever published
    ("domain/policy/decide.py", "rating"),  # only at the stage of rating
    ("workflows/ticket.py", "rating"),  # likewise
    ("workflows/escalation.py", "rating"),  # likewise
    ("workflows/merging.py", "reply"),  # for histories from before there were rounds
}
"""The places that read the fields themselves, and why that is safe."""


def test_every_way_from_an_answer_back_to_work_begins_a_round() -> None:
    back = {
        row.fact for row in TABLE for stage in row.since & ANSWERED if row.to in OPEN - ANSWERED
    }
    assert back
    assert {fact for fact in back if not issubclass(fact, RoundFact)} == set()


@pytest.mark.parametrize("package", ASKS)
def test_the_present_answer_is_asked_for_in_one_way(package: str) -> None:
    raw = set()
    for path in (ROOT / package).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in ("reply", "rating"):
                owner = node.value.attr if isinstance(node.value, ast.Attribute) else None
                name = node.value.id if isinstance(node.value, ast.Name) else owner
                if name == "ticket":
                    raw.add((path.relative_to(ROOT).as_posix(), node.attr))
    assert raw <= RAW


def test_no_page_of_staff_shows_an_earlier_answer_as_the_answer() -> None:
    """The citizen's page draws a view, which has the present round only."""
    pages = [one for one in (ROOT / "api/pages").rglob("*.html") if "citizen" not in one.parts]
    assert pages
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"ticket\.(reply|rating)\b", text), page


def test_urging_of_a_merged_citizen_is_told_as_the_own_citizens_and_weighs_alike() -> None:
    hall = handled()
    hall.joined("2603020000011")
    before, own = hall.ticket.urges, len(hall.ticket.urged_at)
    hall.urged_by("2603020000011")
    urged = next(event for event in hall.events if event.kind == "complainant_urged")
    told = {(one.audience, one.template) for one in notices(urged, hall.ticket)}
    assert told == {(Role.OFFICER, "urged"), (Role.DISPATCHER, "urged")}
    assert hall.ticket.urges == before + 1
    assert len(hall.ticket.urged_at) == own, "it does not use up the own citizen's"
