"""One installation and one browser for all tests; each test has a fresh profile."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from domain.actors import Role
from tests.support.browser import CHROMIUM, Site, chromium, site

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        missing = f"there is no {CHROMIUM}; Debian: apt-get install chromium fonts-noto-cjk"
        if os.environ.get("JIESU_REQUIRE_BROWSER") == "1":
            pytest.fail(f"{missing}, and JIESU_REQUIRE_BROWSER is 1")
        pytest.skip(missing)
    with chromium() as running:
        yield running


@pytest.fixture(scope="session")
def town(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Site]:
    """Run Tongzhou alone, or use the running installation of `JIESU_SITE=URL=HOME` to save time."""
    if "JIESU_SITE" in os.environ:
        url, _, home = os.environ["JIESU_SITE"].partition("=")
        yield Site(url, Path(home))
        return
    with site(tmp_path_factory.mktemp("town")) as running:
        yield running


Open = Callable[..., Page]
_PATIENCE = 30_000
"""Milliseconds to wait for an element: a busy machine is slow."""


@pytest.fixture
def phone(browser: Browser, town: Site) -> Iterator[Open]:
    """Open pages in profiles of their own: `phone("/report", language="en", script=False)`."""
    contexts = []

    def opened(path: str = "/", *, language: str = "zh", script: bool = True, **more: Any) -> Page:
        context = browser.new_context(
            base_url=town.url,
            viewport=more.pop("viewport", {"width": 390, "height": 844}),
            locale="en-GB" if language == "en" else "zh-CN",
            java_script_enabled=script,
            **more,
        )
        context.set_default_timeout(_PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()


@pytest.fixture
def desk(phone: Open, town: Site) -> Open:
    """Open pages as signed-in staff, on a large screen:
    `desk("/staff/inbox", Role.OFFICER, unit="water", language="en")`."""

    def opened(path: str, role: Role, *, unit: str | None = None, **more: Any) -> Page:
        name, password = town.account(role, unit)
        page = phone("about:blank", **{"viewport": {"width": 1280, "height": 800}, **more})
        answer = page.request.post(
            "/api/v1/session", data={"name": name, "password": password}, timeout=_PATIENCE
        )
        assert answer.status == 200, answer.text()
        page.goto(path)
        return page

    return opened
