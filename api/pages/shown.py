"""How moments and spans are written, in the reader's language and the city's zone."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Protocol

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.numbers import format_percent

from api.translation import CHINESE, ENGLISH

LOCALES = {CHINESE: Locale("zh", "CN", "Hans"), ENGLISH: Locale("en", "GB")}
_MOMENT = {CHINESE: "y年M月d日 HH:mm", ENGLISH: "d MMM y, HH:mm"}


class Named(Protocol):
    """Whatever a pack names in both languages: a city, a unit, a category."""

    @property
    def name(self) -> str: ...

    @property
    def name_en(self) -> str: ...


def filters(language: str) -> Mapping[str, Callable[..., Any]]:
    """The filters of the templates: moment, day, span, percent, named."""
    locale = LOCALES[language]

    def moment(at: datetime, zone: tzinfo) -> str:
        """2026年3月2日 09:05"""
        return format_datetime(at, _MOMENT[language], zone, locale)

    def day(on: date) -> str:
        """2026年3月2日"""
        return format_date(on, "long", locale=locale)

    def span(length: timedelta) -> str:
        """2天, 3小时: the largest unit that says enough."""
        return format_timedelta(abs(length), threshold=1.5, locale=locale)

    def percent(share: float | None) -> str:
        """95.2%; a dash where there was nothing to divide by."""
        return "—" if share is None else format_percent(share, "#,##0.0%", locale=locale)

    def named(thing: Named) -> str:
        """What the pack calls it."""
        return thing.name_en if language == ENGLISH else thing.name

    return {"moment": moment, "day": day, "span": span, "percent": percent, "named": named}
