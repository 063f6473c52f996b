"""Tests of patrols over HTTP: who walks, what is refused, what is found, drawn and evaluated."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from temporalio.client import Client

from domain.actors import Role
from domain.pack.patrols import Route
from domain.patrol.rounds import PatrolRound
from store.db.engine import Store
from store.patrols import rounds
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.cities import SHIPPED
from tests.support.engine import platform
from tests.support.media import saved
from tests.support.patrols import as_sent, honest, open_round

PATROLS = "/api/v1/patrols"
CITY = "jinan"
ROUTE = SHIPPED.get(CITY).patrols.routes[0]
FOUND = {"text": "河面有漂浮垃圾。", "category": "0302", "place": {"address": "小清河北岸二号排口"}}


@pytest.fixture
async def river(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    async with (
        platform(client, sqlite_store, SHIPPED) as running,
        serve_api(tmp_path, running.store, client, SHIPPED) as api,
    ):
        yield api


async def keeper(api: Api, unit: str = "river-keepers") -> dict[str, str]:
    return await api.token(Role.GRID_WORKER, unit, CITY)


async def officer(api: Api, unit: str) -> dict[str, str]:
    return await api.token(Role.OFFICER, unit, CITY)


async def a_round(api: Api, route: Route = ROUTE, **more: Any) -> PatrolRound:
    return await open_round(api.store, CITY, route, datetime.now(UTC), **more)


async def photo(api: Api, who: dict[str, str], shade: int) -> str:
    content = saved(Image.new("RGB", (64, 48), (shade, 40, 90)), "JPEG")
    answer = await api.http.post(
        "/api/v1/files?purpose=evidence",
        content=content,
        headers=who | {"Content-Type": "image/jpeg"},
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["reference"])


async def send(
    api: Api, of: PatrolRound, who: dict[str, str], body: dict[str, Any]
) -> httpx.Response:
    return await api.http.post(f"{PATROLS}/{of.id}/stamps", json=body, headers=who)


async def finish(api: Api, of: PatrolRound, who: dict[str, str], **said: int) -> dict[str, Any]:
    answer = await api.http.post(f"{PATROLS}/{of.id}/finish", json=said, headers=who)
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


async def walked(
    api: Api, of: PatrolRound, who: dict[str, str], route: Route = ROUTE
) -> dict[str, Any]:
    """Walk a round an hour ago, send it now, and finish it."""
    now = datetime.now(UTC)
    body = as_sent(honest(route, now - timedelta(hours=1), tag="walk"), now)
    asked = [point.code for point in route.points if point.photo]
    for n, code in enumerate(asked):
        first = next(one for one in body["stamps"] if one["point"] == code)
        first["photos"] = [await photo(api, who, 20 + 60 * n)]
    answer = await send(api, of, who, body)
    assert answer.status_code == 200, answer.text
    assert [one["code"] for one in answer.json()["stamps"]] == [None] * len(body["stamps"])
    return await finish(api, of, who)


async def find(
    api: Api, of: PatrolRound, who: dict[str, str], body: dict[str, Any] = FOUND, key: str = "k1"
) -> httpx.Response:
    headers = who | {"Idempotency-Key": key}
    return await api.http.post(f"{PATROLS}/{of.id}/findings", json=body, headers=headers)


@pytest.mark.must_work("jinan", "patrols")
async def test_a_grid_worker_walks_the_rounds_of_the_unit(river: Api) -> None:
    who = await keeper(river)
    made = await a_round(river)
    listed = await river.http.get(PATROLS, headers=who)
    assert [one["id"] for one in listed.json()["items"]] == [made.id]
    done = await walked(river, made, who)
    assert (done["state"], done["doubts"]) == ("proved", [])
    assert len(done["photos"]) == 2
    shown = await river.http.get(done["photos"][0]["thumbnail_url"])
    assert shown.headers["content-type"] == "image/jpeg"
    assert (await river.http.get(PATROLS, headers=who)).json()["items"] == []


async def test_a_round_that_arrives_after_its_window_is_judged_by_the_phone_s_time(
    river: Api,
) -> None:
    who = await keeper(river)
    now = datetime.now(UTC)
    made = await open_round(river.store, CITY, ROUTE, now - timedelta(hours=4))
    body = as_sent(honest(ROUTE, now - timedelta(hours=5), tag="off"), now)
    for n, code in enumerate(point.code for point in ROUTE.points if point.photo):
        first = next(one for one in body["stamps"] if one["point"] == code)
        first["photos"] = [await photo(river, who, 20 + 60 * n)]
    for _ in range(2):  # its answer was lost
        sent = await send(river, made, who, body)
        assert [one["code"] for one in sent.json()["stamps"]] == [None] * 6
    said = sent.json()["round"]
    assert [one["kept"] for one in said["stamps"]] == [True] * 6
    assert all(point["kept_until"] > point["left_at"] for point in said["points"])
    done = await finish(river, made, who, attempt=said["attempt"])
    assert (done["state"], done["doubts"], len(done["photos"])) == ("proved", [], 2)
    again = await finish(river, made, who, attempt=said["attempt"])
    assert (again["state"], again["finished_at"]) == ("proved", done["finished_at"])


async def test_a_finish_sent_twice_does_not_finish_the_next_walk(river: Api) -> None:
    who = await keeper(river)
    made = await a_round(river)
    now = datetime.now(UTC)
    stamps = honest(ROUTE, now - timedelta(hours=1), tag="a")
    await send(river, made, who, as_sent(stamps[:2], now))
    first = await finish(river, made, who, attempt=1)
    assert (first["state"], first["attempt"]) == ("unproved", 2)
    begun = honest(ROUTE, now - timedelta(minutes=30), tag="b")
    await send(river, made, who, as_sent(begun[:2], now))
    again = await finish(river, made, who, attempt=1)
    assert (again["attempt"], again["finished_at"]) == (2, first["finished_at"])
    assert again["points"][0]["came_at"] is not None, "the second walk goes on"
    second = await finish(river, made, who, attempt=2)
    assert second["attempt"] == 3


async def test_a_clock_that_was_put_back_before_sending_is_a_doubt(river: Api) -> None:
    who = await keeper(river)
    made = await a_round(river)
    now = datetime.now(UTC)
    # By a clock that ran ahead: made an hour later than it says that it sends them.
    await send(river, made, who, as_sent(honest(ROUTE, now + timedelta(hours=1)), now))
    done = await finish(river, made, who)
    assert "clock_off" in {one["code"] for one in done["doubts"]}


async def test_a_round_from_a_desk_says_why_it_is_not_proved(river: Api) -> None:
    who = await keeper(river)
    made = await a_round(river)
    now = datetime.now(UTC)
    body = as_sent(honest(ROUTE, now - timedelta(hours=1)), now)
    for one in body["stamps"]:
        one |= {"lat": 36.6501, "lon": 117.1202, "at": now.isoformat()}
    assert (await send(river, made, who, body)).status_code == 200
    done = await finish(river, made, who)
    assert done["state"] == "unproved"
    codes = {doubt["code"] for doubt in done["doubts"]}
    assert codes == {
        "too_far",
        "too_short",
        "photo_missing",
        "place_stands_still",
        "time_stands_still",
    }
    again = await walked(river, made, who)
    assert again["state"] == "proved"
    assert len(again["stamps"]) == 12


async def test_a_wrong_clock_a_wrong_order_and_a_wrong_point_are_said(river: Api) -> None:
    who = await keeper(river)
    made = await a_round(river)
    now = datetime.now(UTC)
    stamps = honest(ROUTE, now - timedelta(hours=1))
    body = as_sent(stamps, now - timedelta(minutes=30))
    body["stamps"][0]["at"] = (now - timedelta(hours=9)).isoformat()
    body["stamps"][1]["point"] = "P9"
    answer = await send(river, made, who, body)
    said = [one["code"] for one in answer.json()["stamps"]]
    assert said == ["round_not_open", "unknown_point", None, None, None, None]
    doubts = (await finish(river, made, who))["doubts"]
    assert {"code": "clock_off", "point": "P2"} in doubts
    assert {"code": "point_missing", "point": "P1"} in doubts


async def test_the_same_photo_is_refused_the_second_time(river: Api) -> None:
    who = await keeper(river)
    made = await a_round(river)
    now = datetime.now(UTC)
    body = as_sent(honest(ROUTE, now - timedelta(hours=1)), now)
    for one in (body["stamps"][0], body["stamps"][4]):
        one["photos"] = [await photo(river, who, 77)]
    answer = await send(river, made, who, body)
    said = [one["code"] for one in answer.json()["stamps"]]
    assert said == [None, None, None, None, "same_photo", None]


async def test_a_photo_of_nobody_is_refused_with_its_stamp_alone(river: Api) -> None:
    who = await keeper(river)
    made = await a_round(river)
    now = datetime.now(UTC)
    body = as_sent(honest(ROUTE, now - timedelta(hours=1)), now)
    body["stamps"][2]["photos"] = [f"{'f' + '0' * 32}.{'a' * 32}"]
    answer = await send(river, made, who, body)
    assert answer.status_code == 200, answer.text
    said = [one["code"] for one in answer.json()["stamps"]]
    assert said == [None, None, "unknown_file", None, None, None]


async def test_before_its_window_nothing_of_a_round_is_walked(river: Api) -> None:
    who = await keeper(river)
    later = datetime.now(UTC) + timedelta(hours=5)
    made = await open_round(river.store, CITY, ROUTE, later)
    now = datetime.now(UTC)
    body = as_sent(honest(ROUTE, now), now)
    assert problem(await send(river, made, who, body)) == (409, "round_not_open")
    assert problem(await find(river, made, who)) == (409, "round_not_open")


async def test_others_do_not_walk_it_and_do_not_see_it(river: Api) -> None:
    made = await a_round(river)
    here = f"{PATROLS}/{made.id}"
    now = datetime.now(UTC)
    body = as_sent(honest(ROUTE, now - timedelta(hours=1)), now)
    stranger = await keeper(river, "lamps-station")
    assert problem(await river.http.get(here, headers=stranger)) == (404, "round_not_found")
    assert problem(await send(river, made, stranger, body)) == (404, "round_not_found")
    chief = await officer(river, "370105014")
    assert (await river.http.get(here, headers=chief)).status_code == 200
    assert problem(await send(river, made, chief, body)) == (403, "not_your_unit")
    supervisor = await river.token(Role.SUPERVISOR)
    assert (await river.http.get(here, headers=supervisor)).status_code == 200
    assert problem(await send(river, made, supervisor, body)) == (403, "forbidden")
    missing = await river.http.get(f"{PATROLS}/{CITY}.XQ01.19990101", headers=supervisor)
    assert problem(missing) == (404, "round_not_found")


@pytest.mark.must_work("jinan", "findings")
async def test_a_finding_needs_a_place_and_becomes_one_ticket(river: Api) -> None:
    who = await keeper(river)
    made = await a_round(river)
    nowhere = await find(river, made, who, {"text": "有油污。"})
    assert problem(nowhere) == (422, "finding_without_place")
    first = await find(river, made, who)
    assert first.status_code == 201, first.text
    again = await find(river, made, who)
    assert again.json() == first.json()
    assert problem(await find(river, made, who, FOUND | {"text": "别的。"})) == (
        422,
        "idempotency_key_reused",
    )
    number = first.json()["number"]
    auditor = await river.token(Role.AUDITOR)
    ticket = await river.http.get(f"/api/v1/tickets/{number}", headers=auditor)
    complaint = ticket.json()["complaint"]
    assert (complaint["channel"], complaint["place"]["area"]) == ("inspection", "370105014")
    shown = await river.http.get(f"{PATROLS}/{made.id}", headers=who)
    assert shown.json()["findings"] == [number]


async def test_a_finding_that_has_become_a_report_is_kept_from_whom_it_accuses(
    river: Api,
) -> None:
    who = await keeper(river)
    made = await a_round(river)
    accusing, other = [(await find(river, made, who, key=f"k{n}")).json() for n in range(2)]
    said = {"units": ["river-keepers"]}
    done = await Filed(river, accusing).by(Role.DISPATCHER, "accuse", said)
    assert done.status_code == 200, done.text

    async def found(reader: dict[str, str]) -> set[str]:
        shown = await river.http.get(f"{PATROLS}/{made.id}", headers=reader)
        return set(shown.json()["findings"])

    both = {accusing["number"], other["number"]}
    assert await found(who) == {other["number"]}
    assert await found(await officer(river, "370105")) == both
    assert await found(await river.token(Role.SUPERVISOR)) == both


async def test_chiefs_on_three_levels_see_their_river_and_its_problem_rate(river: Api) -> None:
    who = await keeper(river)
    made = await a_round(river)
    receipts = [(await find(river, made, who, key=f"k{n}")).json() for n in range(2)]
    auditor = await river.token(Role.AUDITOR)
    for unit in ("370105", "370105014", "370105014901"):
        seen = await _overview(river, await officer(river, unit))
        (reach,) = seen["reaches"]
        assert (reach["code"], reach["found"], reach["handled"], reach["rate"]) == (
            "xiaoqing-beiyuan",
            2,
            0,
            0.0,
        )
        assert {one["number"] for one in seen["findings"]} == {one["number"] for one in receipts}
    other = await _overview(river, await officer(river, "370112018"))
    assert [reach["code"] for reach in other["reaches"]] == ["jinxiu-zhonggong"]
    assert other["findings"] == other["newest"] == []
    ticket = Filed(river, receipts[0])
    kept = await river.http.get(f"/api/v1/tickets/{ticket.number}", headers=auditor)
    assert kept.json()["assignments"][0]["unit"] == "river-keepers"
    done = await river.http.post(
        f"/api/v1/assignments/{ticket.number}-1/complete",
        json={"reply": "已打捞。"},
        headers=await officer(river, "river-keepers"),
    )
    assert done.status_code == 200, done.text
    (reach,) = (await _overview(river, await officer(river, "370105")))["reaches"]
    assert (reach["handled"], reach["rate"]) == (1, 50.0)
    assert len((await _overview(river, await river.token(Role.SUPERVISOR)))["reaches"]) == 3


async def _overview(api: Api, who: dict[str, str]) -> dict[str, Any]:
    answer = await api.http.get(f"{PATROLS}/overview", headers=who)
    assert answer.status_code == 200, answer.text
    seen: dict[str, Any] = answer.json()
    return seen


async def test_who_is_told_of_a_missed_round_sees_it_on_top(river: Api) -> None:
    made = await a_round(river)
    patrols = SHIPPED.get(CITY).patrols
    for hours, told in ((3, {"river-keepers", "370105014901"}), (27, {"370105014"})):
        await rounds.climb(river.store, CITY, patrols, made.starts + timedelta(hours=hours + 2))
        for unit in ("river-keepers", "370105014901", "370105014", "370105"):
            seen = await _overview(river, await officer(river, unit))
            assert [one["id"] for one in seen["missed"]] == [made.id]
            if unit in told:
                assert [one["id"] for one in seen["told"]] == [made.id]
        district = await _overview(river, await officer(river, "370105"))
        assert district["told"] == []
    (missed,) = (await _overview(river, await river.token(Role.SUPERVISOR)))["missed"]
    assert [rung["told"] for rung in missed["rungs"]] == [
        ["river-keepers", "370105014901"],
        ["370105014"],
    ]


async def test_a_missed_round_is_told_however_many_rounds_there_have_been_since(
    river: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.patrols.watching._MOST", 2)
    monkeypatch.setattr("app.patrols.watching._NEWEST", 2)
    patrols = SHIPPED.get(CITY).patrols
    now = datetime.now(UTC)
    old = await open_round(river.store, CITY, ROUTE, now - timedelta(days=9))
    await rounds.climb(river.store, CITY, patrols, now - timedelta(days=8))
    for day in range(3):
        await open_round(river.store, CITY, ROUTE, now - timedelta(days=day))
    seen = await _overview(river, await officer(river, "river-keepers"))
    assert [one["id"] for one in seen["told"]] == [old.id]
    assert [one["id"] for one in seen["missed"]] == [old.id]
    assert len(seen["newest"]) == 2


@pytest.mark.must_work("jinan", "unannounced")
async def test_checks_are_drawn_evaluated_once_and_redrawn(river: Api) -> None:
    patrols = SHIPPED.get(CITY).patrols
    now = datetime.now(UTC)
    for days in range(2, 8):
        await open_round(river.store, CITY, ROUTE, now - timedelta(days=days))
        await open_round(river.store, CITY, patrols.routes[1], now - timedelta(days=days))
    week = {
        "since": (now - timedelta(days=7)).date().isoformat(),
        "until": (now - timedelta(days=2)).date().isoformat(),
    }
    supervisor = await river.token(Role.SUPERVISOR)
    body = week | {"size": 4}
    made = await river.http.post(f"{PATROLS}/draws", json=body, headers=supervisor)
    assert made.status_code == 201, made.text
    draw = made.json()
    here = f"{PATROLS}/draws/{draw['id']}"
    assert (len(draw["drawn"]), len(draw["population"]), draw["most"]) == (4, 12, 100)
    for path in (f"{PATROLS}/draws", here):
        walker = await river.http.get(path, headers=await keeper(river))
        assert problem(walker) == (403, "forbidden"), "or it were announced"
    officers = await officer(river, "river-keepers")
    assert problem(await river.http.get(here, headers=officers)) == (404, "draw_not_found")
    assert (await river.http.get(f"{PATROLS}/draws", headers=officers)).json()["items"] == []
    evaluator = await officer(river, "evaluators")
    sheet = {"points": {"water": 30, "banks": 25, "outfalls": 20, "sign": 0}, "remarks": "无公示牌"}
    url = f"{here}/sheets/{draw['drawn'][0]}"
    filled = await river.http.post(url, json=sheet, headers=evaluator)
    assert filled.status_code == 200, filled.text
    assert [one["total"] for one in filled.json()["sheets"]] == [75, None, None, None]
    assert problem(await river.http.post(url, json=sheet, headers=supervisor)) == (
        409,
        "sheet_filled",
    )
    (line,) = (await river.http.get(f"{PATROLS}/draws", headers=supervisor)).json()["items"]
    assert (line["filled"], line["average"], line["of"]) == (1, 75.0, 12)
    auditor = await river.token(Role.AUDITOR)
    again = (await river.http.get(f"{here}/redraw", headers=auditor)).json()
    assert (again["same"], again["drawn"]) == (True, draw["drawn"])
    await open_round(river.store, CITY, patrols.routes[2], now - timedelta(days=3))
    other = (await river.http.get(f"{here}/redraw", headers=auditor)).json()
    assert (other["same"], len(other["new"]), other["gone"]) == (False, 1, [])
    early = week | {"until": (now + timedelta(days=1)).date().isoformat(), "size": 1}
    refused = await river.http.post(f"{PATROLS}/draws", json=early, headers=supervisor)
    assert problem(refused) == (422, "draw_too_early")


async def test_a_city_without_patrols_says_so(river: Api) -> None:
    who = await river.token(Role.OFFICER, "water", "tongzhou")
    for path in (PATROLS, f"{PATROLS}/overview", f"{PATROLS}/draws"):
        assert problem(await river.http.get(path, headers=who)) == (409, "not_in_this_city")


async def test_a_city_need_be_named_only_where_several_have_it(river: Api) -> None:
    supervisor = await river.token(Role.SUPERVISOR)
    assert (await _overview(river, supervisor))["city"] == CITY, "no other has patrols"
    several = await river.http.get("/api/v1/grid/workers", headers=supervisor)
    assert problem(several) == (422, "invalid_request")
    [said] = several.json()["errors"]
    assert said["field"] == "city"
    assert "jinan" in said["message"]
    named = await river.http.get("/api/v1/grid/workers?city=jinan", headers=supervisor)
    assert named.json()["city"] == CITY
