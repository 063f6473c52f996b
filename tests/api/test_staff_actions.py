"""Tests of every action form through its page: the page afterwards, and the recorded event."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from api.http.i18n import CHINESE, translations
from api.pages.actions.all_actions import ACTION_FORMS, BY_PATH
from domain.actors import Role
from store.db.engine import Store
from store.packs.archive import ArchivedPacks
from tests.api.running_api import Api, serve_api
from tests.support.action_cases import ABLE, CASES, WHY, Case
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.media import a_photo
from tests.support.staff_pages import at_desk, offered, says


@pytest.fixture
async def able(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    packs = city_with(tmp_path / "cities", **ABLE)
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as opened,
    ):
        yield opened


ELSEWHERE = {"step", "merge", "replan"}
"""Action forms with tests of their own below."""


def test_every_action_is_tried() -> None:
    assert {case.path for case in CASES} | ELSEWHERE == {
        action_form.path for action_form in ACTION_FORMS
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.path)
async def test_an_action_through_its_page(able: Api, case: Case) -> None:
    ticket = await case.ready(able)
    who = await at_desk(able, case.role, "water" if case.role is Role.OFFICER else None)
    before = (await ticket.kinds()).count(case.kind)
    page = await who.ticket(ticket, do=case.path)
    assert case.path in offered(page)
    assert f'action="/staff/tickets/{ticket.number}/{case.path}"' in page.text
    fields = case.typed | {"key": "k" * 32}
    done = translations(CHINESE).gettext(BY_PATH[case.path].form.done)
    assert await who.done(ticket, case.path, fields) == done
    assert await who.done(ticket, case.path, fields) == done  # the same form, sent twice
    assert (await ticket.kinds()).count(case.kind) == before + 1
    shown = says(await who.ticket(ticket))
    for text in case.shown:
        assert text in shown


async def test_one_ticket_is_merged_into_another_and_both_say_so(able: Api) -> None:
    other, ticket = await able.file(), await able.file()
    who = await at_desk(able, Role.DISPATCHER)
    page = await who.ticket(ticket, do="merge", into=other.number)
    assert f'value="{other.number}"' in page.text
    assert await who.done(ticket, "merge", {"into": other.number} | WHY)
    assert f"/staff/tickets/{other.number}" in (await who.ticket(ticket)).text
    assert (await ticket.kinds())[-1] == "merged"
    assert "并入本单的工单" in says(await who.ticket(other))


async def test_only_what_counts_working_time_can_be_planned_again(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    unpublished = {"country": None, "years": [2020]}
    tiers = {"complex": {"handle": "5wd"}}
    packs = city_with(tmp_path / "cities", calendar=unpublished, tiers=tiers)
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        await ArchivedPacks(packs, running.store).keep_all()
        ticket, firm = await api.file(), await api.unclear()
        for role in (Role.DISPATCHER, Role.ADMIN):
            who = await at_desk(api, role)
            assert "replan" not in offered(await who.ticket(ticket))
        supervisor = await at_desk(api, Role.SUPERVISOR)
        assert "replan" not in offered(await supervisor.ticket(firm))
        page = await supervisor.ticket(ticket, do="replan")
        assert "replan" in offered(page)
        assert "暂定" in says(page)
        response = await supervisor.do(ticket, "replan", {"key": "k" * 32})
        assert response.status_code == 409  # no day was published or changed since
        assert "期限所涉及的日期没有新公布的安排，也没有调整。" in says(response)
        assert "replanned" not in await ticket.kinds()


async def test_a_step_of_staged_limits_is_reported_with_a_photo(api: Api) -> None:
    place = {"address": "经七路 12 号", "area": "370103"}
    ticket = await api.file(city="jinan", category="0104", text="楼顶加建。", place=place)
    unit = (await ticket.seen_by_staff())["assignments"][0]["unit"]
    who = await at_desk(api, Role.OFFICER, unit, city="jinan")
    assert "step" in offered(await who.ticket(ticket, city="jinan"))
    photo = {"evidence": ("stop.jpg", a_photo(), "image/jpeg")}
    fields = {"step": "stop", "note": "已责令停工。"}
    assert await who.done(ticket, "step", fields, photo) == "该阶段已完成。"
    assert (await ticket.kinds())[-1] == "step_done"
    page = await who.ticket(ticket)
    assert "已责令停工。" in says(page)
    assert "/thumbnail?" in page.text
