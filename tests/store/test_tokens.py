"""Tests that a token permits its purpose until it expires or is revoked."""

from datetime import timedelta

from sqlalchemy import select

from domain.actors import Role
from store.db import tables
from store.db.engine import Store
from store.identity import tokens
from tests.store.stories import START


async def test_a_token_is_found_by_its_text(store: Store) -> None:
    token_id, text = await tokens.issue(store, Role.OFFICER, "U1", "street office", now=START)
    token = await tokens.find(store, text, START)
    assert token is not None
    assert (token.id, token.role, token.unit, token.name) == (
        token_id,
        Role.OFFICER,
        "U1",
        "street office",
    )
    assert text.startswith(f"jsu_{token_id}_")


async def test_the_text_is_not_in_the_store(store: Store) -> None:
    _, text = await tokens.issue(store, Role.DESK, None, "desk")
    assert text.rpartition("_")[2] not in str(await store.rows(select(tables.token)))


async def test_a_wrong_text_finds_nothing(store: Store) -> None:
    token_id, text = await tokens.issue(store, Role.DESK, None, "desk")
    flipped = text[:-1] + ("0" if text[-1] != "0" else "1")
    unknown = "jsu_" + "0" * 12 + text[16:]
    for wrong in ("", "jsu_", token_id, flipped, unknown, text + "0", text.upper(), f" {text}"):
        assert await tokens.find(store, wrong, START) is None


async def test_a_token_expires(store: Store) -> None:
    end = START + timedelta(days=1)
    _, text = await tokens.issue(store, Role.DESK, None, "desk", end, START)
    assert await tokens.find(store, text, end - timedelta(seconds=1)) is not None
    assert await tokens.find(store, text, end) is None


async def test_a_token_can_be_revoked_once(store: Store) -> None:
    token_id, text = await tokens.issue(store, Role.DESK, None, "desk")
    assert await tokens.revoke(store, token_id, START)
    assert not await tokens.revoke(store, token_id, START)
    assert not await tokens.revoke(store, "000000000000")
    assert await tokens.find(store, text, START) is None


async def test_all_tokens_are_listed_without_their_secrets(store: Store) -> None:
    first, text = await tokens.issue(store, Role.DESK, None, "one", now=START)
    second, _ = await tokens.issue(store, Role.ADMIN, None, "two", now=START + timedelta(hours=1))
    await tokens.revoke(store, first, START)
    listed = await tokens.listing(store)
    assert [token.id for token in listed] == [first, second]
    assert [token.valid(START) for token in listed] == [False, True]
    assert text.rpartition("_")[2] not in str(listed)
