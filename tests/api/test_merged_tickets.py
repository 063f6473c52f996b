"""Tests of what citizens of merged tickets see and say while another ticket is worked on."""

import asyncio
from datetime import UTC, datetime, timedelta

from domain.actors import Role
from tests.api.running_api import Api, Filed, problem
from tests.support.media import a_photo
from tests.support.staff_pages import at_desk, says


async def _merged(api: Api) -> tuple[Filed, Filed]:
    parent, child = await api.file(), await api.file()
    body = {"into": parent.number, "reason": "同一河段。"}
    assert (await child.by(Role.DISPATCHER, "merge", body)).status_code == 200
    await _until_kind(parent, "complainant_joined")
    return parent, child


async def _until_kind(ticket: Filed, kind: str) -> None:
    async with asyncio.timeout(60):
        while kind not in await ticket.kinds():
            await asyncio.sleep(0.02)


async def _followed(ticket: Filed) -> str:
    keep = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    return (await ticket.api.http.post("/follow", data=keep)).text


async def _approved(parent: Filed, what: str, body: dict[str, str]) -> None:
    assert (await parent.by_unit(what, body)).status_code == 200
    yes = {"approve": True, "reason": "同意。"}
    assert (await parent.by(Role.DISPATCHER, "decide", yes)).status_code == 200


async def test_a_hold_is_told_to_the_merged_citizen_and_no_old_day_is_shown(api: Api) -> None:
    parent, child = await _merged(api)
    assert (await child.seen())["due_at"] is not None
    until = (datetime.now(UTC) + timedelta(days=20)).isoformat()
    await _approved(parent, "hold", {"ground": "works", "until": until, "reason": "大修。"})
    await _until_kind(child, "held_with_parent")
    seen = await child.seen()
    assert seen["due_at"] is None
    assert seen["timeline"][-1]["what"] == "需较长时间办理，已挂账并定期复核"
    assert "已挂账并定期复核" in await _followed(child)
    page = says(await (await at_desk(api, Role.DISPATCHER)).ticket(child))
    assert "随主单挂账" in page
    assert "挂账至" in page


async def test_an_extension_shows_the_merged_citizen_the_new_day(api: Api) -> None:
    parent, child = await _merged(api)
    before = (await child.seen())["due_at"]
    await _approved(parent, "extend", {"by": "3d", "reason": "等配件。"})
    await _until_kind(child, "extended_with_parent")
    seen = await child.seen()
    moved = datetime.fromisoformat(seen["due_at"]) - datetime.fromisoformat(before)
    assert moved == timedelta(days=3)
    assert seen["timeline"][-1]["what"] == "办理期限已延长"


async def test_a_question_is_put_to_the_citizen_who_is_asked_and_what_others_say_reaches_the_unit(
    api: Api,
) -> None:
    parent, child = await _merged(api)
    assert (await parent.by_unit("ask", {"question": "您家是几号楼？"})).status_code == 200
    await _until_kind(child, "asked_with_parent")
    assert "您家是几号楼？" in await _followed(parent)
    told = await _followed(child)
    assert "您家是几号楼？" not in told, "it is another citizen's affair"
    assert "承办单位正在等待有关情况的答复" in told
    assert "承办单位请您补充情况" not in told
    seen = await child.seen()
    assert (seen["due_at"], seen["answer_by"]) == (None, None)
    assert "citizen_asked" not in [one["template"] for one in seen["messages"]]
    uploaded = await api.http.post("/api/v1/files", content=a_photo())
    photo = uploaded.json()
    answer = {"text": "桥东第二个排口。", "files": [photo["reference"]]}
    assert (await child.act("facts", child.citizen, answer)).status_code == 200
    await _until_kind(parent, "complainant_added")
    page = await (await at_desk(api, Role.OFFICER, "water")).ticket(parent)
    assert "桥东第二个排口。" in says(page)
    assert child.number in says(page)
    assert f"/api/v1/files/{photo['id']}" in page.text
    assert "桥东第二个排口。" not in await _followed(parent)
    files = await api.http.get(f"{parent.path}/files", headers=parent.citizen)
    assert files.json() == [], "a neighbour's photo is not the citizen's to see"
    assert "resumed" not in await parent.kinds(), "who was asked has not answered"
    assert (await parent.act("facts", parent.citizen, {"text": "八号楼。"})).status_code == 200
    await _until_kind(child, "resumed_with_parent")
    assert (await child.seen())["due_at"] is not None


async def test_a_report_is_merged_with_nothing_in_neither_direction(api: Api) -> None:
    other, report = await api.file(), await api.unclear(kind="report")
    assert (await report.by(Role.DISPATCHER, "accuse", {"nobody": True})).status_code == 200
    for one, into in ((report, other), (other, report)):
        body = {"into": into.number, "reason": "同一河段。"}
        refused = await one.by(Role.DISPATCHER, "merge", body)
        assert problem(refused) == (409, "report_not_merged"), refused.text
    assert "complainant_joined" not in await other.kinds()
    assert "complainant_joined" not in await report.kinds()


async def test_a_rejected_answer_is_not_given_to_who_is_merged_later(api: Api) -> None:
    parent = await api.handled()
    bad = {"contacted": True, "resolved": False, "grade": 1}
    assert (await parent.rate(bad)).status_code in (200, 202)
    await parent.until_stage("handle")
    child = await api.file()
    await child.until_stage("handle")
    body = {"into": parent.number, "reason": "同一河段。"}
    assert (await child.by(Role.DISPATCHER, "merge", body)).status_code == 200
    assert (await parent.act("withdraw", parent.citizen, {})).status_code == 200
    seen = await child.until_stage("handle")
    assert seen["reply"] is None
    assert "replied_with_parent" not in await child.kinds()


async def test_the_unit_that_answered_does_a_merged_ticket_again(api: Api) -> None:
    parent = await api.file()
    child = await api.file(category="0202", text="井盖没了。")
    await child.until_stage("handle")
    had_it = (await child.seen_by_staff())["assignments"][0]["unit"]
    body = {"into": parent.number, "reason": "同一处。"}
    assert (await child.by(Role.DISPATCHER, "merge", body)).status_code == 200
    await _until_kind(parent, "complainant_joined")
    assert (await parent.complete()).status_code == 200
    await child.until_stage("rate")
    bad = {"contacted": True, "resolved": False, "grade": 1}
    assert (await child.rate(bad)).status_code in (200, 202)
    await child.until_stage("handle")
    units = [one["unit"] for one in (await child.seen_by_staff())["assignments"]]
    assert units == [had_it, "water", "water"]
    assert had_it != "water"
    page = says(await (await at_desk(api, Role.OFFICER, "water")).ticket(child))
    assert "井盖没了" in page
