"""One installation and one browser for all tests; each test has a fresh profile."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

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


@pytest.fixture
def page_errors() -> Iterator[list[str]]:
    """Collect errors of scripts and of the console on every page; fail if there is any at the end.

    A test that expects some takes the fixture and empties the list.
    """
    errors: list[str] = []
    yield errors
    assert not errors, "\n".join(errors)


def watch(context: BrowserContext, errors: list[str]) -> None:
    """Add the errors of every page of a profile, also of those opened later, to `errors`."""
    context.on("weberror", lambda one: errors.append(f"{one.page and one.page.url}: {one.error}"))
    context.on("console", lambda one: errors.append(_said(one)) if _is_error(one) else None)


def _said(message: ConsoleMessage) -> str:
    return f"{message.location.get('url')}: {message.text}"


def _is_error(message: ConsoleMessage) -> bool:
    """Return whether a console message is an error of ours.

    A browser also logs each refused answer and each request without a network, which tests cause on
    purpose: of these, only a script or a style that is missing is an error.
    """
    if message.type != "error" or "unknown error occurred when fetching the script" in message.text:
        return False
    own = urlsplit(str(message.location.get("url", ""))).path.endswith((".js", ".css"))
    answered = "Failed to load resource: the server responded" in message.text
    return (answered and own) or not message.text.startswith("Failed to load resource")


_PATIENCE = 30_000
"""Milliseconds to wait for an element: a busy machine is slow."""


@pytest.fixture
def phone(browser: Browser, town: Site, page_errors: list[str]) -> Iterator[Open]:
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
        watch(context, page_errors)
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
