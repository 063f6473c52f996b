"""Tests that one administrator always remains, and that accounts are listed by name."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from domain.actors import Role
from store.db.engine import Store
from store.db.errors import BadCursor
from store.identity import accounts, administrators, sessions
from store.identity.accounts import Account
from store.identity.administrators import LastAdministrator

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


async def _admin(store: Store, name: str, city: str | None = None) -> Account:
    return await accounts.create(store, name, Role.ADMIN, city=city)


async def _demote(store: Store, account: Account, city: str | None = None) -> None:
    await administrators.become(
        store, account, role=Role.DESK, display="", unit=None, city=city or account.city
    )


async def test_the_last_administrator_can_be_neither_closed_nor_made_something_else(
    store: Store,
) -> None:
    first = await _admin(store, "first")
    for change in (administrators.close(store, first), _demote(store, first)):
        with pytest.raises(LastAdministrator):
            await change
    second = await _admin(store, "second")
    await administrators.close(store, second)
    with pytest.raises(LastAdministrator):
        await administrators.close(store, first)
    account = await accounts.by_name(store, "first")
    assert account == first


async def test_an_administrator_of_one_city_does_not_stand_in_for_one_of_all(store: Store) -> None:
    first, confined = await _admin(store, "first"), await _admin(store, "second", "tongzhou")
    with pytest.raises(LastAdministrator):
        await administrators.close(store, first)
    with pytest.raises(LastAdministrator):
        await administrators.become(
            store, first, role=Role.ADMIN, display="", unit=None, city="tongzhou"
        )
    await administrators.close(store, confined)


async def test_of_two_who_remove_each_other_one_remains(store: Store) -> None:
    one, other = await _admin(store, "one"), await _admin(store, "other")
    done = await asyncio.gather(_demote(store, one), _demote(store, other), return_exceptions=True)
    assert [type(found) for found in done].count(LastAdministrator) == 1


async def test_accounts_are_listed_by_name_and_found_by_a_part_of_it(store: Store) -> None:
    for name in ("chen", "an", "bo"):
        await accounts.create(store, name, Role.DESK, city="tongzhou" if name == "bo" else None)
    await accounts.create(store, "li", Role.OFFICER, display="李强", unit="water")
    first = await administrators.page(store, limit=2)
    assert [one.name for one in first.accounts] == ["an", "bo"]
    rest = await administrators.page(store, limit=2, cursor=first.next_cursor)
    assert ([one.name for one in rest.accounts], rest.next_cursor) == (["chen", "li"], None)
    assert [one.name for one in (await administrators.page(store, text="李")).accounts] == ["li"]
    assert (await administrators.page(store, text="%")).accounts == []
    confined = await administrators.page(store, city="tongzhou")
    assert [one.name for one in confined.accounts] == ["bo"]
    officers = await administrators.page(store, role=Role.OFFICER)
    assert [one.name for one in officers.accounts] == ["li"]
    with pytest.raises(BadCursor):
        await administrators.page(store, cursor="nonsense")


async def test_who_is_signed_in_is_known(store: Store) -> None:
    one, other = [await accounts.create(store, name, Role.DESK) for name in ("one", "other")]
    for hours in (1, 2):
        await sessions.begin(store, one, NOW, timedelta(hours=hours))
    presences = await administrators.present(store, [one, other], NOW + timedelta(minutes=90))
    assert (set(presences), presences[one.id].sessions) == ({one.id}, 1)
