"""Tests of incidents over HTTP: reports become members, are told at once and answered together."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from temporalio.client import Client

from activities.incidents import Incidents
from domain.actors import Role
from domain.facts.merging import RepliedWithParent
from store.db import tables
from store.db.engine import Store
from store.db.incident_tables import incident as incident_table
from store.db.incident_tables import member
from store.incidents import members
from store.tickets import intake, tickets
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.engine import Engine, platform
from tests.support.incidents import BEIYUAN, DRY, LAMP, STATEMENT, outage, stormy


class Town(Api):
    """The application in a city with incidents, whose job goes on when a test says so."""

    engine: Engine
    job: Incidents

    async def declare(self, **changes: Any) -> dict[str, Any]:
        began = datetime.now(UTC) - timedelta(minutes=30)
        body = outage(began.isoformat(), **changes)
        return await self.done(Role.DISPATCHER, "/cities/tongzhou/incidents", body, 201)

    async def done(
        self, role: Role, path: str, body: dict[str, Any] | None = None, status: int = 200
    ) -> dict[str, Any]:
        answer = await self.http.post(
            f"/api/v1{path}", json=body or {}, headers=await self.token(role)
        )
        assert answer.status_code == status, answer.text
        told: dict[str, Any] = answer.json() if answer.content else {}
        return told

    async def shown(self, incident: dict[str, Any]) -> dict[str, Any]:
        answer = await self.http.get(
            f"/api/v1/incidents/{incident['id']}/staff",
            headers=await self.token(Role.SUPERVISOR),
        )
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        return told

    async def report(self, **changes: Any) -> Filed:
        """File a report of the outage."""
        answer = await self.http.post("/api/v1/complaints", json=DRY | changes)
        assert answer.status_code in (201, 202), answer.text
        return Filed(self, answer.json())

    async def until(self, incident: dict[str, Any], **counts: int) -> dict[str, Any]:
        """Let the job go on until the incident shows these counts."""
        async with asyncio.timeout(60):
            while True:
                await self.job.step(datetime.now(UTC))
                shown = await self.shown(incident)
                if all(shown[name] == count for name, count in counts.items()):
                    return shown
                await asyncio.sleep(0.05)


@pytest.fixture
async def town(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Town]:
    """Serve a city with incidents, on each database in turn."""
    packs = stormy(tmp_path / "cities")
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, store, client, packs) as opened,
    ):
        served = Town(opened.http, opened.store, opened.app)
        served.engine, served.job = running, Incidents(packs, store, client)
        yield served


async def test_a_report_of_an_open_incident_is_told_at_once_and_answered_with_the_lead(
    town: Town,
) -> None:
    incident = await town.declare()
    lead = incident["lead"]
    first, second = await town.report(), await town.report(text="新华西街没水，赶紧修！")
    for one in (first, second):
        assert one.receipt["access_code"], "with a number and an access code like any other"
        assert one.receipt["incident"]["statement"] == STATEMENT
        assert one.receipt["message"] is None, "nothing is wrong with the system"
        seen = await one.seen()
        assert (seen["stage"], seen["incident"]["title"]) == ("accept", "新华西街停水")
        assert seen["can_leave_incident"]
    assert await tickets.get(town.store, first.number) is None, "its ticket starts later"
    assert await intake.pending(town.store, timedelta(), 10, datetime.now(UTC)) == []

    shown = await town.until(incident, members=2, started=2, merged=2)
    assert shown["statements"][0]["told"] == 2
    [ticket] = await tickets.states(town.store, [lead])
    assert ticket.complainants == [], "the lead is not told of each member"
    seen = await first.seen()
    assert (seen["stage"], seen["incident"]["statement"]) == ("merged", STATEMENT)

    main = Filed(town, {"number": lead, "access_code": "00000000"})
    await _handled(town, main, "供水管已更换，恢复供水。")
    await town.until(incident, answered=2)
    for one in (first, second):
        seen = await one.until_stage("rate")
        assert (seen["reply"], seen["can_rate"]) == ("供水管已更换，恢复供水。", True)
    events = await tickets.events(town.store, first.number)
    [answered] = [one.fact for one in events if isinstance(one.fact, RepliedWithParent)]
    assert answered.unit is not None, "the unit that answered is rated"
    rated = await town.http.post(
        f"{second.path}/rating",
        json={"contacted": True, "resolved": True, "grade": 5},
        headers=second.citizen,
    )
    assert rated.status_code < 300, rated.text
    await second.until_stage("ended")


async def _handled(town: Town, ticket: Filed, reply: str) -> None:
    """Let the unit that has the ticket hand back this answer."""
    async with asyncio.timeout(60):
        while True:
            state = await tickets.state(town.store, ticket.number)
            if state is not None and state.stage == "handle" and state.unit is not None:
                break
            await asyncio.sleep(0.02)
    answer = await ticket.complete(unit=state.unit, body={"reply": reply})
    assert answer.status_code == 200, answer.text


async def test_who_says_that_theirs_is_another_matter_is_handled_at_once(town: Town) -> None:
    incident = await town.declare()
    first, second = await town.report(category="0401"), await town.report()
    left = await first.act("leave-incident", first.citizen, {"reason": "我家是暖气漏水。"})
    assert left.status_code == 200, left.text
    assert left.json()["incident"] is None
    await first.until_stage("handle")
    assert problem(await first.act("leave-incident", first.citizen)) == (409, "not_in_incident")

    await town.until(incident, members=1, merged=1)
    assert (await second.seen())["stage"] == "merged"
    left = await second.act("leave-incident", second.citizen)
    assert left.status_code == 200, left.text
    assert (await second.until_stage("triage"))["incident"] is None
    shown = await town.until(incident, members=0, taken_out=2)
    assert shown["merged"] == 0
    stranger = await second.act("leave-incident", second.stranger)
    assert problem(stranger) == (404, "ticket_not_found")


async def test_what_is_in_doubt_is_an_ordinary_ticket_that_the_desk_sorts(town: Town) -> None:
    incident = await town.declare()
    doubtful = await town.report(
        text="家里停水了，快来看看。", category="0401", place={"area": BEIYUAN}
    )
    lamp = await town.report(**LAMP)
    assert doubtful.receipt["incident"] is None
    assert lamp.receipt["incident"] is None
    await doubtful.until_stage("handle")
    desk = await town.token(Role.DESK)
    path = f"/api/v1/incidents/{incident['id']}/reports"
    listed = (await town.http.get(path, headers=desk)).json()["items"]
    assert [one["number"] for one in listed] == [doubtful.number]
    assert "no_place" in [why["ground"] for why in listed[0]["reasons"]]

    await town.done(Role.DESK, f"{path[7:]}/{doubtful.number}/take-in", None, 204)
    await town.until(incident, members=1, suggested=0, merged=1)
    assert (await doubtful.seen())["incident"]["statement"] == STATEMENT
    await town.done(Role.DESK, f"{path[7:]}/{doubtful.number}/take-out", None, 204)
    shown = await town.until(incident, members=0, taken_out=1)
    assert shown["suggested"] == 0
    assert (await doubtful.seen())["stage"] != "merged"


async def test_who_accuses_or_is_in_danger_is_never_a_member_unseen(town: Town) -> None:
    incident = await town.declare()
    accusing = await town.report(kind="report", text="举报新华西街供水站故意停水，收钱才修。")
    danger = await town.report(text="新华西街停水，我妈在家透析，救命！")
    for one in (accusing, danger):
        assert one.receipt["incident"] is None
        assert (await one.seen())["incident"] is None
    path = f"/incidents/{incident['id']}/reports/{accusing.number}/take-in"
    answer = await town.http.post(f"/api/v1{path}", headers=await town.token(Role.DISPATCHER))
    assert problem(answer) == (409, "not_in_incident")
    assert (await town.until(incident, members=0))["suggested"] == 2


async def test_many_alike_reports_are_proposed_and_taken_in_once_it_is_declared(
    town: Town,
) -> None:
    filed = [await town.report(text=f"新华西街 {n} 号停水了。") for n in range(4)]
    async with asyncio.timeout(60):
        while not (found := await _listed(town)):
            await town.job.step(datetime.now(UTC) + timedelta(seconds=2))
    [proposed] = found
    assert (proposed["state"], proposed["reports"]) == ("proposed", 4)
    assert proposed["scope"]["places"] == ["新华西街"]
    assert "停水" in proposed["scope"]["words"]
    hidden = await town.http.get(f"/api/v1/incidents/{proposed['id']}")
    assert problem(hidden) == (404, "incident_not_found"), "nobody has declared it"

    body = {
        "title": proposed["title"],
        "scope": proposed["scope"],
        "statement": STATEMENT,
        "proposal": proposed["id"],
        "lead": proposed["lead"],
    }
    made = await town.done(Role.DISPATCHER, "/cities/tongzhou/incidents", body, 201)
    assert made["lead"] in {one.number for one in filed}
    await town.until(made, members=3, merged=3)
    told = await town.http.get(f"/api/v1/incidents/{made['id']}")
    assert told.json()["statement"] == STATEMENT
    for _ in range(3):
        await town.job.step(datetime.now(UTC) + timedelta(seconds=5))
    assert len(await _listed(town)) == 1, "the same reports propose nothing again"


async def _listed(town: Town) -> list[dict[str, Any]]:
    answer = await town.http.get(
        "/api/v1/cities/tongzhou/incidents", headers=await town.token(Role.DESK)
    )
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


async def test_an_incident_that_is_over_takes_nobody_in_until_it_is_opened_again(
    town: Town,
) -> None:
    incident = await town.declare()
    path = f"/incidents/{incident['id']}"
    member = await town.report()
    told = "供水已恢复。"
    ended = await town.done(Role.SUPERVISOR, f"{path}/end", {"statement": told})
    assert [one["text"] for one in ended["statements"]] == [told, STATEMENT]
    assert (await member.seen())["incident"] | {"statement": told, "over": True} == (
        await member.seen()
    )["incident"]
    assert (await town.shown(incident))["statements"][0]["read"] == 1
    late = await town.report(text="新华西街又没水了？")
    assert late.receipt["incident"] is None
    again = await town.http.post(
        f"/api/v1{path}/end", json={"statement": "x"}, headers=await town.token(Role.DESK)
    )
    assert problem(again) == (409, "incident_over")
    await town.done(Role.SUPERVISOR, f"{path}/reopen", {"statement": "又停水了，正在查。"})
    await town.until(incident, members=2)
    assert (await late.seen())["incident"]["statement"] == "又停水了，正在查。"


async def test_one_key_declares_one_incident_and_the_public_reads_it(town: Town) -> None:
    body = outage((datetime.now(UTC) - timedelta(minutes=5)).isoformat())
    key = {"Idempotency-Key": "storm-1", **await town.token(Role.DESK)}
    path = "/api/v1/cities/tongzhou/incidents"
    first = await town.http.post(path, json=body, headers=key)
    again = await town.http.post(path, json=body, headers=key)
    assert (first.status_code, again.json()["id"]) == (201, first.json()["id"])
    assert again.json()["lead"] == first.json()["lead"]
    other = await town.http.post(path, json=body | {"title": "另一件事"}, headers=key)
    assert problem(other) == (422, "idempotency_key_reused")
    assert len(await _listed(town)) == 1
    public = await town.http.get(f"{path}/public")
    assert [one["title"] for one in public.json()["items"]] == ["新华西街停水"]
    officer = await town.http.post(path, json=body, headers=await town.officer())
    assert problem(officer) == (403, "forbidden")


async def test_a_lead_that_ends_without_an_answer_is_said(town: Town) -> None:
    """Else members would wait for an answer that never comes."""
    incident = await town.declare()
    await town.report()
    lead = await town.file()
    tell = f"/incidents/{incident['id']}/tell"
    await town.done(Role.SUPERVISOR, tell, {"lead": lead.number})
    assert not (await town.shown(incident))["without_answer"]
    assert (await lead.act("withdraw", lead.citizen)).status_code == 200
    await lead.until_stage("ended")
    assert (await town.shown(incident))["without_answer"]
    await town.done(Role.SUPERVISOR, tell, {"lead": incident["lead"]})
    assert not (await town.shown(incident))["without_answer"]


async def test_a_city_without_incidents_has_none(engineless_api: Api) -> None:
    headers = await engineless_api.token(Role.DESK)
    answer = await engineless_api.http.get("/api/v1/cities/heping/incidents", headers=headers)
    assert problem(answer)[1] == "not_in_this_city"
    assert (await engineless_api.http.get("/city/heping/incidents")).status_code == 404


async def test_the_same_report_again_is_the_same_member(town: Town) -> None:
    await town.declare()
    key = {"Idempotency-Key": "report-1"}
    first = await town.http.post("/api/v1/complaints", json=DRY, headers=key)
    again = await town.http.post("/api/v1/complaints", json=DRY, headers=key)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json()["number"] == first.json()["number"]
    assert again.json()["incident"] == first.json()["incident"]


async def test_others_are_started_before_members(town: Town) -> None:
    await town.declare()
    member = await town.report()
    now = datetime.now(UTC)
    spooled = await intake.get(town.store, member.number)
    assert spooled is not None
    waiting = spooled.complaint.model_copy(update={"number": "", "filed_at": now - _LONG})
    other = await intake.register(
        town.store, waiting, None, None, None, "mark", lambda: "2603021234560"
    )
    assert other.incident is None
    for _ in range(3):
        await town.job.step(datetime.now(UTC))
    assert await members.to_start(town.store, "tongzhou", 5), "somebody else waits"
    await intake.mark_started(town.store, other.number, now)
    async with asyncio.timeout(60):
        while await members.to_start(town.store, "tongzhou", 5):
            await town.job.step(datetime.now(UTC))
            await asyncio.sleep(0.05)


_LONG = timedelta(minutes=1)


async def test_an_incident_that_cannot_go_on_stops_no_other(town: Town) -> None:
    broken = await town.declare()
    stuck = await town.report()
    await town.until(broken, members=1, started=1)
    lead = tables.ticket.c.number == broken["lead"]
    await town.store.change(update(tables.ticket).where(lead).values(state='{"what": 1}'))
    waits = member.c.number == stuck.number
    await town.store.change(update(member).where(waits).values(merged_at=None))
    other = await town.declare(
        title="北苑路停水",
        scope=outage((datetime.now(UTC) - _LONG).isoformat())["scope"] | {"places": ["北苑路"]},
    )
    report = await town.report(
        text="北苑路停水了。", place={"address": "北苑路 3 号", "area": BEIYUAN}
    )
    assert report.receipt["incident"]["title"] == "北苑路停水"
    await town.until(other, members=1, merged=1)


async def test_one_taken_out_while_it_was_merged_is_not_forgotten(town: Town) -> None:
    """The note of the merge came too late, or whoever had it to make was stopped before."""
    incident = await town.declare()
    one = await town.report()
    await town.until(incident, members=1, merged=1)
    unnoted = update(member).where(member.c.number == one.number).values(merged_at=None)
    await town.store.change(unnoted)
    left = await one.act("leave-incident", one.citizen)
    assert left.status_code == 200, left.text
    await town.job.step(datetime.now(UTC))
    await one.until_stage("triage")
    assert await members.to_part(town.store, incident["id"], 5) == []


async def test_members_go_on_in_a_city_that_has_no_incidents_any_more(
    town: Town, client: Client, tmp_path: Path
) -> None:
    await town.declare()
    one = await town.report()
    without = city_with(tmp_path / "without", features={"merge": True})
    job = Incidents(without, town.store, client)
    async with asyncio.timeout(60):
        while await members.to_start(town.store, "tongzhou", 5):
            await job.step(datetime.now(UTC))
            await asyncio.sleep(0.05)
    await one.until_stage("triage")


async def test_members_of_a_lead_that_ended_in_silence_go_their_own_way(town: Town) -> None:
    incident = await town.declare()
    merged = await town.report()
    await town.until(incident, merged=1)
    lead = await town.file()
    assert (await lead.act("withdraw", lead.citizen)).status_code == 200
    await lead.until_stage("ended")
    named = (
        update(incident_table).where(incident_table.c.id == incident["id"]).values(lead=lead.number)
    )
    await town.store.change(named)
    late = await town.report(text="新华西街没水，赶紧修！")
    for _ in range(3):
        await town.job.step(datetime.now(UTC))
        await asyncio.sleep(0.05)
    shown = await town.shown(incident)
    assert (shown["members"], shown["merged"]) == (2, 1), "nobody is merged into one that is over"
    await late.until_stage("triage")
    async with asyncio.timeout(60):
        while (await merged.seen())["stage"] == "merged":
            await town.job.step(datetime.now(UTC) + timedelta(days=1, minutes=2))
            await asyncio.sleep(0.05)
    assert (await town.shown(incident))["members"] == 0


async def test_what_a_person_merged_elsewhere_gets_no_answer_of_the_incident(town: Town) -> None:
    incident = await town.declare()
    one = await town.report()
    await town.until(incident, started=1, merged=1)
    other = await town.file()
    await other.until_stage("handle")
    desk = await town.token(Role.DISPATCHER)
    apart = await one.act("unmerge", desk, {"reason": "是另一件事。"})
    assert apart.status_code == 200, apart.text
    merge = await one.act("merge", desk, {"into": other.number, "reason": "同一处管道。"})
    assert merge.status_code == 200, merge.text
    await _handled(
        town, Filed(town, {"number": incident["lead"], "access_code": "00000000"}), "好。"
    )
    await town.until(incident, members=0, taken_out=1)
    await town.job.step(datetime.now(UTC))
    assert (await one.seen())["stage"] == "merged"


async def test_a_dismissed_proposal_files_nothing_and_is_not_made_again_at_once(
    town: Town,
) -> None:
    for n in range(4):
        await town.report(text=f"新华西街 {n} 号停水了。")
    async with asyncio.timeout(60):
        while not (found := await _listed(town)):
            await town.job.step(datetime.now(UTC) + timedelta(seconds=2))
    [proposed] = found
    made = datetime.now(UTC) - timedelta(minutes=30)
    long_ago = update(incident_table).where(incident_table.c.id == proposed["id"])
    await town.store.change(long_ago.values(made_at=made))
    await town.done(Role.DISPATCHER, f"/incidents/{proposed['id']}/dismiss")
    for seconds in (5, 10):
        await town.job.step(datetime.now(UTC) + timedelta(seconds=seconds))
    assert await _listed(town) == [], "the same reports are still coming in"

    registered = select(func.count()).select_from(tables.intake)
    before = (await town.store.rows(registered))[0][0]
    body = outage(made.isoformat(), proposal=proposed["id"])
    headers = await town.token(Role.DISPATCHER)
    path = "/api/v1/cities/tongzhou/incidents"
    over = await town.http.post(path, json=body, headers=headers)
    assert problem(over) == (409, "incident_over")
    unknown = await town.http.post(path, json=body | {"proposal": "nothing"}, headers=headers)
    assert problem(unknown) == (404, "incident_not_found")
    assert (await town.store.rows(registered))[0][0] == before, "no ticket was filed for it"


async def test_members_do_not_get_what_is_answered_to_a_report_of_wrongdoing(town: Town) -> None:
    """A lead may turn out to be one after others were merged into it."""
    incident = await town.declare()
    one = await town.report()
    await town.until(incident, merged=1)
    accusing = await town.report(kind="report", text="举报新华西街供水站收钱才修。")
    await accusing.until_stage("triage")
    which = update(incident_table).where(incident_table.c.id == incident["id"])
    await town.store.change(which.values(lead=accusing.number))
    await town.until(incident, members=0)
    async with asyncio.timeout(60):
        while (await one.seen())["stage"] == "merged":
            await town.job.step(datetime.now(UTC))
            await asyncio.sleep(0.05)
    assert (await one.seen())["incident"] is None
