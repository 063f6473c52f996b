"""Heping with contractors, and months of theirs that were closed."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from domain.pack.contractors import AssessmentRule
from domain.pack.periods import month_at
from packs.registry import PackRegistry
from store.db.engine import Store
from store.reporting import closed_months
from store.reporting.assessments import SheetLine
from store.reporting.closed_months import ClosedMonth
from tests.support.cities import city_with

COMPANIES = ("bike-1", "bike-2", "bike-3")


def assessing(folder: Path, **policy: Any) -> PackRegistry:
    """Return Heping; `policy` changes its table `[contractors]`."""
    return city_with(folder, "heping", contractors=policy)


def month_before(packs: PackRegistry, months: int = 1) -> str:
    """Return a month of the city that is over: 1, the last one."""
    pack = packs.get("heping")
    year, month = map(int, month_at(pack, datetime.now(UTC)).split("-"))
    years, back = divmod(year * 12 + month - 1 - months, 12)
    return f"{years:04}-{back + 1:02}"


def a_line(unit: str, rule: str, points: float, n: int = 1) -> SheetLine:
    return SheetLine(
        unit=unit,
        rule=rule,
        points=points,
        number=f"260302000{n:04}",
        version=n,
        at=datetime(2026, 3, 2, tzinfo=UTC),
        event="share_handled",
    )


async def closed_with(
    store: Store, packs: PackRegistry, month: str, *lines: SheetLine, days: float = 5
) -> None:
    """Close a month with these lines; so many days are left to object."""
    now = datetime.now(UTC)
    closed = ClosedMonth(
        city="heping",
        month=month,
        closed_at=now - timedelta(days=1),
        closed_by="supervisor:test",
        pack_version="0" * 12,
        base=100.0,
        publish=packs.get("heping").contractors.publish,
        objections_until=now + timedelta(days=days),
    )
    rules: dict[str, AssessmentRule] = {r.code: r for r in packs.get("heping").assessment}
    await closed_months.close(store, closed, COMPANIES, lines, rules)
