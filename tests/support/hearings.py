"""Hearings for tests that are about something else."""

from datetime import UTC, datetime

from domain.hearing.hearing import Hearing
from store.db.engine import Store
from store.tickets import hearings


async def a_hearing(store: Store, number: str, unit: str) -> Hearing:
    """Record a hearing of Tongzhou with one ticket, whose answer need not be published."""
    now = datetime.now(UTC)
    new = Hearing(
        id="a-hearing",
        number="",
        city="tongzhou",
        n=0,
        title="河道",
        place="政务服务中心",
        starts_at=now,
        open=True,
        made_at=now,
        made_by="test",
    )
    return await hearings.prepare(store, new, [(number, unit)])
