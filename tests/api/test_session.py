"""Tests of sessions: opened by a password, limited in time, and ended on request."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from domain.actors import Role
from store.db import identity_tables
from store.db.engine import Store
from store.identity import accounts, lockouts, second_factor
from store.identity.reservations import Stand
from tests.api.running_api import Api, problem, serve_api
from tests.support.people import PASSWORD, SignedIn, new_account, sign_in, signed_in

SESSION = "/api/v1/session"
WRONG = "wrong, wrong, wrong"


@pytest.fixture
async def api(engineless_api: Api) -> Api:
    """Open the application without an engine, which is not needed to sign in."""
    return engineless_api


async def _try(api: Api, name: str, password: str = "wrong, " * 3, **more: str) -> httpx.Response:
    fields = {"name": name, "password": password} | more
    answer = await api.http.post(SESSION, json=fields)
    api.http.cookies.clear()
    return answer


async def test_somebody_signs_in_and_is_who_the_account_says(api: Api) -> None:
    name = await new_account(api, Role.OFFICER, "water", "tongzhou")
    answer = await api.http.post(SESSION, json={"name": name.upper(), "password": PASSWORD})
    payload = answer.json()
    assert (payload["role"], payload["unit"], payload["city"]) == ("officer", "water", "tongzhou")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "; Secure" not in cookie  # this installation is reached by http
    assert answer.headers["Cache-Control"] == "no-store"


async def test_behind_https_the_cookie_stays_with_this_host(api: Api) -> None:
    name = await new_account(api)
    answer = await api.http.post(
        f"https://jiesu.test{SESSION}", json={"name": name, "password": PASSWORD}
    )
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-jiesu-session=")
    assert "; Secure" in cookie
    assert "Path=/" in cookie
    assert "; Domain" not in cookie


@pytest.mark.parametrize("name", ["nobody", "known"])
async def test_a_failure_tells_nothing_about_the_account(api: Api, name: str) -> None:
    known = await new_account(api)
    text = known if name == "known" else name
    answers = [await _try(api, text) for _ in range(lockouts.FREE)]
    assert {problem(answer) for answer in answers} == {(401, "sign_in_failed")}
    assert len({answer.content for answer in answers}) == 1
    for password in (PASSWORD, "wrong, wrong, wrong"):
        locked = await _try(api, text, password)
        assert problem(locked) == (429, "too_many_attempts")
        assert 0 < int(locked.headers["Retry-After"]) <= 16


async def test_who_comes_in_and_who_does_not_is_logged_by_no_name(api: Api) -> None:
    name = await new_account(api)
    with capture_logs() as logged:
        await _try(api, name, PASSWORD)
        await _try(api, name, "wrong, wrong, wrong")
        officer = await api.officer()
        await api.http.get("/api/v1/tickets/2603021234560/views", headers=officer)
        auditor = await api.token(Role.AUDITOR)
        await api.http.post("/api/v1/people/search", json={}, headers=auditor)
    pairs = [(line["event"], line["log_level"]) for line in logged]
    assert ("signed in", "info") in pairs
    assert ("sign-in failed", "warning") in pairs
    [refused] = [line for line in logged if line["event"] == "refused"]
    assert (refused["key"], refused["role"]) == ("search_people", "auditor")
    assert name not in str(logged)


def test_waiting_gets_longer_up_to_a_quarter_of_an_hour() -> None:
    now = datetime.now(UTC)
    rule = lockouts.of_pair("name/x", "y")
    waits = [rule.wait(Stand(failures, now, None), now).total_seconds() for failures in range(16)]
    assert waits[:8] == [0, 0, 0, 0, 0, 15, 30, 60]
    assert waits[-1] == lockouts.LONGEST.total_seconds()
    assert rule.wait(Stand(16, now, None), now + lockouts.LONGEST) == timedelta(0)


async def test_a_wait_ends_and_a_success_forgives(api: Api) -> None:
    name = await new_account(api)
    for _ in range(lockouts.FREE):
        await _try(api, name)
    assert problem(await _try(api, name, PASSWORD)) == (429, "too_many_attempts")
    past = datetime.now(UTC) - timedelta(minutes=1)
    await api.store.change(update(identity_tables.reservation).values(made_at=past))
    assert (await _try(api, name, PASSWORD)).status_code == 200
    for _ in range(lockouts.FREE):
        assert problem(await _try(api, name)) == (401, "sign_in_failed")


async def test_one_who_tries_many_names_waits_too(sqlite_store: Store, tmp_path: Path) -> None:
    limits: dict[str, Any] = {"limit_sign_in": "3/10 minutes", "temporal_address": "127.0.0.1:1"}
    async with serve_api(tmp_path, sqlite_store, None, **limits) as api:
        name = await new_account(api)
        for n in range(3):
            await _try(api, f"somebody-{n}")
        assert problem(await _try(api, name, PASSWORD)) == (429, "too_many_attempts")


async def test_neither_name_nor_secret_is_in_the_store_in_the_clear(api: Api) -> None:
    who = await signed_in(api)
    await _try(api, "somebody-else")
    stored = str(await api.store.rows(select(identity_tables.session))) + str(
        await api.store.rows(select(identity_tables.reservation))
    )
    secret = api.context.signer("session").loads(who.secret)
    assert secret not in stored
    assert "somebody-else" not in stored


async def test_a_session_ends_unused_and_ends_in_any_case(api: Api) -> None:
    for column, back in (("seen_at", 61), ("ends_at", 13 * 60)):
        who = await signed_in(api)
        past = datetime.now(UTC) - timedelta(minutes=back)
        await api.store.change(update(identity_tables.session).values({column: past}))
        answer = await api.http.get(SESSION, headers=who.cookie)
        assert problem(answer) == (401, "unauthenticated")


async def test_a_cookie_that_was_tampered_with_opens_nothing(api: Api) -> None:
    who = await signed_in(api)
    plain = api.context.signer("session").loads(who.secret)
    for forged in (who.secret[:-2] + "xx", str(plain), "", "a" * 5000):
        answer = await api.http.get(SESSION, headers={"Cookie": f"jiesu-session={forged}"})
        assert problem(answer) == (401, "unauthenticated")


async def test_signing_in_again_ends_the_session_of_before(api: Api) -> None:
    who = await signed_in(api)
    fields = {"name": who.name, "password": PASSWORD}
    again = await api.http.post(SESSION, json=fields, headers=who.cookie)
    assert again.cookies["jiesu-session"] != who.secret
    api.http.cookies.clear()
    assert (await api.http.get(SESSION, headers=who.cookie)).status_code == 401


async def test_signing_out_everywhere_ends_every_session_of_the_account(api: Api) -> None:
    one = await signed_in(api)
    other, stranger = await sign_in(api, one.name), await signed_in(api)
    assert (await api.http.delete("/api/v1/sessions", headers=one.headers)).status_code == 204
    for gone in (one, other):
        assert (await api.http.get(SESSION, headers=gone.cookie)).status_code == 401
    assert (await api.http.get(SESSION, headers=stranger.cookie)).status_code == 200


async def test_who_is_disabled_or_becomes_something_else_is_out_at_once(api: Api) -> None:
    for change in ({"disabled_at": datetime.now(UTC)}, {"role": Role.AUDITOR}):
        who = await signed_in(api)
        account = await accounts.by_name(api.store, who.name)
        assert account is not None
        await accounts.change(api.store, account, **change)
        assert (await api.http.get(SESSION, headers=who.cookie)).status_code == 401
        again = await _try(api, who.name, PASSWORD)
        assert again.status_code == (401 if "disabled_at" in change else 200)


# --- cross-site requests -------------------------------------------------------------------------


async def _leave(api: Api, who: SignedIn, **headers: str) -> httpx.Response:
    return await api.http.delete(SESSION, headers=who.cookie | headers)


async def test_a_cookie_alone_changes_nothing(api: Api) -> None:
    who, other = [await signed_in(api) for _ in range(2)]
    for token in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": other.csrf}):
        assert problem(await _leave(api, who, **token)) == (403, "csrf_failed")
    assert (await _leave(api, who, **{"X-CSRF-Token": who.csrf})).status_code == 204


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Origin": "http://jiesu.test"}, True),
        ({"Origin": "http://evil.test"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
    ],
)
async def test_a_page_of_somebody_else_is_refused_even_with_the_token(
    api: Api, headers: dict[str, str], allowed: bool
) -> None:
    who = await signed_in(api)
    fields = {"name": who.name, "password": PASSWORD}
    entering = await api.http.post(SESSION, json=fields, headers=headers)
    api.http.cookies.clear()
    leaving = await _leave(api, who, **{"X-CSRF-Token": who.csrf}, **headers)
    assert (entering.status_code, leaving.status_code) == ((200, 204) if allowed else (403, 403))


# --- the second factor ---------------------------------------------------------------------------


async def _with_second_factor(api: Api) -> tuple[str, str, list[str]]:
    name = await new_account(api)
    account = await accounts.by_name(api.store, name)
    assert account is not None
    secret, codes = second_factor.new_secret(), second_factor.new_recovery_codes()
    encrypted = api.context.cipher.encrypt(f"totp/{account.id}", secret)
    digests = [second_factor.recovery_digest(code) for code in codes]
    await accounts.set_second_factor(api.store, account, encrypted, digests)
    return name, secret, codes


async def test_a_second_factor_is_asked_for_and_is_good_once(api: Api) -> None:
    name, secret, _ = await _with_second_factor(api)
    assert problem(await _try(api, name, PASSWORD)) == (401, "second_factor_needed")
    clock = pyotp.TOTP(secret)
    near = {clock.at(datetime.now(UTC), counter_offset=step) for step in range(-3, 10)}
    wrong = next(code for code in map("{:06d}".format, range(100)) if code not in near)
    assert problem(await _try(api, name, PASSWORD, totp=wrong))[0] == 401
    code = clock.now()
    assert problem(await _try(api, name, totp=code)) == (401, "sign_in_failed")
    assert (await _try(api, name, PASSWORD, totp=code)).status_code == 200
    assert problem(await _try(api, name, PASSWORD, totp=code)) == (401, "sign_in_failed")


async def test_a_recovery_code_is_good_once(api: Api) -> None:
    name, _, codes = await _with_second_factor(api)
    typed = codes[0].upper().replace("-", " ")
    assert (await _try(api, name, PASSWORD, totp=typed)).status_code == 200
    assert problem(await _try(api, name, PASSWORD, totp=codes[0])) == (401, "sign_in_failed")
    assert (await _try(api, name, PASSWORD, totp=codes[1])).status_code == 200


# --- the password --------------------------------------------------------------------------------


async def test_a_changed_password_ends_the_old_sessions_and_begins_a_new_one(
    api: Api,
) -> None:
    who = await signed_in(api)
    new = "another long evening"
    fields = {"old": PASSWORD, "new": new}
    changed = await api.http.put(f"{SESSION}/password", json=fields, headers=who.headers)
    assert changed.status_code == 200, changed.text
    api.http.cookies.clear()
    fresh = SignedIn(who.name, changed.cookies["jiesu-session"], changed.json()["csrf"])
    assert (await api.http.get(SESSION, headers=who.cookie)).status_code == 401
    assert (await api.http.get(SESSION, headers=fresh.cookie)).status_code == 200
    assert (await _try(api, who.name, PASSWORD)).status_code == 401
    assert (await _try(api, who.name, new)).status_code == 200


@pytest.mark.parametrize("new", ["short", "123456789012", "aaaaaaaaaaaaaaaa", "Password1234"])
async def test_a_password_that_would_be_guessed_is_refused(api: Api, new: str) -> None:
    who = await signed_in(api)
    fields = {"old": PASSWORD, "new": new}
    refused = await api.http.put(f"{SESSION}/password", json=fields, headers=who.headers)
    assert problem(refused) == (422, "weak_password")
    assert new not in refused.text
    wrong = {"old": "not that one, no", "new": "another long evening"}
    refused = await api.http.put(f"{SESSION}/password", json=wrong, headers=who.headers)
    assert problem(refused) == (401, "sign_in_failed")


async def test_the_lock_holds_in_every_process(api: Api, tmp_path: Path) -> None:
    name = await new_account(api)
    for _ in range(lockouts.FREE):
        await _try(api, name)
    async with serve_api(tmp_path, api.store, None, temporal_address="127.0.0.1:1") as other:
        assert problem(await _try(other, name, PASSWORD)) == (429, "too_many_attempts")
