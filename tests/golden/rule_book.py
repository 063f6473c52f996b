"""Scenarios of the rule book: joint work, holds, merging, verification, arbitration, aftercare.

Each step waits for events that could occur in another order, so that a script always gives the
same commands.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from domain.commands.citizens.add_facts import AddFacts
from domain.commands.citizens.recur import Recur
from domain.commands.citizens.urge import Urge
from domain.commands.citizens.withdraw import Withdraw
from domain.commands.intake.accuse import Accuse
from domain.commands.intake.arbitrate import Arbitrate
from domain.commands.intake.intervene import Intervene
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.reclassify import Reclassify
from domain.commands.intake.triage import Triage
from domain.commands.intake.unmerge import Unmerge
from domain.commands.joint.delegate import Delegate
from domain.commands.joint.override import Override
from domain.commands.joint.raise_level import RaiseLevel
from domain.commands.joint.release import Release
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.supervising.appoint import Appoint
from domain.commands.supervising.decide import Decide
from domain.commands.supervising.keep_minutes import KeepMinutes
from domain.commands.supervising.notice import Notice
from domain.commands.supervising.revisit import Revisit
from domain.commands.supervising.settle_all import SettleAll
from domain.commands.supervising.supervise import Supervise
from domain.commands.units.answer_order import AnswerOrder
from domain.commands.units.ask import Ask
from domain.commands.units.exclude import Exclude
from domain.commands.units.extend import Extend
from domain.commands.units.hold import Hold
from domain.commands.units.return_ticket import Return
from domain.commands.units.review import Review
from domain.commands.units.sign import Sign
from domain.commands.units.step import Step
from domain.ticket.assignment import HandlingResult
from domain.ticket.minutes import Meeting, Minutes
from tests.support.desk import (
    CITIZEN,
    DESK,
    DISPATCHER,
    SUPERVISOR,
    Filed,
    complaint,
    file,
    officer,
)
from tests.support.engine import Engine

Scenario = Callable[[Engine], Awaitable[Filed]]

_doors = count(1)


def _at(city: str, area: str) -> dict[str, Any]:
    """Return a place without earlier complaints; a repeat would change severity and path."""
    return {"city": city, "place": {"area": area, "address": f"试验路 {next(_doors)} 号"}}


def _heping() -> dict[str, Any]:
    return _at("heping", "120101001")


def _langfang() -> dict[str, Any]:
    return _at("langfang", "131002100")


DONE = HandlingResult(reply="已办结。", evidence=["照片"])
YES, NO = Decide(approve=True, reason="属实"), Decide(approve=False, reason="不符")


async def _done(ticket: Filed, engine: Engine, unit: str, kind: str, times: int = 1) -> None:
    """Complete a unit's share, and wait until the record has the resulting event."""
    await ticket.complete_share(engine, unit, DONE)
    await ticket.until_kind(engine, kind, times)


async def _rated(ticket: Filed, grade: int = 5) -> None:
    await ticket.until_stage("rate")
    await ticket.rate(grade)


async def _withdrawn(ticket: Filed) -> Filed:
    await ticket.until_stage("handle")
    await ticket.act(CITIZEN, Withdraw(reason="已自行解决"))
    return ticket


# --- several units ------------------------------------------------------------------------------


async def whistled(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    called = [Call(unit="environment", task="查排口"), Call(unit="transport", task="清路面")]
    water = officer("water")
    await ticket.act(water, Whistle(ground="emergency", reason="需会同", units=called))
    met = Minutes(what=Meeting.ON_SITE, text="现场会", units=["environment"])
    await ticket.act(water, KeepMinutes(minutes=met))
    await ticket.act(water, Release(assignment=3, reason="路面已清"))
    await _done(ticket, engine, "water", "share_handled")
    await _done(ticket, engine, "environment", "handled")
    await _rated(ticket)
    return ticket


async def overridden(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    called = [Call(unit="environment", task="查排口", limit="2d")]
    await ticket.by_unit(Whistle(ground="emergency", reason="需会同", units=called))
    await _done(ticket, engine, "water", "share_handled")
    await ticket.act(officer("water"), Override(reason="协办已无事可做"))
    await _rated(ticket)
    return ticket


async def delegated(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client, complaint(**_at("huangpu", "440112003"), category="0302"))
    await ticket.until_stage("handle")
    await ticket.by_unit(Delegate(unit="440112003901", task="今天清理"))
    await _done(ticket, engine, "440112003901", "share_handled")
    await ticket.complete_share(engine, "440112003", DONE)
    await _rated(ticket)
    return ticket


async def raised(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    await ticket.by_unit(RaiseLevel(reason="超出本级事权"))
    await ticket.until(lambda at: at.unit == "gov" and at.stage == "handle")
    await ticket.complete_share(engine, "gov", DONE)
    await _rated(ticket)
    return ticket


async def intervened(engine: Engine) -> Filed:
    new_complaint = complaint(**_at("huangpu", "440112003"), kind="service", category="0302")
    ticket, _ = await file(engine.client, new_complaint)
    await ticket.until_stage("handle")
    back = Return(ground="not_ours", reason="不属于我单位")
    street = officer((await ticket.now()).unit or "")
    await ticket.refused(street, back)
    soon = datetime.now(UTC) + timedelta(days=2)
    await ticket.act(DESK, Appoint(starts_at=soon, text="周三上午"))
    await ticket.act(DISPATCHER, Intervene(unit="water", reason="由区中心指定主办"))
    await ticket.until(lambda at: at.unit == "water" and at.stage == "handle")
    await ticket.complete_share(engine, "water", DONE)
    await _rated(ticket)
    return ticket


# --- more time ----------------------------------------------------------------------------------


async def asked_and_held(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client)
    until = datetime.now(UTC) + timedelta(days=90)
    hold = Hold(ground="works", until=until, reason="汛期后施工")
    await ticket.by_unit(Ask(question="具体在哪一段？"))
    await ticket.act(CITIZEN, AddFacts(text="桥东第二个排口"))
    await ticket.by_unit(hold)
    await ticket.act(DISPATCHER, NO)
    await ticket.by_unit(hold)
    await ticket.act(DISPATCHER, YES)
    await ticket.by_unit(Review(note="围堰已完成"))
    await ticket.by_unit(Review(note="已完工", resume=True))
    await ticket.complete()
    await _rated(ticket)
    return ticket


async def staged(engine: Engine) -> Filed:
    place = {"area": "110112001", "address": "新华大街 1 号"}
    ticket, _ = await file(engine.client, complaint(category="0109", place=place))
    await ticket.until_stage("handle")
    for step in ("stop", "order", "demolish"):
        await ticket.by_unit(Step(step=step, note="已办"))
    await ticket.complete(DONE)
    await _rated(ticket)
    return ticket


# --- responsibility -----------------------------------------------------------------------------


async def arbitrated(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client, complaint(**_heping(), category="0206"))
    await ticket.until_stage("handle")
    back = Return(ground="not_ours", reason="不属于我单位")
    await ticket.by_unit(back)
    await ticket.act(DISPATCHER, Decide(approve=True, reason="改派", unit="120101001"))
    await ticket.until(lambda at: at.unit == "120101001" and at.stage == "handle")
    await ticket.by_unit(back)
    await ticket.act(DISPATCHER, YES)
    await ticket.until_stage("arbitrate")
    await ticket.act(SUPERVISOR, Arbitrate(unit="sanitation", text="协调会议定", units=["gov"]))
    await ticket.until(lambda at: at.unit == "sanitation" and at.stage == "handle")
    return await _withdrawn(ticket)


async def report(engine: Engine) -> Filed:
    new_complaint = complaint(
        kind="report", title="", text="吃拿卡要", category=None, city="heping"
    )
    ticket, _ = await file(engine.client, new_complaint)
    await ticket.act(DISPATCHER, Triage(category="0206", accused=["city-management"]))
    await ticket.until_stage("handle")
    await ticket.act(SUPERVISOR, Supervise(text="两日内报结果"))
    lead = officer((await ticket.now()).unit or "")
    await ticket.act(lead, AnswerOrder(order=1, answer="已落实"))
    await ticket.act(SUPERVISOR, Notice(text="予以通报"))
    return await _withdrawn(ticket)


async def accused(engine: Engine) -> Filed:
    new_complaint = complaint(
        kind="report", title="", text="吃拿卡要", category=None, city="heping"
    )
    ticket, _ = await file(engine.client, new_complaint)
    await ticket.act(DESK, Accuse(nobody=True))
    await ticket.act(DISPATCHER, Triage(category="0206"))
    lead = (await ticket.until_stage("handle")).unit or ""
    await ticket.act(officer(lead), Sign())
    await ticket.act(DESK, Accuse(units=[lead], note="来电人补充"))
    await ticket.act(DISPATCHER, Reassign(unit="discipline", reason="另派"))
    await ticket.until(lambda at: at.unit == "discipline" and at.stage == "handle")
    await ticket.act(SUPERVISOR, Accuse(units=["gov"], note="更正"))
    await ticket.act(CITIZEN, Withdraw(reason="已自行解决"))
    return ticket


async def verified_before_filing(engine: Engine) -> Filed:
    new_complaint = complaint(**_langfang(), anonymous=True, category="0201")
    ticket, _ = await file(engine.client, new_complaint)
    await ticket.until_stage("verify")
    await ticket.act(officer("131002100"), Sign())
    await ticket.complete_share(engine, "131002100", HandlingResult(reply="属实。"))
    return await _withdrawn(ticket)


async def not_found_on_the_spot(engine: Engine) -> Filed:
    new_complaint = complaint(**_langfang(), anonymous=True, category="0201")
    ticket, _ = await file(engine.client, new_complaint)
    await ticket.until_stage("verify")
    seen = HandlingResult(reply="现场未见。", resolved=False)
    await ticket.complete_share(engine, "131002100", seen)
    return ticket


# --- merged -------------------------------------------------------------------------------------


async def _merged(engine: Engine) -> tuple[Filed, Filed]:
    parent, _ = await file(engine.client)
    child, _ = await file(engine.client, complaint(text="和邻居反映的是同一处。"))
    await child.act(DISPATCHER, Merge(into=parent.number, reason="同一处"))
    await parent.until_kind(engine, "complainant_joined")
    await parent.complete()
    await child.until_kind(engine, "replied_with_parent")
    await parent.until_stage("rate")
    await child.until_stage("rate")
    return parent, child


async def merged(engine: Engine) -> Filed:
    parent, child = await _merged(engine)
    await parent.rate(5)
    await parent.until_stage("ended")
    await child.rate(4)
    return child


async def merged_into(engine: Engine) -> Filed:
    parent, child = await _merged(engine)
    await child.rate(4)
    await child.until_stage("ended")
    await parent.rate(5)
    return parent


async def _merged_and_paused(engine: Engine) -> tuple[Filed, Filed]:
    """Let a merged ticket wait through a hold, an extension and a question, and be answered."""
    parent, _ = await file(engine.client)
    child, _ = await file(engine.client, complaint(text="和邻居反映的是同一处。"))
    until = datetime.now(UTC) + timedelta(days=90)
    await parent.by_unit(Hold(ground="works", until=until, reason="汛期后施工"))
    await parent.act(DISPATCHER, YES)
    await child.act(DISPATCHER, Merge(into=parent.number, reason="同一处"))
    await child.until_kind(engine, "held_with_parent")
    await parent.by_unit(Review(note="已完工", resume=True))
    await child.until_kind(engine, "resumed_with_parent")
    await parent.by_unit(Extend(by="2d", reason="等配件"))
    await parent.act(DISPATCHER, YES)
    await child.until_kind(engine, "extended_with_parent")
    await parent.by_unit(Ask(question="具体在哪一段？"))
    await child.until_kind(engine, "asked_with_parent")
    await child.act(CITIZEN, AddFacts(text="桥东第二个排口"))
    await parent.until_kind(engine, "complainant_added")
    await parent.act(CITIZEN, AddFacts(text="就在桥东"))
    await child.until_kind(engine, "resumed_with_parent", 2)
    await child.act(CITIZEN, Urge(text="夏天到了，味道更大"))
    await parent.until_kind(engine, "complainant_urged")
    await parent.complete()
    await child.until_kind(engine, "replied_with_parent")
    await parent.until_stage("rate")
    await child.until_stage("rate")
    return parent, child


async def paused_with_parent(engine: Engine) -> Filed:
    parent, child = await _merged_and_paused(engine)
    await parent.rate(5)
    await parent.until_stage("ended")
    await child.rate(4)
    return child


async def paused_with_others(engine: Engine) -> Filed:
    parent, child = await _merged_and_paused(engine)
    await child.rate(4)
    await child.until_stage("ended")
    await parent.rate(5)
    return parent


async def _reclassified_together(engine: Engine) -> tuple[Filed, Filed]:
    """Correct the classification that a merged ticket borrows, and answer both."""
    parent, _ = await file(engine.client)
    vague = complaint(text="管管吧，还是那事", title="", category=None)
    child, _ = await file(engine.client, vague)
    await child.until_kind(engine, "triage_unsure")
    await child.act(DISPATCHER, Merge(into=parent.number, reason="同一处"))
    await parent.until_kind(engine, "complainant_joined")
    await parent.act(DESK, Reclassify(category="0204", reason="实为路灯"))
    await child.until_kind(engine, "reclassified_with_parent")
    await parent.complete()
    await child.until_kind(engine, "replied_with_parent")
    await parent.until_stage("rate")
    await child.until_stage("rate")
    return parent, child


async def reclassified_with_parent(engine: Engine) -> Filed:
    parent, child = await _reclassified_together(engine)
    await parent.rate(5)
    await parent.until_stage("ended")
    await child.rate(4)
    return child


async def reclassified_with_others(engine: Engine) -> Filed:
    parent, child = await _reclassified_together(engine)
    await child.rate(4)
    await child.until_stage("ended")
    await parent.rate(5)
    return parent


async def unmerged(engine: Engine) -> Filed:
    """Merge a ticket that nobody has classified, take it out again, and classify it."""
    parent, _ = await file(engine.client)
    child, _ = await file(engine.client, complaint(title="", text="管管吧", category=None))
    await child.until_kind(engine, "triage_unsure")
    await child.act(DISPATCHER, Merge(into=parent.number, reason="同一处"))
    await child.act(DISPATCHER, Unmerge(reason="是另一处井盖"))
    await child.act(DISPATCHER, Triage(category="0202"))
    await child.until_stage("handle")
    return await _withdrawn(child)


# --- after the end ------------------------------------------------------------------------------


async def revisited_and_reopened(engine: Engine) -> Filed:
    ticket, _ = await file(engine.client, complaint(**_heping(), category="0608"))
    await ticket.until_stage("handle")
    await ticket.complete(DONE)
    await _rated(ticket)
    await ticket.until_stage("aftercare")
    street = officer((await ticket.now()).unit or "")
    await ticket.act(street, Revisit(holds=True, note="未反弹"))
    await ticket.act(DESK, Revisit(holds=False, note="地锁又装上了"))
    await ticket.until_stage("handle")
    await ticket.until(lambda at: at.assignment == 2)
    await ticket.by_unit(SettleAll(text="全区排查", units=["120101002", "120101003"]))
    return await _withdrawn(ticket)


async def excluded_and_back(engine: Engine) -> Filed:
    new_complaint = complaint(**_langfang(), category="0201")
    ticket, _ = await file(engine.client, new_complaint)
    await ticket.until_stage("handle")
    await ticket.complete_share(engine, "131002100", DONE)
    await _rated(ticket, 5)
    await ticket.until_stage("aftercare")
    exclude = Exclude(ground="mistaken_rating", reason="误评", evidence=["录音"])
    lead = officer("131002100")
    await ticket.act(lead, exclude)
    await ticket.act(SUPERVISOR, NO)
    await ticket.act(lead, exclude)
    await ticket.act(SUPERVISOR, YES)
    await ticket.act(CITIZEN, Recur(text="又堆上了"))
    await ticket.until(lambda at: at.assignment == 2 and at.stage == "handle")
    return await _withdrawn(ticket)


RULE_BOOK: tuple[Scenario, ...] = (
    whistled,
    overridden,
    delegated,
    raised,
    intervened,
    asked_and_held,
    staged,
    arbitrated,
    report,
    accused,
    verified_before_filing,
    not_found_on_the_spot,
    merged,
    merged_into,
    paused_with_parent,
    paused_with_others,
    reclassified_with_parent,
    reclassified_with_others,
    unmerged,
    revisited_and_reopened,
    excluded_and_back,
)
