"""Tests of what an order to a unit contains of what citizens said."""

from datetime import UTC, datetime

import pytest

from domain.actors import Actor, Role
from domain.events import Event, Fact
from domain.facts.aftercare import Reopened
from domain.facts.anytime import FactsAdded, Urged
from domain.facts.closing import Rated
from domain.facts.merging import ComplainantAdded, ComplainantJoined, ComplainantUrged
from domain.policy.hearing import said_in
from domain.ticket.rating import Apart, Grade, Rating
from domain.ticket.said import Heard, Said
from domain.ticket.stages import Stage

OWN, OTHER = "2603020000029", "2603020000011"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
CITIZEN, OFFICER = Actor(role=Role.CITIZEN), Actor(role=Role.OFFICER, unit="water")
BAD = Rating(resolved=False, grade=Grade.DISSATISFIED, words="没修好")


def event(fact: Fact, actor: Actor = CITIZEN) -> Event:
    return Event(number=OWN, version=1, at=NOW, actor=actor, stage=Stage.HANDLE, fact=fact)


@pytest.mark.parametrize(
    ("fact", "number", "text"),
    [
        (FactsAdded(text="在桥东"), OWN, "在桥东"),
        (Urged(text="快"), OWN, "快"),
        (Rated(rating=BAD), OWN, "没修好"),
        (Reopened(reason="recurred", text="又坏了"), OWN, "又坏了"),
        (ComplainantJoined(number=OTHER, text="我也是"), OTHER, "我也是"),
        (ComplainantAdded(number=OTHER, text="漏电"), OTHER, "漏电"),
        (ComplainantUrged(number=OTHER, text="快点"), OTHER, "快点"),
    ],
)
def test_what_any_citizen_says_is_heard_with_the_ticket_it_came_by(
    fact: Fact, number: str, text: str
) -> None:
    said = said_in(event(fact))
    assert said is not None
    assert (said.number, said.text, said.at) == (number, text, NOW)


@pytest.mark.parametrize(
    "silent",
    [
        event(ComplainantJoined(number=OTHER)),  # of a report of wrongdoing nothing is told
        event(Urged()),
        event(Rated(rating=BAD, apart=Apart.SESSION)),
        event(Reopened(reason="revisit", text="又坏了"), OFFICER),
    ],
)
def test_what_no_citizen_said_is_not_heard(silent: Event) -> None:
    assert said_in(silent) is None


def said(number: str, text: str) -> Said:
    return Said(number=number, at=NOW, text=text)


def test_where_there_is_no_room_the_oldest_of_others_is_left_out_first() -> None:
    heard, room = Heard(), 3 * said(OWN, "字").size
    for number, text in ((OWN, "甲"), (OTHER, "乙"), (OTHER, "丙"), (OWN, "丁")):
        heard.add(said(number, text), OWN, room)
    assert ([one.text for one in heard.items], heard.left_out) == (["甲", "丙", "丁"], 1)
    for text in ("戊", "己"):
        heard.add(said(OWN, text), OWN, room)
    assert ([one.text for one in heard.items], heard.left_out) == (["丁", "戊", "己"], 3)
    heard.add(said(OWN, "长" * room), OWN, room)
    assert (heard.items, heard.left_out) == ([], 7)


def test_who_has_left_is_not_told_of() -> None:
    heard = Heard(items=[said(OWN, "甲"), said(OTHER, "乙")])
    assert [one.text for one in heard.within(OWN, [OTHER], 1000).items] == ["甲", "乙"]
    assert [one.text for one in heard.within(OWN, [], 1000).items] == ["甲"]
    assert len(heard.items) == 2, "who comes back is"
