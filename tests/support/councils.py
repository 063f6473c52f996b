"""Councils for tests: one that is prepared, and times that pass."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from domain.actors import Role
from store.db.council_tables import council
from store.db.engine import Store
from tests.api.running_api import Filed

RULES: dict[str, Any] = {"vote": "secret", "quorum": 50, "majority": 50, "statements": 2}
_TIMES = ("statements_until", "vote_opens_at", "vote_closes_at")


def draft(**changes: Any) -> dict[str, Any]:
    """Return a council of today: statements for a day, then a day to vote."""
    now = datetime.now(UTC)
    return {
        "subject": "小区停车位怎么安排",
        "options": [
            {"title": "沿路划线", "pros": ["车位多"], "cons": ["路面变窄"]},
            {"title": "错时共享", "pros": ["不占路面"], "cons": []},
            {"title": "维持现状", "pros": [], "cons": ["晚上没有空位"]},
        ],
        "statements_until": (now + timedelta(days=1)).isoformat(),
        "vote_opens_at": (now + timedelta(days=1)).isoformat(),
        "vote_closes_at": (now + timedelta(days=2)).isoformat(),
    } | changes


async def prepared(ticket: Filed, invited: int = 3, **changes: Any) -> list[str]:
    """Prepare a council, open it, and return the codes of its invitations."""
    http, path = ticket.api.http, f"{ticket.path}/councils"
    who = await ticket.api.token(Role.SUPERVISOR)
    made = await http.post(path, json=draft(**changes), headers=who)
    assert made.status_code == 201, made.text
    here = f"{path}/{made.json()['n']}"
    codes = await http.post(f"{here}/invitations", json={"count": invited}, headers=who)
    assert codes.status_code == 201, codes.text
    opened = await http.post(f"{here}/open", json={}, headers=who)
    assert opened.status_code == 200, opened.text
    return list(codes.json()["codes"])


async def let_pass(store: Store, **span: float) -> None:
    """Let time pass for all councils, by moving their times back."""
    for row in await store.rows(select(council.c.id, *(council.c[name] for name in _TIMES))):
        moved = {name: getattr(row, name) - timedelta(**span) for name in _TIMES}
        await store.change(update(council).where(council.c.id == row.id).values(**moved))
