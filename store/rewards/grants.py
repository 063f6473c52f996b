"""Grants: what became of the reward for a report, each judged and entered once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import Connection, and_, func, or_, select, update

from domain.actors import Actor
from domain.pack.rewards import RewardPolicy, RewardRule
from domain.policy.rewards import (
    RewardReason,
    RewardState,
    Signs,
    caps_reached,
    judged,
    spent_last,
    suspicions,
)
from domain.refusals import Refused
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket
from store.db import reward_tables, tables
from store.db.engine import Insert, ResultRow, Store
from store.rewards import ledger
from store.rewards.ledger import FUND, HELD, Entry
from store.tickets.repeats import same_place, where_of

_GRANT, _RECEIPT = reward_tables.reward_grant.c, reward_tables.reward_receipt.c
_TICKET, _PERSON = tables.ticket.c, tables.person.c
_OVER = (Stage.ENDED.value, Stage.AFTERCARE.value)
"""The stages of a ticket that is closed, also while it is watched."""

_COUNTING = (RewardState.HELD.value, RewardState.GRANTED.value)


@dataclass(frozen=True)
class Grant:
    """The state of the reward for one report. `alike`: numbers of reports to compare it with."""

    number: str
    city: str
    state: RewardState
    rule: str | None
    points: int
    reasons: tuple[RewardReason, ...]
    alike: tuple[str, ...]
    judged_at: datetime
    until: datetime | None
    decided_at: datetime | None
    decision: str


def _grant(row: ResultRow) -> Grant:
    return Grant(
        number=row.number,
        city=row.city,
        state=RewardState(row.state),
        rule=row.rule,
        points=row.points,
        reasons=tuple(RewardReason(code) for code in row.reasons.split()),
        alike=tuple(row.alike.split()),
        judged_at=row.judged_at,
        until=row.until,
        decided_at=row.decided_at,
        decision=row.decision,
    )


async def get(store: Store, number: str) -> Grant | None:
    """Return what became of the reward for this report; None before it was judged."""
    row = await store.first(select(reward_tables.reward_grant).where(_GRANT.number == number))
    return None if row is None else _grant(row)


def account_of(connection: Connection, number: str) -> str:
    """Return the account of a report's points: that of its wallet, else of its receipt."""
    wallet = connection.execute(
        select(_RECEIPT.wallet).where(_RECEIPT.number == number)
    ).scalar_one_or_none()
    return ledger.wallet_account(wallet) if wallet else ledger.receipt_account(number)


# --- judging ------------------------------------------------------------------------------------


async def due(
    store: Store, city: str, channels: Sequence[str], ended_since: datetime, limit: int
) -> list[str]:
    """Return ended tickets of these channels that were not judged as they are now, oldest first.

    One that earned nothing is judged again once it has changed; a report of wrongdoing never is.
    """
    again = and_(_GRANT.state == RewardState.NONE.value, _GRANT.version < _TICKET.version)
    statement = (
        select(_TICKET.number)
        .select_from(
            tables.ticket.outerjoin(reward_tables.reward_grant, _GRANT.number == _TICKET.number)
        )
        .where(
            _TICKET.city == city,
            _TICKET.ended_at >= ended_since,
            _TICKET.stage.in_(_OVER),
            _TICKET.channel.in_(channels),
            _TICKET.of_wrongdoing.is_(False),
            or_(_GRANT.number.is_(None), again),
        )
        .order_by(_TICKET.ended_at, _TICKET.number)
        .limit(limit)
    )
    return [str(row.number) for row in await store.rows(statement)]


@dataclass(frozen=True)
class Judging:
    """A report to judge. `rule`: the one that holds, None if none does. `day`: of its filing."""

    ticket: Ticket
    rule: RewardRule | None
    signs: Signs
    policy: RewardPolicy
    day: str
    at: datetime

    @property
    def number(self) -> str:
        return self.ticket.complaint.number


async def judge(store: Store, judging: Judging) -> RewardState:
    """Judge a report and enter its points, in one transaction; the caps are counted in it.

    What was judged before stays: it may be called any number of times, also side by side.
    """
    city = judging.ticket.complaint.city

    def work(connection: Connection) -> RewardState:
        ledger.lock(store, connection, city)
        before = _judged_before(connection, judging)
        if before is not None:
            return before
        state, reasons = _state(connection, judging)
        _write(store, connection, judging, state, reasons)
        if judging.rule is not None and state in (RewardState.GRANTED, RewardState.HELD):
            _enter(store, connection, judging, judging.rule, held=state is RewardState.HELD)
        return state

    return await store.write(work)


def _judged_before(connection: Connection, judging: Judging) -> RewardState | None:
    known = select(_GRANT.state, _GRANT.version).where(_GRANT.number == judging.number)
    row = connection.execute(known).first()
    if row is None:
        return None
    again = row.state == RewardState.NONE.value and row.version < judging.ticket.version
    return None if again else RewardState(row.state)


def _state(connection: Connection, judging: Judging) -> tuple[RewardState, list[RewardReason]]:
    if judging.rule is None:
        return RewardState.NONE, []
    policy = judging.policy
    today = _today(connection, judging)
    caps = caps_reached(policy, today, _at_place(connection, judging))
    seen = suspicions(policy, judging.signs)
    return judged(caps, seen), caps or seen


def _today(connection: Connection, judging: Judging) -> int:
    """Count the rewards for what the same person filed on that day.

    The same person is who has the same phone, or joined the receipts in one wallet.
    """
    number, city = judging.number, judging.ticket.complaint.city
    of_day = select(_GRANT.number).where(
        _GRANT.city == city,
        _GRANT.day == judging.day,
        _GRANT.state.in_(_COUNTING),
        _GRANT.number != number,
    )
    phone = (
        select(_PERSON.phone_hash)
        .where(_PERSON.id == judging.ticket.complaint.person, _PERSON.phone_hash.is_not(None))
        .scalar_subquery()
    )
    with_phone = (
        select(_TICKET.number)
        .join(tables.person, _PERSON.id == _TICKET.person)
        .where(_PERSON.phone_hash == phone)
    )
    wallet = select(_RECEIPT.wallet).where(_RECEIPT.number == number).scalar_subquery()
    in_wallet = select(_RECEIPT.number).where(_RECEIPT.wallet == wallet)
    same = of_day.where(or_(_GRANT.number.in_(with_phone), _GRANT.number.in_(in_wallet)))
    return len(connection.execute(same).all())


def _at_place(connection: Connection, judging: Judging) -> int:
    """Count the rewards for the same category at the same place within the policy's time."""
    ticket, policy = judging.ticket, judging.policy
    place = same_place(ticket.complaint, where_of(ticket), policy.place_metres)
    if place is None or ticket.category is None:
        return 0
    filed_at, within = ticket.complaint.filed_at, policy.place_within.length
    near = (
        select(func.count())
        .select_from(
            reward_tables.reward_grant.join(tables.ticket, _TICKET.number == _GRANT.number)
        )
        .where(
            _GRANT.city == ticket.complaint.city,
            _GRANT.state.in_(_COUNTING),
            _GRANT.number != judging.number,
            _TICKET.category == ticket.category,
            _TICKET.filed_at >= filed_at - within,
            _TICKET.filed_at <= filed_at + within,
            place,
        )
    )
    return int(connection.execute(near).scalar_one())


def _insert(store: Store) -> Insert:
    return store.insert(reward_tables.reward_grant)


def _write(
    store: Store,
    connection: Connection,
    judging: Judging,
    state: RewardState,
    reasons: Sequence[RewardReason],
) -> None:
    rule, signs = judging.rule, judging.signs
    compared = [*signs.alike, *signs.before] if state is RewardState.HELD else []
    values = {
        "city": judging.ticket.complaint.city,
        "state": state.value,
        "version": judging.ticket.version,
        "rule": rule.code if rule else None,
        "points": rule.points if rule else 0,
        "reasons": " ".join(reasons),
        "alike": " ".join(dict.fromkeys(compared)),
        "day": judging.day,
        "judged_at": judging.at,
        "until": judging.at + judging.policy.valid.length if rule else None,
        "decision": "",
    }
    statement = _insert(store).values(number=judging.number, **values)
    connection.execute(statement.on_conflict_do_update(index_elements=["number"], set_=values))


def _enter(
    store: Store, connection: Connection, judging: Judging, rule: RewardRule, *, held: bool
) -> None:
    entry = Entry(
        "hold" if held else "grant",
        judging.number,
        number=judging.number,
        version=judging.ticket.version,
        rule=rule.code,
    )
    target = HELD if held else account_of(connection, judging.number)
    city = judging.ticket.complaint.city
    ledger.move(store, connection, city, entry, judging.at, rule.points, FUND, target)


# --- what is held back --------------------------------------------------------------------------


async def held(store: Store, city: str, limit: int) -> list[Grant]:
    """Return the rewards that a person has to decide about, the oldest first.

    One for what has become a report of wrongdoing is not among them.
    """
    statement = (
        select(reward_tables.reward_grant)
        .join(tables.ticket, _TICKET.number == _GRANT.number)
        .where(
            _GRANT.city == city,
            _GRANT.state == RewardState.HELD.value,
            _TICKET.of_wrongdoing.is_(False),
        )
        .order_by(_GRANT.judged_at, _GRANT.number)
        .limit(limit)
    )
    return [_grant(row) for row in await store.rows(statement)]


async def held_for_reports(store: Store, city: str) -> list[str]:
    """Return the held rewards for what has become a report of wrongdoing (举报) since."""
    statement = (
        select(_GRANT.number)
        .join(tables.ticket, _TICKET.number == _GRANT.number)
        .where(
            _GRANT.city == city,
            _GRANT.state == RewardState.HELD.value,
            _TICKET.of_wrongdoing.is_(True),
        )
    )
    return [str(row.number) for row in await store.rows(statement)]


async def decide(
    store: Store, number: str, *, release: bool, by: Actor, reason: str, at: datetime
) -> Grant:
    """Release a reward that was held back, or refuse it; both are entered with who and why.

    Raises:
        Refused: `reward_not_held`.
    """
    row = await store.first(select(_GRANT.city).where(_GRANT.number == number))
    city = row.city if row else ""

    def work(connection: Connection) -> Grant:
        ledger.lock(store, connection, city)
        which = select(reward_tables.reward_grant).where(_GRANT.number == number)
        grant = connection.execute(which).first()
        if grant is None or grant.state != RewardState.HELD.value:
            raise Refused("reward_not_held", "Nothing is held back for this report.")
        what, target = ("refuse", FUND)
        if release:
            what, target = ("release", account_of(connection, number))
        entry = Entry(what, number, number, version=grant.version, rule=grant.rule, by=by)
        ledger.move(store, connection, city, entry, at, grant.points, HELD, target)
        connection.execute(
            update(reward_tables.reward_grant)
            .where(_GRANT.number == number)
            .values(
                state=(RewardState.GRANTED if release else RewardState.REFUSED).value,
                decided_at=at,
                decided_role=by.role.value,
                decided_by=by.id,
                decision=reason,
            )
        )
        return _grant(connection.execute(which).one())

    return await store.write(work)


# --- points whose time is over ------------------------------------------------------------------


async def lapse(store: Store, city: str, now: datetime) -> int:
    """Take back the points whose time is over; return from how many accounts.

    What was spent came from the oldest points. It may be repeated: then nothing is left to take.
    """
    over = select(_GRANT.number).where(
        _GRANT.city == city, _GRANT.state == RewardState.GRANTED.value, _GRANT.until <= now
    )
    numbers = [row.number for row in await store.rows(over)]
    done, seen = 0, set[str]()
    for number in numbers:
        account = await store.read(partial(account_of, number=number))
        if account not in seen:
            seen.add(account)
            done += await _lapsed(store, city, number, now)
    return done


async def _lapsed(store: Store, city: str, number: str, now: datetime) -> bool:
    def looked_at(connection: Connection) -> int:
        return ledger.balance(connection, city, account_of(connection, number))

    if await store.read(looked_at) == 0:  # most have spent theirs: nobody has to wait for them
        return False

    def work(connection: Connection) -> bool:
        ledger.lock(store, connection, city)
        account = account_of(connection, number)
        granted, old = _granted(connection, number, now)
        points = spent_last(granted, old, ledger.balance(connection, city, account))
        if points == 0:
            return False
        n = ledger.postings(connection, city, account)
        entry = Entry("lapse", f"{account}/{n}")
        return ledger.move(store, connection, city, entry, now, points, account, FUND)

    return await store.write(work)


def _granted(connection: Connection, number: str, now: datetime) -> tuple[int, int]:
    """Return the points ever granted to the account of this report, and those that are over."""
    wallet = select(_RECEIPT.wallet).where(_RECEIPT.number == number).scalar_subquery()
    joined = select(_RECEIPT.number).where(_RECEIPT.wallet == wallet)
    rows = connection.execute(
        select(_GRANT.points, _GRANT.until).where(
            _GRANT.state == RewardState.GRANTED.value,
            or_(_GRANT.number == number, _GRANT.number.in_(joined)),
        )
    ).all()
    return sum(row.points for row in rows), sum(row.points for row in rows if row.until <= now)
