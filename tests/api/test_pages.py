"""Tests of the citizens' pages, as a browser without JavaScript uses them."""

import html
import re

import httpx
import pytest

from domain.actors import Role
from tests.api.running_api import REPLY, Api, Filed, another_code

FORM = {
    "key": "a-form-of-its-own",
    "city": "tongzhou",
    "kind": "complaint",
    "category": "0301",
    "text": "门口的河又黑又臭 <script>alert(1)</script>",
    "address": "北苑街道",
    "name": "",
    "phone": "",
}


def _receipt(page: httpx.Response) -> dict[str, str]:
    return {
        name: re.findall(f'name="{name}" value="(\\d+)"', page.text)[0]
        for name in ("number", "code")
    }


@pytest.mark.must_work("tongzhou", "door-web")
async def test_a_citizen_files_follows_and_rates_without_javascript(api: Api) -> None:
    filed = await api.http.post("/report", data=FORM)
    assert filed.status_code == 200
    keep = _receipt(filed)
    shown = await api.http.post("/follow", data=keep)
    assert "水务局" in shown.text
    assert "已派给承办单位" in shown.text
    done = await api.http.post(
        f"/api/v1/assignments/{keep['number']}-1/complete",
        json={"reply": "已清淤。"},
        headers=await api.officer(),
    )
    assert done.status_code == 200
    waiting = await api.http.post("/follow", data=keep)
    assert "请您评价" in waiting.text
    rated = await api.http.post(
        "/follow/rate", data=keep | {"contacted": "yes", "resolved": "yes", "grade": "5"}
    )
    assert "已清淤。" in rated.text
    assert "请您评价" not in rated.text


async def test_what_was_said_is_shown_and_not_run(api: Api) -> None:
    keep = _receipt(await api.http.post("/report", data=FORM))
    shown = (await api.http.post("/follow", data=keep)).text
    assert "<script>" not in shown
    assert "<script>alert(1)</script>" in html.unescape(shown)


async def test_sending_the_form_twice_makes_one_ticket(api: Api) -> None:
    first = await api.http.post("/report", data=FORM)
    second = await api.http.post("/report", data=FORM)
    assert _receipt(first) == _receipt(second)


async def test_going_back_and_changing_it_loses_nothing_and_can_be_sent_again(
    api: Api,
) -> None:
    await api.http.post("/report", data=FORM)
    changed = FORM | {"text": "另外一件事：路灯也坏了"}
    again = await api.http.post("/report", data=changed)
    assert "另外一件事" in again.text
    fresh = re.search(r'name="key" value="([0-9a-f]+)"', again.text)
    assert fresh is not None
    sent = await api.http.post("/report", data=changed | {"key": fresh[1], "same": "none"})
    assert len(_receipt(sent)["number"]) == 13


async def test_a_mistake_shows_the_form_again_with_what_was_typed(api: Api) -> None:
    wrong = await api.http.post("/report", data=FORM | {"text": "", "phone": "not a phone"})
    assert wrong.status_code == 422
    assert "您填写的都还在" in wrong.text
    assert 'value="北苑街道"' in wrong.text
    assert 'value="not a phone"' in wrong.text
    assert wrong.text.count('aria-invalid="true"') == 2
    assert 'href="#f-phone"' in wrong.text


async def test_a_wrong_code_tells_no_more_than_a_wrong_number(api: Api) -> None:
    keep = _receipt(await api.http.post("/report", data=FORM))
    wrong = await api.http.post("/follow", data=keep | {"code": another_code(keep["code"])})
    assert wrong.status_code == 404
    assert "没有这个工单号，或查询码不对" in wrong.text
    assert "门口的河" not in wrong.text


async def test_a_rating_that_is_not_due_is_said_so(api: Api) -> None:
    keep = _receipt(await api.http.post("/report", data=FORM))
    early = await api.http.post("/follow/rate", data=keep | {"resolved": "yes", "grade": "5"})
    assert "现在还不能这样做" in early.text


async def test_nonsense_in_the_rating_form_is_no_crash(api: Api) -> None:
    keep = _receipt(await api.http.post("/report", data=FORM))
    answer = await api.http.post("/follow/rate", data=keep | {"grade": "九"})
    assert answer.status_code == 422
    assert "请检查标出的内容" in answer.text
    assert "请选择一项" in answer.text


async def test_the_page_speaks_english_when_asked(api: Api) -> None:
    page = await api.http.get("/?lang=en")
    assert "Report something" in page.text
    assert 'lang="en"' in page.text
    assert "Report something" in (await api.http.get("/report?city=tongzhou")).text


async def test_pages_run_no_foreign_script_and_are_not_framed(api: Api) -> None:
    page = await api.http.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    sheet = re.search(r'href="(/assets/jiesu/[0-9a-f]+/jiesu.css)"', page.text)
    assert sheet is not None
    assert (await api.http.get(sheet[1])).status_code == 200


async def test_contact_goes_to_the_vault_and_not_into_the_ticket(api: Api) -> None:
    filed = await api.http.post("/report", data=FORM | {"phone": "13800138000"})
    number = _receipt(filed)["number"]
    seen = await api.http.get(f"/api/v1/tickets/{number}", headers=await api.token(Role.AUDITOR))
    assert "13800138000" not in seen.text
    assert seen.json()["complaint"]["person"]


async def test_where_several_cities_are_served_the_city_is_asked_first(api: Api) -> None:
    response = await api.http.get("/report")
    assert 'href="/report?city=huangpu"' in response.text
    assert "<textarea" not in response.text
    nowhere = await api.http.post("/report", data=FORM | {"city": ""})
    assert nowhere.status_code == 422


async def test_others_are_offered_once_and_only_where_the_place_is_known(api: Api) -> None:
    first = _receipt(await api.http.post("/report", data=FORM))
    again = await api.http.post("/report", data=FORM | {"key": "another"})
    assert "是不是同一件事" in again.text
    assert first["number"] in again.text
    assert "alert(1)" in html.unescape(again.text)  # the citizen's own words, in a hidden field
    sent = await api.http.post("/report", data=FORM | {"key": "another", "same": first["number"]})
    auditor = await api.token(Role.AUDITOR)
    number = _receipt(sent)["number"]
    payload = (await api.http.get(f"/api/v1/tickets/{number}", headers=auditor)).json()
    assert f"与工单 {first['number']} 反映同一问题" in payload["complaint"]["text"]
    elsewhere = await api.http.post("/report", data=FORM | {"key": "third", "address": ""})
    assert _receipt(elsewhere)["number"] != first["number"]


async def test_whoever_says_me_too_follows_a_published_ticket_by_an_own_number(
    api: Api,
) -> None:
    place = {"address": "北苑街道"}
    open_, closed = [
        await api.file(place=place, public=public, text=FORM["text"]) for public in (True, False)
    ]
    shown = await api.http.post("/report", data=FORM)
    assert open_.number in shown.text
    joined = await api.http.post("/report", data=FORM | {"same": open_.number})
    assert f"与先前反映的 {open_.number} 合并办理" in joined.text
    keep = _receipt(joined)
    assert keep["number"] != open_.number
    auditor = await api.token(Role.AUDITOR)
    state = (await api.http.get(f"/api/v1/tickets/{keep['number']}", headers=auditor)).json()
    assert (state["stage"], state["parent"]) == ("merged", open_.number)
    await open_.complete()
    await open_.until_stage("rate")
    mine = Filed(api, {"number": keep["number"], "access_code": keep["code"]})
    assert (await mine.until_stage("rate"))["reply"] == REPLY["reply"]
    assert (await mine.rate()).status_code == 200
    # An unpublished ticket is not shown to a citizen who says that theirs is the same.
    other = await api.http.post("/report", data=FORM | {"key": "n", "same": closed.number})
    assert "data-joined" not in other.text
    again = (
        await api.http.get(f"/api/v1/tickets/{_receipt(other)['number']}", headers=auditor)
    ).json()
    assert again["parent"] is None
    assert closed.number in again["complaint"]["text"]


async def test_a_ticket_that_was_not_shown_is_not_joined(api: Api) -> None:
    far = await api.file(place={"address": "另一条街"}, public=True)
    filed = await api.http.post("/report", data=FORM | {"same": far.number})
    assert "data-joined" not in filed.text
    report = FORM | {"kind": "report", "key": "r"}
    near = await api.file(place={"address": "北苑街道"}, public=True)
    response = await api.http.post("/report", data=report | {"same": near.number})
    assert "data-joined" not in response.text


async def test_what_a_citizen_did_twice_by_mistake_is_done_once(api: Api) -> None:
    keep = _receipt(await api.http.post("/report", data=FORM))
    fields = keep | {"key": "k", "text": "补充一句"}
    first = await api.http.post("/follow/facts", data=fields)
    assert "已转达" in first.text
    again = await api.http.post("/follow/facts", data=fields)
    assert again.text.count("补充一句") == 1
    urged = await api.http.post("/follow/urge", data=fields)
    assert "已催办" in urged.text


async def test_a_browser_is_told_a_refusal_in_words_and_a_program_in_json(api: Api) -> None:
    browser = {"Accept": "text/html"}
    missing = await api.http.get("/no/such/page", headers=browser)
    assert (missing.status_code, "没有这个页面" in missing.text) == (404, True)
    assert "没有这个页面" in (await api.http.get("/city/nowhere", headers=browser)).text
    assert (await api.http.get("/no/such/page")).json()["code"] == "not_found"
    answer = await api.http.get("/api/v1/tickets", headers=browser)
    assert answer.json()["code"] == "unauthenticated"


@pytest.mark.must_work("heping", "report-card")
async def test_the_report_card_and_the_answers_are_for_everybody(api: Api) -> None:
    card = await api.http.get("/city/tongzhou")
    assert "满意率" in card.text
    assert (await api.http.get("/city/tongzhou?month=2024-02")).status_code == 200
    for month in ("2999-01", "nonsense", "2024-13"):
        assert (await api.http.get(f"/city/tongzhou?month={month}")).status_code == 404
    assert "还没有公开的答复" in (await api.http.get("/city/tongzhou/answers")).text
    assert (await api.http.get("/city/tongzhou/answers?cursor=x")).status_code == 400


async def test_published_words_and_places_are_veiled(api: Api) -> None:
    ticket = await api.file(
        public=True,
        text="小区门口的河臭了，请打 13800138000 找我。",
        place={"lat": 39.90123456, "lon": 116.65123456},
    )
    await ticket.complete()
    await ticket.until_stage("rate")
    shown = (await api.http.get("/city/tongzhou/answers")).text
    assert "▇▇▇" in shown
    assert "13800138000" not in shown
    points = (await api.http.get("/city/tongzhou/points.json")).json()
    assert [(point["lat"], point["lon"]) for point in points] == [(39.901, 116.651)]
    assert "13800138000" not in str(points)


async def test_the_map_is_drawn_from_the_packs_own_streets(api: Api) -> None:
    answer = await api.http.get("/city/tongzhou/outlines.json")
    named = {feature["properties"]["name"] for feature in answer.json()["features"]}
    assert "北苑街道" in named
    assert len(answer.content) < 60_000


async def test_the_service_worker_is_asked_for_again_each_time(api: Api) -> None:
    worker = await api.http.get("/sw.js")
    assert worker.headers["cache-control"] == "no-cache"
    assert worker.headers["content-type"].startswith("text/javascript")


async def test_the_pages_say_when_the_engine_is_away_and_still_give_a_number(
    engineless_api: Api,
) -> None:
    filed = await engineless_api.http.post("/report", data=FORM)
    assert "恢复后自动开始办理" in filed.text
    shown = await engineless_api.http.post("/follow", data=_receipt(filed))
    assert "马上开始办理" in shown.text


async def test_the_report_card_is_counted_once_for_many_who_look(api: Api) -> None:
    before = await api.http.get("/city/tongzhou")
    ticket = await api.file()
    assert (await ticket.complete()).status_code == 200
    counted = api.context.figures
    items = [key for key in counted._answers if isinstance(key, tuple) and key[0] == "rates"]
    assert len(items) == 1
    counted._answers = type(counted._answers)(
        (key, (float("inf"), answer)) for key, (_, answer) in counted._answers.items()
    )
    assert (await api.http.get("/city/tongzhou")).text == before.text
    counted._answers.clear()
    assert (await api.http.get("/city/tongzhou")).text != before.text
