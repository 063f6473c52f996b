"""Exports of a city's tickets: who may, what is in them, and what is written down of it."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import KW_ONLY, dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access.caller import AskedAgain, Caller
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.errors import FieldProblem, Problem
from app.exports.columns import ExportedTicket, TicketColumn, columns
from app.exports.scratch import folder_of
from app.exports.writers import ExportFormat, FormatMissing, check_format, dictionary, pieces
from domain.actors import Actor
from domain.canonical import says_nothing
from domain.model import Incoming
from domain.pack.pack import Pack
from domain.ticket.complaint import cleaned
from store.db.engine import ResultRow, Store
from store.secrets.vault import Person, Vault
from store.tickets.exported import ExportedPeriod, pages, persons_noted


class ExportQuery(Incoming):
    """An export: of the tickets filed on these days, both included."""

    since: date | None = Field(None, description="The first day, by the city's date.")
    until: date | None = Field(None, description="The last day.")
    format: ExportFormat = ExportFormat.CSV
    personal: bool = Field(
        False,
        description="With names, phones and what people wrote uncovered; each ticket is entered in "
        "the log of views.",
    )
    purpose: Annotated[str, StringConstraints(max_length=200), AfterValidator(cleaned)] = Field(
        "", description="Why; needed with `personal`."
    )
    reports: bool = Field(False, description="With reports of wrongdoing, never with their people.")


@dataclass(frozen=True)
class Export:
    """An export that was permitted. `viewer`: who sees personal data; None: nobody does.

    `still`: asked before each page after the first; it refuses what is not permitted any more.
    `folder`: where a file is made that has to be whole before it is sent.
    """

    store: Store
    vault: Vault
    pack: Pack
    form: ExportFormat
    since: date | None
    until: date | None
    reports: bool
    now: datetime
    viewer: Actor | None = None
    purpose: str = ""
    still: Callable[[], Awaitable[None]] | None = None
    _: KW_ONLY
    folder: Path

    @property
    def columns(self) -> tuple[TicketColumn, ...]:
        return columns(self.viewer is not None)

    @property
    def name(self) -> str:
        """The name of the file."""
        days = [one.isoformat() for one in (self.since, self.until) if one]
        return "-".join([self.pack.city.id, *days]) + f".{self.form.suffix}"

    def stream(self) -> AsyncGenerator[bytes, None]:
        """Return the pieces of the file."""
        return pieces(self.form, self.columns, self._tickets(), self.pack.calendar.tz, self.folder)

    async def _tickets(self) -> AsyncIterator[Sequence[ExportedTicket]]:
        zone = self.pack.calendar.tz
        period = ExportedPeriod(
            self.pack.city.id,
            datetime.combine(self.since, time(), zone) if self.since else None,
            datetime.combine(self.until + timedelta(days=1), time(), zone) if self.until else None,
            self.reports,
        )
        begun = False
        async for rows in pages(self.store, period):
            if begun and self.still is not None:
                await self.still()
            begun = True
            # Who reports wrongdoing stays protected, whatever somebody may see besides.
            persons = {
                row.number: row.person for row in rows if row.person and not row.of_wrongdoing
            }
            seen: dict[str, Person] = {}
            if self.viewer is not None:
                seen = await persons_noted(
                    self.store, self.vault, persons, self.viewer, self.now, self.purpose
                )
            yield await asyncio.to_thread(self._read, rows, seen)

    def _read(self, rows: Sequence[ResultRow], seen: Mapping[str, Person]) -> list[ExportedTicket]:
        uncovered = self.viewer is not None
        return [
            ExportedTicket.of(
                row, self.pack, uncovered and not row.of_wrongdoing, seen.get(row.number)
            )
            for row in rows
        ]


async def export(
    context: AppContext,
    caller: Caller,
    city: str,
    query: ExportQuery,
    again: AskedAgain | None = None,
) -> Export:
    """Return the export of a city, if this caller may have it.

    `again`: asked while it is made, which takes long: it ends where they may not have it any more.

    Raises:
        Problem: forbidden, scope_missing, not_your_city, invalid_request
        UnknownCity
    """
    await permit(context, caller, "export_tickets")
    await _permit(context, caller, city, query)
    pack = context.packs.get(city)
    if query.personal and says_nothing(query.purpose):
        raise _refused("purpose", "Say why: it is written down with every ticket.")
    if query.since and query.until and query.until < query.since:
        raise _refused("until", "The last day is before the first one.")
    try:
        check_format(query.format)
    except FormatMissing as missing:
        raise _refused("format", str(missing)) from None

    async def still() -> None:
        if again is not None:
            await _permit(context, await again(), city, query)

    return Export(
        store=context.store,
        vault=context.vault,
        pack=pack,
        form=query.format,
        since=query.since,
        until=query.until,
        reports=query.reports,
        now=context.now(),
        viewer=caller.actor if query.personal else None,
        purpose=query.purpose,
        still=still,
        folder=folder_of(context.settings.home),
    )


async def _permit(context: AppContext, caller: Caller, city: str, query: ExportQuery) -> None:
    await permit(context, caller, "export_tickets")
    city_of(caller, city)
    if query.reports:
        await permit(context, caller, "export_reports")
    if query.personal:
        await permit(context, caller, "export_personal_data")


async def described(context: AppContext, caller: Caller, personal: bool) -> bytes:
    """Return the data dictionary of exports, as CSV."""
    await permit(context, caller, "export_tickets")
    return dictionary(columns(personal))


def _refused(field: str, message: str) -> Problem:
    problem = FieldProblem(field=field, code="invalid", message=message)
    return Problem("invalid_request", errors=[problem])


async def write(export: Export, path: Path) -> int:
    """Write the export and its dictionary as files; return the bytes of the export.

    Until it is whole it has another name, and if it is broken off nothing is left of it.
    Only whoever makes it may read it: personal data may lie in a folder of many.
    """
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    written = 0
    try:
        part.touch(0o600, exist_ok=False)
        with part.open("wb") as file:
            async with aclosing(export.stream()) as made:
                async for piece in made:
                    written += file.write(piece)
        path.with_name(f"{path.name}.dictionary.csv").write_bytes(dictionary(export.columns))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return written
