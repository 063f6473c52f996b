"""The differences between two versions of a city pack, by file and row."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import SequenceMatcher
from typing import Any, Literal

from pydantic import BaseModel

from domain.deadlines.calendar import WorkCalendar
from domain.pack.pack import Pack
from packs.parsed_pack import (
    ASSESSMENT,
    CALENDAR,
    CATEGORIES,
    CITY,
    DEVICES,
    GAZETTEER,
    GRIDS,
    INDICATORS,
    LAW,
    PATROLS,
    PHRASES,
    PLACES,
    PRIZES,
    RESPONSIBILITIES,
    REWARDS,
    SCORING,
    SENSORS,
    SERVICES,
    TEMPLATES,
    UNITS,
    CityFile,
)

Change = Literal["added", "removed", "changed"]

_KEYS = ("code", "id", "kind", "grade")
"""The fields that may identify the entries of a list; the first one present is used."""


@dataclass(frozen=True, slots=True)
class ContentDifference:
    """A row or key that differs. `fields`: the values before and after, by field."""

    file: str
    row: str
    change: Change
    fields: Mapping[str, tuple[object, object]] = field(default_factory=dict)


def differences(before: Pack, after: Pack) -> list[ContentDifference]:
    """Return all differences that affect how tickets are handled or what is said to citizens."""
    return [
        *_keys(before, after),
        *_calendars(before.calendar, after.calendar),
        *_rows(UNITS, _by("code", before.units), _by("code", after.units)),
        *_rows(CATEGORIES, _by("code", before.categories), _by("code", after.categories)),
        *_owners(before, after),
        *_rows(INDICATORS, _by("id", before.indicators), _by("id", after.indicators)),
        *_rows(SCORING, _by("code", before.scoring), _by("code", after.scoring)),
        *_rows(REWARDS, _by("code", before.reward_rules), _by("code", after.reward_rules)),
        *_rows(PRIZES, _by("code", before.prizes), _by("code", after.prizes)),
        *_rows(ASSESSMENT, _by("code", before.assessment), _by("code", after.assessment)),
        *_rows(PHRASES, _phrases(before), _phrases(after)),
        *_rows(PLACES, _by("code", before.directory), _by("code", after.directory)),
        *_rows(GAZETTEER, _by("code", before.known_places), _by("code", after.known_places)),
        *_patrols(before, after),
        *_rows(SENSORS, _by("code", before.sensors.kinds), _by("code", after.sensors.kinds)),
        *_rows(DEVICES, _by("code", before.devices), _by("code", after.devices)),
        *_values(SERVICES, _booking(before), _booking(after)),
        *(
            difference
            for language, file in TEMPLATES.items()
            for difference in _values(
                file, {**before.messages.get(language, {})}, {**after.messages.get(language, {})}
            )
        ),
    ]


def _patrols(before: Pack, after: Pack) -> Iterator[ContentDifference]:
    """Compare reaches and routes by their codes, and what is left of patrols.toml by its keys."""
    old, new = before.patrols, after.patrols
    yield from _rows(PATROLS, _by("code", old.reaches), _by("code", new.reaches))
    yield from _rows(PATROLS, _by("code", old.routes), _by("code", new.routes))
    rest = {"proof", "checks"}
    kept = (dict(_flat("", one.model_dump(mode="json", include=rest))) for one in (old, new))
    yield from _values(PATROLS, *kept)


def cell_differences(before: bytes | None, after: bytes | None) -> list[ContentDifference]:
    """Return the grid cells that differ between two contents of grids.geojson."""
    old, new = _cells(before), _cells(after)
    content_differences = _values(GRIDS, old, new)
    # The coordinates are left out: they mean nothing to a reader.
    return [ContentDifference(GRIDS, one.row, one.change) for one in content_differences]


def law_differences(before: bytes | None, after: bytes | None) -> list[ContentDifference]:
    """Return what differs between two contents of law.toml: documents, clauses, rules named."""
    old, new = (
        dict(_flat("", tomllib.loads(content.decode("utf-8-sig")))) if content else {}
        for content in (before, after)
    )
    return list(_values(LAW, old, new))


def _cells(content: bytes | None) -> dict[str, object]:
    if content is None:
        return {}
    features = json.loads(content)["features"]
    return {feature["properties"]["code"]: feature["geometry"] for feature in features}


def _keys(before: Pack, after: Pack) -> Iterator[ContentDifference]:
    """Compare the keys of city.toml, each as its path: `tiers.general.handle`."""
    names = [name for name in CityFile.model_fields if name != "calendar"]
    old, new = (_keyed(pack, names) for pack in (before, after))
    yield from _values(CITY, old, new)


def _keyed(pack: Pack, names: list[str]) -> dict[str, object]:
    return dict(_flat("", pack.model_dump(mode="json", include=set(names))))


def _flat(path: str, value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from _flat(f"{path}.{name}" if path else name, part)
    elif isinstance(value, list) and value and all(isinstance(part, Mapping) for part in value):
        key = next((key for key in _KEYS if key in value[0]), "")
        for place, part in enumerate(value, 1):
            rest = {name: inner for name, inner in part.items() if name != key}
            yield from _flat(f"{path}.{part.get(key, place)}", rest)
    # A value that is not set, or an empty list, counts as absent.
    elif value not in (None, []):
        yield path, value


def _calendars(before: WorkCalendar, after: WorkCalendar) -> Iterator[ContentDifference]:
    both = set(before.years) & set(after.years)
    yield from _values(CALENDAR, _days(before, both), _days(after, both))


def _days(calendar: WorkCalendar, years: set[int]) -> dict[str, object]:
    values: dict[date, str] = dict.fromkeys(calendar.days_off, "off")
    values |= dict.fromkeys(calendar.days_on, "worked")
    values |= {day: f"worked {_written(hours)}" for day, hours in calendar.hours_on.items()}
    return {
        "years": ", ".join(map(str, calendar.years)),
        "hours": _written(calendar.hours),
        **{str(day): what for day, what in values.items() if day.year in years},
    }


def _written(hours: Any) -> str:
    return "|".join(map(str, hours))


def _owners(before: Pack, after: Pack) -> Iterator[ContentDifference]:
    """Find rows that were added, removed or moved: order counts, as the first match applies."""
    old, new = (
        [f"{row.category},{row.area},{row.unit}" for row in pack.responsibilities]
        for pack in (before, after)
    )
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    gone = {old[i]: i for step, i1, i2, _, _ in steps if step != "equal" for i in range(i1, i2)}
    come = {new[j]: j for step, _, _, j1, j2 in steps if step != "equal" for j in range(j1, j2)}
    for row, index in gone.items():
        if row in come:
            place = {"place": (index + 1, come[row] + 1)}
            yield ContentDifference(RESPONSIBILITIES, row, "changed", place)
        else:
            yield ContentDifference(RESPONSIBILITIES, row, "removed")
    yield from (
        ContentDifference(RESPONSIBILITIES, row, "added") for row in come if row not in gone
    )


def _by(key: str, rows: tuple[Any, ...]) -> dict[str, BaseModel]:
    return {getattr(row, key): row for row in rows}


def _booking(pack: Pack) -> dict[str, object]:
    return dict(_flat("", pack.services.model_dump(mode="json")))


def _phrases(pack: Pack) -> dict[str, BaseModel]:
    phrases = pack.phrases
    return _by("code", phrases.scripts) | _by("code", phrases.answers)


def _rows(
    file: str, before: Mapping[str, BaseModel], after: Mapping[str, BaseModel]
) -> Iterator[ContentDifference]:
    """Compare rows by field; of an added or removed row, give only the code."""
    for name, row in before.items():
        if name not in after:
            yield ContentDifference(file, name, "removed")
            continue
        old, new = dict(_flat("", _plain(row))), dict(_flat("", _plain(after[name])))
        fields = {
            key: (old.get(key), new.get(key)) for key in old | new if old.get(key) != new.get(key)
        }
        if fields:
            yield ContentDifference(file, name, "changed", fields)
    yield from (ContentDifference(file, name, "added") for name in after if name not in before)


def _plain(row: BaseModel) -> dict[str, Any]:
    return row.model_dump(mode="json")


def _values(
    file: str, before: dict[str, object], after: dict[str, object]
) -> Iterator[ContentDifference]:
    """Compare single values; give each with its old and new value."""
    for name in before | after:
        pair = before.get(name), after.get(name)
        if name not in after:
            yield ContentDifference(file, name, "removed", {"": pair})
        elif name not in before:
            yield ContentDifference(file, name, "added", {"": pair})
        elif pair[0] != pair[1]:
            yield ContentDifference(file, name, "changed", {"": pair})
