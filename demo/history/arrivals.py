"""Arrivals: when citizens complain, about what and where, over some months."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random
from zlib import crc32

from demo.complaints import CHANNELS, Text
from demo.history.texts import PATTERNS, places
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel

_HOURS = (
    1.2, 0.7, 0.5, 0.4, 0.5, 1.0, 2.2, 4.0, 7.0, 8.6, 8.4, 7.2,
    4.8, 4.9, 6.6, 7.1, 6.8, 5.8, 5.0, 5.2, 4.8, 3.6, 2.6, 1.8,
)  # fmt: skip
"""The weights of the hours of a day: most complain on a morning, few at night."""

_WEEKDAYS = (1.18, 1.08, 1.04, 1.02, 1.0, 0.82, 0.74)
"""The weights of the days of a week: most complain on a Monday."""

_SEASONS = {
    "热": {11: 6, 12: 4, 1: 4, 2: 3, 3: 2}, "供暖": {11: 6, 12: 4, 1: 4, 2: 3, 3: 2},
    "积水": {6: 3, 7: 5, 8: 4}, "漏雨": {6: 3, 7: 4, 8: 3}, "河": {5: 2, 6: 2, 7: 2, 8: 2},
    "入学": {4: 2, 5: 4, 6: 4}, "幼升小": {4: 2, 5: 4}, "雪": {12: 3, 1: 3, 2: 2},
    "广场舞": {5: 2, 6: 2, 7: 2, 8: 2, 9: 2}, "工资": {12: 2, 1: 4}, "焚烧": {10: 2, 11: 2},
}  # fmt: skip
"""The months in which more is said of a matter, by a word of its text; others have half."""

_LULL = 0.4
_WAVES_A_MONTH = 3
_MERGED = 0.02
_IN_WAVES = 0.08
"""The share of the complaints that are about what many complain about just then."""

SPAN = timedelta(minutes=10)
"""The time within which the tickets of one group are filed."""

MOST = 25
"""The most tickets of one group."""

_VARIED = 90
"""The groups that a day has at least, if it has so many tickets."""


@dataclass(frozen=True)
class ComplaintWave:
    """A matter that many complain about at one place, from `since` for `days`."""

    pattern: Text
    street: str
    place: str
    since: date
    days: int


@dataclass(frozen=True)
class ArrivalGroup:
    """Complaints about one matter at one place within `SPAN`; with few tickets there is one each.

    `merged`: two of them, the second of which is merged into the first.
    """

    seed: str
    pattern: Text
    street: str
    place: str
    channel: Channel
    anonymous: bool
    since: datetime
    offsets: tuple[int, ...]
    merged: bool = False


def per_day(total: int, first: date, last: date) -> list[tuple[date, int]]:
    """Share `total` tickets among the days before `last`, by their weekdays."""
    days = [first + timedelta(days=n) for n in range((last - first).days)]
    weights = [_WEEKDAYS[day.weekday()] * (0.9 + 0.2 * _noise(day)) for day in days]
    whole, taken, shares = sum(weights), 0, []
    reached = 0.0
    for day, weight in zip(days, weights, strict=True):
        reached += weight
        upto = round(total * reached / whole)
        shares.append((day, upto - taken))
        taken = upto
    return shares


def _noise(day: date) -> float:
    return (crc32(day.isoformat().encode()) % 1000) / 1000


def waves(pack: Pack, seed: str, first: date, last: date) -> list[ComplaintWave]:
    """Draw what many complain about: some matters a month, for some days each."""
    dice = Random(f"{seed}/waves")  # nosec B311
    drawn = []
    for _ in range(max(1, (last - first).days * _WAVES_A_MONTH // 30)):
        since = first + timedelta(days=dice.randrange(max(1, (last - first).days - 5)))
        likely = _likely(since.month)
        pattern = dice.choices(PATTERNS, likely)[0]
        street = _street(pack, dice)
        drawn.append(
            ComplaintWave(pattern, street, dice.choice(places()), since, dice.randint(4, 12))
        )
    return drawn


def groups(
    pack: Pack, seed: str, day: date, count: int, drawn: list[ComplaintWave]
) -> Iterator[ArrivalGroup]:
    """Yield the complaints of one day."""
    dice = Random(f"{seed}/{day.isoformat()}")  # nosec B311
    current = [one for one in drawn if one.since <= day < one.since + timedelta(days=one.days)]
    size = min(MOST, max(1, count // _VARIED))
    likely, left, n = _likely(day.month), count, 0
    channels, shares = zip(*CHANNELS, strict=True)
    while left:
        merged = left > 1 and dice.random() < _MERGED
        some = 2 if merged else min(size, left)
        left, n = left - some, n + 1
        wave = dice.choice(current) if current and dice.random() < _IN_WAVES else None
        pattern = wave.pattern if wave else dice.choices(PATTERNS, likely)[0]
        hour = dice.choices(range(24), _HOURS)[0]
        begins = datetime.combine(day, time(hour, dice.randrange(60), dice.randrange(60)))
        yield ArrivalGroup(
            seed=f"{seed}/{day.isoformat()}/{n}",
            pattern=pattern,
            street=wave.street if wave else _street(pack, dice),
            place=wave.place if wave else dice.choice(places()),
            channel=dice.choices(channels, shares)[0],
            anonymous=dice.random() < 0.22,
            since=begins.replace(tzinfo=pack.calendar.tz),
            offsets=tuple(sorted(dice.randrange(int(SPAN.total_seconds())) for _ in range(some))),
            merged=merged,
        )


def _street(pack: Pack, dice: Random) -> str:
    """Draw a street's code; some have many more people than others."""
    streets = [one.code for one in pack.streets]
    if not streets:
        return ""
    weights = [0.3 + (crc32(code.encode()) % 100) / 50 for code in streets]
    return dice.choices(streets, weights)[0]


def _likely(month: int) -> list[float]:
    return [_season(one, month) for one in PATTERNS]


def _season(pattern: Text, month: int) -> float:
    said = pattern.title + pattern.text
    found = [by_month for word, by_month in _SEASONS.items() if word in said]
    longer = 1.0 if len(pattern.text) > 45 else 0.5  # as most citizens say more than a sentence
    return longer * (max(by.get(month, _LULL) for by in found) if found else 1.0)
