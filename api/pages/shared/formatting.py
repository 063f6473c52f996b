"""Template filters: moments and spans in the reader's language and the city's zone."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Protocol

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_percent
from babel.units import format_unit

from api.http.i18n import CHINESE, ENGLISH

LOCALES = {CHINESE: Locale("zh"), ENGLISH: Locale("en", "GB")}
_MOMENT = {CHINESE: "y年M月d日 HH:mm", ENGLISH: "d MMM y, HH:mm"}


class BilingualName(Protocol):
    """An object that a pack names in both languages: a city, a unit, a category."""

    @property
    def name(self) -> str: ...

    @property
    def name_en(self) -> str: ...


def filters(language: str) -> Mapping[str, Callable[..., Any]]:
    """Return the template filters: moment, day, month_name, span, percent, named."""
    locale = LOCALES[language]

    def moment(at: datetime, zone: tzinfo) -> str:
        """Format as 2026年3月2日 09:05."""
        return format_datetime(at, _MOMENT[language], zone, locale)

    def day(on: date) -> str:
        """Format as 2026年3月2日."""
        return format_date(on, "long", locale=locale)

    def month_name(on: date) -> str:
        """Format as 三月."""
        return format_date(on, "LLLL", locale=locale)

    def span(length: timedelta) -> str:
        """Format as 15 天, 3 小时 or 20 分钟: days and hours only from two on."""
        minutes = round(abs(length).total_seconds() / 60)
        for unit, of in (("day", 24 * 60), ("hour", 60)):
            if minutes >= 2 * of:
                return counted(minutes // of, unit)
        return counted(minutes, "minute")

    @lru_cache(maxsize=1024)  # a list repeats the same few spans
    def counted(count: int, unit: str) -> str:
        return format_unit(count, f"duration-{unit}", "short", locale=locale)

    def percent(share: float | None) -> str:
        """Format as 95.2%; a dash if there was nothing to divide by."""
        return "—" if share is None else format_percent(share, "#,##0.0%", locale=locale)

    def named(thing: BilingualName) -> str:
        """Return its name in this language."""
        return thing.name_en if language == ENGLISH else thing.name

    return {
        "moment": moment,
        "day": day,
        "month_name": month_name,
        "span": span,
        "percent": percent,
        "named": named,
    }
