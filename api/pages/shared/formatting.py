"""Template filters: moments and spans in the reader's language and the city's zone."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Any, Protocol

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_percent
from babel.units import format_unit

from api.http.i18n import CHINESE, ENGLISH
from domain.pack.opening_hours import OpeningHours, Spans, alike_days

LOCALES = {CHINESE: Locale("zh"), ENGLISH: Locale("en", "GB")}
_MOMENT = {CHINESE: "y年M月d日 HH:mm", ENGLISH: "d MMM y, HH:mm"}


_SOON = {CHINESE: "M月d日EEE HH:mm", ENGLISH: "EEE d MMM, HH:mm"}
_BETWEEN = {CHINESE: "、", ENGLISH: ", "}
_TO = {CHINESE: "至", ENGLISH: "–"}


class BilingualName(Protocol):
    """An object that a pack names in both languages: a city, a unit, a category."""

    @property
    def name(self) -> str: ...

    @property
    def name_en(self) -> str: ...


def dialled(phone: str) -> str:
    """Return a telephone number as a link has it: its digits."""
    return "".join(one for one in phone if one.isdigit() or one == "+")


def filters(language: str) -> Mapping[str, Callable[..., Any]]:
    """Return the template filters of a language."""
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

    def soon(at: datetime, now: datetime, zone: tzinfo) -> str:
        """Format as 17:30; of another day with the day: 3月2日周一 08:30."""
        local = at.astimezone(zone)
        if local.date() == now.astimezone(zone).date():
            return format(local, "%H:%M")
        return format_datetime(at, _SOON[language], zone, locale)

    def metres(distance: int) -> str:
        """Format as 350 m or 1.2 km; by tens, for a position is no more exact."""
        if distance < 995:
            return format_unit(round(distance, -1), "length-meter", "short", locale=locale)
        return format_unit(round(distance / 1000, 1), "length-kilometer", "short", locale=locale)

    def spans(of: Spans) -> str:
        """Format as 08:30–12:00, 14:00–17:30; nothing where there are none."""
        return _BETWEEN[language].join(str(span).replace("-", "–") for span in of)

    def week(hours: OpeningHours) -> list[tuple[str, str]]:
        """Return the days of a week with the same hours, and these: 周一至周五, 08:30–17:30."""
        names = locale.days["format"]["abbreviated"]
        return [
            (_TO[language].join(dict.fromkeys((names[run[0]], names[run[-1]]))), spans(of))
            for run, of in alike_days(hours.weekdays)
        ]

    def options(things: Iterable[Any], value: str = "code") -> list[tuple[str, str]]:
        """Return the choices of a list: the value and the name of each, if it has a value."""
        return [(str(code), named(one)) for one in things if (code := getattr(one, value))]

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
        "soon": soon,
        "metres": metres,
        "spans": spans,
        "week": week,
        "options": options,
        "dialled": dialled,
    }
