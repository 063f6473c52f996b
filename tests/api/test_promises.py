"""Tests of promises over HTTP: made with an answer or afterwards, kept, broken, excused, public."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import REPLY, Api, Filed, problem, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform
from tests.support.media import a_photo
from tests.support.promises import RULES, days_pass

TEXT = "月底前清淤三百米，联系人电话 13800138000"
COVERED = "月底前清淤三百米，联系人电话 ▇▇▇"


@pytest.fixture
async def promising(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that records promises, on each database."""
    packs = city_with(tmp_path / "cities", promises=RULES)
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


def day(days: int) -> str:
    """Return a day of the city, so many days from today."""
    return f"{(datetime.now(UTC) + timedelta(hours=8, days=days)).date()}"


async def say(ticket: Filed, what: str, body: Any, role: Role | None = None) -> httpx.Response:
    """Do something with promises: as the officer of the unit that leads, or in another role."""
    who = await (ticket.api.token(role) if role else ticket.api.officer())
    return await ticket.api.http.post(f"{ticket.path}/promises{what}", json=body, headers=who)


async def made(ticket: Filed, days: int = 5) -> dict[str, Any]:
    answer = await say(ticket, "", {"text": TEXT, "due": day(days)})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def of_ticket(ticket: Filed) -> list[dict[str, Any]]:
    answer = await ticket.api.http.get(f"{ticket.path}/promises", headers=ticket.citizen)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def listed(api: Api, headers: dict[str, str], which: str = "waiting") -> list[Any]:
    query = {"which": which, "city": "tongzhou"}
    answer = await api.http.get("/api/v1/promises", params=query, headers=headers)
    assert answer.status_code == 200, answer.text
    return [(one["number"], one["n"]) for one in answer.json()["items"]]


async def public(api: Api, which: str = "all") -> list[dict[str, Any]]:
    path = "/api/v1/cities/tongzhou/promises"
    answer = await api.http.get(path, params={"which": which})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def test_a_promise_that_comes_with_the_answer_outlives_the_ticket(promising: Api) -> None:
    ticket = await promising.file(public=True)
    await ticket.until_stage("handle")
    undated = await ticket.complete(body=REPLY | {"promise": TEXT})
    assert problem(undated) == (422, "promise_undated")
    far = await ticket.complete(body=REPLY | {"promise": TEXT, "promise_due": "9999-12-31"})
    assert problem(far) == (422, "too_far")
    past = await ticket.complete(body=REPLY | {"promise": TEXT, "promise_due": day(-1)})
    assert problem(past) == (422, "in_the_past")
    empty = await ticket.complete(body=REPLY | {"promise_due": day(3)})
    assert problem(empty) == (422, "invalid_request")
    assert (await ticket.seen())["stage"] == "handle", "no answer went out without its promise"
    done = await ticket.complete(body=REPLY | {"promise": TEXT, "promise_due": day(3)})
    assert done.status_code in (200, 202), done.text
    await ticket.until_stage("rate")
    assert (await ticket.rate()).status_code == 200
    [promise] = await of_ticket(ticket)
    assert (promise["due"], promise["state"], promise["unit"]) == (day(3), "open", "water")
    assert promise["text"] == COVERED, "its citizen reads it as everybody does"
    [shown] = await public(promising)
    assert (shown["number"], shown["text"], shown["photo"]) == (ticket.number, COVERED, None)
    officer = await promising.officer()
    assert await listed(promising, officer) == []
    await days_pass(promising.store, 3)
    assert await listed(promising, officer) == [(ticket.number, 1)], "it asks by itself"
    supervisor = await promising.token(Role.SUPERVISOR)
    assert await listed(promising, supervisor, "unsaid") == []
    await days_pass(promising.store, 3)
    assert await listed(promising, supervisor, "unsaid") == [(ticket.number, 1)]
    assert [one["state"] for one in await public(promising, "broken")] == ["broken"]
    late = await say(ticket, "/1/keep", {"evidence": "已清淤。"})
    assert (late.json()["state"], late.json()["done_late"]) == ("broken", True)
    assert await listed(promising, officer) == []


async def test_a_promise_is_kept_with_evidence_and_a_photo(promising: Api) -> None:
    ticket = await promising.handled()
    assert (await made(ticket))["n"] == 1
    officer = await promising.officer()
    uploaded = await promising.http.post(
        "/api/v1/files?purpose=after", content=a_photo((64, 48)), headers=officer
    )
    reference = uploaded.json()["reference"]
    nothing = await say(ticket, "/1/keep", {"evidence": " "})
    assert problem(nothing) == (422, "invalid_request")
    foreign = await say(ticket, "/1/keep", {"evidence": "好了", "photo": "f" + "0" * 32})
    assert problem(foreign)[0] in (404, 422)
    kept = await say(ticket, "/1/keep", {"evidence": "已清淤。", "photo": reference})
    assert kept.status_code == 200, kept.text
    assert kept.json()["state"] == "kept"
    files = (await promising.http.get(f"{ticket.path}/files", headers=officer)).json()
    assert kept.json()["photo"] in {one["id"] for one in files}
    again = await say(ticket, "/1/break", {"reason": "没有"})
    assert problem(again) == (409, "promise_ended")
    kinds = [one["kind"] for one in (await ticket.seen())["timeline"]]
    assert kinds[-2:] == ["promise_made", "promise_kept"]
    assert "promise_made" not in await ticket.kinds(), "the workflow knows nothing of it"


async def test_only_a_supervisor_excuses_and_a_new_day_is_a_new_promise(promising: Api) -> None:
    ticket = await promising.handled(public=True)
    await made(ticket)
    body = {"reason": "厂家停产。", "moved_to": day(20)}
    assert problem(await say(ticket, "/1/excuse", body)) == (403, "forbidden")
    past = await say(ticket, "/1/excuse", body | {"moved_to": day(-1)}, Role.SUPERVISOR)
    assert problem(past) == (422, "in_the_past")
    unsaid = await say(ticket, "/1/excuse", {"moved_to": day(20)}, Role.SUPERVISOR)
    assert problem(unsaid) == (422, "invalid_request")
    done = await say(ticket, "/1/excuse", body, Role.SUPERVISOR)
    assert done.status_code == 200, done.text
    old, new = await of_ticket(ticket)
    assert (old["state"], old["due"], old["moved_to"]) == ("excused", day(5), day(20))
    assert (new["state"], new["due"], new["follows"]) == ("open", day(20), 1)
    told = {(one["n"], one["said"]) for one in await public(promising)}
    assert told == {(1, "厂家停产。"), (2, "")}, "the reason is published"


async def test_nobody_promises_for_a_unit_that_has_no_share(promising: Api) -> None:
    ticket = await promising.handled()
    body = {"text": TEXT, "due": day(5)}
    assert problem(await say(ticket, "", body | {"unit": "market"})) == (403, "not_your_unit")
    other = await say(ticket, "", body | {"unit": "market"}, Role.SUPERVISOR)
    assert problem(other) == (422, "promise_unit")
    assert problem(await say(ticket, "", {"text": TEXT})) == (422, "promise_undated")
    stranger = await promising.officer("market")
    path = f"{ticket.path}/promises"
    hidden = await promising.http.post(path, json=body, headers=stranger)
    assert problem(hidden) == (404, "ticket_not_found")
    await made(ticket)
    assert problem(await say(ticket, "/2/keep", {"evidence": "好了"})) == (404, "promise_not_found")
    assert await listed(promising, stranger, "all") == []
    assert await listed(promising, await promising.officer(), "all") == [(ticket.number, 1)]


async def test_what_a_private_answer_promises_is_not_public(promising: Api) -> None:
    private, shown = await promising.handled(), await promising.handled(public=True)
    await made(private)
    assert await public(promising) == []
    await made(shown)
    assert [one["number"] for one in await public(promising)] == [shown.number]


async def test_a_city_without_promises_has_none(api: Api) -> None:
    ticket = await api.handled()
    body = {"text": TEXT, "due": day(5)}
    assert problem(await say(ticket, "", body)) == (409, "not_in_this_city")
    assert problem(await api.http.get("/api/v1/cities/tongzhou/promises")) == (
        409,
        "not_in_this_city",
    )
    other = await api.file()
    await other.until_stage("handle")
    with_it = await other.complete(body=REPLY | {"promise": TEXT, "promise_due": day(3)})
    assert problem(with_it) == (409, "not_in_this_city")
    assert (await other.complete()).status_code in (200, 202)
