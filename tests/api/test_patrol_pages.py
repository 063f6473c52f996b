"""Tests of the pages of patrols: walked on a phone, watched by chiefs, drawn and evaluated."""

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from temporalio.client import Client

from domain.actors import Role
from domain.patrol.rounds import PatrolRound
from store.db.engine import Store
from store.patrols import rounds
from tests.api.running_api import Api, serve_api
from tests.support.cities import SHIPPED
from tests.support.engine import platform
from tests.support.media import saved
from tests.support.patrols import METRE, open_round
from tests.support.staff_pages import AtDesk, at_desk, says

CITY = "jinan"
PACK = SHIPPED.get(CITY)
ROUTE = PACK.patrols.routes[0]


@pytest.fixture
async def river(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    async with (
        platform(client, sqlite_store, SHIPPED) as running,
        serve_api(tmp_path, running.store, client, SHIPPED) as api,
    ):
        yield api


async def at_river(api: Api, role: Role, unit: str | None = None) -> AtDesk:
    return await at_desk(api, role, unit, city=CITY)


def a_picture(shade: int) -> tuple[str, bytes, str]:
    return "p.jpg", saved(Image.new("RGB", (64, 48), (shade, 20, 90)), "JPEG"), "image/jpeg"


async def stamp(
    who: AtDesk, of: PatrolRound, n: int, at: datetime, key: str, photo: int | None = None
) -> httpx.Response:
    """Send the form of a point as a phone with a script does."""
    point = ROUTE.points[n]
    fields = {
        "key": f"{key}-{point.code}",
        "point": point.code,
        "lat": str(point.lat + 9 * METRE),
        "lon": str(point.lon),
        "accuracy": "8.5",
        "at": at.isoformat(),
        "sent_at": datetime.now(UTC).isoformat(),
    }
    files = None if photo is None else {"photo": a_picture(photo)}
    return await who.post(f"/staff/rounds/{of.id}/stamps", fields, files)


async def test_a_round_is_walked_on_a_phone(river: Api) -> None:
    made = await open_round(river.store, CITY, ROUTE, datetime.now(UTC))
    keeper = await at_river(river, Role.GRID_WORKER, "river-keepers")
    short = await keeper.get("/patrols")
    assert (short.status_code, short.headers["location"]) == (303, "/staff/rounds")
    assert "小清河北园段北岸" in says(await keeper.get("/staff/rounds"))
    here = f"/staff/rounds/{made.id}"
    assert says(await keeper.get(here)).count("尚未到达") == 3
    start = datetime.now(UTC) - timedelta(hours=1)
    for n in range(3):
        for m in range(2):
            at = start + timedelta(minutes=20 * n + 3 * m)
            photo = 40 * (n + 1) if m == 0 and ROUTE.points[n].photo else None
            done = await stamp(keeper, made, n, at, f"{n}{m}", photo)
            assert done.status_code == 303, says(done)
    assert (await keeper.post(f"{here}/finish")).status_code == 303
    page = says(await keeper.get(here))
    assert "已完成" in page
    assert "我到了" not in page
    # Each was sent by a phone as it is now, and made an hour ago.
    assert "6 次打卡中有 6 次是无网络时存在手机上、后来补传的" in page
    assert page.count("手机时间，") == 3


async def test_a_page_that_a_phone_keeps_has_the_forms_before_the_round_begins(river: Api) -> None:
    later = datetime.now(UTC) + timedelta(hours=1, minutes=30)
    made = await open_round(river.store, CITY, ROUTE, later, hours=1)
    keeper = await at_river(river, Role.GRID_WORKER, "river-keepers")
    page = await keeper.get(f"/staff/rounds/{made.id}")
    forms = re.findall(r"<form[^>]* data-walk [^>]*>", page.text)
    assert len(forms) == 4
    assert all(f' hidden data-from="{made.starts.isoformat()}"' in form for form in forms)
    assert f'data-page="/staff/rounds/{made.id}"' in page.text
    chief = await at_river(river, Role.SUPERVISOR)
    assert "data-phone" not in (await chief.get(f"/staff/rounds/{made.id}")).text


async def test_a_round_of_long_ago_says_that_its_proof_was_deleted(river: Api) -> None:
    keeper = await at_river(river, Role.GRID_WORKER, "river-keepers")
    for days, deleted in ((370, True), (300, False)):
        made = await open_round(river.store, CITY, ROUTE, datetime.now(UTC), days_ago=days)
        page = says(await keeper.get(f"/staff/rounds/{made.id}"))
        assert ("照片已删除" in page) is deleted
        assert ("尚未到达" in page) is not deleted


async def test_without_a_script_a_stamp_proves_nothing_and_says_so(river: Api) -> None:
    made = await open_round(river.store, CITY, ROUTE, datetime.now(UTC))
    keeper = await at_river(river, Role.GRID_WORKER, "river-keepers")
    here = f"/staff/rounds/{made.id}"
    for point in ROUTE.points:
        plain = {"key": f"plain-{point.code}", "point": point.code, "lat": "", "at": ""}
        assert (await keeper.post(f"{here}/stamps", plain)).status_code == 303
    await keeper.post(f"{here}/finish")
    page = says(await keeper.get(here))
    assert "未通过核验" in page
    assert "手机没有提供定位" in page
    assert "点位之间没有时间间隔" in page
    english = AtDesk(river, keeper.who, "en")
    assert "The phone gave no position" in says(await english.get(here))


async def test_what_is_refused_at_a_point_is_said(river: Api) -> None:
    made = await open_round(river.store, CITY, ROUTE, datetime.now(UTC))
    keeper = await at_river(river, Role.GRID_WORKER, "river-keepers")
    start = datetime.now(UTC) - timedelta(hours=1)
    assert (await stamp(keeper, made, 0, start, "a", 7)).status_code == 303
    same = await stamp(keeper, made, 2, start + timedelta(minutes=9), "b", 7)
    assert (same.status_code, "这张照片已经用过" in says(same)) == (422, True)
    early = await stamp(keeper, made, 1, start - timedelta(hours=3), "c")
    assert (early.status_code, "当时巡查尚未开始" in says(early)) == (409, True)
    files: Any = {"photo": ("p.jpg", b"no picture", "image/jpeg")}
    here = f"/staff/rounds/{made.id}"
    fields = {"key": "d-P1", "point": "P1"}
    broken = await keeper.post(f"{here}/stamps", fields, files)
    assert (broken.status_code, "照片无法使用" in says(broken)) == (422, True)


async def test_what_was_found_becomes_a_ticket_that_its_chief_sees(river: Api) -> None:
    made = await open_round(river.store, CITY, ROUTE, datetime.now(UTC))
    keeper = await at_river(river, Role.GRID_WORKER, "river-keepers")
    here = f"/staff/rounds/{made.id}/findings"
    typed = {"key": "f" * 32, "text": "河面有漂浮垃圾。", "category": "0302"}
    nowhere = await keeper.post(here, typed)
    assert nowhere.status_code == 422
    assert "请说明位置" in says(nowhere)
    assert "河面有漂浮垃圾。" in nowhere.text, "nothing that was typed is lost"
    numbers = set()
    for _ in range(2):
        filed = await keeper.post(here, typed | {"address": "二号排口"})
        assert filed.status_code == 200
        numbers |= set(re.findall(r"工单编号 (\d{13})", says(filed)))
    (number,) = numbers
    chief = await at_river(river, Role.OFFICER, "370105014")
    page = await chief.get("/staff/patrols")
    assert number in says(page)
    assert "0.0%" in says(page)


async def test_a_missed_round_is_told_rung_by_rung(river: Api) -> None:
    made = await open_round(river.store, CITY, ROUTE, datetime.now(UTC))
    chief = await at_river(river, Role.OFFICER, "370105014")
    assert "告知您的漏巡" not in says(await chief.get("/staff/patrols"))
    await rounds.climb(river.store, CITY, PACK.patrols, made.ends + timedelta(hours=25))
    page = says(await chief.get("/staff/patrols"))
    assert "告知您的漏巡" in page
    assert "小清河巡河队（示例）" in page
    supervisor = await at_river(river, Role.SUPERVISOR)
    seen = says(await supervisor.get("/staff/patrols"))
    assert "漏巡记录" in seen
    assert "告知您的漏巡" not in seen, "the third rung tells supervisors, and is not reached"


async def test_checks_are_drawn_evaluated_and_drawn_again(river: Api) -> None:
    now = datetime.now(UTC)
    for days in range(2, 7):
        await open_round(river.store, CITY, ROUTE, now - timedelta(days=days))
    supervisor = await at_river(river, Role.SUPERVISOR)
    here = "/staff/patrols/draws"
    assert "还没有抽取过" in says(await supervisor.get(here))
    since, until = ((now - timedelta(days=days)).date().isoformat() for days in (7, 2))
    wrong = await supervisor.post(here, {"since": since, "until": until, "size": "50"})
    assert (wrong.status_code, "可抽取的巡查没有这么多" in says(wrong)) == (422, True)
    assert 'name="after" value="0"' in wrong.text
    wanted = {"since": since, "until": until, "size": "2", "after": "0"}
    made = await supervisor.post(here, wanted)
    assert made.status_code == 303, says(made)
    address = made.headers["location"]
    twice = await supervisor.post(here, wanted)
    assert twice.headers["location"] == address, "two taps are one draw"
    assert 'name="after" value="1"' in (await supervisor.get(here)).text
    evaluator = await at_river(river, Role.OFFICER, "evaluators")
    page = await evaluator.get(address)
    action = re.search(r'action="([^"]+/sheets/[^"]+)"', page.text)
    assert action is not None
    some = {"points_water": "30", "points_banks": "20"}
    incomplete = await evaluator.post(action[1], some)
    assert incomplete.status_code == 422
    assert 'value="20"' in incomplete.text, "nothing that was typed is lost"
    rest = some | {"points_outfalls": "20", "points_sign": "9", "remarks": "岸边有垃圾"}
    assert (await evaluator.post(action[1], rest)).status_code == 303
    assert "得 79 分（满分 100 分）" in says(await evaluator.get(address))
    auditor = await at_river(river, Role.AUDITOR)
    assert "重新抽取：与记录一致。" in says(await auditor.get(f"{address}/redraw"))
    await open_round(river.store, CITY, PACK.patrols.routes[1], now - timedelta(days=3))
    changed = says(await auditor.get(f"{address}/redraw"))
    assert "重新抽取：与记录不一致。" in changed
    assert "抽取时没有的巡查：jinan.HC01" in changed


async def test_a_city_without_patrols_has_no_such_pages(river: Api) -> None:
    officer = await at_desk(river, Role.OFFICER, "water", city="tongzhou")
    inbox = await officer.get("/staff/inbox")
    assert "/staff/patrols" not in inbox.text
    for path in ("/staff/rounds", "/staff/patrols"):
        assert (await officer.get(path)).status_code == 404
    keeper = await at_river(river, Role.OFFICER, "river-keepers")
    assert "/staff/rounds" in (await keeper.get("/staff/inbox")).text
