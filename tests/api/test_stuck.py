"""Tests that tickets which are stuck without waiting for a person are reported everywhere."""

from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from domain.actors import Role
from store.db.engine import Store
from store.tickets import intake
from tests.api.running_api import Api, serve_api
from tests.store.stories import Story, complaint, project
from tests.support.people import signed_in

API = "/api/v1"
PEOPLE = {"Accept": "text/html"}


async def _register(api: Api, city: str = "tongzhou", *, begun: bool = False) -> str:
    """Register an older complaint that the engine has not taken, or (`begun`) not recorded."""
    filed = datetime.now(UTC) - timedelta(minutes=3)
    new_complaint = complaint(city=city, filed_at=filed)
    await intake.register(
        api.store, new_complaint, None, None, None, "f", partial(str, new_complaint.number)
    )
    if begun:
        await intake.mark_started(api.store, new_complaint.number, filed)
    return new_complaint.number


async def _page(api: Api, path: str, role: Role, language: str = "en") -> str:
    somebody = await signed_in(api, role)
    headers = PEOPLE | somebody.cookie | {"Accept-Language": language}
    headers["Cookie"] += "; city=tongzhou"
    answer = await api.http.get(path, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.text


async def test_a_quiet_installation_says_so_everywhere(api: Api) -> None:
    await (await api.file()).until_stage("handle")
    admin = await api.token(Role.ADMIN)
    assert (await api.http.get(f"{API}/backlog", headers=admin)).json()["stuck"] == []
    findings = (await api.http.get(f"{API}/installation", headers=admin)).json()["findings"]
    assert [one["state"] for one in findings if one["what"] == "tickets"] == ["ok"]
    assert "Nothing waits for longer than a minute" in await _page(
        api, "/staff/admin/waiting", Role.ADMIN
    )
    assert "These are stuck" not in await _page(api, "/staff/board", Role.SUPERVISOR)
    text = (await api.http.get("/metrics")).text
    assert 'jiesu_stuck{waits="record"} 0.0' in text


async def test_a_ticket_with_nobody_is_on_board_admin_page_and_metric(api: Api) -> None:
    lost = await _register(api, begun=True)
    other = await _register(api, "heping")
    admin, overseer = await api.token(Role.ADMIN), await api.token(Role.SUPERVISOR)
    board = (await api.http.get(f"{API}/cities/tongzhou/board", headers=overseer)).json()
    [stuck] = board["stuck"]
    assert (stuck["waits"], stuck["tickets"], stuck["numbers"]) == ("record", 1, [lost])
    backlog = (await api.http.get(f"{API}/backlog", headers=admin)).json()
    assert {one["waits"]: one["numbers"] for one in backlog["stuck"]} == {
        "start": [other],
        "record": [lost],
    }
    findings = (await api.http.get(f"{API}/installation", headers=admin)).json()["findings"]
    wrong = [one["says"] for one in findings if one["what"] == "tickets"]
    assert [one["state"] for one in findings if one["what"] == "tickets"] == ["wrong", "wrong"]
    assert lost in wrong[1]
    assert "nothing recorded" in wrong[1]
    text = (await api.http.get("/metrics")).text
    assert 'jiesu_stuck{waits="record"} 1.0' in text
    assert lost not in text


async def test_staff_of_one_city_are_told_of_no_other_citys_stuck_tickets(api: Api) -> None:
    here, elsewhere = await _register(api), await _register(api, "heping")
    admin = await api.token(Role.ADMIN, city="heping")
    findings = (await api.http.get(f"{API}/installation", headers=admin)).json()["findings"]
    [stuck] = [one["says"] for one in findings if one["what"] == "tickets"]
    assert elsewhere in stuck
    assert here not in stuck


@pytest.mark.parametrize(
    ("language", "says", "waits"),
    [
        ("en", "These are stuck", "Taken by the engine, and nothing recorded yet"),
        ("zh", "停滞不动", "流程引擎已接收，尚无记录"),
    ],
)
async def test_the_pages_name_the_tickets_and_what_they_wait_for(
    api: Api, language: str, says: str, waits: str
) -> None:
    lost = await _register(api, begun=True)
    other = await _register(api, "heping")
    board = await _page(api, "/staff/board", Role.SUPERVISOR, language)
    assert says in board
    for page in (board, await _page(api, "/staff/admin/waiting", Role.ADMIN, language)):
        assert waits in page
        assert f'href="/staff/tickets/{lost}"' in page
    assert other not in board
    wall = await _page(api, "/staff/board?wall=1", Role.SUPERVISOR, language)
    assert waits in wall
    assert f'href="/staff/tickets/{lost}"' not in wall  # nobody can click on the wall display


async def test_a_rung_that_nobody_records_is_told(api: Api) -> None:
    story = Story(complaint(city="tongzhou", filed_at=datetime.now(UTC) - timedelta(days=3)))
    await project(api.store, [story.accepted(), story.classified(), story.assigned()])
    board = await _page(api, "/staff/board", Role.SUPERVISOR)
    assert "A card or reminder was due, and is not recorded" in board
    assert story.number in board


async def test_a_metric_is_no_number_while_the_store_is_away(api: Api) -> None:
    away = Store.open("postgresql://nobody@127.0.0.1:1/nothing")
    home = api.context.settings.home
    async with serve_api(home, away, None, temporal_address="127.0.0.1:1") as other:
        text = (await other.http.get("/metrics")).text
    await away.close()
    assert 'jiesu_stuck{waits="start"} NaN' in text
