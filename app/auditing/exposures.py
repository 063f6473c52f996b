"""Tickets that earlier versions may have shown to somebody who should not have seen them.

For the one who runs the installation: it reads the record of all cities, and changes nothing.
"""

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from typing import Literal

from pydantic import Field

from app.tickets.redaction import redacted
from domain.actors import Role
from domain.commands.may_have import covered, kept_from
from domain.facts.closing import Rated
from domain.facts.intake import Classified
from domain.facts.wrongdoing import Accused
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.ticket.complaint import of_wrongdoing
from domain.ticket.ticket import Ticket
from packs.registry import PackRegistry
from store.db.engine import Store
from store.reporting import exposed, published_answers
from store.tickets import tickets

How = Literal["given", "unsaid", "merged", "followed", "inspected"]


class ReportShown(Recorded):
    """A report of wrongdoing (举报) that a unit had which it accuses, or may accuse.

    `how`: `given` to an accused unit; `unsaid`: given to units before anybody said whom it accuses;
    `merged` with, `followed` or `inspected` by the ticket `other`, which those units had.
    """

    number: str
    city: str
    how: How
    units: list[str]
    other: str | None = None


class KnownCode(Recorded):
    """A rating with an access code that was shown to whoever said that the problem is back.

    That may have been an officer of the unit whose work is rated.
    """

    number: str
    city: str
    follows: str
    unit: str | None
    grade: int
    at: Instant


class PublishedData(Recorded):
    """A published answer with a phone number, an address or the like in `fields`, as recorded."""

    number: str
    city: str
    fields: list[str]


class Exposures(Recorded):
    reports: list[ReportShown] = Field(default_factory=list)
    ratings: list[KnownCode] = Field(default_factory=list)
    answers: list[PublishedData] = Field(default_factory=list)


async def exposures(store: Store, packs: PackRegistry) -> Exposures:
    """Return the tickets of the record that faults of earlier versions may have touched."""
    return Exposures(
        reports=[one async for one in _reports(store, packs)],
        ratings=[one async for one in _ratings(store)],
        answers=[one async for one in _answers(store, packs)],
    )


async def _reports(store: Store, packs: PackRegistry) -> AsyncIterator[ReportShown]:
    begun: dict[str, list[tuple[How, str]]] = {}
    for prefix, how in _PREFIXES:
        for one in await exposed.begun(store, prefix):
            begun.setdefault(one.because_of, []).append((how, one.number))
    async for report in exposed.reports(store):
        pack = _pack(packs, report.complaint.city)
        since = await _accused_since(store, report)
        shown = list(_shown(report, report, pack, since))
        if shown:
            yield _line(report, "given" if report.accused else "unsaid", shown)
        merged = await exposed.merges(store, report.complaint.number)
        others: list[tuple[How, str]] = [("merged", number) for number in merged]
        for way, number in others + begun.get(report.complaint.number, []):
            other = await tickets.state(store, number)
            if other is not None and (units := list(_shown(report, other, pack, since))):
                yield _line(report, way, units, number)


_PREFIXES: tuple[tuple[str, How], ...] = (
    (exposed.RECURRED, "followed"),
    (exposed.INSPECTED, "inspected"),
)


def _line(report: Ticket, how: How, units: list[str], other: str | None = None) -> ReportShown:
    complaint = report.complaint
    return ReportShown(
        number=complaint.number, city=complaint.city, how=how, units=units, other=other
    )


async def _accused_since(store: Store, report: Ticket) -> dict[str, datetime]:
    """Return since when a plain complaint accuses units, as somebody said of it later (`accuse`).

    What they had of it before was no fault. A report must have come to nobody until then.
    """
    since: dict[str, datetime] = {}
    if of_wrongdoing(report.complaint.kind):
        return since
    for event in await tickets.events(store, report.complaint.number):
        kind = event.fact.complaint_kind if isinstance(event.fact, Classified) else None
        if kind is not None and of_wrongdoing(kind):
            break
        if isinstance(event.fact, Accused):
            since |= {unit: event.at for unit in event.fact.covered if unit not in since}
    return since


def _shown(
    report: Ticket, having: Ticket, pack: Pack | None, since: Mapping[str, datetime]
) -> Iterator[str]:
    """Yield the units with a share of `having` that the report accuses, or may accuse."""
    units = [
        share.unit
        for share in having.assignments
        if share.unit not in since or share.opened_at >= since[share.unit]
    ]
    units += [unit for unit in having.dropped.units if unit not in since]
    accused = {*kept_from(report)}
    if pack is not None:
        accused |= {*covered(pack, report.accused or [])}
    for unit in dict.fromkeys(units):
        if report.accused is None or unit in accused:
            yield unit


def _pack(packs: PackRegistry, city: str) -> Pack | None:
    """Return the city's pack; None for a city that is not served any more."""
    return packs.get(city) if city in packs.ids() else None


async def _ratings(store: Store) -> AsyncIterator[KnownCode]:
    followers = {one.number: one.because_of for one in await exposed.begun(store, exposed.RECURRED)}
    for number, follows in followers.items():
        ticket = await tickets.state(store, number)
        for event in await tickets.events(store, number) if ticket is not None else ():
            by_citizen = event.actor.role is Role.CITIZEN
            if ticket is not None and by_citizen and isinstance(event.fact, Rated):
                yield KnownCode(
                    number=number,
                    city=ticket.complaint.city,
                    follows=follows,
                    unit=ticket.unit,
                    grade=event.fact.rating.grade.value,
                    at=event.at,
                )


async def _answers(store: Store, packs: PackRegistry) -> AsyncIterator[PublishedData]:
    for city in packs.ids():
        cursor: str | None = None
        while True:
            page = await published_answers.answers(store, city, cursor, _PAGE)
            for ticket in page.tickets:
                if fields := [name for name, text in _texts(ticket) if redacted(text) != text]:
                    number = ticket.complaint.number
                    yield PublishedData(number=number, city=city, fields=fields)
            cursor = page.next_cursor
            if cursor is None:
                break


_PAGE = 200


def _texts(ticket: Ticket) -> Iterator[tuple[str, str]]:
    yield "title", ticket.complaint.title
    yield "text", ticket.complaint.text
    yield "reply", ticket.reply or ""
