"""Moulds: the rows of one life, with places for what other tickets of its group have otherwise.

The tickets of a group are filed within minutes of each other and meet the same. Such a life is
lived twice by the domain code, at the beginning and at the end of a span. What it writes is then
either the same in both, or a moment that moved by the span. In between, moments move by as much as
the filing does, or not at all: due times never come earlier when a clock starts later. So the rows
of a ticket that is filed in between are known without living it. Where anything else differs, the
span is halved (`demo.history.making`).
"""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from demo.history.texts import ToldComplaint
from domain.canonical import folded
from domain.search.texts import RecordedFact
from store.db.tables import Row
from store.tickets import search_index
from store.tickets.rows import listed_title
from store.tickets.simulated import SimulatedRows

_MOMENT = re.compile(r'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z)"')


class TicketIdentity(NamedTuple):
    """The values that each ticket has of its own. `person`: None for an anonymous one."""

    number: str
    told: ToldComplaint
    person: str | None


class LivedRows(NamedTuple):
    """One life as it was lived: its rows, and what the search reads of its facts."""

    rows: SimulatedRows
    said: Sequence[RecordedFact]
    identity: TicketIdentity


class _Slot(NamedTuple):
    """A place in a text: of a value by its name, or of a moment that moves, by its number."""

    name: str
    moment: int = -1


_Parts = list[str | _Slot]


class RowMould:
    """The rows of lives that differ in their identity and in when they were filed."""

    def __init__(self, lived: LivedRows) -> None:
        self._lived = lived
        self._moments: list[datetime] = []
        self._rows: list[tuple[str, Row, dict[str, int], dict[str, _Parts]]] = []

    @classmethod
    def of(cls, lived: LivedRows, later: LivedRows, span: timedelta) -> "RowMould | None":
        """Return the mould of lives between these two; None where they differ by more than `span`.

        Both have the same identity.
        """
        made = cls(lived)
        for table in ("intake", "ticket", "assignment", "event"):
            first, second = getattr(lived.rows, table), getattr(later.rows, table)
            if len(first) != len(second):
                return None
            for one, other in zip(first, second, strict=True):
                if not made._take(table, one, other, span):
                    return None
        return made

    def _take(self, table: str, one: Row, other: Row, span: timedelta) -> bool:
        moving: dict[str, int] = {}
        texts: dict[str, _Parts] = {}
        for name, value in one.items():
            second = other[name]
            if isinstance(value, datetime) and isinstance(second, datetime):
                if second != value:
                    if second - value != span:
                        return False
                    moving[name] = self._moving(value)
            elif isinstance(value, str) and value.startswith("{") and isinstance(second, str):
                parts = self._parts(value, second, span)
                if parts is None:
                    return False
                texts[name] = parts
            elif value != second:
                return False
        self._rows.append((table, one, moving, texts))
        return True

    def _moving(self, moment: datetime) -> int:
        if moment not in self._moments:
            self._moments.append(moment)
        return self._moments.index(moment)

    def _parts(self, one: str, other: str, span: timedelta) -> _Parts | None:
        ours, theirs = _MOMENT.split(one), _MOMENT.split(other)
        if len(ours) != len(theirs):
            return None
        parts: _Parts = []
        for n, (text, second) in enumerate(zip(ours, theirs, strict=True)):
            if n % 2 == 0:
                if text != second:
                    return None
                parts += self._named(text)
            elif text == second:
                parts.append(f'"{text}"')
            else:
                at = datetime.fromisoformat(text)
                if datetime.fromisoformat(second) - at != span:
                    return None
                parts.append(_Slot("", self._moving(at)))
        return _joined(parts)

    def _named(self, text: str) -> _Parts:
        """Return the text with slots for what a ticket has of its own, the longest first."""
        number, told, person = self._lived.identity
        parts: _Parts = [text]
        for name, value in (
            ("text", told.text),
            ("title", told.title),
            ("address", told.address),
            ("number", number),
            ("person", person or ""),
        ):
            if value:
                parts = [piece for part in parts for piece in _around(part, value, name)]
        return parts

    def filled(self, identity: TicketIdentity, later: timedelta) -> SimulatedRows:
        """Return the rows of a ticket that was filed so much later."""
        moments = [moment + later for moment in self._moments]
        spelled = [f'"{_spelled(moment)}"' for moment in moments]
        number, told, person = identity
        values = {
            "text": told.text,
            "title": told.title,
            "address": told.address,
            "number": number,
            "person": person or "",
        }
        made = SimulatedRows()
        for table, row, moving, texts in self._rows:
            new = row.copy()
            new["number"] = number
            for column, moment in moving.items():
                new[column] = moments[moment]
            for column, parts in texts.items():
                new[column] = "".join(
                    [
                        part
                        if isinstance(part, str)
                        else values[part.name]
                        if part.name
                        else spelled[part.moment]
                        for part in parts
                    ]
                )
            if table == "assignment":
                new["activity_id"] = row["activity_id"].replace(self._lived.identity.number, number)
            elif table == "ticket":
                self._name(new, identity)
            getattr(made, table).append(new)
        made.documents = [self._document(made.ticket[0], told)]
        return made

    def _name(self, row: Row, identity: TicketIdentity) -> None:
        told = identity.told
        title = listed_title(told.title, told.text)
        row |= {
            "title": title,
            "title_folded": folded(title),
            "address": told.address,
            "address_folded": folded(told.address),
            "person": identity.person,
        }

    def _document(self, row: Row, told: ToldComplaint) -> tuple[Row, str]:
        values: dict[str, Any] = {
            "title": told.title,
            "text": told.text,
            "place": {"address": told.address},
        }
        document = search_index.document_of(row, values, self._lived.said)
        return document, search_index.terms_in(document)


def _around(part: str | _Slot, value: str, name: str) -> list[str | _Slot]:
    if not isinstance(part, str):
        return [part]
    pieces: list[str | _Slot] = []
    for n, piece in enumerate(part.split(value)):
        if n:
            pieces.append(_Slot(name))
        if piece:
            pieces.append(piece)
    return pieces


def _joined(parts: _Parts) -> _Parts:
    joined: _Parts = []
    for part in parts:
        if isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        else:
            joined.append(part)
    return joined


def _spelled(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
