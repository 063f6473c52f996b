"""Closing a month of contractors' assessment as it is computed."""

from datetime import datetime

from domain.deadlines.calendar import add_limit
from domain.pack.pack import Pack
from domain.pack.periods import Period
from store.db.engine import Store
from store.reporting import closed_months
from store.reporting.assessments import computed
from store.reporting.closed_months import ClosedMonth


async def close_as_computed(
    store: Store, pack: Pack, month: str, period: Period, now: datetime, closed_by: str
) -> None:
    """Keep the sheets of a month as they are computed now, by the pack of that month.

    Raises:
        Refused: month_closed
    """
    lines = await computed(store, pack, period, now)
    policy = pack.contractors
    closed = ClosedMonth(
        city=pack.city.id,
        month=month,
        closed_at=now,
        closed_by=closed_by,
        pack_version=pack.version,
        base=policy.base,
        publish=policy.publish,
        objections_until=add_limit(pack.calendar, now, policy.objection),
    )
    rules = {rule.code: rule for rule in pack.assessment}
    await closed_months.close(store, closed, policy.units, lines, rules)
