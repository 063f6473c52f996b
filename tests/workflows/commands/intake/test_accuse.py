"""Tests of the statement whom a ticket accuses (举报), and of what is taken from those units."""

import pytest

from domain.actors import Role
from domain.commands.base import CommandBase
from domain.commands.citizens.recur import Recur
from domain.commands.intake.accuse import Accuse
from domain.commands.intake.intervene import Intervene
from domain.commands.intake.merge import Merge
from domain.commands.intake.reassign import Reassign
from domain.commands.intake.triage import Triage
from domain.commands.joint.delegate import Delegate
from domain.commands.joint.whistle import Call, Whistle
from domain.commands.units.sign import Sign
from domain.facts.merging import Unmerged
from domain.ticket.assignment import Ending, HandlingResult
from store.db import tables
from store.tickets import outbox
from tests.support.desk import DESK, DISPATCHER, SUPERVISOR, Filed, complaint, file, officer
from tests.support.engine import Engine
from tests.support.prepared import WHY, merged

WATER, HANDLER = officer("water"), "police"
BELOW = "river-station"


async def _unsaid(engine: Engine) -> Filed:
    ticket, _ = await file(
        engine.client, complaint(kind="report", title="", text="河道所吃拿卡要", category="0301")
    )
    await ticket.until_kind(engine, "triage_unsure")
    return ticket


async def test_a_report_is_given_to_nobody_before_a_person_said_whom_it_accuses(
    joint: Engine,
) -> None:
    ticket = await _unsaid(joint)
    early: tuple[CommandBase, ...] = (
        Triage(category="0301"),
        Triage(category="0301", unit="police"),
        Intervene(unit="police", reason=WHY),
    )
    for command in early:
        assert await ticket.refused(DISPATCHER, command) == "accused_unsaid"
    both = Triage(category="0301", accused=["water"], nobody=True)
    assert await ticket.refused(DISPATCHER, both) == "accused_unsaid"
    assert await ticket.refused(DESK, Accuse()) == "accused_unsaid"
    assert await ticket.refused(DESK, Accuse(units=["water"], nobody=True)) == "accused_unsaid"
    assert await ticket.refused(DESK, Accuse(units=["moon"])) == "unknown_unit"
    assert await ticket.refused(WATER, Accuse(nobody=True)) == "forbidden"
    await ticket.act(DESK, Accuse(nobody=True))
    await ticket.act(DISPATCHER, Triage(category="0301"))
    assert (await ticket.until_stage("handle")).unit == "water"
    assert (await ticket.state(joint)).accused == []


async def test_several_units_and_all_below_them_are_passed_over(joint: Engine) -> None:
    ticket = await _unsaid(joint)
    named = Triage(category="0301", unit=BELOW, accused=["water"])
    assert await ticket.refused(DISPATCHER, named) == "accused_unit"
    await ticket.act(DISPATCHER, Triage(category="0301", accused=["water", "police"]))
    assert (await ticket.until_stage("handle")).unit == "discipline"
    state = await ticket.state(joint)
    assert state.accused == ["water", "police"]
    assert {"water", BELOW, "police"} <= {*state.kept_from}
    for unit in (BELOW, "police"):
        for command in (
            Reassign(unit=unit, reason=WHY),
            Intervene(unit=unit, reason=WHY),
        ):
            assert await ticket.refused(DISPATCHER, command) == "accused_unit"
        call = Whistle(ground="emergency", reason=WHY, units=[Call(unit=unit, task="来")])
        assert await ticket.refused(officer("discipline"), call) == "accused_unit"


async def test_where_the_rules_name_only_accused_units_a_person_decides(joint: Engine) -> None:
    ticket = await _unsaid(joint)
    accused = ["water", "discipline", "gov"]
    await ticket.act(DISPATCHER, Triage(category="0301", accused=accused))
    await ticket.until_kind(joint, "nobody_left")
    state = await ticket.state(joint)
    assert (state.stage, state.by_hand, state.opened) == ("dispatch", True, [])
    await ticket.act(SUPERVISOR, Accuse(units=["water"], note="更正"))
    await ticket.act(DISPATCHER, Reassign(unit="gov", reason=WHY))
    assert (await ticket.until_stage("handle")).unit == "gov"


async def test_the_unit_that_leads_loses_it_the_moment_it_is_accused(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    await ticket.until_stage("handle")
    await ticket.act(WATER, Sign())
    await ticket.act(DESK, Accuse(units=["water"], note="市民补充：水务局收钱"))
    state = await ticket.state(joint)
    assert (state.stage, state.by_hand, state.opened) == ("dispatch", True, [])
    assert state.assignments[0].ending is Ending.TAKEN_OVER
    assert state.of_wrongdoing
    await ticket.act(DISPATCHER, Reassign(unit=HANDLER, reason=WHY))
    assert (await ticket.until_stage("handle")).unit == HANDLER
    assert await ticket.refused(WATER, Sign()) == "not_your_unit"
    told = await joint.store.rows(
        tables.outbox.select().where(tables.outbox.c.number == ticket.number)
    )
    left = {row.unit for row in told if row.sent_at is None}
    left |= {row.unit for row in told if row.version > 4}
    assert "water" not in left, "a message to the accused was still to be sent"
    messages = await outbox.messages(joint.store, ticket.number, Role.OFFICER, "water")
    assert all(message.version <= 4 for message in messages)


async def test_helpers_and_delegates_lose_their_share_alone(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    await ticket.until_stage("handle")
    call = Whistle(ground="emergency", reason=WHY, units=[Call(unit=HANDLER, task="来")])
    await ticket.act(WATER, call)
    await ticket.act(WATER, Delegate(unit=BELOW, task="去看"))
    await ticket.act(SUPERVISOR, Accuse(units=[HANDLER, BELOW]))
    state = await ticket.state(joint)
    assert [share.unit for share in state.opened] == ["water"]
    assert {share.ending for share in state.assignments if not share.open} == {Ending.RELEASED}
    await ticket.complete_share(joint, "water", HandlingResult(reply="已处理。"))
    await ticket.until_stage("rate")


async def test_an_answer_does_not_wait_for_an_accused_helper(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    await ticket.until_stage("handle")
    call = Whistle(ground="emergency", reason=WHY, units=[Call(unit=HANDLER, task="来")])
    await ticket.act(WATER, call)
    await ticket.complete_share(joint, "water", HandlingResult(reply="已处理。"))
    await ticket.until_kind(joint, "share_handled")
    await ticket.act(DESK, Accuse(units=[HANDLER]))
    await ticket.until_stage("rate")


async def test_an_accused_unit_does_not_get_it_back_by_rework(joint: Engine) -> None:
    ticket, _ = await file(joint.client)
    await ticket.complete_share(joint, "water", HandlingResult(reply="已处理。"))
    await ticket.until_stage("rate")
    await ticket.act(DESK, Accuse(units=["water"]))
    await ticket.rate(1, resolved=False)
    await ticket.until_kind(joint, "reworked")
    state = await ticket.state(joint)
    assert (state.stage, state.by_hand, state.opened) == ("dispatch", True, [])


async def test_a_merged_ticket_that_accuses_is_handled_on_its_own(merging: Engine) -> None:
    parent, child = await merged(merging)
    await child.act(DESK, Accuse(units=["water"]))
    state = await child.state(merging)
    assert (state.stage, state.parent, state.by_hand) == ("dispatch", None, True)
    await parent.until_kind(merging, "complainant_left")
    assert (await parent.state(merging)).waiting == []


async def test_a_ticket_that_accuses_answers_no_other(merging: Engine) -> None:
    parent, child = await merged(merging)
    await parent.act(DESK, Accuse(units=["water"]))
    await child.until_kind(merging, "unmerged")
    assert (await child.until_stage("handle")).unit == "water"
    assert (await parent.state(merging)).waiting == []
    apart = next(e.fact for e in await child.events(merging) if isinstance(e.fact, Unmerged))
    assert [reason.code for reason in apart.because] == ["parent_apart"], "it tells nothing of it"
    again = Merge(into=parent.number, reason=WHY)
    assert await child.refused(DISPATCHER, again) == "report_not_merged"


@pytest.mark.parametrize("again", [Recur(text="又来了")])
async def test_a_watched_report_that_comes_back_does_not_go_to_the_accused(
    watching: Engine, again: Recur
) -> None:
    ticket, _ = await file(watching.client)
    await ticket.complete_share(watching, "water", HandlingResult(reply="已处理。"))
    await ticket.until_stage("rate")
    await ticket.rate(5)
    await ticket.until_stage("aftercare")
    await ticket.act(DESK, Accuse(units=["water"]))
    await ticket.act(DESK, again)
    state = await ticket.state(watching)
    assert (state.stage, state.by_hand, state.opened) == ("dispatch", True, [])


async def test_a_unit_is_accused_no_more_only_for_a_reason(joint: Engine) -> None:
    ticket = await _unsaid(joint)
    await ticket.act(DESK, Accuse(units=["water", "police"]))
    for command in (Accuse(nobody=True), Accuse(units=["police"])):
        assert await ticket.refused(DESK, command) == "why_not_accused"
    await ticket.act(DESK, Accuse(units=["water", "police", "transport"]))
    await ticket.act(DESK, Accuse(units=["police"], note="来电人更正：不是水务局。"))
    assert (await ticket.state(joint)).accused == ["police"]
