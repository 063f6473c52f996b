"""Tests of waiting times over HTTP and on the pages: an estimate beside the promise."""

import json
import re
from datetime import UTC, datetime

from domain.actors import Role
from domain.insight.waiting import STEPS
from domain.pack.periods import month_at
from store.db.waiting_tables import waiting
from tests.api.running_api import Api, problem
from tests.support.people import signed_in

ZH = {"Accept-Language": "zh"}


async def _told(api: Api, *, hours: float, unit: str = "", category: str = "0301") -> None:
    """State that 80 % of the subject's tickets are closed within so many hours."""
    now, pack = datetime.now(UTC), api.context.packs.get("tongzhou")
    row = {
        "city": "tongzhou",
        "month": month_at(pack, now),
        "what": "closure",
        "category": category,
        "unit": unit,
        "made_at": now,
        "tickets": 130,
        "over": 120,
        "steps": json.dumps([hours * step / 0.8 for step in STEPS]),
        "usual": None,
    }
    await api.store.change(api.store.insert(waiting), row)


async def test_a_citizen_reads_an_estimate_beside_the_promise(api: Api) -> None:
    await _told(api, hours=30)
    ticket = await api.file()
    await ticket.until_stage("handle")
    fields = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    page = await api.http.post("/follow", data=fields, headers=ZH)
    assert "八成同类诉求在 2 天内办结" in page.text
    assert "不是承诺" in page.text
    form = await api.http.get("/report?city=tongzhou", headers=ZH)
    assert "八成在 2 天内办结" in form.text
    officer = await signed_in(api, Role.OFFICER, "water")
    page = await api.http.get(f"/staff/tickets/{ticket.number}", headers=officer.cookie | ZH)
    assert "八成同类诉求在 2 天内办结" in page.text


async def test_no_later_day_than_the_promised_one_is_told(api: Api) -> None:
    await _told(api, hours=24 * 400)
    ticket = await api.file()
    await ticket.until_stage("handle")
    fields = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    page = await api.http.post("/follow", data=fields, headers=ZH)
    assert "承诺的时限不变" in page.text
    assert "400 天" not in page.text
    assert "八成同类诉求在" not in page.text


async def test_the_closest_statement_is_told_and_none_of_other_subjects(api: Api) -> None:
    path = "/api/v1/cities/tongzhou/waiting"
    assert (await api.http.get(path, params={"category": "0301"})).json()["closure"] is None
    await _told(api, hours=30, category="03")
    found = (await api.http.get(path, params={"category": "0301"})).json()
    assert found["answer"] is None
    assert (found["closure"]["of"], found["closure"]["unit"]) == ("03", None)
    assert found["closure"]["hours"]["most"] == 30
    await _told(api, hours=20, unit="water")
    own = await api.http.get(path, params={"category": "0301", "unit": "water"})
    assert own.json()["closure"]["hours"]["most"] == 20
    unknown = await api.http.get(path, params={"category": "none"})
    assert problem(unknown) == (422, "unknown_category")


async def test_who_dispatches_sees_the_units_work_and_how_late_it_would_be(api: Api) -> None:
    for category in ("02", "03"):
        await _told(api, hours=24 * 300, category=category)
    busy = await api.file()
    await busy.until_stage("handle")
    unsure = await api.unclear(text="河面脏，路灯也暗。")  # two subjects
    await unsure.until_stage("triage")
    dispatcher = await signed_in(api, Role.DISPATCHER)
    page = await api.http.get("/staff/triage?city=tongzhou", headers=dispatcher.cookie | ZH)
    assert page.status_code == 200, page.text
    assert "承办单位在办情况" in page.text
    rows = re.findall(r"<tr><th scope=\"row\">(.*?)</th>(.*?)</tr>", page.text)
    cells = {unit: re.findall(r"<td class=\"num\">(.*?)</td>", rest) for unit, rest in rows}
    assert cells, page.text
    for opened, overdue, usual, late in cells.values():
        assert int(opened) >= int(overdue) >= 0
        assert usual == "—"
        assert float(late.rstrip("%")) > 90, "hardly any is closed before the promised day"


async def test_the_desk_tells_it_on_the_phone(api: Api) -> None:
    await _told(api, hours=30)
    desk = await signed_in(api, Role.DESK)
    fields = {"csrf": desk.csrf, "city": "tongzhou", "text": "小区门口的河水黑臭。"}
    fields["category"] = "0301"
    page = await api.http.post("/staff/call/suggestions", data=fields, headers=desk.cookie | ZH)
    assert page.status_code == 200, page.text
    assert "八成在 2 天内办结" in page.text
