"""Tests of rewards over HTTP: points of receipts and wallets, prizes, what is held, the ledger."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import text
from temporalio.client import Client

from app.rewards.purses import WRONG_CODES
from domain.actors import Role
from runtime.names import LAPSE_WORKFLOW, REWARDS_WORKFLOW, TICKETS
from store.db.engine import Store
from store.rewards import checks
from tests.api.running_api import COMPLAINT, Api, Filed, problem, serve_api
from tests.support.engine import platform
from tests.support.media import a_photo
from tests.support.people import signed_in
from tests.support.rewarding_city import a_right_report, rewarding, run_job, until_closed


@pytest.fixture
async def city(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    packs = rewarding(tmp_path / "cities")
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, sqlite_store, client, running.packs) as opened,
    ):
        yield opened
        assert await checks.faults(sqlite_store, "tongzhou") == []


async def rewarded(api: Api, **changes: Any) -> Filed:
    """Return a report whose points are granted."""
    ticket = await a_right_report(api, **changes)
    await run_job(api)
    assert (await points(ticket))["state"] == "granted"
    return ticket


async def points(ticket: Filed) -> dict[str, Any]:
    answer = await ticket.api.http.get(f"{ticket.path}/reward", headers=ticket.citizen)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def choose(ticket: Filed, prize: str, **headers: str) -> httpx.Response:
    return await ticket.act("reward/prizes", ticket.citizen, {"prize": prize}, **headers)


async def fetch(api: Api, code: str, unit: str = "market") -> httpx.Response:
    headers = await api.officer(unit)
    return await api.http.post("/api/v1/prizes/fetched", json={"code": code}, headers=headers)


@pytest.mark.must_work("jinan", "prizes")
async def test_a_snapshot_that_was_right_becomes_a_bag_of_salt(city: Api) -> None:
    ticket = await city.handled(channel="snapshot")
    before = await points(ticket)
    assert (before["rewarded"], before["state"], before["purse"]["balance"]) == (True, None, 0)
    await ticket.rate()
    await until_closed(ticket)
    await run_job(city)
    await run_job(city)
    after = await points(ticket)
    assert (after["state"], after["points"], after["purse"]["balance"]) == ("granted", 10, 10)
    chosen = await choose(ticket, "salt")
    assert chosen.status_code == 201, chosen.text
    assert chosen.json()["balance"] == 0
    code = chosen.json()["code"]
    typed = code.lower().replace("-", " ")
    handed_out = await fetch(city, typed)
    assert handed_out.status_code == 200, handed_out.text
    assert (handed_out.json()["prize"], handed_out.json()["state"]) == ("salt", "fetched")
    assert ticket.number not in handed_out.text
    assert problem(await fetch(city, code)) == (409, "prize_fetched")


async def test_the_engine_runs_the_jobs(city: Api, client: Client) -> None:
    ticket = await a_right_report(city)
    for name in (REWARDS_WORKFLOW, REWARDS_WORKFLOW, LAPSE_WORKFLOW):
        await client.execute_workflow(
            name, id=f"test/{name}/{ticket.number}", task_queue=TICKETS, result_type=int
        )
        assert (await points(ticket))["purse"]["balance"] == 10


async def test_a_prize_is_refused_for_a_clear_reason(city: Api) -> None:
    ticket, other = await rewarded(city), await rewarded(city)
    assert problem(await choose(ticket, "gold")) == (422, "unknown_prize")
    assert problem(await choose(ticket, "tea")) == (409, "points_short")
    assert problem(await choose(ticket, "old")) == (409, "prize_ended")
    code = (await choose(ticket, "salt")).json()["code"]
    assert problem(await choose(other, "salt")) == (409, "prize_out_of_stock")
    assert problem(await fetch(city, code, "water")) == (403, "prize_of_another_unit")
    assert problem(await fetch(city, "00000-00000")) == (404, "unknown_prize_code")
    (mine,) = (await points(ticket))["purse"]["prizes"]
    path = f"reward/prizes/{mine['id']}"
    strangers = await city.http.delete(f"{other.path}/{path}", headers=other.citizen)
    assert problem(strangers) == (404, "redemption_not_found")
    given_up = await city.http.delete(f"{ticket.path}/{path}", headers=ticket.citizen)
    assert given_up.json()["balance"] == 10
    assert problem(await fetch(city, code)) == (409, "prize_cancelled")
    left = (await city.http.get("/api/v1/cities/tongzhou/rewards")).json()["prizes"]
    assert [(prize["code"], prize["left"]) for prize in left] == [("salt", 1), ("tea", 500)]


async def test_only_the_receipt_opens_its_points(city: Api) -> None:
    ticket = await rewarded(city)
    for headers in (ticket.stranger, {}, await city.token(Role.ADMIN), await city.officer()):
        for path in ("reward", "reward/prizes", "reward/wallet"):
            method = "GET" if path == "reward" else "POST"
            answer = await city.http.request(
                method, f"{ticket.path}/{path}", headers=headers, json={"prize": "salt"}
            )
            assert answer.status_code in (401, 404), (path, answer.text)
    assert (await points(ticket))["purse"]["balance"] == 10


async def test_receipts_are_joined_in_a_wallet_without_a_name(city: Api) -> None:
    first, second = await rewarded(city), await rewarded(city)
    key = {"Idempotency-Key": "k1"}
    made = await first.act("reward/wallet", first.citizen, {}, **key)
    code = made.json()["wallet_code"]
    again = await first.act("reward/wallet", first.citizen, {}, **key)
    assert again.json()["wallet_code"] == code, "an answer that was lost is given again"
    joined = await second.act("reward/wallet", second.citizen, {"wallet_code": code})
    assert joined.json()["wallet_code"] is None
    assert joined.json()["purse"] == {
        "city": "tongzhou", "balance": 20, "receipts": 2, "prizes": [],
    }  # fmt: skip
    assert (await points(first))["purse"] is None
    assert problem(await choose(first, "salt")) == (409, "receipt_joined")
    elsewhere = await first.act("reward/wallet", first.citizen, {})
    assert problem(elsewhere) == (409, "receipt_joined")
    wallet = {"Wallet-Code": code.lower()}
    chosen = await city.http.post("/api/v1/wallet/prizes", json={"prize": "tea"}, headers=wallet)
    assert chosen.status_code == 201, chosen.text
    shown = (await city.http.get("/api/v1/wallet", headers=wallet)).json()
    assert (shown["balance"], shown["prizes"][0]["prize"]) == (5, "tea")
    path = f"/api/v1/wallet/prizes/{shown['prizes'][0]['id']}"
    assert (await city.http.delete(path, headers=wallet)).json()["balance"] == 20
    assert problem(await fetch(city, chosen.json()["code"])) == (409, "prize_cancelled")


async def test_wrong_wallet_codes_are_counted(city: Api) -> None:
    for _ in range(WRONG_CODES):
        answer = await city.http.get("/api/v1/wallet", headers={"Wallet-Code": "0" * 16})
        assert problem(answer) == (404, "wrong_wallet_code")
    answer = await city.http.get("/api/v1/wallet", headers={"Wallet-Code": "0" * 16})
    assert problem(answer) == (429, "too_many_attempts")


async def test_wrong_prize_codes_are_counted(city: Api) -> None:
    answers = [problem(await fetch(city, "00000-00000"))[1] for _ in range(21)]
    assert answers == ["unknown_prize_code"] * 20 + ["too_many_attempts"]
    assert problem(await fetch(city, "00000-00000", "water"))[1] == "unknown_prize_code"


async def test_the_same_key_is_one_choice_and_no_other(city: Api) -> None:
    ticket = await rewarded(city)
    key = {"Idempotency-Key": "the-same"}
    first, again = await choose(ticket, "salt", **key), await choose(ticket, "salt", **key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["code"] == again.json()["code"]
    assert problem(await choose(ticket, "tea", **key)) == (422, "idempotency_key_reused")
    made = await ticket.act("reward/wallet", ticket.citizen, {}, **key)
    wallet = {"Wallet-Code": made.json()["wallet_code"], "Idempotency-Key": "x"}
    bought = await city.http.post("/api/v1/wallet/prizes", json={"prize": "tea"}, headers=wallet)
    assert problem(bought) == (409, "points_short")


async def _photo(api: Api, **options: Any) -> str:
    answer = await api.http.post("/api/v1/files", content=a_photo(**options))
    return str(answer.json()["reference"])


@pytest.mark.must_work("jinan", "abuse")
async def test_a_picture_sent_by_two_people_waits_for_a_person(city: Api) -> None:
    first = await a_right_report(city, files=[await _photo(city)])
    second = await a_right_report(city, files=[await _photo(city, quality=60)])
    await run_job(city)
    assert (await points(first))["state"] == "granted"
    shown = await points(second)
    assert (shown["state"], shown["reasons"]) == ("held", []), "a sign would say how to avoid it"
    dispatcher = await city.token(Role.DISPATCHER, city="tongzhou")
    path = "/api/v1/cities/tongzhou/rewards/held"
    (held,) = (await city.http.get(path, headers=dispatcher)).json()["items"]
    assert (held["number"], held["reasons"]) == (second.number, ["same_picture"])
    assert held["alike"] == [first.number]
    decided = {"release": True, "reason": "两人同时路过，均为本人拍摄。"}
    for role, code in ((Role.DESK, "forbidden"), (Role.AUDITOR, "forbidden")):
        headers = await city.token(role)
        assert problem(await city.http.get(path, headers=headers)) == (403, code)
        assert problem(await second.act("reward/decision", headers, decided)) == (403, code)
    strangers = await city.token(Role.DISPATCHER, city="heping")
    assert problem(await city.http.get(path, headers=strangers)) == (403, "not_your_city")
    assert problem(await second.act("reward/decision", strangers, decided))[0] == 404
    done = await second.act("reward/decision", dispatcher, decided)
    assert done.json()["state"] == "granted"
    again = await second.act("reward/decision", dispatcher, decided)
    assert problem(again) == (409, "reward_not_held")
    assert (await points(second))["purse"]["balance"] == 10


async def test_the_ledger_says_everything_but_whose_points_they_are(city: Api) -> None:
    ticket = await rewarded(city)
    made = await ticket.act("reward/wallet", ticket.citizen, {})
    wallet = {"Wallet-Code": made.json()["wallet_code"]}
    chosen = await city.http.post("/api/v1/wallet/prizes", json={"prize": "salt"}, headers=wallet)
    await fetch(city, chosen.json()["code"])
    path = "/api/v1/cities/tongzhou/rewards/ledger"
    for role in (Role.SUPERVISOR, Role.AUDITOR, Role.ADMIN):
        answer = await city.http.get(path, headers=await city.token(role))
        shown = answer.json()
        assert [one["kind"] for one in shown["entries"]] == ["grant", "redeem", "fetch"]
        assert shown["entries"][0]["number"] == ticket.number
        assert [one["number"] for one in shown["entries"][1:]] == [None, None]
        assert (shown["granted"], shown["citizens"], shown["handed_out"]) == (10, 0, 10)
        [salt] = shown["stock"]
        assert (salt["prize"], salt["promised"], salt["given"]) == ("salt", 0, 1)
        assert salt["supplied"] == salt["left"] + 1
        assert "wallet" not in answer.text
        assert "receipt" not in answer.text
    first = (await city.http.get(f"{path}?limit=2", headers=await city.token(Role.ADMIN))).json()
    assert len(first["entries"]) == 2
    more = await city.http.get(
        f"{path}?cursor={first['next_cursor']}", headers=await city.token(Role.ADMIN)
    )
    assert [one["kind"] for one in more.json()["entries"]] == ["fetch"]
    refused = await city.http.get(path, headers=await city.token(Role.DISPATCHER))
    assert problem(refused) == (403, "forbidden")


async def test_a_report_of_wrongdoing_earns_nothing_and_says_so(city: Api) -> None:
    report = await city.file(channel="snapshot", kind="report")
    shown = await points(report)
    assert (shown["rewarded"], shown["state"]) == (False, None)


async def test_a_city_without_rewards_has_none(api: Api) -> None:
    shown = (await api.http.get("/api/v1/cities/tongzhou/rewards")).json()
    assert (shown["rules"], shown["prizes"]) == ([], [])
    assert problem(await api.http.get("/api/v1/cities/nowhere/rewards")) == (422, "unknown_city")
    jinan = (await api.http.get("/api/v1/cities/jinan/rewards")).json()
    assert [rule["code"] for rule in jinan["rules"]] == ["RW01", "RW02"]


async def test_the_network_of_a_snapshot_is_known_for_a_while(city: Api) -> None:
    statement = text("SELECT number, network FROM filing_network")
    async with city.at("203.0.113.7") as there:
        body = {"city": "tongzhou", "text": "河水又黑又臭。", "category": "0301"}
        snapshot = await there.post("/api/v1/complaints", json=body | {"channel": "snapshot"})
        other = await there.post("/api/v1/complaints", json=body)
        report = await there.post(
            "/api/v1/complaints", json=body | {"channel": "snapshot", "kind": "report"}
        )
    assert {answer.status_code for answer in (snapshot, other, report)} == {201}
    rows = await city.store.rows(statement)
    assert [row.number for row in rows] == [snapshot.json()["number"]]
    assert "203.0.113.7" not in rows[0].network


async def test_who_filed_a_report_does_not_release_its_points(city: Api) -> None:
    who = await signed_in(city, Role.DISPATCHER, city="tongzhou")
    dispatcher = who.cookie | {"X-CSRF-Token": who.csrf}
    body = COMPLAINT | {"channel": "snapshot"}
    filed = await city.http.post("/api/v1/complaints", json=body, headers=dispatcher)
    ticket = Filed(city, filed.json())
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    assert (await ticket.rate()).status_code == 200
    await until_closed(ticket)
    await run_job(city)
    assert (await points(ticket))["state"] == "held"
    decided = {"release": True, "reason": "本人确认。"}
    own = await ticket.act("reward/decision", dispatcher, decided)
    assert problem(own) == (409, "own_request")
    assert (await points(ticket))["state"] == "held"
    other = await city.token(Role.SUPERVISOR, city="tongzhou")
    assert (await ticket.act("reward/decision", other, decided)).json()["state"] == "granted"
