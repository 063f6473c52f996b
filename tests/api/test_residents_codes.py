"""A code that stands for a resident is used by residents: nobody acts with one while signed in."""

from collections.abc import AsyncIterator
from inspect import signature
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.routing import APIRoute
from temporalio.client import Client

from api.http.app import create_app
from app.access.guests import Guest
from domain.actors import Role
from runtime.settings import Settings
from store.db.engine import Store
from tests.api.running_api import Api, problem, serve_api
from tests.support.cities import SHIPPED
from tests.support.engine import RING, platform
from tests.support.people import signed_in
from tests.support.staff_pages import says
from tests.support.walking import addresses

HEADERS = {"code": ("Invitation-Code", "Signature-Code")}
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/council/statements": {"text": "晚上没有空位。"},
    "/api/v1/council/vote": {"option": 1},
    "/api/v1/hearings/{hearing}/questions": {"text": "什么时候装灯？"},
    "/api/v1/hearings/{hearing}/ratings": {"number": "2611012345675", "grade": 5},
    "/api/v1/agreement/sign": {},
}
"""The acts with the code of a resident, and the body of each."""

PAGES: dict[str, dict[str, Any]] = {
    "/council/say": {"invitation": "7K2M-9QXD-4TRB", "text": "晚上没有空位。"},
    "/council/vote": {"invitation": "7K2M-9QXD-4TRB", "option": "1"},
    "/agreement/sign": {"signature": "7K2M-9QXD-4TRB"},
}
"""The pages on which it is done; those of a hearing need one, and are tried with it."""

AT_HEARINGS = {"/reports/{hearing}/ask", "/reports/{hearing}/rate"}
READING = {"/council", "/agreement"}
"""Pages that only show what a code opens: staff wrote it, and may read it."""


@pytest.fixture
async def cities(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the cities as they are shipped, on each database."""
    async with (
        platform(client, store, SHIPPED) as running,
        serve_api(tmp_path, running.store, client, SHIPPED) as api,
    ):
        yield api


def test_every_act_with_such_a_code_is_tried(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, keys=RING.text()), packs=SHIPPED)  # type: ignore[arg-type]
    routes = [one.route for one in addresses(app) if "POST" in (one.route.methods or ())]
    assert {one.path for one in routes if _named(one)} == BODIES.keys()
    pages = {one.path for one in routes if one.endpoint.__module__ in _MODULES}
    assert pages - READING == PAGES.keys() | AT_HEARINGS


_MODULES = {f"api.pages.citizen.{one}" for one in ("council", "agreement", "hearings")}


def _named(route: APIRoute) -> bool:
    """Return whether the route takes the code of somebody invited, or of a side."""
    names = {field.alias for field in route.dependant.header_params}
    return bool(names & {*HEADERS["code"]})


@pytest.mark.parametrize("path", sorted(BODIES))
async def test_a_token_does_not_act_with_it(cities: Api, path: str) -> None:
    headers = await cities.officer() | dict.fromkeys(HEADERS["code"], "7K2M-9QXD-4TRB")
    answer = await _send(cities, path, headers)
    assert problem(answer) == (403, "code_of_resident")
    mine = dict.fromkeys(HEADERS["code"], "7K2M-9QXD-4TRB")
    assert problem(await _send(cities, path, mine))[1] != "code_of_resident"


@pytest.mark.parametrize("path", sorted(BODIES))
async def test_a_session_does_not_act_with_it(cities: Api, path: str) -> None:
    who = await signed_in(cities, Role.SUPERVISOR)
    headers = who.cookie | dict.fromkeys(HEADERS["code"], "7K2M-9QXD-4TRB")
    assert problem(await _send(cities, path, headers)) == (403, "code_of_resident")


async def _send(api: Api, path: str, headers: dict[str, str]) -> httpx.Response:
    where = path.format(hearing="tongzhou-1")
    return await api.http.post(where, json=BODIES[path], headers=headers)


@pytest.mark.parametrize("path", sorted(PAGES))
async def test_the_page_says_so(cities: Api, path: str) -> None:
    who = await signed_in(cities, Role.OFFICER, "water")
    headers = {"Accept": "text/html", "Accept-Language": "zh"} | who.cookie
    answer = await cities.http.post(path, data=PAGES[path], headers=headers)
    assert answer.status_code == 403, says(answer)
    assert "工作人员登录状态下不能使用" in says(answer)


def test_all_that_is_done_with_a_code_takes_a_guest() -> None:
    """An act with such a code cannot forget to ask who comes with it."""
    from app.tickets import councils, hearings, mediations

    for module in (councils, hearings, mediations):
        for name, act in vars(module).items():
            if not callable(act) or getattr(act, "__module__", "") != module.__name__:
                continue
            names = signature(act).parameters
            if "code" in names and not name.startswith("_"):
                assert names["guest"].annotation is Guest, name
