"""Tests of the ticket page: its content by reader, and contact details only for a purpose."""

import re
from datetime import UTC, datetime

from domain.actors import Role
from domain.deadlines.registry import ClockName
from domain.facts.intake import Assigned, Classified, TriageUnsure
from domain.ticket.because import Because
from tests.api.running_api import GOOD, Api, Filed
from tests.store.stories import Story, complaint, project
from tests.support.people import signed_in
from tests.support.staff_pages import AtDesk, at_desk, offered, refused, said, says, shown_again

CONTACT = {"name": "王小明", "phone": "13800001234"}
NOWHERE = "2603021234560"
"""A number that no ticket has."""


async def _reporting(api: Api) -> Filed:
    """File a report about the market authority, which the water bureau handles."""
    ticket = await api.unclear(contact=CONTACT)
    fields = {"category": "0301", "kind": "report", "unit": "water", "accused": "market"}
    assert (await ticket.by(Role.DISPATCHER, "triage", fields)).status_code == 200
    await ticket.until_stage("handle")
    return ticket


async def test_a_unit_signs_contacts_and_hands_in_its_answer(api: Api) -> None:
    ticket = await api.file()
    officer = await at_desk(api, Role.OFFICER, "water")
    page = await officer.ticket(ticket)
    assert {"sign", "contact", "complete", "return", "extend"} <= offered(page)
    assert "河水发黑发臭" in says(page)
    assert await officer.done(ticket, "sign") == "已签收。"
    assert await officer.done(ticket, "contact", {"reached": "yes", "note": "约好今天看。"})
    assert "约好今天看。" in says(await officer.ticket(ticket))
    assert await officer.done(ticket, "complete", {"reply": "已清淤。", "resolved": "yes"})
    assert (await ticket.until_stage("rate"))["reply"] == "已清淤。"
    assert (await ticket.kinds())[3:6] == ["signed", "contacted", "handled"]
    assert "sign" not in offered(await officer.ticket(ticket))


async def test_what_each_may_do_is_offered_and_nothing_else(api: Api) -> None:
    ticket = await api.file()
    for role, can, cannot in (
        (Role.DESK, {"facts", "urge", "withdraw"}, {"sign", "supervise", "decide", "conclude"}),
        (Role.DISPATCHER, {"reassign"}, {"sign", "supervise", "notice", "decide"}),
        (Role.SUPERVISOR, {"supervise", "notice", "reassign"}, {"complete", "triage"}),
        (Role.AUDITOR, set(), {"sign", "facts", "supervise"}),
    ):
        page = await (await at_desk(api, role)).ticket(ticket)
        assert page.status_code == 200
        if role is Role.AUDITOR:
            assert "?do=" not in page.text
            continue
        assert can <= offered(page), role
        assert not cannot & offered(page), role


async def test_what_the_citizen_was_promised_stands_beside_the_units_own_limit(
    api: Api,
) -> None:
    ticket = await api.file()
    own = says(await (await at_desk(api, Role.OFFICER, "water")).ticket(ticket))
    assert own.index("对市民承诺") < own.index("本单位时限")
    others = says(await (await at_desk(api, Role.DISPATCHER)).ticket(ticket))
    assert "对市民承诺" in others
    assert "本单位时限" not in others


async def test_the_page_speaks_english(api: Api) -> None:
    ticket = await api.file()
    reader = await at_desk(api, Role.DISPATCHER, language="en")
    text = says(await reader.ticket(ticket))
    for words in ("Being handled", "Water Affairs Bureau", "Black and smelly water", "Sign 4 hrs"):
        assert words in text, text


# --- the system's reasons -------------------------------------------------------------------------


async def test_why_it_went_there_is_told_in_the_readers_language(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    chinese = says(await (await at_desk(api, Role.DISPATCHER)).ticket(ticket))
    assert "登记时已选定该事项" in chinese
    assert "（通州区）职责清单第" in chinese
    english = says(await (await at_desk(api, Role.DISPATCHER, language="en")).ticket(ticket))
    assert "It was filed under this subject" in english
    assert "of the responsibilities of Beijing Municipal" in english


async def test_why_is_answered_by_the_api_as_codes_and_in_the_readers_language(
    api: Api,
) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    token = await api.token(Role.AUDITOR)
    path = f"{ticket.path}/events"
    english = await api.http.get(path, headers=token | {"Accept-Language": "en"})
    chinese = await api.http.get(path, headers=token | {"Accept-Language": "zh-CN,zh;q=0.9"})
    assert english.headers["Content-Language"] == "en"
    accepted, classified, assigned = english.json()
    assert accepted["reasons"] == []
    assert classified["fact"]["why"] == "named by the complainant"
    assert classified["fact"]["because"] == [{"code": "named_by_complainant", "parameters": {}}]
    assert classified["reasons"] == ["It was filed under this subject"]
    assert chinese.json()[1]["reasons"] == ["登记时已选定该事项"]
    (row,) = assigned["fact"]["because"]
    assert (row["code"], row["parameters"]["unit"]) == ("responsibility", "water")
    assert assigned["fact"]["why"].startswith(
        f"tongzhou/responsibilities.csv:{row['parameters']['line']} ("
    )


async def test_the_note_of_who_classified_stands_beside_the_reason(api: Api) -> None:
    ticket = await api.unclear()
    fields = {"category": "0301", "note": "听录音是河水"}
    assert (await ticket.by(Role.DISPATCHER, "triage", fields)).status_code == 200
    page = says(await (await at_desk(api, Role.DISPATCHER)).ticket(ticket))
    assert "未提及事项目录中的关键词" in page
    assert "人工分类" in page
    assert "听录音是河水" in page


async def test_reasons_from_before_the_codes_and_from_a_newer_version_are_told(
    api: Api,
) -> None:
    before = Story(complaint(city="tongzhou", title="路灯"))
    newer = [Because(code="moon_phase", parameters={"phase": "full"})]
    events = [
        before.accepted(),
        before.tell(TriageUnsure(why="keywords 路灯; also 0203: 井盖")),
        before.tell(Classified(category="0204", tier="normal", why="the stars")),
        before.tell(Assigned(assignment=1, unit="water", queue="units", why="?", because=newer)),
    ]
    await project(api.store, events)
    reader = await at_desk(api, Role.DISPATCHER)
    page = says(await reader.get(f"/staff/tickets/{before.number}"))
    for words in ("提及：路灯", "也可能属于", "the stars", "moon_phase (phase full)"):
        assert words in page


# --- who may see it -------------------------------------------------------------------------------


async def _like_none(who: AtDesk, ticket: Filed) -> None:
    """Check that, in every action, the ticket looks to them like one that does not exist."""
    for what in (None, "sign", "contact", "decide", "recur", "person"):
        answers = []
        for number in (ticket.number, NOWHERE):
            path = f"/staff/tickets/{number}"
            answer = await (who.get(path) if what is None else who.post(f"{path}/{what}"))
            answers.append((answer.status_code, answer.text.replace(number, "")))
        assert answers[0] == answers[1], what
        assert answers[0][0] in (403, 404)


async def test_somebody_elses_ticket_is_like_none(api: Api) -> None:
    ticket = await api.file()
    await _like_none(await at_desk(api, Role.OFFICER, "market"), ticket)
    assert await ticket.kinds() == ["accepted", "classified", "assigned"]


async def test_to_the_accused_and_those_below_there_is_no_such_report(api: Api) -> None:
    ticket = await _reporting(api)
    await _like_none(await at_desk(api, Role.OFFICER, "market"), ticket)
    desk = await (await at_desk(api, Role.DISPATCHER)).ticket(ticket)
    assert "被举报单位 区市场监管局" in says(desk)
    handler = says(await (await at_desk(api, Role.OFFICER, "water")).ticket(ticket))
    assert "被举报单位 区市场监管局" in handler
    assert "承办单位无权知道市民身份" in handler
    assert "王" not in handler
    assert "网站" not in handler


async def test_a_wrong_number_says_so(api: Api) -> None:
    who = await at_desk(api, Role.DESK)
    page = await who.get("/staff/tickets/123")
    assert page.status_code == 422
    assert "13 位" in says(page)


async def test_whoever_is_not_signed_in_comes_back_with_what_they_typed(api: Api) -> None:
    ticket = await api.file()
    path = f"/staff/tickets/{ticket.number}/contact"
    answer = await api.http.post(
        path, data={"note": "刚写的一段话"}, headers={"Accept": "text/html"}
    )
    assert answer.status_code == 401
    again = await shown_again(api, answer, await signed_in(api, Role.DESK))
    assert "刚写的一段话" in again.text
    assert f'action="{path}"' in again.text


async def test_what_is_registered_and_not_started_is_shown_as_such(
    api: Api, engineless_api: Api
) -> None:
    answer = await engineless_api.http.post(
        "/api/v1/complaints", json={"city": "tongzhou", "text": "路灯坏了。"}
    )
    assert answer.status_code == 202, answer.text
    ticket = Filed(engineless_api, answer.json())
    who = await at_desk(engineless_api, Role.DESK)
    page = await who.ticket(ticket)
    assert page.status_code == 200
    assert "已登记，尚未开始办理" in says(page)
    assert "路灯坏了。" in says(page)
    assert "?do=" not in page.text
    officer = await at_desk(engineless_api, Role.OFFICER, "water")
    assert (await officer.ticket(ticket)).status_code == 404


# --- who complained -------------------------------------------------------------------------------


async def test_who_complained_is_masked_and_shown_once_for_a_purpose(api: Api) -> None:
    ticket = await api.file(contact=CONTACT)
    who = await at_desk(api, Role.OFFICER, "water")
    page = await who.ticket(ticket)
    assert "138****1234" in says(page)
    assert "13800001234" not in page.text
    empty = await who.do(ticket, "person", {"purpose": ""})
    assert (empty.status_code, "13800001234" in empty.text) == (422, False)
    assert "请填写" in refused(empty)
    shown = await who.do(ticket, "person", {"purpose": "首次联系"})
    assert shown.status_code == 200
    assert "王小明" in says(shown)
    assert "13800001234" in says(shown)
    assert shown.headers["Cache-Control"] == "no-store"
    assert "13800001234" not in (await who.ticket(ticket)).text
    log = await api.http.get(f"{ticket.path}/views", headers=await api.token(Role.AUDITOR))
    assert [(one["unit"], one["purpose"]) for one in log.json()["items"]] == [("water", "首次联系")]


async def test_the_auditor_sees_the_mask_and_cannot_look_behind_it(api: Api) -> None:
    ticket = await api.file(contact=CONTACT)
    who = await at_desk(api, Role.AUDITOR)
    page = await who.ticket(ticket)
    assert "138****1234" in says(page)
    assert 'name="purpose"' not in page.text
    answer = await who.do(ticket, "person", {"purpose": "看看"})
    assert (answer.status_code, "13800001234" in answer.text) == (403, False)


async def test_of_an_anonymous_complaint_the_unit_learns_nobody(api: Api) -> None:
    ticket = await api.file(contact=CONTACT, anonymous=True)
    who = await at_desk(api, Role.OFFICER, "water")
    for page in (await who.ticket(ticket), await who.do(ticket, "person", {"purpose": "回访"})):
        assert "****" not in says(page)  # not even masked
        assert "王" not in says(page)


# --- refusals ---------------------------------------------------------------------------------


async def test_what_is_missing_is_said_beside_its_field_and_the_text_stays(api: Api) -> None:
    ticket = await api.file()
    who = await at_desk(api, Role.OFFICER, "water")
    page = await who.do(ticket, "return", {"reason": "一段很长的理由<b>"})
    assert page.status_code == 422
    assert "事由 · 请填写" in refused(page)
    assert "一段很长的理由&lt;b&gt;</textarea>" in page.text
    assert "return_asked" not in await ticket.kinds()


async def test_what_the_ticket_refuses_comes_back_with_the_text(api: Api) -> None:
    ticket = await api.file()
    who = await at_desk(api, Role.OFFICER, "water")
    fields = {"ground": "not_ours", "reason": "不是我们的。"}
    assert await who.done(ticket, "return", fields | {"key": "a" * 32})
    again = await who.do(ticket, "return", fields | {"reason": "再退一次。", "key": "b" * 32})
    assert again.status_code == 409
    assert refused(again)
    assert "再退一次。</textarea>" in again.text
    assert (await ticket.kinds()).count("return_asked") == 1


async def test_a_form_for_what_cannot_be_done_is_not_drawn_but_said(api: Api) -> None:
    ticket = await api.file()
    who = await at_desk(api, Role.OFFICER, "water")
    page = await who.ticket(ticket, do="review")
    assert 'id="action"' not in page.text
    assert "alert-warning" in page.text
    unknown = await who.ticket(ticket, do="nonsense")
    assert unknown.status_code == 200


async def test_names_that_nobody_has_and_days_that_are_none(api: Api) -> None:
    ticket = await api.file()
    dispatcher = await at_desk(api, Role.DISPATCHER)
    page = await dispatcher.do(ticket, "reassign", {"unit": "月球局", "reason": "给它。"})
    assert (page.status_code, "请从列表中选择" in refused(page)) == (422, True)
    assert 'value="月球局"' in page.text
    officer = await at_desk(api, Role.OFFICER, "water")
    typed = {"ground": "works", "until": "明天", "reason": "大修。"}
    page = await officer.do(ticket, "hold", typed)
    assert (page.status_code, "日期" in refused(page)) == (422, True)
    page = await officer.do(ticket, "extend", {"by": "很久", "reason": "等。"})
    assert (page.status_code, 'value="很久"' in page.text) == (422, True)
    page = await officer.do(ticket, "whistle", {"ground": "emergency", "reason": "急。"})
    assert "单位 1" in refused(page)


async def test_while_the_engine_is_away_nothing_typed_is_lost(
    api: Api, engineless_api: Api
) -> None:
    ticket = await api.file()
    who = await at_desk(engineless_api, Role.OFFICER, "water")
    page = await who.do(ticket, "contact", {"reached": "yes", "note": "刚打通电话"})
    assert page.status_code == 503
    assert "刚打通电话</textarea>" in page.text
    page = await who.do(ticket, "complete", {"reply": "已清淤。", "resolved": "yes"})
    assert page.status_code == 503
    assert "已清淤。</textarea>" in page.text


# --- return links and reopening -------------------------------------------------------------------


async def test_the_page_one_came_from_is_gone_back_to(api: Api) -> None:
    ticket = await api.file()
    who = await at_desk(api, Role.OFFICER, "water")
    opened = await who.ticket(ticket, do="contact", to="/staff/inbox?done=contact")
    assert 'name="to" value="/staff/inbox?done=contact"' in opened.text
    answer = await who.do(ticket, "contact", {"reached": "yes", "to": "/staff/inbox"})
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/inbox")
    away = await who.do(ticket, "contact", {"reached": "yes", "to": "https://evil.example"})
    assert away.headers["Location"] == f"/staff/tickets/{ticket.number}?done=contact"


async def test_what_has_ended_and_is_back_gets_a_number_and_a_code_for_the_citizen(
    api: Api,
) -> None:
    ticket = await api.handled()
    assert (await ticket.rate(GOOD)).status_code in (200, 202)
    await ticket.until_stage("ended")
    who = await at_desk(api, Role.DESK)
    assert offered(await who.ticket(ticket)) == {"recur"}
    fields = {"text": "又发黑了。", "key": "d" * 32}
    first, again = [await who.do(ticket, "recur", fields) for _ in range(2)]
    assert (first.status_code, again.status_code) == (200, 200)
    assert "查询码" in says(first)
    codes = [re.findall(r'<b class="number">(\d{8})</b>', page.text) for page in (first, again)]
    assert codes[0] == codes[1] != []


async def test_a_unit_that_was_called_in_works_on_its_own_share(api: Api) -> None:
    ticket = await api.file()
    called = {"unit": "planning", "task": "核实。"}
    body = {"ground": "emergency", "reason": "急。", "units": [called]}
    assert (await ticket.by_unit("whistle", body)).status_code == 200
    who = await at_desk(api, Role.OFFICER, "planning")
    page = await who.ticket(ticket)
    assert {"sign", "contact", "complete"} <= offered(page)
    assert not {"return", "whistle", "ask"} & offered(page)
    assert await who.done(ticket, "sign")
    assert await who.done(ticket, "complete", {"reply": "红线无误。", "resolved": "yes"})
    assert "红线无误。" in says(await who.ticket(ticket))
    assert "share_handled" in await ticket.kinds()


async def test_said_is_only_what_was_done(api: Api) -> None:
    ticket = await api.file()
    who = await at_desk(api, Role.DESK)
    assert said(await who.ticket(ticket, done="nonsense")) == ""
    assert "请刷新" in said(await who.ticket(ticket, done="complete", later="yes"))


async def test_a_provisional_clock_is_marked_for_staff_and_not_for_the_citizen(
    api: Api,
) -> None:
    story = Story(complaint(city="tongzhou", filed_at=datetime.now(UTC)))
    life = [story.accepted(), story.classified(), story.assigned("water")]
    for clock in life[-1].ticket.clocks:
        clock.provisional = clock.name is ClockName.HANDLE
    await project(api.store, life)
    for language, word in (("en", "provisional"), ("zh", "暂定")):
        reader = await at_desk(api, Role.DISPATCHER, language=language)
        page = await reader.get(f"/staff/tickets/{story.number}")
        assert says(page).count(word) == 1
    staff = await api.token(Role.DISPATCHER)
    payload = (await api.http.get(f"/api/v1/tickets/{story.number}", headers=staff)).json()
    marked = [one["name"] for one in payload["clocks"] if one["provisional"]]
    assert marked == ["handle"]
    code = {"Access-Code": api.context.vault.access_code(story.number)}
    citizen = await api.http.get(f"/api/v1/tickets/{story.number}", headers=code)
    assert citizen.status_code == 200
    assert citizen.json()["due_at"] is not None
    assert "provisional" not in citizen.text
