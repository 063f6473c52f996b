"""The month that a supervision page shows, and the months to choose from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import ValidationError
from starlette.requests import Request

from app.cities.periods import Reckoning, ReckoningQuery, reckoning
from app.errors import Problem
from domain.pack.pack import Pack
from domain.pack.periods import Period, month_at

_CHOICES = 13

Year = Annotated[int | None, Query(ge=2000, le=2999)]
Quarter = Annotated[int | None, Query(ge=1, le=4)]
Month = Annotated[int | None, Query(ge=1, le=12)]
"""The parts of the address of a report card."""


@dataclass(frozen=True)
class MonthChoice:
    """A month, `shown` as "2026-11"; the running month up to now."""

    shown: str
    choices: list[str]
    reckoning: Reckoning

    @property
    def period(self) -> Period:
        return self.reckoning.period

    @property
    def running(self) -> bool:
        return self.reckoning.period.until == self.reckoning.now


def requested_month(request: Request, pack: Pack, now: datetime) -> MonthChoice:
    """Return the month in the address, or the running one.

    Raises:
        Problem: not_found, if there is no such month, or it has not begun.
    """
    month = request.query_params.get("month") or None
    try:
        requested_reckoning = reckoning(ReckoningQuery(month=month), pack, now)
    except (ValidationError, Problem):
        raise Problem("not_found") from None
    latest = month_at(pack, now)
    shown = month or latest
    return MonthChoice(shown, sorted({shown, *_before(latest)}, reverse=True), requested_reckoning)


def _before(latest: str) -> list[str]:
    year, month = (int(part) for part in latest.split("-"))
    back = [divmod(year * 12 + month - 1 - n, 12) for n in range(_CHOICES)]
    return [f"{y:04}-{m + 1:02}" for y, m in back]
