"""Rate limits, counted in the store, or in Redis, for all processes together."""

import ipaddress
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import time
from typing import Any

import structlog
from limits import RateLimitItem, parse
from limits.aio.storage import RedisStorage, Storage
from limits.aio.strategies import FixedWindowRateLimiter
from limits.errors import StorageError
from limits.storage import storage_from_string

from app.errors import Problem
from runtime.settings import Settings
from store.db import counters
from store.db.engine import Store
from store.db.errors import StoreError

logger = structlog.stdlib.get_logger("jiesu.api")


class StoreStorage(Storage):
    """The storage of `limits`, on the table `counter`."""

    STORAGE_SCHEME = ["async+jiesu"]  # noqa: RUF012 - as the base class declares it

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store

    @property
    def base_exceptions(self) -> type[Exception] | tuple[type[Exception], ...]:
        return StoreError

    async def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return await counters.count(
            self._store, key, amount, timedelta(seconds=expiry), datetime.now(UTC)
        )

    async def get(self, key: str) -> int:
        return (await counters.look(self._store, key, datetime.now(UTC)))[0]

    async def get_expiry(self, key: str) -> float:
        return (await counters.look(self._store, key, datetime.now(UTC)))[1].timestamp()

    async def check(self) -> bool:
        await self.get("")
        return True

    async def reset(self) -> int | None:
        return None

    async def clear(self, key: str) -> None:
        await counters.clear(self._store, key)


class RateLimits:
    """The limits of an installation. If counting fails the request passes, and it is logged."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self._items: Mapping[str, RateLimitItem] = {
            name: parse(getattr(settings, f"limit_{name}"))
            for name in (
                "intake",
                "oidc",
                "codes",
                "phone",
                "phone_from_one",
                "commands",
                "agents",
                "directory",
                "mail",
                "mail_network",
            )
        }
        self._exempt = [ipaddress.ip_network(each) for each in settings.limits_exempt]
        self._storage = _storage(settings, store)
        self._limiter = FixedWindowRateLimiter(self._storage)

    async def close(self) -> None:
        """Close the connections to Redis, if there are any; the store is closed by its owner."""
        if isinstance(self._storage, RedisStorage):
            bridge: Any = self._storage.bridge
            await bridge.storage.aclose()

    async def count(self, name: str, who: str, host: str | None = None) -> None:
        """Count one more of `name` by `who`; refuse it (429) if there were too many.

        `who` is a fingerprint or an id: neither an address nor a phone is stored. `host`: the
        address by which the caller may be exempt; None if nothing exempts them.
        """
        if host is not None and self.is_exempt(host):
            return
        item = self._items[name]
        try:
            if await self._limiter.hit(item, name, who):
                return
            reset = (await self._limiter.get_window_stats(item, name, who)).reset_time
        except StorageError as error:  # Redis is unavailable: serve the citizen nevertheless
            logger.warning(
                "limit not counted", limit=name, error=type(error.storage_error).__name__
            )
            return
        wait = {"Retry-After": str(max(1, round(reset - time())))}
        raise Problem("too_many_requests", headers=wait)

    def is_exempt(self, host: str) -> bool:
        """Return whether requests from this address are not counted."""
        try:
            address = ipaddress.ip_address(host)
        except ValueError:
            return False
        return any(address in network for network in self._exempt)


def _storage(settings: Settings, store: Store) -> Storage:
    if not settings.limits_url:
        return StoreStorage(store)
    made = storage_from_string(settings.limits_url, implementation="redispy", wrap_exceptions=True)
    if not isinstance(made, Storage):
        raise ValueError("limits_url needs an asynchronous storage: async+redis://…")
    return made
