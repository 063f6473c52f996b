"""Tests of the pages of promises: of units, of supervisors, and what everybody reads."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Api, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.promises import RULES, days_pass
from tests.support.staff_pages import at_desk, says

TEXT = "月底前清淤三百米"


@pytest.fixture
async def promising(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    packs = city_with(tmp_path / "cities", promises=RULES)
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


def day(days: int) -> str:
    return f"{(datetime.now(UTC) + timedelta(hours=8, days=days)).date()}"


async def test_the_form_of_the_answer_takes_a_promise(promising: Api) -> None:
    ticket = await promising.file(public=True)
    await ticket.until_stage("handle")
    officer = await at_desk(promising, Role.OFFICER, "water")
    form = await officer.get(f"/staff/tickets/{ticket.number}?do=complete")
    assert "承诺内容" in says(form)
    here = f"/staff/tickets/{ticket.number}/complete"
    sent = {"reply": "已安排清淤。", "resolved": "yes", "promise": TEXT, "key": "k" * 32}
    undated = await officer.post(here, sent)
    assert undated.status_code == 422
    assert "承诺须写明完成期限" in says(undated)
    assert TEXT in undated.text, "nothing that was typed is lost"
    wrong = await officer.post(here, sent | {"promise_due": "gestern"})
    assert wrong.status_code == 422
    done = await officer.post(here, sent | {"promise_due": day(3)})
    assert done.status_code == 303, says(done)
    assert (await officer.post(here, sent | {"promise_due": day(3)})).status_code == 303
    await ticket.until_stage("rate")
    page = await officer.get(f"/staff/tickets/{ticket.number}/promises")
    assert page.text.count('id="s-promise-') == 1, "two taps are one promise"
    assert "已作出限期承诺" in says(await officer.ticket(ticket))


async def test_a_promise_waits_for_its_unit_then_for_the_supervisor(promising: Api) -> None:
    ticket = await promising.handled(public=True)
    officer = await at_desk(promising, Role.OFFICER, "water")
    supervisor = await at_desk(promising, Role.SUPERVISOR)
    here = f"/staff/tickets/{ticket.number}/promises"
    sent = {"text": TEXT, "due": day(1), "key": "k" * 32}
    refused = await officer.post(here, sent | {"due": ""})
    assert refused.status_code == 422
    assert TEXT in refused.text
    for _ in range(2):
        assert (await officer.post(here, sent)).status_code == 303
    assert ticket.number not in (await officer.get("/staff/promises")).text
    await days_pass(promising.store, 1)
    assert TEXT in says(await officer.get("/staff/promises"))
    assert TEXT not in says(await supervisor.get("/staff/promises"))
    await days_pass(promising.store, 3)
    shown = says(await supervisor.get("/staff/promises"))
    assert TEXT in shown
    assert "超期未说明" in shown
    public = says(await promising.http.get("/city/tongzhou/promises"))
    assert TEXT in public
    assert "未兑现" in public
    sent = {"reason": "管道厂停产", "moved_to": day(30)}
    assert (await officer.post(f"{here}/1/excuse", sent)).status_code == 403
    assert (await supervisor.post(f"{here}/1/excuse", sent)).status_code == 303
    public = says(await promising.http.get("/city/tongzhou/promises"))
    assert "管道厂停产" in public
    assert day(30) in public
    assert (await officer.post(f"{here}/2/break", {"reason": ""})).status_code == 422
    assert (await officer.post(f"{here}/2/keep", {"evidence": "已完成"})).status_code == 303
    again = await officer.post(f"{here}/2/break", {"reason": "不对"})
    assert again.status_code == 409
    follow = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    assert "承诺已兑现" in says(await promising.http.post("/follow", data=follow))
    kept = await promising.http.get("/city/tongzhou/promises?which=kept&lang=en")
    assert "Kept" in kept.text
    assert "已完成" in kept.text


async def test_what_is_refused_stands_again_in_the_form_that_was_sent(promising: Api) -> None:
    """Each promise has forms of its own: what was typed in one was lost, or stood in another."""
    ticket = await promising.handled()
    supervisor = await at_desk(promising, Role.SUPERVISOR)
    here = f"/staff/tickets/{ticket.number}/promises"
    for n in (1, 2):
        form = {"text": f"{TEXT}{n}", "due": day(n)}
        assert (await supervisor.post(here, form)).status_code == 303
    typed = {"reason": "灯杆厂停产。", "moved_to": "morgen"}
    wrong = await supervisor.post(f"{here}/2/excuse", typed)
    assert wrong.status_code == 422
    assert '<a href="#f-moved_to-2-excuse">' in wrong.text
    assert wrong.text.count("灯杆厂停产。") == 1
    assert 'value="morgen"' in wrong.text
    empty = await supervisor.post(here, {"text": "", "due": day(1)})
    assert '<a href="#f-text">' in empty.text


async def test_who_may_not_tell_sees_promises_and_no_forms(promising: Api) -> None:
    ticket = await promising.handled()
    officer = await at_desk(promising, Role.OFFICER, "water")
    here = f"/staff/tickets/{ticket.number}/promises"
    assert (await officer.post(here, {"text": TEXT, "due": day(1)})).status_code == 303
    desk = await at_desk(promising, Role.DESK)
    page = await desk.get(here)
    assert TEXT in says(page)
    assert "/promises/1/" not in page.text
    stranger = await at_desk(promising, Role.OFFICER, "market")
    assert (await stranger.get(here)).status_code == 404
    assert TEXT not in says(await stranger.get("/staff/promises?which=all"))
    assert TEXT not in says(await promising.http.get("/city/tongzhou/promises")), "not public"


async def test_a_city_without_promises_has_no_such_pages(api: Api) -> None:
    assert (await api.http.get("/city/tongzhou/promises")).status_code == 404
    supervisor = await at_desk(api, Role.SUPERVISOR)
    assert (await supervisor.get("/staff/promises?city=tongzhou")).status_code == 404
    page = await supervisor.get("/staff/tickets?city=tongzhou")
    assert "/staff/promises" not in page.text
    ticket = await api.file()
    await ticket.until_stage("handle")
    officer = await at_desk(api, Role.OFFICER, "water")
    form = await officer.get(f"/staff/tickets/{ticket.number}?do=complete")
    assert "承诺内容" not in says(form)
    assert "登记承诺" not in says(await officer.ticket(ticket))
