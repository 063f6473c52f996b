"""Taking complaints of other systems, many at once and each once.

The key of a complaint is its system and the number that it has there. It is registered under that
key in one transaction, so whoever is killed at any moment takes up the same file again: what is
registered is known, and nothing is there twice. What the other system had closed is history: it is
entered in the register with its dates, and no ticket, no promise and no figure comes of it.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import ValidationError

from app.filing.intake import ComplaintIn
from app.imports.together import together
from domain.imports.rows import ReadRow, RowFault
from domain.pack.pack import Pack
from domain.ticket.complaint import Complaint, Filer
from store.db.engine import Store
from store.imports import register
from store.imports.register import ImportedComplaint
from store.secrets.marks import fingerprint
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from store.tickets import intake
from store.tickets.numbers import new_number

Start = Callable[[intake.Registered], Awaitable[bool]]
"""Starts the ticket of a registered complaint; False: the engine is away, and it starts later."""

AT_ONCE = 200
"""The rows that are read, compared with the register and taken together."""

_TOGETHER = 8
"""The complaints that are registered at the same time."""


@dataclass(slots=True)
class ImportCounts:
    """The rows, by their outcome. `known`: they were there; `waiting`: taken, and start later."""

    taken: int = 0
    known: int = 0
    history: int = 0
    refused: int = 0
    waiting: int = 0

    @property
    def rows(self) -> int:
        return self.taken + self.known + self.history + self.refused


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """The outcome of a row; `faults` where it was refused."""

    row: ReadRow
    faults: Sequence[RowFault] = ()
    number: str | None = None


@dataclass(frozen=True)
class Importer:
    """Takes the complaints of one system into one city.

    `start` None: nothing is written (a dry run). `filer`: who has them taken.
    """

    store: Store
    vault: Vault
    keys: TicketKeys
    pack: Pack
    source: str
    filer: Filer
    now: Callable[[], datetime]
    start: Start | None = None
    counts: ImportCounts = field(default_factory=ImportCounts)
    _seen: set[str] = field(default_factory=set)

    async def take(self, rows: Sequence[ReadRow]) -> list[RowOutcome]:
        """Take some rows, and return what became of each, in their order.

        Raises:
            StoreUnavailable: take the same rows again; those that were taken are known then.
        """
        city = self.pack.city.id
        numbers = {row.number for row in rows if row.number}
        known = await register.known(self.store, city, self.source, numbers) | self._seen
        outcomes: list[RowOutcome | None] = [None] * len(rows)
        tasks: list[tuple[int, ReadRow, Prepared]] = []
        closed: list[ImportedComplaint] = []
        now = self.now()
        for at, row in enumerate(rows):
            prepared = self._prepared(row, now)
            if isinstance(prepared, list):
                outcomes[at] = RowOutcome(row, prepared)
                self.counts.refused += 1
            elif row.number in known:
                outcomes[at] = RowOutcome(row)
                self.counts.known += 1
            else:
                known.add(row.number)
                if row.closed:
                    closed.append(self._entry(row, prepared.complaint, None))
                    outcomes[at] = RowOutcome(row)
                    self.counts.history += 1
                else:
                    tasks.append((at, row, prepared))
        self._seen.update(numbers & known)
        if self.start is None:
            self.counts.taken += len(tasks)
        else:
            await register.keep(self.store, closed)
        numbered = await self._all(tasks)
        for (at, row, _), number in zip(tasks, numbered, strict=True):
            outcomes[at] = RowOutcome(row, number=number)
        return [one for one in outcomes if one is not None]

    def _prepared(self, row: ReadRow, now: datetime) -> "Prepared | list[RowFault]":
        if row.faults:
            return row.faults
        try:
            values = {name: value for name, value in row.values.items() if name != "unit"}
            body = ComplaintIn.model_validate(
                values | {"city": self.pack.city.id, "contact": row.contact or None}
            )
        except ValidationError as error:
            return [*_faults(row.row, error)]
        unit = row.values.get("unit")
        return Prepared(body, self._complaint(body, row, unit, now))

    def _complaint(
        self, body: ComplaintIn, row: ReadRow, unit: str | None, now: datetime
    ) -> Complaint:
        contact = body.contact
        values = body.model_dump(exclude={"city", "contact", "files", "website"})
        return Complaint.model_validate(
            values
            | {
                "number": "",
                "city": self.pack.city.id,
                "unit": unit,
                "reachable": contact is not None and bool(contact.phone or contact.email),
                "filed_by": self.filer,
                "filed_at": row.filed_at or now,
                "taken_over_at": now,
            }
        )

    async def _all(self, tasks: "Sequence[tuple[int, ReadRow, Prepared]]") -> list[str | None]:
        if self.start is None:
            return [None] * len(tasks)
        start = self.start

        async def one(task: tuple[int, ReadRow, Prepared]) -> str:
            return await self._one(task[1], task[2], start)

        return [*await together(tasks, one, _TOGETHER)]

    async def _one(self, row: ReadRow, prepared: "Prepared", start: Start) -> str:
        complaint = prepared.complaint
        key = fingerprint(
            self.vault.ring.root_key, f"import/{complaint.city}/{self.source}/{row.number}"
        )
        day = complaint.filed_at.astimezone(self.pack.calendar.tz).date()
        # An export of a later day says other things of the same complaint: it is the same one.
        registered = await intake.register(
            self.store,
            complaint,
            prepared.body.contact,
            self.vault,
            f"import/{key}",
            key,
            lambda: new_number(day),
            self.keys,
        )
        if registered.new:
            self.counts.taken += 1
        else:
            self.counts.known += 1
        if not registered.started and not await start(registered):
            self.counts.waiting += 1
        # The last step: whoever dies before it comes here again, and starts what was not started.
        entry = self._entry(row, registered.complaint, registered.number)
        await register.keep(self.store, [entry])
        return registered.number

    def _entry(self, row: ReadRow, complaint: Complaint, number: str | None) -> ImportedComplaint:
        return ImportedComplaint(
            city=complaint.city,
            source=self.source,
            own=row.number,
            number=number,
            link=row.link,
            kind=complaint.kind.value,
            category=complaint.category,
            unit=complaint.unit,
            filed_at=row.filed_at,
            closed_at=row.closed_at,
            imported_at=self.now(),
        )


@dataclass(frozen=True, slots=True)
class Prepared:
    """A row as a complaint that can be registered."""

    body: ComplaintIn
    complaint: Complaint


def _faults(row: int, error: ValidationError) -> Iterator[RowFault]:
    for one in error.errors():
        place = [str(part) for part in one["loc"] if isinstance(part, str)]
        name = place[-1] if place else ""
        message = str(one["msg"]).removeprefix("Value error, ")
        yield RowFault(row, name, "invalid_value", message)
