"""Tests of the pages of appointments: residents book, move and cancel; a centre sees its day."""

import re
from datetime import UTC, datetime, timedelta

import httpx

from domain.actors import Role
from tests.api.running_api import Api
from tests.support.bookings import let_pass, wanted
from tests.support.staff_pages import at_desk, says

CODE = re.compile(r'id="code">([0-9A-Z-]{14})<')
NUMBER = re.compile(r'id="number">([0-9A-Z-]{11})<')
TIME = re.compile(r'name="starts_at" value="([^"]+)"')
KEY = {"key": "k" * 32}


async def send(api: Api, path: str, **fields: str) -> httpx.Response:
    return await api.http.post(path, data=fields)


async def wants(api: Api) -> dict[str, str]:
    body = await wanted(api)
    chosen = {name: str(body[name]) for name in ("service", "place", "starts_at", "name", "phone")}
    return {"city": "huangpu"} | chosen


async def booked(api: Api) -> dict[str, str]:
    made = await send(api, "/services/book", **await wants(api), **KEY)
    [code], [number] = CODE.findall(made.text), NUMBER.findall(made.text)
    return {"number": number, "code": code}


async def test_a_resident_books_moves_and_cancels(api: Api) -> None:
    start = await api.http.get("/services", params={"city": "huangpu"})
    assert "社保业务" in says(start)
    near = await send(
        api, "/services", city="huangpu", service="social-insurance", lat="23.1005", lon="113.453"
    )
    assert says(near).index("老港片区") < says(near).index("科学城片区")
    fields = await wants(api)
    asked = await api.http.get("/services/time", params=fields)
    assert "请携带" in says(asked)
    assert fields["name"] not in asked.text, "who comes is never taken from an address"
    refused = await send(api, "/services/book", **(fields | {"phone": "no"}), **KEY)
    assert refused.status_code == 422
    assert "陈女士" in refused.text, "nothing that was typed is lost"
    made = await send(api, "/services/book", **fields, **KEY)
    assert made.status_code == 200, says(made)
    again = await send(api, "/services/book", **fields, **KEY)
    assert CODE.findall(again.text) == CODE.findall(made.text), "two taps are one appointment"
    [code], [number] = CODE.findall(made.text), NUMBER.findall(made.text)
    own = {"number": number, "code": code.lower()}
    shown = await send(api, "/appointment", **own)
    assert "已预约" in says(shown)
    assert code not in says(shown), "the code is shown once"
    times = await send(api, "/appointment/times", **own)
    to = TIME.findall(times.text)[0]
    moved = await send(api, "/appointment/move", **own, place=fields["place"], starts_at=to)
    assert "已改期" in says(moved)
    taken = await send(api, "/appointment/move", **own, place=fields["place"], starts_at="x")
    assert taken.status_code == 422
    gone = await send(api, "/appointment/cancel", **own)
    assert "预约已取消" in says(gone)
    over = await send(api, "/appointment/cancel", **own)
    assert over.status_code == 200, "it stays cancelled"


async def test_without_the_code_nothing_is_shown(api: Api) -> None:
    own = await booked(api)
    for path in ("", "/times", "/move", "/cancel"):
        wrong = await send(api, f"/appointment{path}", number=own["number"], code="AAAA-AAAA-AAAA")
        assert wrong.status_code == 404
        assert "没有这个预约" in says(wrong)
        assert "社保" not in says(wrong)


async def test_the_page_reminds_and_tells_what_was_missed(api: Api) -> None:
    own = await booked(api)
    shown = await send(api, "/appointment", **own)
    assert "快到了" not in says(shown)
    body = await wanted(api)
    left = datetime.fromisoformat(body["starts_at"]) - datetime.now(UTC)
    await let_pass(api.store, seconds=left.total_seconds() - 7200)
    assert "快到了" in says(await send(api, "/appointment", **own))
    await let_pass(api.store, days=2)
    assert "未到场" in says(await send(api, "/appointment", **own))


async def test_nothing_is_booked_in_a_city_without_services(api: Api) -> None:
    none = await api.http.get("/services", params={"city": "tongzhou"})
    assert none.status_code == 404
    odd = await api.http.get("/services", params={"city": "huangpu", "service": "x", "day": "y"})
    assert odd.status_code == 422


async def test_a_centre_sees_its_day_says_who_came_and_moves_one(api: Api) -> None:
    own = await booked(api)
    starts = datetime.fromisoformat((await wanted(api))["starts_at"])
    local = starts + timedelta(hours=8)
    day = local.date().isoformat()
    here = "/staff/appointments"
    officer = await at_desk(api, Role.OFFICER, "services-harbour", city="huangpu")
    seen = await officer.get(f"{here}?day={day}")
    assert own["number"] in says(seen)
    assert "陈女士" in says(seen)
    assert "138****8000" in says(seen)
    one = f"{here}/{own['number']}"
    no_reason = {"day": day, "starts_at": f"{day}T09:10", "reason": ""}
    refused = await officer.post(f"{one}/move", no_reason)
    assert refused.status_code == 422
    early = await officer.post(f"{one}/visit", {"day": day, "visit": "missed"})
    assert early.status_code == 409
    to = TIME.findall((await send(api, "/appointment/times", **own, day=day)).text)[0]
    clock = datetime.fromisoformat(to) + timedelta(hours=8)
    move = {"day": day, "starts_at": f"{clock:%Y-%m-%dT%H:%M}", "reason": "窗口停电。"}
    moved = await officer.post(f"{one}/move", move)
    assert moved.status_code == 303, says(moved)
    assert "窗口停电。" in says(await send(api, "/appointment", **own))
    left = datetime.fromisoformat(to) - datetime.now(UTC)
    await let_pass(api.store, seconds=left.total_seconds() + 60)
    came = await officer.post(f"{one}/visit", {"visit": "arrived"})
    assert came.status_code == 303, says(came)
    other = await at_desk(api, Role.OFFICER, "water", city="huangpu")
    assert own["number"] not in says(await other.get(f"{here}?day={day}"))
