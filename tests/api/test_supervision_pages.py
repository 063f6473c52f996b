"""Tests of the pages of supervision lists: a leader's office, the unit, the sheet and the print."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import Api, serve_api
from tests.support.engine import platform
from tests.support.staff_pages import at_desk, says
from tests.support.supervising_city import let_days_pass, put_on, supervising

HERE = "/staff/supervision"


@pytest.fixture
async def listing(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    packs = supervising(tmp_path / "cities")
    async with (
        platform(client, sqlite_store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def test_a_problem_goes_through_the_list(listing: Api) -> None:
    ticket = await listing.file()
    await ticket.until_stage("handle")
    supervisor = await at_desk(listing, Role.SUPERVISOR)
    assert "督导清单" in says(await supervisor.get("/staff/board"))
    sent = {"number": ticket.number, "leader": "water", "text": "清淤并公示。", "key": "k" * 32}
    refused = await supervisor.post(HERE, sent | {"due": "2020-01-01"})
    assert refused.status_code == 422
    assert "清淤并公示。" in refused.text, "nothing that was typed is lost"
    assert (await supervisor.post(HERE, sent)).status_code == 303
    assert (await supervisor.post(HERE, sent)).status_code == 303, "two taps are one row"
    page = await supervisor.get(HERE)
    assert page.text.count('<section class="panel" aria-labelledby="s-') == 1
    assert "待整改" in says(page)
    for language, words in (("zh", "3 个工作日"), ("en", "3 working days")):
        reader = await at_desk(listing, Role.SUPERVISOR, language=language)
        assert words in says(await reader.get(HERE))
    row = page.text.split(f"{HERE}/")[2].split("/")[0]
    officer = await at_desk(listing, Role.OFFICER, "water")
    assert (await officer.post(f"{HERE}/{row}/result", {"text": "已清淤。"})).status_code == 303
    own = await officer.post(f"{HERE}/{row}/revisit", {"note": "清了。", "holds": "yes"})
    assert own.status_code == 409, "who rectified it does not say that it holds"
    early = await supervisor.post(f"{HERE}/{row}/revisit", {"note": "清了。", "holds": "yes"})
    assert early.status_code == 409
    assert "清了。" in early.text
    back = await supervisor.post(f"{HERE}/{row}/revisit", {"note": "又黑了。", "holds": "no"})
    assert back.status_code == 303
    assert "问题反弹" in says(await supervisor.get(HERE))


async def test_what_is_late_is_counted_on_page_sheet_and_print(listing: Api) -> None:
    ticket = await listing.file()
    await ticket.until_stage("handle")
    await put_on(ticket, text="=清淤")
    await let_days_pass(listing.store, 40)
    auditor = await at_desk(listing, Role.AUDITOR)
    page = says(await auditor.get(HERE))
    assert "已超期：1" in page
    assert "将工单列入清单" not in page, "an auditor only reads"
    printed = says(await auditor.get(f"{HERE}/print"))
    assert "问题清单" in printed
    assert ticket.number in printed
    sheet = await auditor.get(f"{HERE}.csv")
    assert sheet.headers["content-type"].startswith("text/csv")
    assert "'=清淤" in sheet.text, "no formula in a sheet"
    assert (await auditor.get(HERE, leader="south")).status_code == 404


async def test_a_city_without_lists_has_no_page(api: Api) -> None:
    supervisor = await at_desk(api, Role.SUPERVISOR)
    assert (await supervisor.get(HERE)).status_code == 404
    assert "督导清单" not in says(await supervisor.get("/staff/board"))
