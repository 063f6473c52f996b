"""The staff's navigation: every link opens, under its heading, and the page one is on is marked."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from api.pages.shared.navigation import NAVIGATION, NavigationGroup, current, entries, grouped
from api.pages.shared.subjects import subjects_of
from domain.actors import OF_UNITS, Role
from domain.pack.pack import Pack
from domain.policy.permissions import STAFF
from tests.api.running_api import Api, serve_store_alone
from tests.support.cities import SHIPPED
from tests.support.people import signed_in
from tests.support.staff_pages import AtDesk

pytestmark = pytest.mark.asyncio(loop_scope="module")

_LINK = re.compile(r'<li><a href="(/staff/[^"]+)"( aria-current="page")?>([^<]+)</a></li>')
_GROUP = re.compile(r'<p class="staff-group" id="nav-(\w+)">')


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def api(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Api]:
    """Open the application with an empty store alone: nothing is done here."""
    home = tmp_path_factory.mktemp("navigation")
    async with serve_store_alone(sqlite_template, home) as opened:
        yield opened


def _navigation(page: str) -> str:
    return page[page.index('<nav class="staff-nav"') : page.index("</nav>")]


def _units(pack: Pack, role: Role) -> list[str | None]:
    """Return units that have different links, one of each; None: the role is of no unit."""
    if role not in OF_UNITS:
        return [None]
    by_subjects = {subjects_of(pack, unit.code): unit.code for unit in pack.units}
    return list(by_subjects.values())


@pytest.mark.parametrize("city", SHIPPED.ids())
@pytest.mark.parametrize("role", sorted(STAFF))
async def test_every_link_of_every_role_opens_and_is_marked(
    api: Api, city: str, role: Role
) -> None:
    pack = SHIPPED.get(city)
    for unit in _units(pack, role):
        who = AtDesk(api, await signed_in(api, role, unit, city), "en")
        links = entries(role, subjects_of(pack, unit))
        assert links, "everybody has a page to begin at"
        for link in links:
            answer = await who.get(link.url, city=city)
            if answer.status_code == 303:  # administration begins at one of its pages
                answer = await who.get(answer.headers["Location"], city=city)
            if link.url == "/staff/grid":  # it is asked of the street's appointment
                assert answer.status_code in (200, 403)
            else:
                assert answer.status_code == 200, (link.url, unit)
            bar = _navigation(answer.text)
            shown = _LINK.findall(bar)
            assert {url for url, *_ in shown} == {one.url for one in links}
            assert [url for url, marked, _ in shown if marked] == [link.url]
            assert _GROUP.findall(bar) == [one.value for one in grouped(links)]
            assert "<details>" in bar, "it opens without a script"


async def test_what_a_city_has_not_is_neither_linked_nor_there(api: Api) -> None:
    who = AtDesk(api, await signed_in(api, Role.SUPERVISOR, None, "tongzhou"), "en")
    page = _navigation((await who.get("/staff/board", city="tongzhou")).text)
    without = [
        one.url
        for one in entries(Role.SUPERVISOR)
        if one not in entries(Role.SUPERVISOR, subjects_of(SHIPPED.get("tongzhou"), None))
    ]
    assert "/staff/council-tasks" in without
    for url in without:
        assert f'"{url}"' not in page
        # It is not there, or says that the city has it not.
        assert (await who.get(url, city="tongzhou")).status_code in (404, 409), url


async def test_the_start_page_is_under_the_first_heading() -> None:
    for role in STAFF:
        links = entries(role)
        first, *_ = grouped(links).values()
        assert first[0] is links[0]
        assert sum(len(some) for some in grouped(links).values()) == len(links)
    assert {link.group for link in NAVIGATION} == set(NavigationGroup)


async def test_the_nearest_page_is_the_one_that_is_marked() -> None:
    links = entries(Role.SUPERVISOR)
    marked = {
        "/staff/tickets/2603021234560": "/staff/tickets",
        "/staff/patrols/draws": "/staff/patrols",
        "/staff/board": "/staff/board",
    }
    for here, url in marked.items():
        link = current(links, here)
        assert link is not None
        assert link.url == url
    assert current(links, "/staff/boards") is None
