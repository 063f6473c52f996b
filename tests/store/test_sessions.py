"""Tests of sessions in the store: listed for their owner while active, and ended one by one."""

from datetime import UTC, datetime, timedelta

from domain.actors import Role
from store.db.engine import Store
from store.identity import accounts, sessions
from store.identity.accounts import Account

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
IDLE = timedelta(hours=1)


async def _begin(store: Store, account: Account, at: datetime, hours: int, device: str) -> str:
    return await sessions.begin(store, account, at, timedelta(hours=hours), device=device)


async def test_those_are_listed_that_go_on(store: Store) -> None:
    one, other = [await accounts.create(store, name, Role.DESK) for name in ("one", "other")]
    early, late = NOW - timedelta(minutes=50), NOW - timedelta(minutes=10)
    await _begin(store, one, late, 12, "late")
    await _begin(store, one, early, 12, "early")
    await _begin(store, one, NOW - IDLE, 12, "unused")
    await _begin(store, other, late, 12, "another's")
    open_sessions = await sessions.listing(store, one.id, NOW, IDLE)
    assert [each.device for each in open_sessions] == ["early", "late"]
    assert [(each.began_at, each.seen_at) for each in open_sessions] == [
        (early, early),
        (late, late),
    ]
    at_last = NOW + timedelta(hours=12)
    assert await sessions.listing(store, one.id, at_last, timedelta(days=1)) == []


async def test_one_is_ended_by_its_owner_and_by_nobody_else(store: Store) -> None:
    one, other = [await accounts.create(store, name, Role.DESK) for name in ("one", "other")]
    stored, gone = [await _begin(store, one, NOW, 12, device) for device in ("kept", "gone")]
    session = await sessions.find(store, gone, NOW, IDLE)
    assert session is not None
    assert not await sessions.end_own(store, other.id, session.id)
    assert await sessions.find(store, gone, NOW, IDLE) is not None
    assert await sessions.end_own(store, one.id, session.id)
    assert not await sessions.end_own(store, one.id, session.id)
    assert await sessions.find(store, gone, NOW, IDLE) is None
    assert await sessions.find(store, stored, NOW, IDLE) is not None


async def test_what_a_session_was_begun_with_is_kept(store: Store) -> None:
    account = await accounts.create(store, "one", Role.DESK)
    secret = await sessions.begin(store, account, NOW, IDLE, device="Firefox", first_password=True)
    session = await sessions.find(store, secret, NOW, IDLE)
    assert session is not None
    assert (session.device, session.first_password) == ("Firefox", True)
