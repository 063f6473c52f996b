"""Promises for tests: the rules of a city, and days that pass."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from store.db.engine import Store
from store.db.promise_tables import promise

RULES: dict[str, Any] = {"grace": 2, "ahead": 90}


async def days_pass(store: Store, days: int) -> None:
    """Let days pass for all promises, by moving their days back."""
    rows = await store.rows(select(promise.c.id, promise.c.due, promise.c.asked_until))
    for row in rows:
        moved = {
            "due": row.due - timedelta(days=days),
            "asked_until": row.asked_until - timedelta(days=days),
        }
        await store.change(update(promise).where(promise.c.id == row.id).values(moved))
