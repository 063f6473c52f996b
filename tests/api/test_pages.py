"""The citizens' pages, as a browser without JavaScript uses them."""

import html
import re

import httpx

from domain.actors import Role
from tests.api.house import House

FORM = {
    "key": "a-form-of-its-own",
    "city": "tongzhou",
    "kind": "complaint",
    "category": "0301",
    "title": "河水发臭",
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


async def test_a_citizen_files_follows_and_rates_without_javascript(house: House) -> None:
    filed = await house.http.post("/report", data=FORM)
    assert filed.status_code == 200
    keep = _receipt(filed)
    shown = await house.http.post("/follow", data=keep)
    assert "水务局" in shown.text
    assert "已派给承办单位" in shown.text
    done = await house.http.post(
        f"/api/v1/assignments/{keep['number']}-1/complete",
        json={"reply": "已清淤。"},
        headers=await house.officer(),
    )
    assert done.status_code == 200
    waiting = await house.http.post("/follow", data=keep)
    assert "请您评价" in waiting.text
    rated = await house.http.post(
        "/follow/rate", data=keep | {"contacted": "yes", "resolved": "yes", "grade": "5"}
    )
    assert "已清淤。" in rated.text
    assert "请您评价" not in rated.text


async def test_what_was_said_is_shown_and_not_run(house: House) -> None:
    keep = _receipt(await house.http.post("/report", data=FORM))
    shown = (await house.http.post("/follow", data=keep)).text
    assert "<script>" not in shown
    assert "<script>alert(1)</script>" in html.unescape(shown)


async def test_sending_the_form_twice_makes_one_ticket(house: House) -> None:
    first = await house.http.post("/report", data=FORM)
    second = await house.http.post("/report", data=FORM)
    assert _receipt(first) == _receipt(second)


async def test_going_back_and_changing_it_loses_nothing_and_can_be_sent_again(
    house: House,
) -> None:
    await house.http.post("/report", data=FORM)
    changed = FORM | {"text": "另外一件事：路灯也坏了"}
    again = await house.http.post("/report", data=changed)
    assert "另外一件事" in again.text
    fresh = re.search(r'name="key" value="([0-9a-f]+)"', again.text)
    assert fresh is not None
    sent = await house.http.post("/report", data=changed | {"key": fresh[1]})
    assert len(_receipt(sent)["number"]) == 13


async def test_a_mistake_shows_the_form_again_with_what_was_typed(house: House) -> None:
    wrong = await house.http.post("/report", data=FORM | {"text": "", "phone": "not a phone"})
    assert wrong.status_code == 422
    assert "您填写的都还在" in wrong.text
    assert 'value="河水发臭"' in wrong.text
    assert 'value="not a phone"' in wrong.text
    assert wrong.text.count('aria-invalid="true"') == 2
    assert 'href="#f-phone"' in wrong.text


async def test_a_wrong_code_tells_no_more_than_a_wrong_number(house: House) -> None:
    keep = _receipt(await house.http.post("/report", data=FORM))
    wrong = await house.http.post("/follow", data=keep | {"code": "00000000"})
    assert wrong.status_code == 404
    assert "没有这个工单号，或查询码不对" in wrong.text
    assert "门口的河" not in wrong.text


async def test_a_rating_that_is_not_due_is_said_so(house: House) -> None:
    keep = _receipt(await house.http.post("/report", data=FORM))
    early = await house.http.post("/follow/rate", data=keep | {"resolved": "yes", "grade": "5"})
    assert "现在还不能这样做" in early.text


async def test_nonsense_in_the_rating_form_is_no_crash(house: House) -> None:
    keep = _receipt(await house.http.post("/report", data=FORM))
    answer = await house.http.post("/follow/rate", data=keep | {"grade": "九"})
    assert answer.status_code == 200
    assert "请检查标出的内容" in answer.text
    assert "请选择一项" in answer.text


async def test_the_page_speaks_english_when_asked(house: House) -> None:
    page = await house.http.get("/?lang=en")
    assert "Report something" in page.text
    assert 'lang="en"' in page.text


async def test_pages_run_no_foreign_script_and_are_not_framed(house: House) -> None:
    page = await house.http.get("/")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self'; style-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    sheet = re.search(r'href="(/assets/jiesu/[0-9a-f]+/jiesu.css)"', page.text)
    assert sheet is not None
    assert (await house.http.get(sheet[1])).status_code == 200


async def test_contact_goes_to_the_vault_and_not_into_the_ticket(house: House) -> None:
    filed = await house.http.post("/report", data=FORM | {"phone": "13800138000"})
    number = _receipt(filed)["number"]
    seen = await house.http.get(
        f"/api/v1/tickets/{number}", headers=await house.token(Role.AUDITOR)
    )
    assert "13800138000" not in seen.text
    assert seen.json()["complaint"]["person"]
