"""Tests that a token does what its scopes say, at every route and in every act behind one."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, get_args

import httpx
import pytest
from pydantic import BaseModel
from sqlalchemy import func, select

from domain.actors import Role
from domain.policy.permissions import COMMANDS, RIGHTS, STAFF, Right, Scope, scopes_of
from store.db import tables
from store.identity import accounts, tokens
from tests.api.running_api import COMPLAINT, Api, Filed, problem
from tests.support.bookings import CITY, book, wanted
from tests.support.cities import SHIPPED
from tests.support.hearings import a_hearing
from tests.support.patrols import a_draw, open_round
from tests.support.people import new_account, signed_in
from tests.support.walking import Address, addresses

PHONE = "13800001234"
OF_A_SESSION = {
    "sign_out",
    "sign_out_everywhere",
    "list_own_sessions",
    "end_own_session",
    "change_password",
}
UNIT, CENTRE = "water", "services-harbour"


async def _token(api: Api, role: Role, *scopes: Scope) -> dict[str, str]:
    """Return the headers of a token with these scopes and no other."""
    unit = UNIT if role is Role.OFFICER else None
    city = "tongzhou" if role is Role.OFFICER else None
    _, secret = await tokens.issue(api.store, role, unit, "test", scopes=scopes, city=city)
    return {"Authorization": f"Bearer {secret}"}


@pytest.fixture
async def ticket(api: Api) -> Filed:
    return await api.file(contact={"phone": PHONE, "name": "王小明"})


@pytest.fixture
async def managed(api: Api) -> dict[str, str]:
    """Create an account and a token that administrators may change."""
    account = await accounts.by_name(api.store, await new_account(api))
    token, _ = await tokens.issue(api.store, Role.DESK, None, "managed")
    assert account is not None
    return {"account": account.id, "token": token}


def _walked(api: Api) -> Iterator[Address]:
    """Yield the routes that ask who calls; those that everybody may use ask for no scope."""
    for address in addresses(api.app):
        right = address.right
        if not right.everybody and right.roles & STAFF and right.key not in OF_A_SESSION:
            yield address


def _role(right: Right) -> Role:
    """Return a role that may, one that is not confined if there is one."""
    return min(right.roles & STAFF, key=lambda role: (role is Role.OFFICER, role))


async def _asked(api: Api, address: Address, path: str, headers: dict[str, str]) -> httpx.Response:
    body: dict[str, Any] = {}
    if address.method in ("POST", "PUT"):
        body = {"data" if address.page else "json": {"nonsense": "1"}}
    return await api.http.request(address.method, path, headers=headers, **body)


async def test_every_route_asks_for_its_scope_and_for_no_other(
    api: Api, ticket: Filed, managed: dict[str, str]
) -> None:
    fields = {"n": 1, "version": 1, "city": "tongzhou", "file": f"f{0:032x}", "chore": "spool"}
    fields |= {"number": ticket.number, "session": "0" * 16, "what": "facts", **managed}
    fields |= {"action": "disable", "one": "0" * 16}
    _, fields["draw"] = await a_draw(api.store)
    fields["hearing"] = (await a_hearing(api.store, ticket.number, UNIT)).number
    route = SHIPPED.get("jinan").patrols.routes[0].model_copy(update={"unit": UNIT})
    fields["round"] = (await open_round(api.store, "tongzhou", route, datetime.now(UTC))).id
    seen: set[str] = set()
    issued: dict[tuple[Role, Scope], dict[str, str]] = {}
    for address in _walked(api):
        right, path = address.right, address.path.format_map(_Any(fields))
        seen.add(right.key)
        for scope in Scope:
            who = _role(right), scope
            if who not in issued:
                issued[who] = await _token(api, *who)
            if path.endswith("/stream") and right.scope in (None, scope):
                continue  # it would not end
            answer = await _asked(api, address, path, issued[who])
            where = (address.method, path, right.scope, scope, answer.text[:200])
            if right.scope in (None, scope):
                # An earlier one of this walk has revoked it; or there is no list without the
                # parameter that says which; or no topic has grown, and no sample was drawn.
                gone = ("token_not_found", '"not_found"', "topic_not_found", "draw_not_found")
                over = any(code in answer.text for code in gone)
                unproved = right.key == "renew_access_code"  # no one-time code was given
                assert answer.status_code not in (401, 404) or over or unproved, where
                # A page may show more than its own right, and asks for that as well.
                refused = f"not for this: {scope}" if address.page else "not for this"
                assert refused not in answer.text, where
            elif address.page:
                assert answer.status_code == 403, where
            else:
                assert problem(answer) == (403, "scope_missing"), where
    assert {"unmask_person", "manage_tokens", "search_people", "page_register"} <= seen


class _Any(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "1"


async def _happened(api: Api) -> tuple[int, int]:
    """Return how many events there are, and how many looks at somebody's data."""
    counts = []
    for table in (tables.event, tables.view_log):
        [row] = await api.store.rows(select(func.count().label("n")).select_from(table))
        counts.append(row.n)
    return counts[0], counts[1]


CALL = {"city": "tongzhou", "kind": "complaint", "channel": "hotline", "phone": PHONE}


def _pressed(number: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield what the desk's pages send with each button, and what pages of a ticket send."""
    typed = CALL | {"text": "河水发黑发臭。", "purpose": "来电查询", "title": "河水"}
    for button in ("caller", f"same:facts:{number}", f"same:urge:{number}", "use:x", "look"):
        yield "/staff/call", typed | {"do": button}
    yield "/staff/call/caller", typed
    yield f"/staff/tickets/{number}/person", {"purpose": "回访"}
    yield "/staff/call-backs/phone", {"number": number}
    for command in COMMANDS:
        example = {name: str(value) for name, value in command.spec.example.items()}
        yield f"/staff/tickets/{number}/{command.spec.path}", example


@pytest.mark.parametrize("scope", [Scope.READ, Scope.FILE, Scope.AUDIT, Scope.ADMIN])
async def test_only_the_scope_to_act_acts(api: Api, ticket: Filed, scope: Scope) -> None:
    before = (await _happened(api))[0]
    for role in sorted(STAFF):
        headers = await _token(api, role, scope)
        for command in COMMANDS:
            answer = await ticket.act(command.spec.path, headers, command.spec.example)
            assert answer.status_code in (403, 404), (command, role, answer.text)
        for path, form in _pressed(ticket.number):
            answer = await api.http.post(path, data=form, headers=headers)
            assert answer.status_code < 500, (path, answer.text)
    assert (await _happened(api))[0] == before


async def test_a_token_to_file_files_and_does_nothing_else(api: Api, ticket: Filed) -> None:
    filing = await _token(api, Role.DESK, Scope.FILE)
    before = await _happened(api)
    for path, form in _pressed(ticket.number):
        await api.http.post(path, data=form, headers=filing)
    assert await _happened(api) == before, "neither acted nor looked"
    answered = CALL | {
        "text": "河水发黑发臭。",
        "title": "河水",
        "do": "answer",
        "answer": "已答复",
    }
    await api.http.post("/staff/call", data=answered | {"outcome": "answered"}, headers=filing)
    rows = await api.store.rows(select(tables.event.c.kind))
    assert "answered" not in {row.kind for row in rows}
    filed = await api.http.post("/api/v1/complaints", json=COMPLAINT, headers=filing)
    assert filed.status_code == 201, filed.text
    assert filed.json()["access_code"]
    for path in ("/api/v1/tickets", ticket.path, f"{ticket.path}/person"):
        assert problem(await api.http.get(path, headers=filing)) == (403, "scope_missing")


async def test_reading_is_not_unmasking(api: Api, ticket: Filed) -> None:
    body = {"purpose": "回访"}
    reading = await _token(api, Role.DESK, Scope.READ)
    refused = await api.http.post(f"{ticket.path}/person", json=body, headers=reading)
    assert problem(refused) == (403, "scope_missing")
    masked = await api.http.get(f"{ticket.path}/person", headers=reading)
    assert PHONE not in masked.text
    unmasking = await _token(api, Role.DESK, Scope.UNMASK)
    assert (
        await api.http.post(f"{ticket.path}/person", json={}, headers=unmasking)
    ).status_code == 422
    shown = await api.http.post(f"{ticket.path}/person", json=body, headers=unmasking)
    assert shown.json()["phone"] == PHONE
    assert problem(await api.http.get(ticket.path, headers=unmasking)) == (403, "scope_missing")


# --- what administrators hand on ----------------------------------------------------------------


@pytest.mark.parametrize("role", sorted(STAFF))
async def test_a_token_hands_on_no_scope_that_it_does_not_hold(api: Api, role: Role) -> None:
    issuing = await _token(api, Role.ADMIN, Scope.ADMIN)
    fields: dict[str, Any] = {"role": role, "name": "made"}
    if role is Role.OFFICER:
        fields |= {"unit": UNIT, "city": "tongzhou"}
    for scopes in (None, scopes_of(role)[:1], scopes_of(role)):
        body = fields | ({"scopes": scopes} if scopes else {})
        answer = await api.http.post("/api/v1/tokens", json=body, headers=issuing)
        if scopes == [Scope.ADMIN]:
            assert answer.status_code == 201
        else:
            assert problem(answer) == (403, "scope_missing")
    whole = await _token(api, Role.ADMIN, *Scope)
    answer = await api.http.post("/api/v1/tokens", json=fields, headers=whole)
    assert answer.status_code == 201, answer.text
    assert set(answer.json()["scopes"]) == set(scopes_of(role))


async def test_a_token_makes_nobody_who_may_more_than_it(api: Api, managed: dict[str, str]) -> None:
    issuing = await _token(api, Role.ADMIN, Scope.ADMIN)
    made = {"name": f"made-{managed['account']}", "role": "admin"}
    assert problem(await api.http.post("/api/v1/accounts", json=made, headers=issuing)) == (
        403,
        "scope_missing",
    )
    path = f"/api/v1/accounts/{managed['account']}"
    changed = await api.http.put(path, json={"role": "admin"}, headers=issuing)
    assert problem(changed) == (403, "scope_missing")
    for what in ("password", "second-factor"):
        method = "POST" if what == "password" else "DELETE"
        answer = await api.http.request(method, f"{path}/{what}", headers=issuing)
        assert problem(answer) == (403, "scope_missing"), what
    person = await signed_in(api, Role.ADMIN)
    assert (
        await api.http.post("/api/v1/accounts", json=made, headers=person.headers)
    ).status_code == 201


# --- limits after the filter --------------------------------------------------------------------


async def test_newer_tickets_elsewhere_hide_none_of_ones_own_city(api: Api) -> None:
    contact = {"phone": PHONE}
    mine = await api.file(city="heping", category=None, contact=contact)
    for n in range(12):
        await api.unclear(text=f"你们到底管不管？{n}", contact=contact)
    desk = await api.token(Role.DESK, city="heping")
    body = {"phone": PHONE, "purpose": "来电查询"}
    found = await api.http.post("/api/v1/people/search", json=body, headers=desk)
    assert found.json()["numbers"] == [mine.number]
    session = await signed_in(api, Role.DESK, city="heping")
    form = {"phone": PHONE, "purpose": "来电查询", "city": "heping", "csrf": session.csrf}
    page = await api.http.post("/staff/call/caller", data=form, headers=session.cookie)
    assert mine.number in page.text.replace(" ", "")
    assert RIGHTS["search_people"].scope is Scope.READ


IN_FULL = {"PartyOut"}
"""The models that hold people's names or words in full, whoever asks for them."""


def _models(kind: Any, seen: set[type[BaseModel]]) -> set[type[BaseModel]]:
    """Return the models that an answer of this type may hold."""
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for field in kind.model_fields.values():
            _models(field.annotation, seen)
    for part in get_args(kind):
        _models(part, seen)
    return seen


def test_what_is_only_for_reading_holds_nobody_in_full(api: Api) -> None:
    """`read` is for what is masked; mediations are read with `unmask`, as diaries are."""
    for address in _walked(api):
        if address.right.scope is Scope.READ:
            found = {one.__name__ for one in _models(address.route.response_model, set())}
            assert not found & IN_FULL, address.path


async def test_without_the_scope_names_and_phones_are_masked(api: Api) -> None:
    person = {"name": "陈小丽", "phone": "13800138000"}
    asked = {"city": "tongzhou", "cell": "110112001"} | person
    assert (await api.http.post("/api/v1/grid/sign-up", json=asked)).status_code == 202
    assert (await book(api, await wanted(api) | person)).status_code == 201
    for path, unit, city in (
        ("/api/v1/grid/workers", "110112001", "tongzhou"),
        (f"{CITY}/appointments?day={(await wanted(api))['starts_at'][:10]}", CENTRE, "huangpu"),
    ):
        for scopes, full in (((Scope.READ,), False), ((Scope.READ, Scope.UNMASK), True)):
            _, secret = await tokens.issue(
                api.store, Role.OFFICER, unit, "test", scopes=scopes, city=city
            )
            headers = {"Authorization": f"Bearer {secret}"}
            said = (await api.http.get(path, headers=headers)).text
            assert ("陈小丽" in said) is full, path
            assert full or "13800138000" not in said, path
            assert "陈" in said, path
