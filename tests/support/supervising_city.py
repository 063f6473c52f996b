"""Tongzhou as a city with supervision lists, and rows whose time has come."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import select, update

from domain.actors import Role
from packs.registry import PackRegistry
from store.db.engine import Store
from store.db.supervision_tables import row as row_table
from tests.api.running_api import Filed
from tests.support.cities import city_with

LEADERS: list[dict[str, Any]] = [
    {
        "code": "water",
        "name": "分管水务领导",
        "name_en": "Leader for water",
        "units": ["water"],
        "unit": "water",
    },
    {
        "code": "north",
        "name": "北片包片领导",
        "name_en": "Leader of the north",
        "areas": ["110112003"],
        "unit": "market",
    },
]
RULES = [
    {
        "code": "red",
        "name": "红牌超期，限期整改",
        "name_en": "Red card: rectify it",
        "when": "t.red > 0 || t.urges > 0",
    }
]


def supervising(folder: Path, **policy: Any) -> PackRegistry:
    """Return Tongzhou with two leaders' lists; `policy` changes its table `[supervision]`."""
    table = {"leaders": LEADERS, "rules": RULES, "revisits": ["7d", "30d"], "deadline": "3wd"}
    return city_with(folder, supervision=table | policy, features={"settle_all": True})


async def put_on(ticket: Filed, leader: str = "water", **body: Any) -> dict[str, Any]:
    """Put a ticket on a list as a supervisor, and return its row."""
    answer = await ticket.api.http.post(
        f"{ticket.path}/supervision",
        json={"leader": leader, "text": "清淤并公示。"} | body,
        headers=await ticket.api.token(Role.SUPERVISOR),
    )
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = answer.json()
    return row


async def let_days_pass(store: Store, days: int) -> None:
    """Let days pass for all rows, by moving their days back."""
    columns = (row_table.c.id, row_table.c.due, row_table.c.revisit_due, row_table.c.result_at)
    span = timedelta(days=days)
    for one in await store.rows(select(*columns)):
        moved = {
            name: getattr(one, name) - span
            for name in ("due", "revisit_due", "result_at")
            if getattr(one, name) is not None
        }
        await store.change(update(row_table).where(row_table.c.id == one.id).values(**moved))
