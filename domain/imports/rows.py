"""Reading a row of another system by a mapping: the values of a complaint, or its faults.

Pure: which codes the city has is asked of `Codes`.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import quote

from domain.canonical import folded, says_nothing
from domain.imports.mapping import NUMBER_IN_LINK, ImportMap, Unmapped
from domain.ticket.complaint import Channel, Kind

FIRST_YEAR = 2000
"""Earlier complaints are not taken: the day in a ticket's number has two digits for the year."""

_NUMBER = re.compile(r"[^\s\x00-\x1f\x7f]{1,64}")
_CUT = re.compile(r"\d(\.\d+)?e\+\d{2,3}", re.IGNORECASE)
"""A long number as spreadsheets write it: its last digits are lost, and many have the same."""

_WHOLE_DAY = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_MOMENT = re.compile(
    r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*[日号]?"
    r"(?:[t\s]*(\d{1,2})\s*[:时点]\s*(\d{1,2})?\s*(?:[:分]\s*(\d{1,2})?(?:\.\d+)?\s*秒?)?\s*分?)?"
    r"\s*(z|[+-]\d{2}:?\d{2})?"
)


@dataclass(frozen=True, slots=True)
class RowFault:
    """A fault of a row: the column's heading, a stable code, and words.

    `column`: empty for the row as a whole.
    """

    row: int
    column: str
    code: str
    message: str

    def __str__(self) -> str:
        where = f"row {self.row}" + (f", {self.column}" if self.column else "")
        return f"{where}: {self.message} ({self.code})"


@dataclass(frozen=True, slots=True)
class Codes:
    """The codes of a city's pack: each function returns the code that is meant, or None."""

    category: Callable[[str], str | None]
    area: Callable[[str], str | None]
    unit: Callable[[str], str | None]
    zone: tzinfo


@dataclass(slots=True)
class ReadRow:
    """A row: what it says as far as it could be read, and what is wrong with it.

    `closed`: the other system is done with it; `values` are those of a complaint.
    """

    row: int
    number: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    contact: dict[str, str] = field(default_factory=dict)
    filed_at: datetime | None = None
    closed_at: datetime | None = None
    closed: bool = False
    link: str = ""
    faults: list[RowFault] = field(default_factory=list)


def link_to(template: str, number: str) -> str:
    """Return the address of a complaint in the other system; empty if there is none."""
    return template.replace(NUMBER_IN_LINK, quote(number, safe=""))


def read_row(
    mapping: ImportMap, codes: Codes, row: int, cells: Mapping[str, str], now: datetime
) -> ReadRow:
    """Read a row, given as heading and cell. All its faults are found, not only the first."""
    return _Reader(mapping, codes, cells, ReadRow(row), now).read()


@dataclass(slots=True)
class _Reader:
    mapping: ImportMap
    codes: Codes
    cells: Mapping[str, str]
    done: ReadRow
    now: datetime

    def read(self) -> ReadRow:
        done, constants = self.done, self.mapping.constants
        done.number = self._own_number()
        done.link = link_to(self.mapping.link, done.number)
        done.values = {
            "text": self._text(),
            "title": self._cell("title"),
            "kind": self._word("kind", self.mapping.kinds, Kind, constants.kind),
            "channel": self._word("channel", self.mapping.channels, Channel, constants.channel),
            "category": self._code("category", self.mapping.categories, self.codes.category),
            "unit": self._code("unit", self.mapping.units, self.codes.unit),
            "public": constants.public,
            "place": {
                "area": self._code("area", self.mapping.areas, self.codes.area),
                "address": self._cell("address"),
                **self._point(),
            },
        }
        done.contact = {name: cell for name, cell in self._contact() if cell}
        done.values["anonymous"] = constants.anonymous or not done.contact
        done.filed_at = self._moment("filed_at")
        done.closed_at = self._moment("closed_at")
        done.closed = self._is_closed()
        if done.filed_at and done.closed_at and done.closed_at < done.filed_at:
            self._fault("closed_at", "bad_date", "it was closed before it was filed")
        return done

    def _cell(self, name: str) -> str:
        heading = getattr(self.mapping.columns, name)
        cell = self.cells.get(heading, "") if heading else ""
        return "" if says_nothing(cell) else cell.strip()

    def _fault(self, name: str, code: str, message: str) -> None:
        heading = getattr(self.mapping.columns, name, None) or name
        self.done.faults.append(RowFault(self.done.row, heading, code, message))

    def _own_number(self) -> str:
        number = _without_decimals(self._cell("number"))
        if not number:
            self._fault("number", "missing", "the number is missing")
        elif _CUT.fullmatch(number):
            message = f"a spreadsheet has cut it: {number}; export the column as text"
            self._fault("number", "bad_number", message)
        elif not _NUMBER.fullmatch(number):
            self._fault("number", "bad_number", "a number has at most 64 characters and no blanks")
        return number

    def _text(self) -> str:
        text = self._cell("text") or self._cell("title")
        if not text:
            self._fault("text", "missing", "the text is missing")
        return text

    def _word(self, name: str, words: Mapping[str, Any], of: Any, otherwise: Any) -> Any:
        cell = self._cell(name)
        if not cell:
            return otherwise
        known = {folded(word): value for word, value in words.items()}
        known |= {one.value: one for one in of if one.value not in known}
        found = known.get(folded(cell))
        if found is None:
            self._fault(name, f"unknown_{name}", f"not mapped: {cell[:60]}")
        return found

    def _code(
        self, name: str, words: Mapping[str, str], of_city: Callable[[str], str | None]
    ) -> str | None:
        constant: str | None = getattr(self.mapping.constants, name)
        cell = _without_decimals(self._cell(name))
        if not cell:
            return constant
        known = {folded(word): value for word, value in words.items()}
        found = known.get(folded(cell)) or of_city(cell)
        if found is not None:
            return found
        unmapped: Unmapped = getattr(self.mapping.unmapped, name)
        if unmapped == "refuse":
            self._fault(name, f"unknown_{name}", f"neither mapped nor in the city: {cell[:60]}")
        return constant

    def _point(self) -> dict[str, object]:
        cells = {name: self._cell(name) for name in ("lat", "lon")}
        if not any(cells.values()):
            return {}
        try:
            point = {name: float(cell) for name, cell in cells.items()}
        except ValueError:
            self._fault("lat", "bad_point", "a point needs two numbers")
            return {}
        if not (abs(point["lat"]) <= 90 and abs(point["lon"]) <= 180):
            self._fault("lat", "bad_point", "no point on earth")
            return {}
        # Programs write a point that they do not know as zero and zero.
        return {} if not any(point.values()) else {**point, "crs": self.mapping.constants.crs}

    def _contact(self) -> Iterator[tuple[str, str]]:
        yield "name", self._cell("name")
        yield "phone", _phone(self._cell("phone"), self.mapping.phones.area_code)
        yield "email", self._cell("email")
        yield "address", self._cell("home")

    def _moment(self, name: str) -> datetime | None:
        cell = self._cell(name)
        if not cell:
            if name == "filed_at" and self.mapping.columns.filed_at is not None:
                self._fault(name, "missing", "the date is missing")
            return None
        moment = moment_of(cell, self.mapping.dates.formats, self.codes.zone)
        if moment is None:
            self._fault(name, "bad_date", f"not a date: {cell[:40]}")
        elif moment > self.now + timedelta(minutes=5):
            self._fault(name, "bad_date", "that day has not come yet")
        elif moment.year < FIRST_YEAR:
            self._fault(name, "bad_date", f"before the year {FIRST_YEAR}")
        else:
            return min(moment, self.now)
        return None

    def _is_closed(self) -> bool:
        cell, states = folded(self._cell("state")), self.mapping.states
        if cell in map(folded, states.closed):
            return True
        known = cell in map(folded, states.open)
        if cell and not known:
            self._fault("state", "unknown_state", f"neither open nor closed: {cell[:60]}")
        return not known and self.done.closed_at is not None


def moment_of(text: str, formats: tuple[str, ...], zone: tzinfo) -> datetime | None:
    """Return the moment that is written; None if it is none. Without a zone it is in `zone`."""
    for one in formats:
        try:
            moment = datetime.strptime(text, one)  # noqa: DTZ007 - the zone follows
        except ValueError:
            continue
        return _in_utc(moment if moment.tzinfo else moment.replace(tzinfo=zone))
    match = _MOMENT.fullmatch(_WHOLE_DAY.sub(r"\1-\2-\3", folded(text)))
    if match is None:
        return None
    *parts, offset = match.groups()
    try:
        year, month, day, hour, minute, second = (int(part or 0) for part in parts)
        moment = datetime(year, month, day, hour, minute, second, tzinfo=zone)
        if offset is not None:
            written = "+00:00" if offset == "z" else offset
            moment = datetime.fromisoformat(f"{moment:%Y-%m-%dT%H:%M:%S}{written}")
    except ValueError:
        return None
    return _in_utc(moment)


def _in_utc(moment: datetime) -> datetime | None:
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return None


def _without_decimals(cell: str) -> str:
    """Return a code as it was before a spreadsheet took it for a number: 204.0 is 204."""
    return cell[:-2] if re.fullmatch(r"\d+\.0", cell) else cell


def _phone(cell: str, area_code: str) -> str:
    phone = _without_decimals(cell)
    if area_code and re.fullmatch(r"[2-8]\d{6,7}", phone):
        return f"{area_code}{phone}"
    return phone
