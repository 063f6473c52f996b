"""Tests of grid workers over HTTP: a day's work is taken once, whatever comes twice."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from temporalio.client import Client

from app.grid import workers
from domain.actors import Role
from domain.policy.permissions import Scope
from store.db.engine import Store
from store.db.grid_tables import diary, entry
from store.db.tables import view_log
from store.grid import entries as stored
from store.identity import tokens
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.grid_workers import CELL, HERE, OTHER, RULES, STREET, on_phone, sign_in, written


@pytest.fixture
async def gridded(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that has grid workers, on each database."""
    packs = city_with(tmp_path / "cities", grid=RULES)
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


@pytest.fixture
async def one_db(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open it on SQLite, for what does not depend on the database."""
    packs = city_with(tmp_path / "cities", grid=RULES)
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


def street(api: Api, unit: str = STREET) -> Any:
    return api.token(Role.OFFICER, unit)


async def ticket(api: Api, number: str) -> dict[str, Any]:
    """Return a ticket as staff see it, as soon as it is there."""
    async with asyncio.timeout(60):
        while True:
            headers = await api.token(Role.ADMIN)
            answer = await api.http.get(f"/api/v1/tickets/{number}", headers=headers)
            if answer.status_code == 200 and "complaint" in answer.json():
                return dict(answer.json())
            await asyncio.sleep(0.02)


async def until(api: Api, number: str, stage: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while (seen := await ticket(api, number))["stage"] != stage:
            await asyncio.sleep(0.02)
    return seen


async def test_a_day_of_200_entries_sent_twice_is_200(gridded: Api) -> None:
    worker = await on_phone(gridded)
    day = [written("diary", text=f"第{n}户：一切正常。") for n in range(199)]
    day.append(written("report", place=HERE))
    for _ in range(2):
        answers = [one for n in range(0, 200, 40) for one in await worker.send(*day[n : n + 40])]
        assert [one["id"] for one in answers] == [one["id"] for one in day]
        assert {(one["outcome"], one["settled"]) for one in answers} == {("kept", True)}
    kept = await gridded.store.first(select(func.count()).select_from(entry))
    texts = await gridded.store.first(select(func.count()).select_from(diary))
    assert (kept and kept[0], texts and texts[0]) == (200, 199)
    numbers = {one["number"] for one in answers if one["number"]}
    assert len(numbers) == 1


@pytest.mark.parametrize("said", [True, False])
@pytest.mark.parametrize("days", [-25_000, -400, -2, 2, 400])
async def test_what_a_phone_with_a_wrong_clock_wrote_is_kept_and_found(
    one_db: Api, days: int, said: bool
) -> None:
    worker = await on_phone(one_db)
    shown = datetime.now(UTC) + timedelta(days=days)
    early = written("diary", text="先写的。") | {"at": f"{shown - timedelta(hours=2)}"}
    late = written("diary", text="后写的。") | {"at": f"{shown - timedelta(hours=1)}"}
    answers = await worker.send(early, late, sent_at=shown if said else None)
    assert {one["outcome"] for one in answers} == {"kept"}
    found = await one_db.http.post(
        "/api/v1/grid/diary/search", json={"days": 7}, headers=await street(one_db)
    )
    texts = [one["text"] for one in found.json()["items"]]
    assert sorted(texts) == ["先写的。", "后写的。"]
    if said:
        assert texts == ["后写的。", "先写的。"], "the newest first, by the time that was lost"
        ages = [
            datetime.now(UTC) - datetime.fromisoformat(one["at"]) for one in found.json()["items"]
        ]
        assert [round(age / timedelta(hours=1)) for age in ages] == [1, 2]


async def test_batches_at_once_take_an_entry_once(gridded: Api) -> None:
    worker = await on_phone(gridded)
    report = written("report", place=HERE)
    answers = await asyncio.gather(*(worker.send(report) for _ in range(4)))
    assert len({answer[0]["number"] for answer in answers}) == 1
    assert {answer[0]["outcome"] for answer in answers} == {"kept"}


async def test_the_same_id_with_other_content_is_refused_and_the_first_stays(
    gridded: Api,
) -> None:
    worker = await on_phone(gridded)
    first = written("diary", text="井盖松动。")
    [kept, other] = await worker.send(first, first | {"text": "改过的内容。"})
    assert (kept["outcome"], other["outcome"], other["code"]) == (
        "kept",
        "refused",
        "entry_differs",
    )
    found = await gridded.http.post(
        "/api/v1/grid/diary/search", json={}, headers=await street(gridded)
    )
    assert [one["text"] for one in found.json()["items"]] == ["井盖松动。"]


@pytest.mark.must_work("tongzhou", "door-grid-worker")
@pytest.mark.must_work("tongzhou", "door-part-time")
async def test_reports_have_the_channel_of_who_reports_and_note_another_cell(
    gridded: Api,
) -> None:
    full = await on_phone(gridded, "grid.full")
    part = await on_phone(gridded, "grid.part", OTHER, full_time=False)
    mine = await full.send_until_settled(written("report", place=HERE))
    elsewhere = await part.send_until_settled(written("report", place=HERE))
    assert (mine["outside"], elsewhere["outside"]) == (False, True)
    assert elsewhere["outcome"] == "kept", "it is accepted, and noted"
    complaints = [(await ticket(gridded, one["number"]))["complaint"] for one in (mine, elsewhere)]
    assert [one["channel"] for one in complaints] == ["grid", "part_time_grid"]
    assert complaints[0]["place"]["area"] == CELL
    headers = await gridded.token(Role.DISPATCHER)
    path = f"/api/v1/tickets/{elsewhere['number']}/checks"
    assert (await gridded.http.get(path, headers=headers)).json()["outside"] is True


async def test_what_is_done_already_closes_in_one_step_with_a_pair_of_photos(
    gridded: Api,
) -> None:
    worker = await on_phone(gridded)
    before, after = await worker.picture("before"), await worker.picture("after")
    done = written("report", place=HERE, done="已当场清走垃圾，路面恢复整洁。", before=[before])
    [lacking] = await worker.send(done)
    assert (lacking["outcome"], lacking["code"]) == ("refused", "before_after_missing")
    kept = await worker.send_until_settled(done | {"after": [after]})
    assert kept["outcome"] == "kept"
    ended = await until(gridded, kept["number"], "ended")
    assert ended["outcome"] == "answered"
    [again] = await worker.send(done | {"after": [after]})
    assert again == kept
    headers = await gridded.token(Role.SUPERVISOR)
    files = await gridded.http.get(f"/api/v1/tickets/{kept['number']}/files", headers=headers)
    assert sorted(one["purpose"] for one in files.json()) == ["after", "before"]


async def test_bad_entries_are_refused_one_by_one(one_db: Api) -> None:
    worker = await on_phone(one_db)
    nowhere = written("report")
    outside = written("report", place={"lat": 0.0, "lon": 0.0})
    unknown = written("report", place={"area": "999999"})
    good = written("diary")
    answers = await worker.send(nowhere, outside, {"kind": "poem"}, unknown, good)
    told = [(one["outcome"], one["code"]) for one in answers]
    assert told == [
        ("refused", "place_without_area"),
        ("refused", "place_without_area"),
        ("refused", "invalid_request"),
        ("refused", "place_without_area"),
        ("kept", None),
    ]
    assert answers[0]["message"]
    [corrected] = await worker.send(nowhere | {"place": HERE})
    assert corrected["outcome"] == "kept", "corrected, it may come again under its id"


async def test_more_photos_than_one_report_takes_keep_nothing_else_back(one_db: Api) -> None:
    worker = await on_phone(one_db)
    some = [f"f{n:032x}" for n in range(21)]
    crowded = written("report", place=HERE, before=some[:11], after=some[11:])
    [refused, kept] = await worker.send(crowded, written("diary"))
    assert (refused["outcome"], refused["code"]) == ("refused", "too_many_files")
    assert refused["settled"], "sending it again would not help"
    assert kept["outcome"] == "kept"


async def test_filing_as_a_citizen_does_is_no_right_of_grid_workers(one_db: Api) -> None:
    worker = await on_phone(one_db)
    [kept] = await worker.send(written("report", place=HERE))
    assert kept["number"]
    body = {"city": "tongzhou", "text": "路灯不亮。"}
    answer = await worker.http.post("/api/v1/complaints", json=body, headers=worker.headers)
    assert problem(answer) == (403, "forbidden")


async def test_too_large_a_picture_is_refused_before_the_batch(one_db: Api) -> None:
    worker = await on_phone(one_db)
    limit = one_db.context.settings.photo_mb * 1024 * 1024
    answer = await worker.upload("before", b"\xff\xd8\xff" + bytes(limit + 1))
    assert problem(answer) == (413, "file_too_large")


async def test_whom_nobody_confirmed_sends_nothing(one_db: Api) -> None:
    worker = await on_phone(one_db, "grid.new", None, full_time=False)
    body = {"entries": [written("diary")]}
    answer = await worker.http.post("/api/v1/grid/entries", json=body, headers=worker.headers)
    assert problem(answer) == (403, "grid_worker_unconfirmed")
    assert problem(await worker.http.get("/api/v1/grid/day")) == (403, "grid_worker_unconfirmed")


async def test_a_part_time_worker_has_a_cap_for_the_day(one_db: Api) -> None:
    worker = await on_phone(one_db, full_time=False)
    answers = await worker.send(*(written("diary") for _ in range(32)))
    refused = [one["code"] for one in answers if one["outcome"] == "refused"]
    assert refused == ["grid_entry_cap"] * 2


@pytest.mark.must_work("tongzhou", "door-part-time")
async def test_a_resident_signs_up_and_the_street_confirms(gridded: Api) -> None:
    asked = {"city": "tongzhou", "cell": CELL, "name": "测试居民", "phone": "13800138000"}
    for _ in range(2):
        answer = await gridded.http.post("/api/v1/grid/sign-up", json=asked)
        assert (answer.status_code, answer.json()) == (202, {"received": True})
    path = "/api/v1/grid/workers"
    other = await gridded.http.get(path, headers=await street(gridded, OTHER))
    assert other.json()["waiting"] == []
    own = await street(gridded)
    [waiting] = (await gridded.http.get(path, headers=own)).json()["waiting"]
    assert (waiting["name"], waiting["phone"]) == ("测试居民", "13800138000")
    rows = select(view_log.c.unit, view_log.c.fields)
    assert await gridded.store.rows(rows) == [(STREET, "grid_sign_up")]
    _, secret = await tokens.issue(
        gridded.store, Role.OFFICER, STREET, "list", scopes=[Scope.READ], city="tongzhou"
    )
    reads = await gridded.http.get(path, headers={"Authorization": f"Bearer {secret}"})
    [masked] = reads.json()["waiting"]
    assert masked["id"] == waiting["id"]
    assert "测试居民" not in reads.text and "13800138000" not in reads.text
    confirm = f"/api/v1/grid/sign-ups/{waiting['id']}/confirm"
    stranger = await gridded.http.post(
        confirm, json={"login": "grid.wang"}, headers=await street(gridded, OTHER)
    )
    assert problem(stranger) == (404, "grid_request_not_found")
    made = await gridded.http.post(confirm, json={"login": "grid.wang"}, headers=own)
    assert made.status_code == 201, made.text
    phone = await sign_in(gridded, "grid.wang", made.json()["password"])
    changed = await phone.http.put(
        "/api/v1/session/password",
        json={"old": made.json()["password"], "new": "a password of my own 3!"},
        headers=phone.headers,
    )
    assert changed.status_code == 200, changed.text
    phone = await sign_in(gridded, "grid.wang", "a password of my own 3!")
    day = await phone.day()
    assert (day["cell"], day["full_time"]) == (CELL, False)
    listed = (await gridded.http.get(path, headers=own)).json()
    assert listed["waiting"] == []
    assert [one["account"] for one in listed["items"]] == ["grid.wang"]
    row = await gridded.store.first(select(func.count()).select_from(entry))
    assert row is not None
    ended = await gridded.http.post(f"{path}/{made.json()['id']}/end", json={}, headers=own)
    assert ended.status_code == 200, ended.text
    assert problem(await phone.http.get("/api/v1/grid/day")) == (403, "grid_worker_unconfirmed")


async def test_one_network_does_not_fill_the_list_for_all_others(
    one_db: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasts = 60  # days: `activities.retention`
    assert workers.PER_NETWORK_AND_DAY * lasts < workers._MOST_WAITING
    monkeypatch.setattr(workers, "PER_NETWORK", 9)
    monkeypatch.setattr(workers, "PER_NETWORK_AND_DAY", 2)

    async def asked(n: int, network: str) -> Any:
        body = {"city": "tongzhou", "cell": CELL, "name": "测试", "phone": f"1380013800{n}"}
        return await one_db.at(network).post("/api/v1/grid/sign-up", json=body)

    for n in range(2):
        assert (await asked(n, "198.51.100.7")).status_code == 202
    assert problem(await asked(2, "198.51.100.7")) == (429, "too_many_requests")
    assert (await asked(3, "198.51.100.8")).status_code == 202


async def test_a_diary_with_a_name_in_it_stays_private(gridded: Api) -> None:
    worker = await on_phone(gridded)
    named = written("diary", text="王阿姨说她家里最近总是停水，夜里也没有水可以用。")
    plain = written("diary", text="几位居民说早上水压低。")
    await worker.send(named, plain)
    raw = await gridded.store.rows(select(diary.c.sealed))
    assert not any("王阿姨".encode() in bytes(row.sealed) for row in raw)
    path, own = "/api/v1/grid/diary", await street(gridded)
    found = (await gridded.http.post(f"{path}/search", json={"words": "水"}, headers=own)).json()
    marks = {one["text"]: one["private"] for one in found["items"]}
    assert marks == {named["text"]: True, plain["text"]: False}
    others = await street(gridded, OTHER)
    none = (await gridded.http.post(f"{path}/search", json={}, headers=others)).json()
    assert none["items"] == []
    ids = [one["id"] for one in found["items"]]
    for text in (named["text"], "王阿姨反映停水。", "居民称家里最近总是停水，夜里也没有水可以用。"):
        body = {"entries": ids, "text": text}
        copied = await gridded.http.post(f"{path}/tickets", json=body, headers=own)
        assert problem(copied) == (422, "diary_copied")
    body = {"entries": ids, "text": "多户居民反映供水不足，请检查泵房。"}
    keyed = own | {"Idempotency-Key": "once"}
    made = [await gridded.http.post(f"{path}/tickets", json=body, headers=keyed) for _ in range(2)]
    assert [one.status_code for one in made] == [201, 201], made[0].text
    assert made[0].json()["number"] == made[1].json()["number"]
    complaint = (await ticket(gridded, made[0].json()["number"]))["complaint"]
    assert (complaint["channel"], complaint["public"]) == ("proactive", False)
    fed = (await gridded.http.post(f"{path}/search", json={"fed": True}, headers=own)).json()
    assert {one["number"] for one in fed["items"]} == {made[0].json()["number"]}
    reused = await gridded.http.post(
        f"{path}/tickets", json=body | {"text": "另一件事。"}, headers=keyed
    )
    assert problem(reused) == (422, "idempotency_key_reused")
    missing = {"entries": ["0" * 32], "text": "没有这一条。"}
    answer = await gridded.http.post(f"{path}/tickets", json=missing, headers=own)
    assert problem(answer) == (404, "diary_entry_not_found")


async def test_a_search_says_that_it_did_not_look_through_all(
    one_db: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.grid.diary._MOST_READ", 2)
    worker, path, who = await on_phone(one_db), "/api/v1/grid/diary/search", await street(one_db)
    for text, more in (("井盖松动。", False), ("水压低。", False), ("路灯坏了。", True)):
        await worker.send(written("diary", text=text))
        answer = await one_db.http.post(path, json={"words": "井盖"}, headers=who)
        assert answer.json()["more"] is more, text


async def test_a_phone_whose_clock_is_years_behind_loses_nothing(one_db: Api) -> None:
    worker = await on_phone(one_db)
    await worker.send(written("diary", at="2001-01-01T00:00:00Z", text="时钟错了。"))
    answer = await one_db.http.post(
        "/api/v1/grid/diary/search", json={"days": 1}, headers=await street(one_db)
    )
    assert [one["text"] for one in answer.json()["items"]] == ["时钟错了。"]


async def test_a_worker_looks_at_a_place_and_the_answer_stands_at_the_ticket(
    gridded: Api,
) -> None:
    filed: Filed = await gridded.file(place=HERE)
    await filed.until_stage("handle")
    path, who = f"{filed.path}/checks", await gridded.token(Role.DISPATCHER)
    asked = {"moment": "closing", "question": "河水还黑吗？有事打 13800138000。"}
    made = await gridded.http.post(path, json=asked, headers=who | {"Idempotency-Key": "a"})
    again = await gridded.http.post(path, json=asked, headers=who | {"Idempotency-Key": "a"})
    assert made.status_code == 201, made.text
    assert made.json()["id"] == again.json()["id"]
    other = asked | {"question": "别的问题？"}
    reused = await gridded.http.post(path, json=other, headers=who | {"Idempotency-Key": "a"})
    assert problem(reused) == (422, "idempotency_key_reused")
    worker = await on_phone(gridded)
    [task] = (await worker.day())["checks"]
    assert task["question"] == "河水还黑吗？有事打 ▇▇▇。"
    assert filed.number not in str(task)
    answer = written("check", check=task["id"], seen="done", note="水已清。", **HERE)
    [blind] = await worker.send(answer | {"photos": []})
    assert (blind["code"], blind["outcome"]) == ("invalid_request", "refused")
    photo = await worker.picture("evidence")
    elsewhere = await on_phone(gridded, "grid.elsewhere", "110112002")
    theirs = await elsewhere.picture("evidence")
    [unknown] = await elsewhere.send(answer | {"photos": [theirs]})
    assert unknown["code"] == "check_not_found", "it is on another street's list"
    far = answer | {"photos": [photo], "lat": 40.1}
    [refused] = await worker.send(far)
    assert refused["code"] == "not_on_the_spot"
    for _ in range(2):
        [kept] = await worker.send(answer | {"photos": [photo]})
        assert kept["outcome"] == "kept"
    [check] = (await gridded.http.get(path, headers=who)).json()["items"]
    assert (check["seen"], check["note"], check["metres"]) == ("done", "水已清。", 0)
    assert len(check["photos"]) == 1
    assert (await worker.day())["checks"] == []
    late = await on_phone(gridded, "grid.late")
    [second] = await late.send(
        written("check", check=task["id"], seen="there", photos=[await late.picture("evidence")])
        | HERE
    )
    assert second["code"] == "check_answered"
    assert problem(await gridded.http.get(path, headers=filed.citizen)) == (401, "unauthenticated")
    stranger = await gridded.http.post(path, json=asked, headers=await street(gridded))
    assert problem(stranger) == (404, "ticket_not_found")


async def test_an_unfinished_entry_is_finished_when_it_is_sent_again(one_db: Api) -> None:
    """The engine could not be asked: the phone keeps the entry, and sends it again."""
    worker = await on_phone(one_db)
    pair = {"before": [await worker.picture("before")], "after": [await worker.picture("after")]}
    done = written("report", place=HERE, done="已当场处理。", **pair)
    engine = one_db.context.engine
    acting = engine.act

    async def away(*_: Any) -> Any:
        from app.sending.call_errors import EngineUnavailable

        raise EngineUnavailable()

    object.__setattr__(engine, "act", away)
    [first] = await worker.send(done)
    assert (first["outcome"], first["settled"]) == ("kept", False)
    object.__setattr__(engine, "act", acting)
    [second] = await worker.send(done)
    assert (second["number"], second["settled"]) == (first["number"], True)
    await until(one_db, second["number"], "ended")
    row = await stored.of_ticket(one_db.store, second["number"])
    assert row is not None
    assert row.settled


@pytest.fixture
async def without(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that has no grid workers."""
    packs = city_with(tmp_path / "cities", grid=None)
    async with serve_api(tmp_path, sqlite_store, client, packs) as api:
        yield api


async def test_a_city_without_grid_workers_has_none_of_it(without: Api) -> None:
    asked = {"city": "tongzhou", "cell": STREET, "name": "测试", "phone": "13800138000"}
    answer = await without.http.post("/api/v1/grid/sign-up", json=asked)
    assert problem(answer) == (409, "not_in_this_city")
    listed = await without.http.get("/api/v1/grid/workers", headers=await street(without))
    assert problem(listed) == (409, "not_in_this_city")
    assert "不接受居民报名" in (await without.http.get("/grid/join")).text
