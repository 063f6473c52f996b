"""Tests of supervision (督办): severity, orders, notices, reports, services and inspections."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from audit.verdicts import judge
from domain.commands.citizens.urge import Urge
from domain.commands.intake.conclude import Conclude
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.supervising.appoint import Appoint
from domain.commands.supervising.keep_minutes import KeepMinutes
from domain.commands.supervising.notice import Notice
from domain.commands.supervising.settle_all import SettleAll
from domain.commands.supervising.supervise import Supervise
from domain.commands.units.answer_order import AnswerOrder
from domain.ticket.because import ReasonCode, because
from domain.ticket.complaint import Channel
from domain.ticket.minutes import Meeting, Minutes, Option
from store.db.engine import Store
from store.tickets import intake
from tests.support.cities import city_with
from tests.support.desk import (
    CITIZEN,
    DESK,
    DISPATCHER,
    SUPERVISOR,
    complaint,
    file,
    officer,
)
from tests.support.engine import Engine, platform

WATER = officer("water")


@pytest.fixture
async def above_threshold(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> AsyncIterator[Engine]:
    """Provide a city in which two urges, or one repeat nearby, are severe and bring an order."""
    packs = city_with(
        tmp_path / "cities",
        severity={"urges": 2, "repeats": 1, "escalate_at": 1, "escalate": "supervise"},
        features={"appoint": True, "settle_all": True, "raise_level": True},
        limits={"appointment": "1d"},
        reports={"unit": "gov"},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


async def test_urging_makes_it_graver_and_an_order_follows_once(above_threshold: Engine) -> None:
    ticket, _ = await file(above_threshold.client)
    await ticket.act(CITIZEN, Urge(text="请尽快"))
    assert (await ticket.now()).severity == 0
    await ticket.act(CITIZEN, Urge(text="还没人来"))
    await ticket.until_kind(above_threshold, "supervision_ordered")
    await ticket.act(CITIZEN, Urge(text="三天了"))
    assert await ticket.refused(CITIZEN, Urge()) == "urged_too_often"
    kinds = await ticket.kinds(above_threshold)
    assert kinds.count("supervision_ordered") == 1
    (order,) = (await ticket.state(above_threshold)).orders
    assert order.text == "severity 1"
    assert order.because == [because(ReasonCode.SEVERITY, severity=1)]
    await ticket.act(WATER, AnswerOrder(order=1, answer="今天到场"))
    assert await ticket.refused(WATER, AnswerOrder(order=1, answer="再报")) == "order_answered"
    assert await ticket.refused(WATER, AnswerOrder(order=2, answer="?")) == "unknown_order"


async def test_the_same_trouble_at_the_same_place_weighs_more(above_threshold: Engine) -> None:
    here = {"address": "北苑街道 1 号", "lat": 39.9, "lon": 116.63}
    near = {"lat": 39.9005, "lon": 116.6305}
    far = {"lat": 39.95, "lon": 116.63}
    first, _ = await file(above_threshold.client, complaint(place=here))
    await first.until_kind(above_threshold, "assigned")
    elsewhere, at = await file(above_threshold.client, complaint(place=far))
    assert at.severity == 0
    again, _ = await file(above_threshold.client, complaint(place=near))
    await again.until_kind(above_threshold, "supervision_ordered")
    assert (await again.state(above_threshold)).repeats == [first.number]
    other, at = await file(above_threshold.client, complaint(place=near, category="0303"))
    assert at.severity == 0
    assert (await elsewhere.state(above_threshold)).repeats == []
    assert (await other.state(above_threshold)).repeats == []


async def test_what_comes_back_is_raised_by_itself_where_the_city_does_so(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    packs = city_with(
        tmp_path / "cities",
        severity={"urges": 1, "escalate_at": 1, "escalate": "raise"},
        features={"raise_level": True},
    )
    async with platform(client, sqlite_store, packs) as engine:
        ticket, _ = await file(client)
        await ticket.act(CITIZEN, Urge())
        await ticket.until(lambda at: at.unit == "gov" and at.stage == "handle")
        kinds = await ticket.kinds(engine)
        assert kinds.index("severity_raised") < kinds.index("level_raised")
        await ticket.act(CITIZEN, Urge())
        raised = [e for e in await ticket.events(engine) if e.kind == "level_raised"]
        assert [e.fact.model_dump()["because"] for e in raised] == [
            [{"code": "severity", "parameters": {"severity": 1}}]
        ]
        assert (await judge(client, sqlite_store, ticket.number)).agrees


async def test_a_supervisor_orders_and_names(above_threshold: Engine) -> None:
    ticket, _ = await file(above_threshold.client)
    assert await ticket.refused(DISPATCHER, Supervise(text="限期")) == "forbidden"
    await ticket.act(SUPERVISOR, Supervise(text="两日内报结果"))
    clock = next(c for c in (await ticket.state(above_threshold)).clocks if c.name == "order")
    assert (clock.label, clock.running) == ("1", True)
    assert await ticket.refused(officer("health"), AnswerOrder(order=1, answer="我")) == (
        "not_your_unit"
    )
    await ticket.act(WATER, AnswerOrder(order=1, answer="已落实"))
    await ticket.act(SUPERVISOR, Notice(text="办理拖延，予以通报"))
    state = await ticket.state(above_threshold)
    assert (state.notices, state.orders[0].answer) == (1, "已落实")
    assert not any(c.name == "order" and c.running for c in state.clocks)


async def test_the_desk_answers_what_it_may(engine: Engine) -> None:
    unclear = {"title": "", "text": "想问一下", "category": None}
    filed, _ = await file(engine.client, complaint(kind="consultation", **unclear))
    await filed.act(DESK, Conclude(outcome="answered", text="日落后开灯。"))
    await filed.until_stage("ended")
    praised, _ = await file(engine.client, complaint(kind="praise", **unclear))
    thanks = Conclude(outcome="answered", text="谢谢您。", unit="community-zhongcang-1")
    await praised.act(DESK, thanks)
    assert (await praised.events(engine))[-1].fact.model_dump()["unit"] == "community-zhongcang-1"
    accused, _ = await file(engine.client, complaint(kind="complaint", **unclear))
    answer = Conclude(outcome="answered", text="知道了。")
    assert await accused.refused(DESK, answer) == "not_for_desk"


async def test_a_report_never_reaches_the_accused_unit(above_threshold: Engine) -> None:
    new_complaint = complaint(kind="report", title="", text="河道所吃拿卡要", category=None)
    ticket, _ = await file(above_threshold.client, new_complaint)
    await ticket.act(DISPATCHER, Triage(category="0301", accused="water"))
    at = await ticket.until_stage("handle")
    assert at.unit == "gov"
    moved = Reassign(unit="river-station", reason="转办")
    assert await ticket.refused(DISPATCHER, moved) == "accused_unit"


async def test_a_service_gets_an_appointment(above_threshold: Engine) -> None:
    ticket, _ = await file(above_threshold.client, complaint(kind="service"))
    soon = datetime.now(UTC) + timedelta(days=2)
    await ticket.act(WATER, Appoint(starts_at=soon, text="周三上午"))
    await ticket.act(DESK, Appoint(starts_at=soon + timedelta(days=1)))
    state = await ticket.state(above_threshold)
    assert state.appointment == soon + timedelta(days=1)
    assert sum(c.name == "appointment" and c.running for c in state.clocks) == 1
    past = Appoint(starts_at=datetime.now(UTC) - timedelta(hours=1))
    assert await ticket.refused(WATER, past) == "in_the_past"


async def test_found_one_settle_all_of_the_kind(above_threshold: Engine) -> None:
    ticket, _ = await file(
        above_threshold.client, complaint(category="0101", place={"area": "110112003"})
    )
    street = officer((await ticket.until_stage("handle")).unit or "")
    await ticket.act(street, SettleAll(text="全区排查同类点位", units=["110112001", "110112002"]))
    opened = (await ticket.state(above_threshold)).inspections
    assert len(opened) == 2
    inspection = await intake.get(above_threshold.store, opened[0])
    assert inspection is not None
    assert inspection.complaint.channel is Channel.INSPECTION
    assert (inspection.complaint.unit, inspection.complaint.follows) == (
        "110112001",
        ticket.number,
    )
    started, at = await file(above_threshold.client, inspection.complaint)
    assert (at.unit, started.number) == ("110112001", opened[0])
    nobody = SettleAll(text="排查", units=["nobody"])
    assert await ticket.refused(street, nobody) == "unknown_unit"


async def test_a_deliberation_is_written_down(above_threshold: Engine) -> None:
    ticket, _ = await file(above_threshold.client)
    plans = [
        Option(title="单侧停车", pros=["通行快"], cons=["车位少"], votes=12),
        Option(title="错时停车", pros=["车位多"], cons=["要管理"], votes=31),
    ]
    minutes = Minutes(
        what=Meeting.DELIBERATION,
        text="居民议事会：三个方案逐一说明利弊。",
        residents=43,
        options=plans,
        decision="错时停车，试行一个月",
        agreed=True,
    )
    await ticket.act(WATER, KeepMinutes(minutes=minutes))
    assert (await ticket.state(above_threshold)).minutes == [minutes]


async def test_a_city_without_it_refuses_it(engine: Engine) -> None:
    ticket, _ = await file(engine.client)
    later = datetime.now(UTC) + timedelta(days=1)
    assert await ticket.refused(WATER, Appoint(starts_at=later)) == "not_in_this_city"
    assert await ticket.refused(WATER, SettleAll(text="排查")) == "not_in_this_city"
