"""Mediations: opened, proposed, signed by each side, or given up.

Whatever changes one locks its row, then takes the time, then asks the rule. What people said comes
sealed, and is opened by the caller.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from domain.mediation.mediation import (
    Mediation,
    MediationPoint,
    MediationState,
    check_failing,
    check_proposal,
    check_signing,
)
from domain.refusals import Refused
from domain.ticket.stages import Stage
from store.db import tables
from store.db.clock import Clock, written_at
from store.db.engine import ResultRow, Store
from store.db.mediation_tables import mediation, party, point

_MEDIATION, _PARTY, _POINT, _TICKET = mediation.c, party.c, point.c, tables.ticket.c


Reseal = Callable[[bytes], bytes]
"""A change of what is sealed, made of what is there at the moment of the write."""


@dataclass(frozen=True)
class PartyRow:
    n: int
    sealed: bytes
    signed_at: datetime | None
    paper: str | None


@dataclass(frozen=True)
class PointRow:
    n: int
    sealed: bytes
    due: date | None
    kept_at: datetime | None


@dataclass(frozen=True)
class MediationRecord:
    """A mediation with its sides and points. `sealed`: subject, proposal and reason."""

    mediation: Mediation
    sealed: bytes
    parties: Sequence[PartyRow]
    points: Sequence[PointRow]


async def open_(
    store: Store, new: Mediation, sealed: bytes, parties: Sequence[bytes], clock: Clock = written_at
) -> MediationRecord:
    """Record a mediation that begins; one of the same id is there already, and is returned.

    Raises:
        Refused: not_started_yet, ticket_ended, mediation_of_report
    """

    def work(connection: Connection) -> MediationRecord:
        row = connection.execute(
            select(_TICKET.of_wrongdoing, _TICKET.stage)
            .where(_TICKET.number == new.number)
            .with_for_update()
        ).first()
        if row is None:
            raise Refused("not_started_yet", "The complaint is not started yet.")
        if row.of_wrongdoing:
            raise _of_report()
        known = connection.execute(select(_MEDIATION.id).where(_MEDIATION.id == new.id)).first()
        if known is not None:
            return _record(connection, new.id)
        if row.stage == Stage.ENDED:
            raise Refused("ticket_ended", "The ticket has ended.")
        last = select(func.max(_MEDIATION.n)).where(_MEDIATION.number == new.number)
        n = (connection.execute(last).scalar() or 0) + 1
        values = new.model_dump() | {"n": n, "opened_at": clock(connection), "sealed": sealed}
        connection.execute(insert(mediation), values | {"state": new.state.value})
        rows = [{"mediation": new.id, "n": n, "sealed": one} for n, one in enumerate(parties, 1)]
        connection.execute(insert(party), rows)
        return _record(connection, new.id)

    return await store.write(work)


async def propose(
    store: Store,
    mediation_id: str,
    reseal: Reseal,
    points: Sequence[tuple[MediationPoint, bytes]],
    marks: Sequence[str],
    today: date,
    clock: Clock = written_at,
) -> MediationRecord:
    """Record what is proposed, and the marks of the codes that sign it. An earlier proposal, and
    its signatures, are gone; the same one again, with the same marks, changes nothing.

    Raises:
        Refused: mediation_not_found, mediation_of_report, mediation_not_now, in_the_past
    """

    def work(connection: Connection) -> MediationRecord:
        found = _locked(connection, mediation_id)
        if _marks(connection, mediation_id) == list(marks):  # sent again: signatures stay
            return _record(connection, mediation_id)
        check_proposal(found, [one for one, _ in points], today)
        connection.execute(delete(point).where(_POINT.mediation == mediation_id))
        connection.execute(
            insert(point),
            [
                {"mediation": mediation_id, "n": n, "sealed": text, "due": one.due, "kept_at": None}
                for n, (one, text) in enumerate(points, 1)
            ],
        )
        for n, mark in enumerate(marks, 1):
            connection.execute(
                update(party)
                .where(_PARTY.mediation == mediation_id, _PARTY.n == n)
                .values(mark=mark, signed_at=None, paper=None)
            )
        values = {"state": MediationState.PROPOSED.value, "proposed_at": clock(connection)}
        connection.execute(
            update(mediation)
            .where(_MEDIATION.id == mediation_id)
            .values(**values, sealed=reseal(_sealed(connection, mediation_id)))
        )
        return _record(connection, mediation_id)

    return await store.write(work)


async def sign(store: Store, mark: str, clock: Clock = written_at) -> MediationRecord:
    """Sign with the code of this mark; twice is once. With the last signature it is agreed.

    Raises:
        Refused: signature_unknown, mediation_not_now, mediation_of_report
    """

    def work(connection: Connection) -> MediationRecord:
        row = connection.execute(select(party).where(_PARTY.mark == mark)).first()
        if row is None:
            raise _unknown()
        found = _locked(connection, row.mediation)
        row = connection.execute(select(party).where(_PARTY.mark == mark)).first()
        if row is None:  # another proposal came while this one waited
            raise _unknown()
        if row.signed_at is None:
            check_signing(found)
            _signed(connection, found, row.n, clock(connection), None)
        return _record(connection, found.id)

    return await store.write(work)


async def sign_on_paper(
    store: Store, mediation_id: str, n: int, photo: str, clock: Clock = written_at
) -> MediationRecord:
    """Record that a side has signed on paper, of which there is a photo.

    Raises:
        Refused: mediation_not_found, mediation_not_now, mediation_of_report, unknown_party
    """

    def work(connection: Connection) -> MediationRecord:
        found = _locked(connection, mediation_id)
        which = (_PARTY.mediation == mediation_id) & (_PARTY.n == n)
        row = connection.execute(select(party).where(which)).first()
        if row is None:
            raise Refused("unknown_party", "The mediation has no such side.")
        if row.signed_at is None:
            check_signing(found)
            _signed(connection, found, n, clock(connection), photo)
        return _record(connection, mediation_id)

    return await store.write(work)


def _signed(connection: Connection, of: Mediation, n: int, at: datetime, photo: str | None) -> None:
    which = (_PARTY.mediation == of.id) & (_PARTY.n == n)
    connection.execute(update(party).where(which).values(signed_at=at, paper=photo))
    left = select(func.count()).where(_PARTY.mediation == of.id, _PARTY.signed_at.is_(None))
    if not connection.execute(left).scalar_one():
        _ended(connection, of.id, MediationState.AGREED, at)


async def fail(
    store: Store, mediation_id: str, reseal: Reseal, clock: Clock = written_at
) -> MediationRecord:
    """Record that they do not agree; the codes sign nothing from then on.

    Raises:
        Refused: mediation_not_found, mediation_not_now, mediation_of_report
    """

    def work(connection: Connection) -> MediationRecord:
        found = _locked(connection, mediation_id)
        check_failing(found)
        _ended(connection, mediation_id, MediationState.FAILED, clock(connection))
        sealed = reseal(_sealed(connection, mediation_id))
        connection.execute(
            update(mediation).where(_MEDIATION.id == mediation_id).values(sealed=sealed)
        )
        return _record(connection, mediation_id)

    return await store.write(work)


async def keep_point(
    store: Store, mediation_id: str, n: int, clock: Clock = written_at
) -> MediationRecord:
    """Record that a point of an agreement is kept; the first time stays.

    Raises:
        Refused: mediation_not_found, mediation_not_now, mediation_of_report,
            unknown_agreement_point
    """

    def work(connection: Connection) -> MediationRecord:
        found = _locked(connection, mediation_id)
        if found.state is not MediationState.AGREED:
            raise Refused("mediation_not_now", "There is no agreement.")
        which = (_POINT.mediation == mediation_id) & (_POINT.n == n)
        if connection.execute(select(_POINT.n).where(which)).first() is None:
            raise Refused("unknown_agreement_point", "The agreement has no such point.")
        at = clock(connection)
        connection.execute(update(point).where(which, _POINT.kept_at.is_(None)).values(kept_at=at))
        return _record(connection, mediation_id)

    return await store.write(work)


# --- reading ----------------------------------------------------------------------------------


async def of_ticket(store: Store, number: str) -> list[MediationRecord]:
    """Return the mediations of a ticket, the first one first."""

    def work(connection: Connection) -> list[MediationRecord]:
        ids = select(_MEDIATION.id).where(_MEDIATION.number == number).order_by(_MEDIATION.n)
        return [_record(connection, row.id) for row in connection.execute(ids).all()]

    return await store.read(work)


async def headings(store: Store, number: str) -> list[Mediation]:
    """Return the mediations of a ticket without what was said, the first one first."""
    which = select(mediation).where(_MEDIATION.number == number).order_by(_MEDIATION.n)
    return [_mediation(row) for row in await store.rows(which)]


async def by_mark(store: Store, mark: str) -> tuple[MediationRecord, int] | None:
    """Return the mediation whose proposal a code signs, and the number of its side."""

    def work(connection: Connection) -> tuple[MediationRecord, int] | None:
        row = connection.execute(select(party).where(_PARTY.mark == mark)).first()
        return None if row is None else (_record(connection, row.mediation), int(row.n))

    return await store.read(work)


def forget(connection: Connection, number: str) -> None:
    """Delete the mediations of a ticket that is erased, with all that was said in them."""
    of = select(_MEDIATION.id).where(_MEDIATION.number == number)
    for table in (party, point):
        connection.execute(delete(table).where(table.c.mediation.in_(of)))
    connection.execute(delete(mediation).where(_MEDIATION.number == number))


# --- rows -------------------------------------------------------------------------------------


def _locked(connection: Connection, mediation_id: str) -> Mediation:
    which = select(mediation).where(_MEDIATION.id == mediation_id).with_for_update()
    row = connection.execute(which).first()
    if row is None:
        raise Refused("mediation_not_found", "There is no such mediation.")
    reports = select(_TICKET.of_wrongdoing).where(_TICKET.number == row.number)
    if connection.execute(reports).scalar():
        raise _of_report()
    return _mediation(row)


def _sealed(connection: Connection, of: str) -> bytes:
    sealed: bytes = connection.execute(
        select(_MEDIATION.sealed).where(_MEDIATION.id == of)
    ).scalar_one()
    return sealed


def _ended(connection: Connection, of: str, state: MediationState, at: datetime) -> None:
    values = {"state": state.value, "ended_at": at}
    connection.execute(update(mediation).where(_MEDIATION.id == of).values(**values))


def _marks(connection: Connection, mediation_id: str) -> list[str | None]:
    """Return the marks of the codes that sign the proposal, by the order of the sides."""
    which = select(_PARTY.mark).where(_PARTY.mediation == mediation_id).order_by(_PARTY.n)
    return [row.mark for row in connection.execute(which).all()]


def _record(connection: Connection, mediation_id: str) -> MediationRecord:
    row = connection.execute(select(mediation).where(_MEDIATION.id == mediation_id)).one()
    parties = connection.execute(
        select(_PARTY.n, _PARTY.sealed, _PARTY.signed_at, _PARTY.paper)
        .where(_PARTY.mediation == mediation_id)
        .order_by(_PARTY.n)
    ).all()
    points = connection.execute(
        select(_POINT.n, _POINT.sealed, _POINT.due, _POINT.kept_at)
        .where(_POINT.mediation == mediation_id)
        .order_by(_POINT.n)
    ).all()
    return MediationRecord(
        _mediation(row),
        row.sealed,
        [PartyRow(*one) for one in parties],
        [PointRow(*one) for one in points],
    )


def _mediation(row: ResultRow) -> Mediation:
    return Mediation.model_validate(dict(row._mapping))


def _of_report() -> Refused:
    return Refused("mediation_of_report", "A report of wrongdoing has no mediation.")


def _unknown() -> Refused:
    return Refused("signature_unknown", "There is nothing to sign with this code.")
