"""Tests of aftercare (回头看): watch, revisits, recurrence, and contested ratings."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.commands.citizens.recur import Recur
from domain.commands.citizens.urge import Urge
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.reassign import Reassign
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.revisit import Revisit
from domain.commands.units.exclude import Exclude
from domain.ticket.stages import Outcome
from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.desk import CITIZEN, DESK, DISPATCHER, SUPERVISOR, Filed, file, officer
from tests.support.engine import Engine, platform

WATER = officer("water")
CONTEST = Exclude(ground="mistaken", reason="群众误点不满意", evidence=["回访录音"])
EXCLUDE = [{"code": "mistaken", "zh": "误评", "en": "Mistaken rating"}]


async def _watching(
    client: Client, store: Store, folder: Path, watched: str, reworks: int = 2
) -> AsyncIterator[Engine]:
    packs = city_with(
        folder / "cities",
        caps={"reworks": reworks},
        features={"exclude": True},
        limits={"revisit": "1d", "aftercare": watched},
        aftercare={"revisits": ["1s", "2s"]},
        ladder={"revisit": [{"kind": "due", "tells": ["desk"]}], "aftercare": None},
        reasons={"exclude": EXCLUDE},
    )
    async with platform(client, store, packs) as running:
        yield running


@pytest.fixture
async def watching(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city that watches for a month, with revisits after one and two seconds."""
    async for engine in _watching(client, sqlite_store, tmp_path, "30d"):
        yield engine


@pytest.fixture
async def shortly(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city that watches for three seconds."""
    async for engine in _watching(client, sqlite_store, tmp_path, "3s"):
        yield engine


@pytest.fixture
async def strict(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city in which a bad rating goes to a supervisor at once."""
    async for engine in _watching(client, sqlite_store, tmp_path, "30d", reworks=0):
        yield engine


async def _closed(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(5)
    await ticket.until_stage("aftercare")
    return ticket


async def test_what_is_closed_counts_at_once_and_is_looked_at_again(watching: Engine) -> None:
    ticket = await _closed(watching)
    at = await ticket.now()
    assert at.outcome is Outcome.CLOSED
    await ticket.until_kind(watching, "rung_climbed")  # a revisit is due
    await ticket.act(DESK, Revisit(holds=True, note="河水清澈"))
    state = await ticket.state(watching)
    assert sum(c.name == "revisit" and c.running for c in state.clocks) == 1
    assert (state.revisits, state.outcome) == (1, Outcome.CLOSED)
    assert await ticket.refused(CITIZEN, Urge()) == "not_now"


async def test_what_does_not_hold_is_handled_again(watching: Engine) -> None:
    ticket = await _closed(watching)
    await ticket.act(DESK, Revisit(holds=False, note="又有污水"))
    at = await ticket.until_stage("handle")
    assert (at.unit, at.assignment, at.outcome) == ("water", 2, None)
    assert (await ticket.state(watching)).recurred == 1


async def test_the_citizen_says_it_is_back(watching: Engine) -> None:
    ticket = await _closed(watching)
    assert await ticket.refused(officer("health"), Recur(text="又臭了")) == "not_your_unit"
    await ticket.act(CITIZEN, Recur(text="上周又臭了"))
    await ticket.until_stage("handle")
    assert await ticket.refused(CITIZEN, Recur(text="又臭了")) == "not_now"


async def test_the_watch_ends_by_itself(shortly: Engine) -> None:
    ticket = await _closed(shortly)
    assert (await ticket.until_stage("ended")).outcome is Outcome.CLOSED
    assert (await ticket.kinds(shortly))[-1] == "watch_ended"
    await ticket.handle.result()


async def test_an_exclusion_is_granted_by_a_supervisor_alone(watching: Engine) -> None:
    ticket = await _closed(watching)
    assert await ticket.refused(officer("health"), CONTEST) == "not_your_unit"
    unknown = CONTEST.model_copy(update={"ground": "whim"})
    assert await ticket.refused(WATER, unknown) == "unknown_reason"
    await ticket.act(WATER, CONTEST)
    assert await ticket.refused(WATER, CONTEST) == "already_asked"
    decision = Decide(approve=True, reason="录音证实为误点")
    assert await ticket.refused(DISPATCHER, decision) == "forbidden"
    await ticket.act(SUPERVISOR, decision)
    assert (await ticket.state(watching)).excluded
    assert await ticket.refused(WATER, CONTEST) == "already_excluded"


async def test_a_bad_rating_given_by_mistake_is_contested_before_the_last_word(
    strict: Engine,
) -> None:
    ticket, _ = await file(strict.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(1, resolved=False)
    await ticket.until_stage("supervise")
    await ticket.act(WATER, CONTEST)
    last_word = Conclude(outcome="final_reply", text="最终答复。")
    assert await ticket.refused(SUPERVISOR, last_word) == "already_asked"
    again = Reassign(unit="environment", reason="改派")
    assert await ticket.refused(SUPERVISOR, again) == "already_asked"
    await ticket.act(SUPERVISOR, Decide(approve=True, reason="录音证实为误点"))
    await ticket.act(SUPERVISOR, last_word)
    await ticket.until_stage("ended")
    await ticket.until_projected(strict, "ended")
    assert (await ticket.state(strict)).excluded


async def test_a_contested_ticket_does_not_end_before_it_is_decided(shortly: Engine) -> None:
    ticket = await _closed(shortly)
    await ticket.act(WATER, CONTEST)
    await ticket.until_clock_due(shortly, "aftercare")
    assert (await ticket.now()).stage == "aftercare"
    await ticket.act(SUPERVISOR, Decide(approve=False, reason="评价属实"))
    await ticket.until_stage("ended")
    assert not (await ticket.state(shortly)).excluded


async def test_without_aftercare_a_closed_ticket_ends(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    await ticket.complete()
    await ticket.until_stage("rate")
    await ticket.rate(5)
    await ticket.until_stage("ended")
    assert "closed_on_watch" not in await ticket.kinds(engine)
