"""Tests of the terminal commands that create and end accounts and tokens."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import update

from domain.actors import Role
from domain.policy.permissions import Scope
from runtime.ports import free_port
from runtime.settings import Settings
from store.db import identity_tables
from store.db.engine import Store
from store.db.schema import upgrade
from store.identity import accounts, passwords, sessions, tokens
from tests.api.running_api import problem, serve_api
from tests.support.jiesu_command import Terminal
from workers.stack import _first_administrator


@pytest.fixture
async def terminal(tmp_path: Path) -> Terminal:
    settings = Settings(home=tmp_path, temporal_address=f"127.0.0.1:{free_port()}")
    await upgrade(settings.store)
    return Terminal(settings)


@pytest.fixture
async def store(terminal: Terminal) -> Any:
    opened = Store.open(terminal.settings.store)
    yield opened
    await opened.close()


async def test_an_account_is_made_and_its_password_is_shown_once(
    terminal: Terminal, store: Store
) -> None:
    made = await terminal.jiesu("account", "create", "wang.fang", "--role", "desk")
    password = made.out.strip()
    proof = await accounts.proof_of(store, "wang.fang")
    assert proof is not None
    assert await passwords.matches(password, proof.password)
    assert password not in str(proof)
    listed = await terminal.json("account", "list")
    assert [(row["name"], row["role"]) for row in listed] == [("wang.fang", "desk")]
    again = await terminal.jiesu("account", "create", "wang.fang", "--role", "desk")
    assert (again.code, again.err.strip()) == (
        2,
        "jiesu: there is an account 'wang.fang' already",
    )


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["x", "--role", "desk"], "a name is two to 64"),
        (["Wang Fang", "--role", "desk"], "a name is two to 64"),
        (["wang", "--role", "mayor"], "unknown role 'mayor'"),
        (["wang", "--role", "citizen"], "unknown role 'citizen'"),
        (["wang", "--role", "officer"], "needs --unit"),
        (["wang", "--role", "desk", "--unit", "water"], "no other has one"),
        (["wang", "--role", "officer", "--unit", "gov"], "say --city"),
        (["wang", "--role", "desk", "--city", "atlantis"], "unknown city 'atlantis'"),
    ],
)
async def test_an_account_that_could_not_work_is_not_made(
    terminal: Terminal, store: Store, arguments: list[str], says: str
) -> None:
    done = await terminal.jiesu("account", "create", *arguments)
    assert done.code == 2
    assert says in done.err
    assert len(done.err.strip().splitlines()) == 1
    assert await accounts.listing(store) == []


async def test_whatever_is_done_to_an_account_ends_its_sessions(
    terminal: Terminal, store: Store
) -> None:
    await terminal.jiesu("account", "create", "li.qiang", "--role", "desk", "--no-password")
    account = await accounts.by_name(store, "li.qiang")
    assert account is not None
    now = datetime.now(UTC)
    for command in (
        ("password", "li.qiang"),
        ("change", "li.qiang", "--role", "officer", "--unit", "water", "--city", "tongzhou"),
        ("totp", "li.qiang"),
        ("disable", "li.qiang"),
        ("enable", "li.qiang"),
        ("logout", "li.qiang"),
    ):
        await sessions.begin(store, account, now, timedelta(hours=1))
        if command[0] == "logout":
            assert len(await terminal.json("account", "sessions", "li.qiang")) == 1
        assert (await terminal.jiesu("account", *command)).code == 0
        still = await sessions.listing(store, account.id, now, timedelta(hours=1))
        assert still == [], command
    after = await accounts.by_name(store, "li.qiang")
    assert after is not None
    assert (after.role, after.unit, after.city, after.enabled, after.second_factor) == (
        "officer",
        "water",
        "tongzhou",
        True,
        True,
    )


async def test_the_second_factor_is_shown_once_and_sealed(terminal: Terminal, store: Store) -> None:
    await terminal.jiesu("account", "create", "admin", "--role", "admin")
    shown = await terminal.json("account", "totp", "admin")
    secret = pyotp.parse_uri(shown["address"]).secret
    assert len(set(shown["recovery"])) == 10
    proof = await accounts.proof_of(store, "admin")
    assert proof is not None
    assert proof.totp is not None
    assert secret.encode() not in proof.totp
    assert (await terminal.jiesu("account", "totp", "admin", "--off")).code == 0
    assert (await terminal.json("account", "list"))[0]["second_factor"] is False


async def test_nobody_of_that_name(terminal: Terminal) -> None:
    done = await terminal.jiesu("account", "disable", "nobody")
    assert (done.code, done.err.strip()) == (1, "jiesu: no account 'nobody'")


async def test_a_new_installation_has_one_administrator_and_shows_the_password_once(
    terminal: Terminal, store: Store
) -> None:
    password = await _first_administrator(terminal.settings.store)
    assert password is not None
    [admin] = await accounts.listing(store)
    assert (admin.name, admin.role) == ("admin", "admin")
    assert admin.password_given_at is not None
    proof = await accounts.proof_of(store, "admin")
    assert proof is not None
    assert await passwords.matches(password, proof.password)
    assert await _first_administrator(terminal.settings.store) is None


async def test_the_first_password_ends_and_a_command_gives_another(
    terminal: Terminal, store: Store, tmp_path: Path
) -> None:
    fields = {"name": "admin", "password": await _first_administrator(terminal.settings.store)}
    long_ago = datetime.now(UTC) - timedelta(days=8)
    await store.change(update(identity_tables.account).values(password_given_at=long_ago))
    async with serve_api(tmp_path, store, None, temporal_address="127.0.0.1:1") as api:
        over = await api.http.post("/api/v1/session", json=fields)
        assert problem(over) == (401, "first_password_over")
        done = await terminal.jiesu("account", "password", "admin")
        assert "within 7 days" in done.err
        fields["password"] = done.out.strip()
        opened = await api.http.post("/api/v1/session", json=fields)
        assert opened.status_code == 200, opened.text
        assert opened.json()["first_password_until"] is not None


async def test_a_token_is_for_what_it_was_asked_for_and_ends(
    terminal: Terminal, store: Store
) -> None:
    made = await terminal.json(
        *("token", "create", "--role", "officer", "--unit", "water"),
        *("--city", "tongzhou", "--scope", "act"),
    )
    token = await tokens.find(store, made["secret"], datetime.now(UTC))
    assert token is not None
    assert (token.scopes, token.city) == (frozenset({Scope.ACT}), "tongzhou")
    left = token.expires_at - datetime.now(UTC)
    assert timedelta(days=89) < left <= timedelta(days=90)
    [listed] = await terminal.json("token", "list")
    assert listed["last_used_at"] is not None
    for scope, says in (("fly", "unknown scope 'fly'"), ("admin", "no permission")):
        refused = await terminal.jiesu("token", "create", "--role", "auditor", "--scope", scope)
        assert refused.code == 2
        assert says in refused.err


SOMEBODY = [("account", "create", "wang", "--no-password"), ("token", "create")]


@pytest.mark.parametrize("command", SOMEBODY)
async def test_an_officer_of_a_unit_that_several_cities_have_needs_the_city(
    terminal: Terminal, store: Store, command: tuple[str, ...]
) -> None:
    refused = await terminal.jiesu(*command, "--role", "officer", "--unit", "gas")
    assert refused.code == 2
    assert "several cities have a unit 'gas': say --city." in refused.err
    assert "tongzhou" in refused.err
    assert await accounts.listing(store) == []
    assert await tokens.listing(store) == []


@pytest.mark.parametrize("command", SOMEBODY)
async def test_the_city_of_a_unit_that_one_city_has_is_filled_in(
    terminal: Terminal, store: Store, command: tuple[str, ...]
) -> None:
    done = await terminal.jiesu(*command, "--role", "officer", "--unit", "parks-station")
    assert done.code == 0, done.err
    stored = [(one.unit, one.city) for one in await accounts.listing(store)]
    stored += [(one.unit, one.city) for one in await tokens.listing(store)]
    assert stored == [("parks-station", "huangpu")]


async def test_a_change_to_an_officer_needs_the_city_too(terminal: Terminal, store: Store) -> None:
    await accounts.create(store, "wang", Role.DESK)
    refused = await terminal.jiesu(
        "account", "change", "wang", "--role", "officer", "--unit", "gas"
    )
    assert (refused.code, "say --city" in refused.err) == (2, True)
    await terminal.jiesu(
        *("account", "change", "wang", "--role", "officer", "--unit", "parks-station")
    )
    [account] = await accounts.listing(store)
    assert (account.role, account.city) == (Role.OFFICER, "huangpu")


async def test_the_doctor_names_officers_without_a_city(terminal: Terminal, store: Store) -> None:
    await accounts.create(store, "wang", Role.OFFICER, unit="gas")
    await accounts.create(store, "zhao", Role.OFFICER, unit="gas", city="tongzhou")
    alone, _ = await tokens.issue(store, Role.OFFICER, "parks-station", "program")
    found = {one["what"]: one for one in await terminal.json("doctor")}
    assert found["account wang"]["state"] == "wrong"
    assert "tongzhou" in found["account wang"]["says"]
    assert "account zhao" not in found
    assert found[f"token {alone}"]["state"] == "note"
    assert "huangpu" in found[f"token {alone}"]["says"]
