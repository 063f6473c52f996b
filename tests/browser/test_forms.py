"""Tests of every form for staff, on a ticket that is ready for it, on a narrow screen."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from fastapi import FastAPI
from playwright.sync_api import Browser, Page

from api.pages.actions.all_actions import ACTION_FORMS, BY_PATH
from api.pages.actions.spec import ActionForm
from domain.actors import Role
from store.db.engine import Store, default_url
from tests.api.running_api import Api, Filed
from tests.browser.conftest import Open
from tests.support.action_cases import ABLE, CASES, WHY, Case, fresh
from tests.support.browser import Site, site, violations
from tests.support.cities import city_with

pytestmark = pytest.mark.timeout(900)  # the first test waits for the installation

SILENT = {"limits": ABLE["limits"] | {"rate": "1s"}, "ladder": ABLE["ladder"] | {"rate": None}}
"""The changes to the pack by which a citizen who does not rate at once is called back."""

STAGED = "0303"


async def _staged(api: Api) -> Filed:
    return await api.file(category=STAGED, text="下水道堵了，污水横流。")


FORMS = (
    *CASES,
    Case("merge", Role.DISPATCHER, fresh, WHY, "merged"),
    Case("step", Role.OFFICER, _staged, {}, "step_done"),
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """Run Tongzhou with everything enabled that any city does."""
    home = tmp_path_factory.mktemp("able")
    path = home / "cities"
    city_with(path, **ABLE | SILENT)
    _with_steps(path / "tongzhou/categories.csv")
    with site(home, path) as running:
        yield running


def _with_steps(file: Path) -> None:
    lines = file.read_text("utf-8").splitlines()
    (at,) = (n for n, line in enumerate(lines) if line.startswith(f"{STAGED},"))
    *stored_lines, _steps, filing, closing = lines[at].split(",")
    lines[at] = ",".join([*stored_lines, "stop=4wh|restore=5wd", filing, closing])
    file.write_text("\n".join(lines) + "\n", "utf-8")


class Ready(NamedTuple):
    """Tickets by the action form that each is ready for, and one that is due for a call-back."""

    by_action: dict[str, str]
    silent: str


@pytest.fixture(scope="module")
def ready(town: Site) -> Ready:
    return _elsewhere(_made_ready(town))


def _elsewhere(work: Coroutine[Any, Any, Ready]) -> Ready:
    """Run in another thread: the test's own thread has the event loop of the browser."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


async def _made_ready(town: Site) -> Ready:
    store = Store.open(default_url(town.home))
    async with httpx.AsyncClient(base_url=town.url, timeout=60) as http:
        api = Api(http, store, FastAPI())
        made = {one: await one(api) for one in dict.fromkeys(case.ready for case in FORMS)}
        silent = await api.file(contact={"phone": "13800001234", "name": "王小明"})
        assert (await silent.complete()).status_code == 200
        async with asyncio.timeout(60):
            while not (await silent.seen_by_staff())["call_back_due"]:
                await asyncio.sleep(0.1)
    await store.close()
    return Ready({case.path: made[case.ready].number for case in FORMS}, silent.number)


class Looks:
    """The faults of the pages that were looked at."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def at(self, page: Page, name: str) -> None:
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
        self.faults += [f"{name}: {fault}" for fault in violations(page)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > 320:
            self.faults.append(f"{name}: {wide} pixels wide")


def _comes_back_empty(action_form: ActionForm) -> bool:
    """Return whether sending the untouched form fails: a required field is not filled in."""
    return any(
        one.required and not one.choices and not one.preset for one in action_form.form.fields
    )


def _narrow(desk: Open, role: Role, language: str) -> Page:
    unit = "water" if role is Role.OFFICER else None
    size = {"width": 320, "height": 640}
    return desk("about:blank", role, unit=unit, language=language, viewport=size)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_form_of_every_action_is_accessible_and_fits(
    desk: Open, ready: Ready, language: str
) -> None:
    looks, shown = Looks(), set()
    for role, cases in groupby(sorted(FORMS, key=lambda one: one.role), lambda one: one.role):
        page = _narrow(desk, role, language)
        for case in cases:
            number = ready.by_action[case.path]
            page.goto(f"/staff/tickets/{number}?do={case.path}")
            form = page.locator(f"form[action='/staff/tickets/{number}/{case.path}']")
            if form.count() == 0:
                continue
            shown.add(case.path)
            looks.at(page, case.path)
            if _comes_back_empty(BY_PATH[case.path]):
                form.locator("button").last.click()
                page.wait_for_selector("#summary")
                looks.at(page, f"{case.path}, come back")
    assert looks.faults == []
    # Replanning needs a year published since the ticket was planned: see tests/workflows.
    assert shown == {action_form.path for action_form in ACTION_FORMS} - {"replan"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_desks_pages_with_work_on_them_are_accessible_and_fit(
    desk: Open, ready: Ready, language: str
) -> None:
    looks, by_action = Looks(), ready.by_action
    page = _narrow(desk, Role.DESK, language)
    page.goto(f"/staff/call-backs?number={ready.silent}")
    looks.at(page, "a call-back")
    page.locator("form[action*='/phone'] button").click()
    page.wait_for_selector("a[href='tel:13800001234']")
    looks.at(page, "a call-back, with the phone")
    page.locator("form[action*='/call-back?'] button").click()
    page.wait_for_selector("#summary")
    looks.at(page, "a call-back, come back")
    page = _narrow(desk, Role.DISPATCHER, language)
    for path in (
        f"triage?number={by_action['triage']}",
        f"decisions?number={by_action['decide']}",
        f"decisions?number={by_action['arbitrate']}",
        f"merge?a={by_action['merge']}&b={by_action['decide']}",
    ):
        page.goto(f"/staff/{path}")
        numbers = path.partition("?")[2].replace("a=", "").replace("b=", "").replace("number=", "")
        for number in numbers.split("&"):
            assert page.locator(f"main :text('{number}')").count(), path
        looks.at(page, path)
    assert looks.faults == []
