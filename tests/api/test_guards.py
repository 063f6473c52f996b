"""Tests of the guards of all that can be guessed: counted first, by thing and network."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlalchemy import select

from app.access import access_code_throttle
from app.tickets import phone_lookup
from domain.actors import Role
from domain.ticket.complaint import Complaint
from store.db import identity_tables, tables
from store.db.engine import Store
from store.identity import accounts, lockouts, passwords, phone_codes, second_factor
from store.tickets.projector import Projector
from tests.api.running_api import COMPLAINT, Api, another_code, problem, serve_api
from tests.store.stories import Story
from tests.support import people
from tests.support.media import a_voice
from tests.support.people import PASSWORD, new_account, signed_in

AWAY: dict[str, Any] = {"temporal_address": "127.0.0.1:1", "engine_timeout": 0.2}
STRANGER, SAME_SUBSCRIBER = "2001:db8:5:5::1", "2001:db8:5:5:ffff::2"
CITIZEN = "203.0.113.20"
PHONE = "13800138000"

Send = Callable[[httpx.AsyncClient], Awaitable[httpx.Response]]


@dataclass(frozen=True)
class Guessed:
    """A thing that can be guessed at one door, and how often one network may be wrong."""

    most: int
    wrong: Send
    right: Send


async def _filed(api: Api) -> tuple[str, str]:
    """File a complaint, recorded as by a worker; return its number and access code."""
    answer = await api.http.post(
        "/api/v1/complaints", json=COMPLAINT | {"contact": {"phone": PHONE}}
    )
    number = answer.json()["number"]
    rows = await api.store.rows(
        select(tables.intake.c.complaint).where(tables.intake.c.number == number)
    )
    projector = Projector(api.store)
    await projector.project(Story(Complaint.model_validate_json(rows[0][0])).accepted())
    await projector.close()
    return number, answer.json()["access_code"]


async def _code(api: Api) -> Guessed:
    number, code = await _filed(api)
    path = f"/api/v1/tickets/{number}"
    return Guessed(
        access_code_throttle.WRONG_PER_TICKET,
        lambda http: http.get(path, headers={"Access-Code": another_code(code)}),
        lambda http: http.get(path, headers={"Access-Code": code}),
    )


async def _code_of_a_command(api: Api) -> Guessed:
    number, code = await _filed(api)
    path = f"/api/v1/tickets/{number}/files"
    return Guessed(
        access_code_throttle.WRONG_PER_TICKET,
        lambda http: http.get(path, headers={"Access-Code": another_code(code)}),
        lambda http: http.get(path, headers={"Access-Code": code}),
    )


async def _code_on_the_page(api: Api) -> Guessed:
    number, code = await _filed(api)
    return Guessed(
        access_code_throttle.WRONG_PER_TICKET,
        lambda http: http.post("/follow", data={"number": number, "code": another_code(code)}),
        lambda http: http.post("/follow", data={"number": number, "code": code}),
    )


async def _code_with_photos(api: Api) -> Guessed:
    number, code = await _filed(api)

    def send(which: str) -> Send:
        fields = {"number": number, "code": which, "text": "", "whole": "yes"}
        files = {"photos": ("a.jpg", b"x", "image/jpeg")}
        return lambda http: http.post("/follow/facts", data=fields, files=files)

    return Guessed(access_code_throttle.WRONG_PER_TICKET, send(another_code(code)), send(code))


async def _password(api: Api) -> Guessed:
    name = await new_account(api)
    path = "/api/v1/session"
    return Guessed(
        lockouts.FREE,
        lambda http: http.post(path, json={"name": name, "password": "wrong, wrong, wrong"}),
        lambda http: http.post(path, json={"name": name, "password": PASSWORD}),
    )


async def _password_on_the_page(api: Api) -> Guessed:
    name = await new_account(api)
    path = "/staff/sign-in"
    return Guessed(
        lockouts.FREE,
        lambda http: http.post(path, data={"name": name, "password": "wrong, wrong, wrong"}),
        lambda http: http.post(path, data={"name": name, "password": PASSWORD}),
    )


async def _password_once_more(api: Api) -> Guessed:
    who = await signed_in(api)
    path = "/api/v1/session/password"

    def send(old: str) -> Send:
        # The right one is answered 422, as the new one is too short.
        return lambda http: http.put(path, json={"old": old, "new": "x"}, headers=who.headers)

    return Guessed(lockouts.FREE, send("wrong, wrong, wrong"), send(PASSWORD))


async def _second_factor(api: Api) -> Guessed:
    name = await new_account(api)
    account = await accounts.by_name(api.store, name)
    assert account is not None
    secret = second_factor.new_secret()
    encrypted = api.context.cipher.encrypt(f"totp/{account.id}", secret)
    await accounts.set_second_factor(api.store, account, encrypted, [])
    clock = pyotp.TOTP(secret)
    near = {clock.at(datetime.now(UTC), counter_offset=step) for step in range(-3, 30)}
    wrong = next(code for code in map("{:06d}".format, range(100)) if code not in near)

    def send(code: Callable[[], str]) -> Send:
        fields = {"name": name, "password": PASSWORD}
        return lambda http: http.post("/api/v1/session", json=fields | {"totp": code()})

    return Guessed(lockouts.FREE, send(lambda: wrong), send(clock.now))


async def _phone_code(api: Api) -> Guessed:
    await _filed(api)
    await api.http.post("/api/v1/citizens/verify", json={"phone": PHONE})
    statement = select(tables.outbox.c.key).where(tables.outbox.c.template == "phone_code")
    [row] = await api.store.rows(statement)
    _, code = await phone_codes.letter(api.store, api.context.cipher, row.key)
    path = "/api/v1/citizens/confirm"
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    return Guessed(
        phone_lookup.TRIES,
        lambda http: http.post(path, json={"phone": PHONE, "code": wrong}),
        lambda http: http.post(path, json={"phone": PHONE, "code": code}),
    )


GUESSED = {
    "access code": _code,
    "access code, for files": _code_of_a_command,
    "access code on the page": _code_on_the_page,
    "access code with photos": _code_with_photos,
    "password": _password,
    "password on the page": _password_on_the_page,
    "password, once more": _password_once_more,
    "second factor": _second_factor,
    "one-time code of a phone": _phone_code,
}


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords with little work: what is tried here is how many are compared."""
    cheap = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=64),))
    monkeypatch.setattr(passwords, "_HASH", cheap)
    monkeypatch.setattr(passwords, "_NOBODYS", [])
    monkeypatch.setattr(people, "_HASHED", [])


@pytest.fixture
async def pair(store: Store, tmp_path: Path) -> AsyncIterator[tuple[Api, Api]]:
    """Open two applications on one store, as two processes have it, on each database."""
    async with (
        serve_api(tmp_path, store, None, **AWAY) as one,
        serve_api(tmp_path, store, None, **AWAY) as other,
    ):
        yield one, other


@pytest.mark.parametrize("what", GUESSED)
async def test_of_a_burst_no_more_are_judged_than_the_limit(
    what: str, pair: tuple[Api, Api]
) -> None:
    guessed = await GUESSED[what](pair[0])
    async with pair[0].at(STRANGER) as one, pair[1].at(SAME_SUBSCRIBER) as other:
        answers = await asyncio.gather(*(guessed.wrong(http) for http in [one, other] * 30))
        statuses = Counter(answer.status_code for answer in answers)
        judged = statuses.total() - statuses[429]
        assert 1 <= judged <= guessed.most
        refused = await guessed.right(other)
        assert refused.status_code == 429
        assert int(refused.headers.get("Retry-After", "1")) > 0  # a page says it in words
    async with pair[1].at(CITIZEN) as citizen:
        assert (await guessed.right(citizen)).status_code not in (401, 404, 429)


@pytest.mark.parametrize("what", GUESSED)
async def test_success_forgives_what_one_got_wrong(what: str, engineless_api: Api) -> None:
    guessed = await GUESSED[what](engineless_api)
    again = what not in ("second factor", "one-time code of a phone")  # each is good once
    async with engineless_api.at(CITIZEN) as citizen:
        for _ in range(3 if again else 1):
            for _ in range(guessed.most - 1):
                await guessed.wrong(citizen)
            assert (await guessed.right(citizen)).status_code not in (401, 404, 429)
        if "code" not in what or not again:  # of a ticket: known from now on, whatever is wrong
            assert (await guessed.wrong(citizen)).status_code != 429


async def test_who_opened_a_ticket_is_not_kept_from_it_even_by_the_same_network(
    engineless_api: Api,
) -> None:
    guessed = await _code(engineless_api)
    async with engineless_api.at(CITIZEN) as everybody:
        assert (await guessed.right(everybody)).status_code == 200
        for _ in range(guessed.most):
            assert problem(await guessed.wrong(everybody)) == (404, "ticket_not_found")
        assert problem(await guessed.wrong(everybody)) == (429, "too_many_attempts")
        assert (await guessed.right(everybody)).status_code == 200


async def test_guesses_from_everywhere_are_slowed_down_and_lock_out_nobody_who_is_known(
    engineless_api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(access_code_throttle, "WRONG_ANYWHERE", 20)
    monkeypatch.setattr(lockouts, "FREE_ANYWHERE", 20)
    monkeypatch.setattr(phone_lookup, "TRIES_ANYWHERE", 20)
    for what in ("access code", "password", "one-time code of a phone"):
        guessed = await GUESSED[what](engineless_api)
        if what != "one-time code of a phone":
            async with engineless_api.at(CITIZEN) as known:
                assert (await guessed.right(known)).status_code == 200
        judged = 0
        for n in range(40):
            async with engineless_api.at(f"198.51.100.{n}") as bot:
                judged += (await guessed.wrong(bot)).status_code != 429
        assert judged <= 22
        async with engineless_api.at("192.0.2.1") as new:
            slowed = await guessed.right(new)
            assert slowed.status_code == 429
            assert int(slowed.headers["Retry-After"]) <= 60  # slower, not locked
        if what != "one-time code of a phone":
            async with engineless_api.at(CITIZEN) as known:
                assert (await guessed.right(known)).status_code == 200


async def test_a_strangers_sixty_codes_and_thirty_passwords_are_noticed_by_nobody_else(
    engineless_api: Api,
) -> None:
    number, code = await _filed(engineless_api)
    names = [await new_account(engineless_api, role) for role in (Role.SUPERVISOR, Role.ADMIN)]
    async with engineless_api.at(STRANGER) as stranger:
        for n in range(60):
            headers = {"Access-Code": f"{(int(code) + n + 1) % 10**8:08d}"}
            await stranger.get(f"/api/v1/tickets/{number}", headers=headers)
        for n in range(30):
            fields = {"name": names[n % 2], "password": f"wrong, wrong, {n}"}
            await stranger.post("/api/v1/session", json=fields)
    async with engineless_api.at(CITIZEN) as elsewhere:
        seen = await elsewhere.get(f"/api/v1/tickets/{number}", headers={"Access-Code": code})
        assert seen.status_code == 200
        for name in names:
            fields = {"name": name, "password": PASSWORD}
            assert (await elsewhere.post("/api/v1/session", json=fields)).status_code == 200
            elsewhere.cookies.clear()


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_shift_of_two_hundred_signs_in_from_one_address(
    at_once: bool, engineless_api: Api
) -> None:
    """Every third of them mistypes the password first; of those at once, all know it."""
    names = [await new_account(engineless_api) for _ in range(200)]

    async def enter(n: int, name: str) -> list[int]:
        async with engineless_api.at(CITIZEN) as office:
            passwords = ["wrong, wrong, wrong"] * (n % 3 == 0 and not at_once) + [PASSWORD]
            return [
                (
                    await office.post("/api/v1/session", json={"name": name, "password": one})
                ).status_code
                for one in passwords
            ]

    if at_once:
        statuses = await asyncio.gather(*(enter(n, name) for n, name in enumerate(names)))
    else:
        statuses = [await enter(n, name) for n, name in enumerate(names)]
    assert {each[-1] for each in statuses} == {200}


async def test_nothing_of_whom_is_guessed_or_who_guesses_is_stored_in_the_clear(
    engineless_api: Api,
) -> None:
    guessed = [await make(engineless_api) for make in GUESSED.values()]
    async with engineless_api.at(CITIZEN) as http:
        for each in guessed:
            await each.wrong(http)
    stored = str(await engineless_api.store.rows(select(identity_tables.reservation)))
    assert "code/" in stored
    for secret in (CITIZEN, PHONE, PASSWORD, "desk-"):
        assert secret not in stored


# --- uploads ------------------------------------------------------------------------------------


async def test_of_a_burst_of_uploads_no_more_are_taken_than_the_limit(
    store: Store, tmp_path: Path
) -> None:
    few: dict[str, Any] = AWAY | {"uploads_per_hour": 5}
    async with (
        serve_api(tmp_path, store, None, **few) as one,
        serve_api(tmp_path, store, None, **few) as other,
        one.at(STRANGER) as here,
        other.at(SAME_SUBSCRIBER) as there,
    ):
        sending = [http.post("/api/v1/files", content=a_voice()) for http in [here, there] * 15]
        answers = await asyncio.gather(*sending)
        assert Counter(answer.status_code for answer in answers) == {201: 5, 429: 25}


async def test_one_network_cannot_fill_the_pool_of_unattached_files(
    store: Store, tmp_path: Path
) -> None:
    small: dict[str, Any] = AWAY | {"unattached_mb": 10, "uploads_per_hour": 1000}
    async with serve_api(tmp_path, store, None, **small) as api:
        async with api.at(STRANGER) as stranger, api.at(SAME_SUBSCRIBER) as same:
            sending = [
                http.post("/api/v1/files", content=a_voice(20)) for http in [stranger, same] * 20
            ]
            answers = await asyncio.gather(*sending)
            taken = sum(answer.status_code == 201 for answer in answers)
            assert 1 <= taken <= 5  # a tenth of the pool, and one file more
            assert {problem(one) for one in answers if one.status_code != 201} == {
                (429, "too_many_uploads")
            }
        for n in range(3):
            async with api.at(f"203.0.113.{n}") as citizen:
                answer = await citizen.post("/api/v1/files", content=a_voice(20))
                assert answer.status_code == 201


async def test_a_full_pool_still_takes_a_file_of_somebody_who_has_none_there(
    store: Store, tmp_path: Path
) -> None:
    tiny: dict[str, Any] = AWAY | {"unattached_mb": 1}
    async with serve_api(tmp_path, store, None, **tiny) as api:
        answers = []
        for n in (1, 1, 2, 3):
            async with api.at(f"203.0.113.{n}") as citizen:
                answers.append(await citizen.post("/api/v1/files", content=a_voice(70)))
        assert [answer.status_code for answer in answers] == [201, 503, 201, 503]
        assert not await store.rows(
            select(identity_tables.reservation).where(
                identity_tables.reservation.c.key.startswith("pool")
            )
        )
