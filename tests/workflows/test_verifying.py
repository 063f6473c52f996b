"""Tests of verification (核查) before filing and closing, and of closing conditions."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.units.sign import Sign
from domain.policy.work_queues import Queue, waiting
from domain.ticket.assignment import HandlingResult, Share
from domain.ticket.stages import Outcome
from domain.ticket.state import Snapshot
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import DISPATCHER, complaint, file, officer
from tests.support.engine import Engine, platform

STREET = "110112003"
PLACE = {"area": STREET}
NOT_DONE = HandlingResult(reply="现场仍有积水。", resolved=False)


@pytest.fixture
async def careful(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city that verifies snapshots before filing, and web tickets before closing."""
    packs = city_with(
        tmp_path / "cities",
        verify={"filing": "t.channel == 'snapshot'", "closing": "t.channel == 'web'"},
        limits={"verify": "2h"},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


async def test_a_case_is_filed_when_it_is_found_on_the_spot(careful: Engine) -> None:
    ticket, _ = await file(careful.client, complaint(channel="snapshot", place=PLACE))
    at = await ticket.until_stage("verify")
    assert at.assignment == 1
    street = officer(STREET)
    await ticket.act(street, Sign())
    await ticket.complete_share(careful, STREET, HandlingResult(reply="属实。"))
    at = await ticket.until_stage("handle")
    assert at.unit == "water"
    shares = [(a.unit, a.share) for a in (await ticket.state(careful)).assignments]
    assert shares == [(STREET, Share.VERIFY), ("water", Share.LEAD)]


async def test_what_is_not_there_is_not_filed_and_the_citizen_is_told(careful: Engine) -> None:
    ticket, _ = await file(careful.client, complaint(channel="snapshot", place=PLACE))
    await ticket.until_stage("verify")
    seen = HandlingResult(reply="现场未发现所述情况。", resolved=False)
    await ticket.complete_share(careful, STREET, seen)
    at = await ticket.until_stage("ended")
    assert at.outcome is Outcome.UNFOUNDED
    await ticket.until_projected(careful, "ended")
    assert (await ticket.state(careful)).reply == "现场未发现所述情况。"


async def test_an_answer_is_given_when_it_is_true_on_the_spot(careful: Engine) -> None:
    ticket, _ = await file(careful.client, complaint(place=PLACE))
    await ticket.complete_share(careful, "water", HandlingResult(reply="已治理。"))
    await ticket.until_stage("verify")
    await ticket.complete_share(careful, STREET, NOT_DONE)
    at = await ticket.until(lambda at: at.stage == "handle" and at.assignment == 3)
    assert at.unit == "water"
    assert (await ticket.state(careful)).reply is None
    await ticket.complete_share(careful, "water", HandlingResult(reply="已再次治理。"))
    await ticket.until(lambda at: at.stage == "verify" and at.assignment == 4)
    await ticket.complete_share(careful, STREET, HandlingResult(reply="属实。"))
    await ticket.until_stage("rate")
    assert (await ticket.state(careful)).reply == "已再次治理。"


async def test_other_channels_are_not_looked_at(careful: Engine) -> None:
    ticket, _ = await file(careful.client, complaint(channel="hotline", place=PLACE))
    await ticket.complete_share(careful, "water")
    await ticket.until_stage("rate")
    assert "verification_asked" not in await ticket.kinds(careful)


@pytest.fixture
async def proving(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city in which a result about water has to have evidence."""
    packs = city_with(tmp_path / "cities")
    file_ = tmp_path / "cities" / "tongzhou" / "categories.csv"
    lines = file_.read_text(encoding="utf-8").splitlines()
    header = next(line for line in lines if line.startswith("code,")).split(",")
    at = header.index("closing")
    for index, line in enumerate(lines):
        if line.startswith("0301,"):
            cells = line.split(",")
            cells += [""] * (len(header) - len(cells))
            cells[at] = "result.evidence > 0"
            lines[index] = ",".join(cells)
    file_.write_text("\n".join(lines) + "\n", encoding="utf-8")
    async with platform(client, sqlite_store, type(packs)(tmp_path / "cities")) as engine:
        yield engine


def _at_assignment(n: int) -> Callable[[Snapshot], bool]:
    return lambda at: at.assignment == n


UNPROVED, PROVED = (
    HandlingResult(reply="已治理。"),
    HandlingResult(reply="已治理。", evidence=["照片"]),
)


async def test_an_answer_without_what_the_category_asks_for_goes_back(proving: Engine) -> None:
    ticket, _ = await file(proving.client)
    await ticket.complete_share(proving, "water", UNPROVED)
    await ticket.until(lambda at: at.assignment == 2)
    assert "closing_refuted" in await ticket.kinds(proving)
    await ticket.complete_share(proving, "water", PROVED)
    await ticket.until_stage("rate")


async def test_who_always_answers_without_it_is_not_asked_for_ever(proving: Engine) -> None:
    ticket, _ = await file(proving.client)
    for n in (1, 2, 3):
        await ticket.until(_at_assignment(n))
        await ticket.complete_share(proving, "water", UNPROVED)
    await ticket.until_stage("dispatch")
    waits = waiting(await ticket.state(proving))
    assert waits is not None
    assert waits.queue is Queue.DISPATCH
    await ticket.act(DISPATCHER, Reassign(unit="water", reason="请补充现场照片。"))
    await ticket.until(lambda at: at.assignment == 4)
    await ticket.complete_share(proving, "water", PROVED)
    await ticket.until_stage("rate")


async def test_a_case_that_may_not_be_filed_waits_for_a_person(engine: Engine) -> None:
    ticket, at = await file(engine.client, complaint(category="0109"))
    assert at.stage == "triage"
    assert (await ticket.kinds(engine))[-1] == "triage_unsure"


@pytest.mark.parametrize("channel", ["snapshot", "web"])
async def test_the_accused_does_not_look_at_what_it_is_accused_of(
    careful: Engine, channel: str
) -> None:
    unclear = {"title": "", "text": "有人收了好处", "category": None, "kind": "report"}
    new_complaint = complaint(**unclear, channel=channel, place=PLACE)
    ticket, _ = await file(careful.client, new_complaint)
    await ticket.act(DISPATCHER, Triage(category="0301", accused=[STREET]))
    if channel == "web":
        await ticket.until_stage("handle")
        await ticket.complete_share(careful, "water", HandlingResult(reply="已查处。"))
    await ticket.until_stage("verify")
    await ticket.until_projected(careful, "verify")
    assert [a.unit for a in (await ticket.state(careful)).opened] == ["discipline"]
