"""Checked ratings: from where they came, whether they look pressed, and what was decided.

A rating is noted before it is sent to its ticket, and judged once the ticket has recorded it: from
recorded facts alone, so that it makes no difference when. The rating itself is never changed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, or_, select, update

from domain.actors import Role
from domain.events import Event
from domain.facts.closing import Rated
from domain.pack.pack import Pack
from domain.pack.satisfaction import scaled
from domain.policy.pressed import completed_at, in_favour, pressed_by
from domain.refusals import Refused
from domain.ticket.rating import Apart
from store.db import tables
from store.db.clock import Clock, written_at
from store.db.engine import ResultRow, Store
from store.db.locks import lock
from store.db.satisfaction_tables import rating_check
from store.tickets import tickets

KEPT = timedelta(days=30)
"""The time for which it is known from where a rating came."""

_LOST = timedelta(days=7)
"""The time after which a rating that no ticket recorded is given up."""

_AT_ONCE = 200
_CHECK, _TICKET = rating_check.c, tables.ticket.c


@dataclass(frozen=True)
class GivenRating:
    """A rating that is about to be sent. `after`: the version of the ticket that is rated."""

    number: str
    after: int
    city: str
    at: datetime
    network: str | None
    contact: str | None


@dataclass(frozen=True)
class RatingCheck:
    """A rating that is or was set apart: why, since when, and what a supervisor decided."""

    number: str
    version: int
    unit: str | None
    reason: Apart
    apart_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lifted_why: str

    def apart(self, until: datetime | None = None) -> Apart | None:
        """Return why it is set apart as known before `until`; None if it counts.

        None for `until`: as known now.
        """
        if until is not None and self.apart_at >= until:
            return None
        lifted = self.lifted_at is not None and (until is None or self.lifted_at < until)
        return None if lifted else self.reason


_WHOLE = select(
    _CHECK.number,
    _CHECK.version,
    _CHECK.unit,
    _CHECK.reason,
    _CHECK.apart_at,
    _CHECK.lifted_at,
    _CHECK.lifted_by,
    _CHECK.lifted_why,
).where(_CHECK.reason.is_not(None))

OF_TICKETS = _WHOLE.where(_CHECK.number.in_(bindparam("numbers", expanding=True)))
"""The statement for the checks of some tickets that set a rating apart."""


def as_check(row: ResultRow) -> RatingCheck:
    """Return a row of `OF_TICKETS` as a check."""
    return RatingCheck(**{**row._mapping, "reason": Apart(row.reason)})


def with_check(event_fact: Any, check: RatingCheck | None, until: datetime | None) -> Any:
    """Return a fact as it counts: a rating with the reason why it is set apart, as of `until`."""
    if check is None or not isinstance(event_fact, Rated):
        return event_fact
    return event_fact.model_copy(update={"apart": check.apart(until)})


def counts() -> ColumnElement[bool]:
    """Return the condition of tickets whose last rating is not set apart."""
    apart = select(_CHECK.number).where(
        _CHECK.reason.is_not(None), _CHECK.lifted_at.is_(None), _CHECK.last
    )
    return _TICKET.number.not_in(apart)


async def of_ticket(store: Store, number: str) -> list[RatingCheck]:
    """Return the ratings of a ticket that are or were set apart, in order."""
    statement = _WHOLE.where(_CHECK.number == number).order_by(_CHECK.version)
    return [as_check(row) for row in await store.rows(statement)]


async def note(store: Store, given: GivenRating) -> None:
    """Note a rating before it is sent. Sent again for the same answer, the first note stays."""
    row = {
        "number": given.number,
        "after": given.after,
        "city": given.city,
        "given_at": given.at,
        "network": given.network or None,
        "contact": given.contact,
        "good": False,
        "last": False,
        "lifted_why": "",
    }
    await store.change(store.insert(rating_check).on_conflict_do_nothing(), row)


async def judge(store: Store, pack: Pack, now: datetime) -> int:
    """Judge the ratings of a city that were noted and are recorded meanwhile; return how many."""
    done = 0
    pending = await store.rows(
        select(_CHECK.number, _CHECK.after, _CHECK.given_at)
        .where(_CHECK.city == pack.city.id, _CHECK.version.is_(None))
        .order_by(_CHECK.given_at)
        .limit(_AT_ONCE)
    )
    for row in pending:
        done += await _judge(store, pack, row.number, row.after)
        if row.given_at < now - _LOST:
            await store.change(
                delete(rating_check).where(
                    _CHECK.number == row.number,
                    _CHECK.after == row.after,
                    _CHECK.version.is_(None),
                )
            )
    return done


async def judge_one(store: Store, pack: Pack, number: str, after: int) -> None:
    """Judge a rating that was just given, if its ticket has recorded it."""
    await _judge(store, pack, number, after)


async def _judge(store: Store, pack: Pack, number: str, after: int) -> bool:
    events = await tickets.events(store, number)
    found = _given(events, after)
    ticket = await tickets.state(store, number) if found is not None else None
    if found is None or ticket is None:
        return False
    event = events[found]
    rated = event.fact
    if not isinstance(rated, Rated):
        return False
    rules, policy = ticket.rules, pack.satisfaction
    satisfied_from = rules.satisfied_from if rules else pack.rating.satisfied_from
    pressed = pressed_by(events, found, satisfied_from, policy, pack.city.clock_scale)
    reason = rated.apart or pressed
    values = {
        "version": event.version,
        "unit": _unit_rated(events[:found], ticket.unit),
        "at": event.at,
        "good": rated.apart is None and in_favour(rated.rating, satisfied_from),
        "reason": reason.value if reason else None,
        "apart_at": event.at if reason else None,
        "last": True,
    }

    def work(connection: Connection) -> bool:
        lock(store, connection, f"rating checks/{pack.city.id}")
        this = (_CHECK.number == number, _CHECK.after == after)
        mine = update(rating_check).where(*this, _CHECK.version.is_(None)).values(**values)
        if connection.execute(mine).rowcount != 1:
            return False
        later = _CHECK.version > event.version
        others = _CHECK.number == number
        if connection.execute(select(_CHECK.after).where(others, later)).first() is not None:
            connection.execute(update(rating_check).where(*this).values(last=False))
        connection.execute(
            update(rating_check).where(others, _CHECK.version < event.version).values(last=False)
        )
        if values["good"]:
            _judge_crowds(connection, pack, number, after)
        return True

    return await store.write(work)


def _given(events: Sequence[Event], after: int) -> int | None:
    """Return the place of the first rating of the citizen after that version."""
    places = (
        n
        for n, event in enumerate(events)
        if event.version > after
        and isinstance(event.fact, Rated)
        and event.actor.role is Role.CITIZEN
    )
    return next(places, None)


def _unit_rated(before: Sequence[Event], now: str | None) -> str | None:
    """Return the unit whose work was rated: the last that handed a result back, else today's."""
    done = (event.actor.unit for event in reversed(before) if event.kind == "handled")
    return next((unit for unit in done if unit), now)


def _judge_crowds(connection: Connection, pack: Pack, number: str, after: int) -> None:
    """Set apart the crowds of ratings of which this one is, from one contact or one network."""
    policy = pack.satisfaction
    within = scaled(policy.together_within, pack.city.clock_scale)
    own = connection.execute(
        select(rating_check).where(_CHECK.number == number, _CHECK.after == after)
    ).one()
    if within is None or own.unit is None:
        return
    for name, reason in (("contact", Apart.CONTACT), ("network", Apart.NETWORK)):
        mark = getattr(own, name)
        if mark is None:
            continue
        near = connection.execute(
            select(_CHECK.number, _CHECK.after, _CHECK.at, _CHECK.reason)
            .where(
                _CHECK.city == own.city,
                _CHECK[name] == mark,
                _CHECK.unit == own.unit,
                _CHECK.good,
                _CHECK.at >= own.at - within,
                _CHECK.at <= own.at + within,
            )
            .order_by(_CHECK.at)
        ).all()
        crowded = completed_at([row.at for row in near], policy.together, within)
        for row in near:
            if row.at in crowded and row.reason is None:
                connection.execute(
                    update(rating_check)
                    .where(_CHECK.number == row.number, _CHECK.after == row.after)
                    .values(reason=reason.value, apart_at=crowded[row.at])
                )


async def lift(
    store: Store, number: str, version: int, by: str, why: str, clock: Clock = written_at
) -> RatingCheck:
    """Let a rating that is set apart count after all, once. `by`: the account of a supervisor.

    Raises:
        Refused: not_set_apart, lifted_already
    """

    def work(connection: Connection) -> RatingCheck:
        this = (_CHECK.number == number, _CHECK.version == version)
        found = connection.execute(_WHOLE.where(*this).with_for_update()).first()
        if found is None:
            raise Refused("not_set_apart", "This rating is not set apart.")
        if found.lifted_at is not None:
            raise Refused("lifted_already", "It was decided already that this rating counts.")
        connection.execute(
            update(rating_check)
            .where(*this)
            .values(lifted_at=clock(connection), lifted_by=by, lifted_why=why)
        )
        return as_check(connection.execute(_WHOLE.where(*this)).one())

    return await store.write(work)


async def forget(store: Store, now: datetime) -> int:
    """Forget from where ratings came that were given long ago; return of how many."""
    known = or_(_CHECK.network.is_not(None), _CHECK.contact.is_not(None))
    return await store.change(
        update(rating_check)
        .where(_CHECK.given_at < now - KEPT, known)
        .values(network=None, contact=None)
    )
