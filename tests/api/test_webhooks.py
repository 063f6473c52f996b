"""Tests of webhooks over HTTP and on their pages: made, tried, stopped, removed."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from domain.actors import Role
from store.db.engine import Store
from store.identity import accounts
from store.identity.accounts import Account
from store.webhooks import subscriptions
from store.webhooks.subscriptions import HookState
from tests.api.running_api import Api, problem, serve_api
from tests.store.stories import Story, complaint, project
from tests.support.people import SignedIn, signed_in
from tests.support.webhooks import Clock, job, receiving, run, steps

HOOKS, PAGE = "/api/v1/webhooks", "/staff/admin/webhooks"


@pytest.fixture
async def hooks_api(sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open the application without an engine; receivers on this machine are allowed."""
    async with serve_api(
        tmp_path, sqlite_store, None, temporal_address="127.0.0.1:1", outbound_allow="127.0.0.1"
    ) as opened:
        yield opened


async def made(api: Api, url: str, **more: Any) -> dict[str, Any]:
    admin = await api.token(Role.ADMIN)
    answer = await api.http.post(HOOKS, json={"url": url} | more, headers=admin)
    assert answer.status_code == 201, answer.text
    issued: dict[str, Any] = answer.json()
    return issued


async def shown(api: Api, webhook: str) -> dict[str, Any]:
    answer = await api.http.get(f"{HOOKS}/{webhook}", headers=await api.token(Role.ADMIN))
    assert answer.status_code == 200, answer.text
    one: dict[str, Any] = answer.json()
    return one


async def act(api: Api, webhook: str, what: str, body: Any = None) -> Any:
    admin = await api.token(Role.ADMIN)
    return await api.http.post(f"{HOOKS}/{webhook}/{what}", json=body or {}, headers=admin)


async def test_from_making_to_removing(hooks_api: Api) -> None:
    api, clock = hooks_api, Clock(ahead=timedelta(minutes=1))
    admin = await api.token(Role.ADMIN)
    async with receiving() as receiver:
        issued = await made(api, receiver.url, name="水务", unit="water", city="tongzhou")
        tested = (await act(api, issued["id"], "test")).json()
        assert (tested["taken"], tested["status"]) == (True, 200)
        (one,) = receiver.heard
        assert Verifier(issued["secret"]).verify(one.body, one.headers) == one.event
        assert one.event["type"] == "jiesu.test"
        await project(api.store, steps(Story(complaint(city="tongzhou"))))
        await run(job(api.store, clock))
        assert len(receiver.heard) == 8
    listed = (await api.http.get(HOOKS, headers=admin)).json()["items"]
    assert [(row["id"], row["name"], row["state"]) for row in listed] == [
        (issued["id"], "水务", "active")
    ]
    assert issued["secret"] not in json.dumps(listed)
    log = (await shown(api, issued["id"]))["attempts"]
    assert [row["status"] for row in log] == [200] * 8
    new = (await act(api, issued["id"], "rotate")).json()
    assert new["secret"] != issued["secret"]
    assert (await act(api, issued["id"], "pause")).json()["state"] == "paused"
    assert (await act(api, issued["id"], "resume")).json()["state"] == "active"
    assert (await act(api, issued["id"], "replay", {"after": ""})).status_code == 200
    refused = await act(api, issued["id"], "replay", {"after": "x"})
    assert problem(refused) == (400, "bad_cursor")
    gone = await api.http.delete(f"{HOOKS}/{issued['id']}", headers=admin)
    assert gone.status_code == 204
    assert problem(await act(api, issued["id"], "pause")) == (404, "webhook_not_found")


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"url": "http://10.0.0.1/in"}, "address_refused"),
        ({"url": "https://169.254.169.254/in"}, "address_refused"),
        ({"url": "ftp://127.0.0.1/in"}, "address_refused"),
        ({"url": "https://me@127.0.0.1/in"}, "address_refused"),
        ({"kinds": ["invented"]}, "unknown_event_kind"),
        ({"unit": "nobody", "city": "tongzhou"}, "unknown_unit"),
        ({"city": "atlantis"}, "unknown_city"),
        ({"after": "x"}, "bad_cursor"),
        ({"url": ""}, "invalid_request"),
        ({"state": "active"}, "invalid_request"),
    ],
)
async def test_what_cannot_be_made_is_refused(
    hooks_api: Api, changed: dict[str, Any], code: str
) -> None:
    admin = await hooks_api.token(Role.ADMIN)
    body = {"url": "http://127.0.0.1:9/in"} | changed
    answer = await hooks_api.http.post(HOOKS, json=body, headers=admin)
    assert problem(answer)[1] == code
    assert await subscriptions.listing(hooks_api.store) == []


async def test_only_administrators_and_only_of_their_city(hooks_api: Api) -> None:
    api = hooks_api
    issued = await made(api, "http://127.0.0.1:9/in", city="tongzhou")
    for role, unit in ((Role.SUPERVISOR, None), (Role.OFFICER, "water"), (Role.AUDITOR, None)):
        answer = await api.http.get(HOOKS, headers=await api.token(role, unit))
        assert problem(answer) == (403, "forbidden")
    other = await api.token(Role.ADMIN, city="heping")
    assert (await api.http.get(HOOKS, headers=other)).json() == {"items": []}
    answer = await api.http.get(f"{HOOKS}/{issued['id']}", headers=other)
    assert problem(answer) == (404, "webhook_not_found")
    body = {"url": "http://127.0.0.1:9/in", "city": "tongzhou"}
    answer = await api.http.post(HOOKS, json=body, headers=other)
    assert problem(answer) == (403, "not_your_city")
    answer = await api.http.post(HOOKS, json=body | {"city": None}, headers=other)
    assert answer.status_code == 201
    (row,) = (await api.http.get(HOOKS, headers=other)).json()["items"]
    assert row["city"] == "heping", "not more than they have themselves"


async def test_on_the_pages(hooks_api: Api) -> None:
    api, clock = hooks_api, Clock(ahead=timedelta(minutes=1))
    admin = await signed_in(api, Role.ADMIN)
    browser = admin.cookie | {"Accept": "text/html", "Accept-Language": "en"}

    async def send(path: str, **fields: str) -> Any:
        data = {"csrf": admin.csrf, "key": "once"} | fields
        return await api.http.post(path, data=data, headers=browser)

    async with receiving(lambda _one: 410) as receiver:
        refused = await send(PAGE, url="http://10.0.0.1/in", begin="now")
        assert refused.status_code == 422
        assert "http://10.0.0.1/in" in refused.text
        answer = await send(
            PAGE, name="<b>水务</b>", url=receiver.url, begin="kept", kinds="signed"
        )
        assert answer.status_code == 200, answer.text
        (hook,) = await subscriptions.listing(api.store)
        (secret,) = await subscriptions.secrets_of(
            api.store, subscriptions.cipher_of(api.context.vault.ring), hook.id, clock()
        )
        assert secret in answer.text
        again = await send(PAGE, name="水务", url=receiver.url, begin="kept")
        assert again.status_code == 409, "the same form does not make another"
        await project(api.store, steps(Story(complaint(city="tongzhou"))))
        await run(job(api.store, clock))
    listed = await api.http.get(PAGE, headers=browser)
    assert "disabled" in listed.text
    assert "&lt;b&gt;水务&lt;/b&gt;" in listed.text
    page = await api.http.get(f"{PAGE}/{hook.id}", headers=browser)
    assert "It answered that it is gone (410)." in page.text
    assert secret not in page.text
    for what in ("resume", "test", "pause", "replay"):
        done = await send(f"{PAGE}/{hook.id}/{what}", after="")
        assert done.status_code == 303, (what, done.text)
        shown_then = await api.http.get(done.headers["location"], headers=browser)
        assert 'role="status"' in shown_then.text
    known = await subscriptions.get(api.store, hook.id)
    assert known is not None
    assert known.state is HookState.PAUSED
    wrong = await send(f"{PAGE}/{hook.id}/replay", after="x")
    assert wrong.status_code == 400
    renewed = await send(f"{PAGE}/{hook.id}/rotate")
    assert "whsec_" in renewed.text
    assert (await send(f"{PAGE}/{hook.id}/remove")).status_code == 303
    assert await subscriptions.listing(api.store) == []


async def _account(api: Api, who: SignedIn) -> Account:
    found = await accounts.by_name(api.store, who.name)
    assert found is not None
    return found


@pytest.mark.parametrize("what", ["disable", "change", "from the terminal", "to another city"])
async def test_those_of_an_account_that_may_not_any_more_stop(hooks_api: Api, what: str) -> None:
    api, clock = hooks_api, Clock(ahead=timedelta(minutes=1))
    owner, other = await signed_in(api, Role.ADMIN), await signed_in(api, Role.ADMIN)
    async with receiving() as receiver:
        body = {"url": receiver.url, "city": "tongzhou"}
        issued = (await api.http.post(HOOKS, json=body, headers=owner.headers)).json()
        theirs = (await api.http.post(HOOKS, json=body, headers=other.headers)).json()
        account = await _account(api, owner)
        path = f"/api/v1/accounts/{account.id}"
        if what == "disable":
            done = await api.http.post(f"{path}/disable", json={}, headers=other.headers)
            assert done.status_code == 200, done.text
        elif what == "change":
            done = await api.http.put(path, json={"role": "supervisor"}, headers=other.headers)
            assert done.status_code == 200, done.text
        elif what == "from the terminal":
            await accounts.change(api.store, account, disabled_at=clock())
        else:
            await accounts.change(api.store, account, role="admin", unit=None, city="langfang")
        stopped = await shown(api, issued["id"])
        assert (stopped["state"], stopped["why"]) == ("disabled", "owner")
        assert (await shown(api, theirs["id"]))["state"] == "active"
        await project(api.store, steps(Story(complaint(city="tongzhou"))))
        await run(job(api.store, clock))
        own = list(receiver.heard)
        resumed = await api.http.post(
            f"{HOOKS}/{issued['id']}/resume", json={}, headers=other.headers
        )
        assert resumed.json()["state"] == "active"
        await run(job(api.store, clock))
        assert len(receiver.heard) == 2 * len(own) > 0, "it is sent what it missed"
    # Whoever let it go on answers for it now: what becomes of the first account does not matter.
    await accounts.change(api.store, await _account(api, owner), display="x")
    assert (await shown(api, issued["id"]))["state"] == "active"


async def test_those_of_an_account_that_still_may_go_on(hooks_api: Api) -> None:
    api = hooks_api
    owner = await signed_in(api, Role.ADMIN)
    body = {"url": "http://127.0.0.1:1/in", "city": "tongzhou"}
    issued = (await api.http.post(HOOKS, json=body, headers=owner.headers)).json()
    await accounts.change(api.store, await _account(api, owner), display="另一个名字")
    assert (await shown(api, issued["id"]))["state"] == "active"
    await accounts.change(api.store, await _account(api, owner), city="tongzhou")
    assert (await shown(api, issued["id"]))["state"] == "active"
