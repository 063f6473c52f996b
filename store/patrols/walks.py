"""Walks: the stamps and photos of a round, its end, and what was found on it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, delete, exists, func, insert, select

from domain.pack.patrols import Patrols
from domain.patrol import checks
from domain.patrol.proof import ProofFault, Stamp, doubts
from domain.patrol.rounds import PatrolRound, RoundState
from domain.refusals import Refused
from store.db import tables
from store.db.clock import Clock, written_at
from store.db.engine import ResultRow, Store
from store.db.errors import TooManyFiles, UnknownFile
from store.db.patrol_tables import patrol_finding, patrol_photo, patrol_round, patrol_stamp
from store.files import files
from store.files.files import Attaching
from store.patrols.rounds import Of, changed, locked

_STAMP, _PHOTO, _FINDING = patrol_stamp.c, patrol_photo.c, patrol_finding.c
_ROUND = patrol_round.c


@dataclass(frozen=True)
class NewStamp:
    """A stamp as a phone sends it. `at`, `sent`: by its clock. `photos`: files to attach."""

    id: str
    point: str
    at: datetime
    sent: datetime
    lat: float | None
    lon: float | None
    accuracy: float | None
    photos: Attaching


@dataclass(frozen=True)
class HeardStamp:
    """A stamp that was heard; `code`: why it was refused."""

    id: str
    code: str | None = None


async def stamp(
    store: Store,
    round_id: str,
    patrols: Patrols,
    new: Sequence[NewStamp],
    account: str,
    clock: Clock = written_at,
) -> list[HeardStamp]:
    """Record stamps of a round, each by itself; one that is there already stays as it is.

    Raises:
        Refused: round_not_found, and those of `check_walking` and `route_of`
    """

    def work(connection: Connection) -> list[HeardStamp]:
        of = _locked(connection, round_id)
        now = clock(connection)
        which = _STAMP.round == round_id
        known = connection.execute(select(_STAMP.id).where(which)).scalars()
        answers = {id: HeardStamp(id) for id in known}
        fresh = [one for one in new if one.id not in answers]
        if fresh:  # what was sent again after the end is answered as before
            checks.check_walking(of, now)
            route = checks.route_of(of, patrols)
        for one in fresh:
            if one.id in answers:  # twice in this request
                continue
            made, code = _stamp_of(one, now), None
            try:
                checks.check_stamp(of, route, made)
                with connection.begin_nested():
                    _insert(store, connection, of, one, made, account)
            except (Refused, UnknownFile, TooManyFiles) as refused:
                code = refused.code
            answers[one.id] = HeardStamp(one.id, code)
        return [answers[one.id] for one in new]

    return await store.write(work)


def _stamp_of(one: NewStamp, now: datetime) -> Stamp:
    return Stamp(
        point=one.point,
        at=one.at,
        received=now,
        skew=now - one.sent,
        lat=one.lat,
        lon=one.lon,
        accuracy=one.accuracy,
    )


def _insert(
    store: Store,
    connection: Connection,
    of: PatrolRound,
    one: NewStamp,
    made: Stamp,
    account: str,
) -> None:
    at_point = select(func.count()).where(
        _STAMP.round == of.id, _STAMP.attempt == of.attempt, _STAMP.point == one.point
    )
    if connection.execute(at_point).scalar_one() >= checks.MOST_STAMPS:
        raise Refused("too_many_stamps", "There are as many stamps of this point as there may be.")
    connection.execute(
        insert(patrol_stamp),
        {
            "round": of.id,
            "id": one.id,
            "attempt": of.attempt,
            "point": one.point,
            "at": made.at,
            "received": made.received,
            "skew": made.skew.total_seconds(),
            "lat": made.lat,
            "lon": made.lon,
            "accuracy": made.accuracy,
            "account": account,
        },
    )
    _attach(store, connection, of, one)


def _attach(store: Store, connection: Connection, of: PatrolRound, one: NewStamp) -> None:
    """Attach the photos to the round. A picture that a round of the city has is refused.

    Of two rounds that hand it in at once the index lets one have it.
    """
    ids = [claim.id for claim in one.photos.claims]
    if not ids:
        return
    of_files = select(tables.file.c.id, tables.file.c.sha256).where(tables.file.c.id.in_(ids))
    marks = {row.id: row.sha256 for row in connection.execute(of_files)}
    rows = [
        {
            "file": file,
            "city": of.city,
            "round": of.id,
            "stamp": one.id,
            "point": one.point,
            "sha256": mark,
        }
        for file, mark in marks.items()
    ]
    adding = store.insert(patrol_photo).values(rows).on_conflict_do_nothing()
    if rows and connection.execute(adding).rowcount < len(rows):
        raise Refused("same_photo", "This photo was handed in before.")
    files.attach(connection, of.id, one.photos)


async def finish(
    store: Store,
    round_id: str,
    patrols: Patrols,
    account: str,
    clock: Clock = written_at,
    *,
    attempt: int | None = None,
) -> PatrolRound:
    """Judge a walk. What is not proved may be walked again: its stamps stay, and do not count.

    `attempt`: the walk that is meant. One that was judged before stays as it was judged.

    Raises:
        Refused: round_not_found, nothing_walked, and those of `check_walking` and `route_of`
    """

    def work(connection: Connection) -> PatrolRound:
        of = _locked(connection, round_id)
        if attempt is not None and checks.is_judged(of, attempt):
            return of
        now = clock(connection)
        checks.check_walking(of, now)
        route = checks.route_of(of, patrols)
        said = [one for one, attempt in _stamps(connection, round_id) if attempt == of.attempt]
        if not said:
            raise Refused("nothing_walked", "No point was reached since the last time.")
        found = doubts(route, patrols.proof, said, of.starts)
        late = max(one.true_at for one in said) > of.ends
        return changed(
            connection,
            of,
            finished_at=now,
            walked_by=account,
            faults=[str(one) for one in found],
            attempt=of.attempt + 1 if found else of.attempt,
            rung_at=of.rung_at if found else None,
            state=_state(of, found, late),
        )

    return await store.write(work)


def _state(of: PatrolRound, found: Sequence[ProofFault], late: bool) -> RoundState:
    if not found:
        return RoundState.LATE if late else RoundState.PROVED
    return RoundState.MISSED if of.state is RoundState.MISSED else RoundState.UNPROVED


def _locked(connection: Connection, round_id: str) -> PatrolRound:
    of = locked(connection, round_id)
    if of is None:
        raise Refused("round_not_found", "There is no such round.")
    return of


async def forget(store: Store, city: str, before: date, limit: int) -> int:
    """Delete the stamps of a city's rounds from before that day, and let go of their photos.

    At most of `limit` rounds; return of how many. The marks of the photos stay, so that none of
    them is handed in again.
    """
    stamped = exists().where(_STAMP.round == _ROUND.id)
    old = (
        select(_ROUND.id)
        .where(_ROUND.city == city, _ROUND.day < before, stamped)
        .order_by(_ROUND.day, _ROUND.id)
        .limit(limit)
    )

    def work(connection: Connection) -> int:
        ids = list(connection.execute(old).scalars())
        connection.execute(delete(patrol_stamp).where(_STAMP.round.in_(ids)))
        now = written_at(connection)
        for round_id in ids:
            files.let_go(connection, round_id, now)
        return len(ids)

    return await store.write(work)


# --- findings -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class RoundFinding:
    """A ticket that was opened for what was found on a round."""

    number: str
    round: str
    reach: str | None
    unit: str
    day: date


async def note_finding(
    store: Store, number: str, of: PatrolRound, at: datetime, account: str
) -> None:
    """Record that a ticket was found on a round. It may be repeated."""
    row = {
        "number": number,
        "round": of.id,
        "city": of.city,
        "reach": of.reach,
        "unit": of.unit,
        "day": of.day,
        "at": at,
        "account": account,
    }
    await store.change(store.insert(patrol_finding).on_conflict_do_nothing(), row)


async def findings_of(store: Store, round_id: str) -> list[RoundFinding]:
    """Return what was found on a round, in the order in which it was filed."""
    rows = await store.rows(
        select(patrol_finding)
        .where(_FINDING.round == round_id)
        .order_by(_FINDING.at, _FINDING.number)
    )
    return [_finding(row) for row in rows]


async def findings_between(
    store: Store, city: str, of: Of, since: date, until: date
) -> list[RoundFinding]:
    """Return what was found on the rounds of these days, the newest first."""
    statement = (
        select(patrol_finding)
        .where(_FINDING.city == city, _FINDING.day >= since, _FINDING.day <= until)
        .order_by(_FINDING.day.desc(), _FINDING.number)
    )
    wanted = of.condition(patrol_finding)
    rows = await store.rows(statement if wanted is None else statement.where(wanted))
    return [_finding(row) for row in rows]


def _finding(row: ResultRow) -> RoundFinding:
    return RoundFinding(row.number, row.round, row.reach, row.unit, row.day)


# --- reading ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Photo:
    """A photo of a round."""

    file: str
    point: str


async def walked(store: Store, round_id: str) -> list[tuple[Stamp, int]]:
    """Return the stamps of a round with the number of the walk that they are of."""
    return await store.read(lambda connection: _stamps(connection, round_id))


async def photos_of(store: Store, round_id: str) -> list[Photo]:
    """Return the photos of a round."""
    rows = await store.rows(
        select(_PHOTO.file, _PHOTO.point)
        .where(_PHOTO.round == round_id)
        .order_by(_PHOTO.point, _PHOTO.file)
    )
    return [Photo(row.file, row.point) for row in rows]


def _stamps(connection: Connection, round_id: str) -> list[tuple[Stamp, int]]:
    rows = connection.execute(
        select(patrol_stamp)
        .where(_STAMP.round == round_id)
        .order_by(_STAMP.attempt, _STAMP.received, _STAMP.at, _STAMP.id)
    ).all()
    photos = connection.execute(
        select(_PHOTO.stamp, func.count().label("number"))
        .where(_PHOTO.round == round_id)
        .group_by(_PHOTO.stamp)
    ).all()
    numbers = {row.stamp: row.number for row in photos}
    return [(replace(_said(row), photos=numbers.get(row.id, 0)), row.attempt) for row in rows]


def _said(row: ResultRow) -> Stamp:
    return Stamp(
        point=row.point,
        at=row.at,
        received=row.received,
        skew=timedelta(seconds=row.skew),
        lat=row.lat,
        lon=row.lon,
        accuracy=row.accuracy,
    )
