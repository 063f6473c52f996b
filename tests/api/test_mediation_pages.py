"""Tests of the pages of mediations: kept by the unit, printed, and signed by each side."""

import re
from datetime import UTC, datetime, timedelta

from domain.actors import Role
from tests.api.running_api import Api, Filed
from tests.support.staff_pages import at_desk, says

CODE = re.compile(r"[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}")
SIDES = {
    "subject": "楼上漏水赔偿",
    "side_1": "陈女士",
    "says_1": "天花板被泡坏。",
    "side_2": "周先生",
    "says_2": "水管已修好。",
}


async def test_a_quarrel_is_written_down_signed_and_kept(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    here = f"/staff/tickets/{ticket.number}/mediations"
    officer = await at_desk(api, Role.OFFICER, "water")
    assert here in (await officer.ticket(ticket)).text
    refused = await officer.post(here, SIDES | {"side_2": ""})
    assert refused.status_code == 422
    assert "天花板被泡坏。" in refused.text, "nothing that was typed is lost"
    for _ in range(2):
        assert (await officer.post(here, SIDES | {"key": "k" * 32})).status_code == 303
    page = await officer.get(here)
    assert page.text.count('id="s-mediation-') == 1, "two taps are one mediation"
    assert "调解员" in says(page), "helpers who can be called in are named"
    due = (datetime.now(UTC).date() + timedelta(days=9)).isoformat()
    points = {"text": "周先生修复。", "point_1": "修复天花板", "due_1": due, "point_2": "互不追究"}
    odd = await officer.post(f"{here}/1/proposal", points | {"due_1": "morgen"})
    assert odd.status_code == 422
    assert '<a href="#f-due_1-1">' in odd.text
    assert 'value="修复天花板"' in odd.text, "nothing that was typed is lost"
    made = await officer.post(f"{here}/1/proposal", points)
    codes = CODE.findall(made.text)
    assert len(codes) == 2
    assert not CODE.search((await officer.get(here)).text), "they are shown once"
    wrong = await api.http.post("/agreement", data={"signature": "AAAA-AAAA-AAAA"})
    assert wrong.status_code == 401
    for code in codes:
        read = await api.http.post("/agreement", data={"signature": code.lower()})
        assert "修复天花板" in says(read)
        assert "水管已修好" not in says(read)
        signed = await api.http.post("/agreement/sign", data={"signature": code})
        assert "您的签署已记录" in says(signed)
    assert "协议已签订" in says(await officer.get(here))
    assert (await officer.post(f"{here}/1/points/1/kept", {})).status_code == 303
    assert "已履行" in says(await officer.get(here))
    assert "已达成调解协议" in says(await officer.ticket(ticket))


async def test_a_form_sent_again_keeps_signatures_and_no_code_signs_other_words(api: Api) -> None:
    """Other words in the same form are refused once, and taken under the new key of that page."""
    ticket = await api.file()
    await ticket.until_stage("handle")
    here = f"/staff/tickets/{ticket.number}/mediations"
    officer = await at_desk(api, Role.OFFICER, "water")
    assert (await officer.post(here, SIDES)).status_code == 303
    form = {"text": "周先生修复。", "point_1": "修复天花板", "key": "k" * 32}
    codes = CODE.findall((await officer.post(f"{here}/1/proposal", form)).text)
    assert (await api.http.post("/agreement/sign", data={"signature": codes[0]})).is_success
    again = await officer.post(f"{here}/1/proposal", form)
    assert CODE.findall(again.text) == codes
    assert says(again).count("凭码签署") == 1, "who has signed has signed"
    # Back in the browser, and other words in the same form.
    changed = form | {"text": "各付一半。"}
    refused = await officer.post(f"{here}/1/proposal", changed)
    assert refused.status_code == 422
    assert "各付一半。" in refused.text
    keys = set(re.findall(r'name="key" value="([^"]+)"', refused.text))
    assert len(keys) == 1
    other = await officer.post(f"{here}/1/proposal", changed | {"key": keys.pop()})
    assert set(CODE.findall(other.text)).isdisjoint(codes)
    for code in codes:
        late = await api.http.post("/agreement/sign", data={"signature": code})
        assert late.status_code == 401


async def test_who_does_not_agree_and_who_may_not_look(api: Api) -> None:
    ticket = await api.file()
    await ticket.until_stage("handle")
    here = f"/staff/tickets/{ticket.number}/mediations"
    supervisor = await at_desk(api, Role.SUPERVISOR)
    assert (await supervisor.post(here, SIDES)).status_code == 303
    assert (await supervisor.post(f"{here}/1/fail", {"reason": ""})).status_code == 422
    assert (await supervisor.post(f"{here}/1/fail", {"reason": "分歧较大。"})).status_code == 303
    assert "分歧较大。" in says(await supervisor.get(here))
    desk = await at_desk(api, Role.DESK)
    assert (await desk.get(here)).status_code == 403
    stranger = await at_desk(api, Role.OFFICER, "market")
    assert (await stranger.get(here)).status_code == 404


async def test_a_report_has_no_mediation(api: Api) -> None:
    ticket = Filed(api, (await api.unclear()).receipt)
    fields = {"category": "0301", "kind": "report", "unit": "water", "accused": "market"}
    assert (await ticket.by(Role.DISPATCHER, "triage", fields)).status_code == 200
    await ticket.until_stage("handle")
    officer = await at_desk(api, Role.OFFICER, "water")
    here = f"/staff/tickets/{ticket.number}/mediations"
    assert here not in (await officer.ticket(ticket)).text
    assert (await officer.post(here, SIDES)).status_code == 409
