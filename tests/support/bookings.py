"""Appointments for tests: in Huangpu, at a time that is free now, and times that pass."""

from datetime import timedelta
from typing import Any

import httpx
from sqlalchemy import select, update

from store.db.booking_tables import booking
from store.db.engine import Store
from tests.api.running_api import Api

CITY = "/api/v1/cities/huangpu"
HARBOUR = {"lat": 23.1005, "lon": 113.4530}
_TIMES = ("starts_at", "ends_at", "remind_at", "missed_at")


async def free(api: Api, service: str = "social-insurance", **query: Any) -> list[dict[str, Any]]:
    """Return the nearest places with their free times."""
    answer = await api.http.get(f"{CITY}/services/{service}/times", params=HARBOUR | query)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["places"])


async def wanted(api: Api, nth: int = -1, **changes: Any) -> dict[str, Any]:
    """Return what to send for an appointment at the nearest place, on its last free day."""
    days = (await free(api))[0]["days"]
    [near, *_] = await free(api, day=days[-1])
    return {
        "service": "social-insurance",
        "place": near["place"]["code"],
        "starts_at": near["times"][nth],
        "name": "陈女士",
        "phone": "13800138000",
    } | changes


async def book(api: Api, body: dict[str, Any], key: str | None = None) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await api.http.post(f"{CITY}/appointments", json=body, headers=headers)


async def let_pass(store: Store, **span: float) -> None:
    """Let time pass for all appointments, by moving their times back."""
    for row in await store.rows(select(booking.c.id, *(booking.c[name] for name in _TIMES))):
        moved = {name: getattr(row, name) - timedelta(**span) for name in _TIMES}
        await store.change(update(booking).where(booking.c.id == row.id).values(**moved))
