"""Councils, their invitations, statements and votes.

Whatever changes a council locks its row, then takes the time, then asks the rule: what is late is
decided by when it is written, and a vote is counted only after all that came before its end. On
PostgreSQL the time is the database's, the same for all processes.
"""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Select, delete, func, insert, select, update

from domain.council import checks
from domain.council.council import Council, CouncilOption, FollowUp, Phase
from domain.council.votes import VoteKind, counted
from domain.refusals import Refused
from store.db.clock import Clock, written_at
from store.db.council_tables import ballot, council, invitation, statement, tally, task
from store.db.engine import ResultRow, Store
from store.db.tables import Row
from store.tickets import council_matters

_COUNCIL, _INVITATION, _TALLY, _TASK = council.c, invitation.c, tally.c, task.c
_OPTIONS = TypeAdapter(list[CouncilOption])


@dataclass(frozen=True)
class Invitation:
    """An invitation and its council, with how often it spoke and whether it voted."""

    council: Council
    said: int
    voted: bool


@dataclass(frozen=True)
class StatementRow:
    at: datetime
    label: str
    text: str


@dataclass(frozen=True)
class BallotRow:
    """A ballot of an open vote."""

    label: str
    option: int


@dataclass(frozen=True)
class TaskRow:
    n: int
    text: str
    unit: str
    due: date
    done_at: datetime | None


@dataclass(frozen=True)
class CouncilCourse:
    """The course of a council: statements and tasks in their order, and how many have voted.

    `ballots`: those of an open vote, once it has been counted.
    """

    statements: list[StatementRow]
    ballots: list[BallotRow]
    tasks: list[TaskRow]
    voted: int


# --- staff ------------------------------------------------------------------------------------


async def prepare(store: Store, new: Council, clock: Clock = written_at) -> Council:
    """Record a council that is prepared; its `n` and `prepared_at` are given here.

    One of the same id is there already: it is returned, and nothing is recorded.

    Raises:
        Refused: not_started_yet, ticket_ended, council_of_report, council_topic_not_found, and
            those of `check_draft`
    """

    def work(connection: Connection) -> Council:
        still_open = council_matters.is_open(connection, new.number)
        known = connection.execute(select(council).where(_COUNCIL.id == new.id)).first()
        if known is not None:
            return _council(known)
        if not still_open:
            raise Refused("ticket_ended", "The ticket has ended.")
        now = clock(connection)
        checks.check_draft(new.statements_until, new.vote_closes_at, now)
        last = select(func.max(_COUNCIL.n)).where(_COUNCIL.number == new.number)
        n = (connection.execute(last).scalar() or 0) + 1
        made = new.model_copy(update={"n": n, "prepared_at": now})
        connection.execute(insert(council), _row(made))
        options = range(1, len(made.options) + 1)
        rows = [{"council": made.id, "option": option, "votes": 0} for option in options]
        connection.execute(insert(tally), rows)
        return made

    return await store.write(work)


async def invite(
    store: Store, council_id: str, marks: Sequence[str], replace: bool, clock: Clock = written_at
) -> Council:
    """Keep the marks of new invitations; those that are there already stay as they are.

    `replace`: invitations with which nothing was said yet end.
    """
    adding = store.insert(invitation).on_conflict_do_nothing(index_elements=["mark"])

    def work(connection: Connection) -> Council:
        found, now = _locked(connection, council_id, clock)
        known = _numbered(connection, _INVITATION.mark.in_(marks), council_id)
        if known == len(marks):
            return found
        if replace:
            unused = (_INVITATION.council == council_id) & (_INVITATION.said == 0)
            connection.execute(delete(invitation).where(unused, _INVITATION.mark.not_in(marks)))
        invited = _numbered(connection, _INVITATION.council == council_id, council_id)
        checks.check_inviting(
            found.model_copy(update={"invited": invited}), len(marks) - known, now
        )
        rows = [{"mark": mark, "council": council_id, "said": 0, "voted": False} for mark in marks]
        connection.execute(adding, rows)
        return _changed(connection, found, invited=invited + len(marks) - known)

    return await store.write(work)


def _numbered(connection: Connection, which: ColumnElement[bool], council_id: str) -> int:
    """Return how many invitations of the council these are."""
    statement = select(func.count()).select_from(invitation)
    return int(
        connection.execute(statement.where(which, _INVITATION.council == council_id)).scalar_one()
    )


async def open_(store: Store, council_id: str, clock: Clock = written_at) -> Council:
    """Open it for statements. One that is open already stays as it is."""

    def work(connection: Connection) -> Council:
        found, now = _locked(connection, council_id, clock)
        if found.opened_at is not None:
            return found
        checks.check_opening(found, now)
        return _changed(connection, found, opened_at=now)

    return await store.write(work)


async def follow_up(
    store: Store, council_id: str, what: FollowUp, today: date, clock: Clock = written_at
) -> Council:
    """Record the minutes and the tasks that follow."""

    def work(connection: Connection) -> Council:
        found, now = _locked(connection, council_id, clock)
        checks.check_follow_up(found, what.tasks, today, now)
        rows = [
            {"council": council_id, "n": n, "city": found.city, "done_at": None} | one.model_dump()
            for n, one in enumerate(what.tasks, 1)
        ]
        if rows:
            connection.execute(insert(task), rows)
        return _changed(connection, found, minutes=what.minutes, followed_up_at=now)

    return await store.write(work)


async def finish_task(store: Store, council_id: str, n: int, clock: Clock = written_at) -> Council:
    """Record that a task is done; the first time stays."""

    def work(connection: Connection) -> Council:
        found, now = _locked(connection, council_id, clock)
        which = (_TASK.council == council_id) & (_TASK.n == n)
        if connection.execute(select(_TASK.n).where(which)).first() is None:
            raise Refused("unknown_task", "The council has no such task.")
        connection.execute(update(task).where(which, _TASK.done_at.is_(None)).values(done_at=now))
        return found

    return await store.write(work)


async def close(store: Store, council_id: str, clock: Clock = written_at) -> Council:
    """Close it. One that is closed already stays as it is."""

    def work(connection: Connection) -> Council:
        found, now = _locked(connection, council_id, clock)
        if found.closed_at is not None:
            return found
        undone = select(func.count()).where(_TASK.council == council_id, _TASK.done_at.is_(None))
        checks.check_closing(found, int(connection.execute(undone).scalar_one()), now)
        return _changed(connection, found, closed_at=now)

    return await store.write(work)


# --- participants -----------------------------------------------------------------------------


async def invitation_of(store: Store, mark: str, clock: Clock = written_at) -> Invitation | None:
    """Return the invitation whose code has this mark."""
    found = await store.first(
        select(_INVITATION.council, _INVITATION.said, _INVITATION.voted).where(
            _INVITATION.mark == mark
        )
    )
    if found is None:
        return None
    row = await store.first(select(council).where(_COUNCIL.id == found.council))
    if row is None:
        return None
    return Invitation(await _settled(store, _council(row), clock), found.said, found.voted)


async def speak(
    store: Store,
    mark: str,
    statement_id: str,
    label: str,
    text: str,
    clock: Clock = written_at,
) -> None:
    """Record a statement; the same again is not recorded twice.

    Raises:
        Refused: invitation_unknown, council_of_report, and those of `check_statement`
    """
    known = select(statement.c.id).where(statement.c.id == statement_id)

    def work(connection: Connection) -> None:
        found, now, used = _locked_by(connection, mark, clock)
        if connection.execute(known).first() is not None:
            return
        checks.check_statement(found, used.said, now)
        row = {"id": statement_id, "council": found.id, "at": now, "label": label, "text": text}
        connection.execute(insert(statement), row)
        connection.execute(
            update(invitation).where(_INVITATION.mark == mark).values(said=used.said + 1)
        )

    await store.write(work)


async def vote(
    store: Store,
    mark: str,
    ballot_id: str,
    option: int,
    label: str,
    clock: Clock = written_at,
) -> None:
    """Count one vote of an invitation, and that it has voted.

    `ballot_id`: of a row of an open vote; a secret one is added to the tally only.

    Raises:
        Refused: invitation_unknown, council_of_report, and those of `check_ballot`
    """

    def work(connection: Connection) -> None:
        found, now, used = _locked_by(connection, mark, clock)
        checks.check_ballot(found, option, label, used.voted, now)
        connection.execute(update(invitation).where(_INVITATION.mark == mark).values(voted=True))
        for n in range(1, len(found.options) + 1):  # all rows: see store.db.council_tables
            connection.execute(
                update(tally)
                .where(_TALLY.council == found.id, _TALLY.option == n)
                .values(votes=_TALLY.votes + int(n == option))
            )
        if found.vote is VoteKind.OPEN:
            row = {"id": ballot_id, "council": found.id, "option": option, "label": label}
            connection.execute(insert(ballot), row)

    await store.write(work)


# --- reading ----------------------------------------------------------------------------------


async def of_matters(
    store: Store, numbers: Collection[str], clock: Clock = written_at
) -> list[Council]:
    """Return the councils of tickets or topics, of each the first one first.

    A vote that is over is counted.
    """
    rows = await store.rows(
        select(council).where(_COUNCIL.number.in_(numbers)).order_by(_COUNCIL.number, _COUNCIL.n)
    )
    return [await _settled(store, _council(row), clock) for row in rows]


async def get(store: Store, number: str, n: int, clock: Clock = written_at) -> Council | None:
    """Return the council of this number on a ticket or topic. A vote that is over is counted."""
    row = await store.first(select(council).where(_COUNCIL.number == number, _COUNCIL.n == n))
    return None if row is None else await _settled(store, _council(row), clock)


async def course(store: Store, of: Council) -> CouncilCourse:
    """Return the statements, tasks and open ballots of a council."""

    def work(connection: Connection) -> CouncilCourse:
        said = connection.execute(
            select(statement.c.at, statement.c.label, statement.c.text)
            .where(statement.c.council == of.id)
            .order_by(statement.c.at, statement.c.id)
        ).all()
        cast = connection.execute(
            select(ballot.c.label, ballot.c.option)
            .where(ballot.c.council == of.id)
            .order_by(ballot.c.option, ballot.c.label)
        ).all()
        follows = connection.execute(
            select(_TASK.n, _TASK.text, _TASK.unit, _TASK.due, _TASK.done_at)
            .where(_TASK.council == of.id)
            .order_by(_TASK.n)
        ).all()
        return CouncilCourse(
            statements=[StatementRow(*row) for row in said],
            ballots=[BallotRow(*row) for row in cast] if of.outcome is not None else [],
            tasks=[TaskRow(*row) for row in follows],
            voted=_numbered(connection, _INVITATION.voted.is_(True), of.id),
        )

    return await store.read(work)


async def _settled(store: Store, found: Council, clock: Clock) -> Council:
    """Count the vote if it is over and nobody has; the outcome never changes after that."""
    if found.opened_at is None or found.outcome is not None:
        return found
    if found.phase(await store.read(clock)) is not Phase.COUNTING:
        return found

    def work(connection: Connection) -> Council:
        row = connection.execute(_by_id(found.id).with_for_update()).one()
        now, current = clock(connection), _council(row)
        if current.phase(now) is not Phase.COUNTING:
            return current
        rows = connection.execute(
            select(_TALLY.votes).where(_TALLY.council == current.id).order_by(_TALLY.option)
        ).all()
        votes = [int(one.votes) for one in rows]
        count = counted(votes, current.invited, current.quorum, current.majority)
        return _changed(
            connection, current, votes=votes, outcome=count.outcome, chosen=count.chosen
        )

    return await store.write(work)


# --- erasing ----------------------------------------------------------------------------------


def forget(connection: Connection, number: str) -> None:
    """Delete the councils of a ticket that is erased, with all that was said in them."""
    council_matters.forget_links(connection, number)
    of = select(_COUNCIL.id).where(_COUNCIL.number == number)
    for table in (invitation, tally, ballot, statement, task):
        connection.execute(delete(table).where(table.c.council.in_(of)))
    connection.execute(delete(council).where(_COUNCIL.number == number))


# --- rows -------------------------------------------------------------------------------------


def _by_id(council_id: str) -> Select[*tuple[object, ...]]:
    return select(council).where(_COUNCIL.id == council_id)


def _locked(connection: Connection, council_id: str, clock: Clock) -> tuple[Council, datetime]:
    """Lock the council until the end of the transaction; return it, and the time after that.

    Raises:
        Refused: council_of_report: the ticket has become a report of wrongdoing.
    """
    row = connection.execute(_by_id(council_id).with_for_update()).first()
    if row is None:
        raise Refused("council_not_found", "There is no such council.")
    council_matters.check_no_report(connection, row.number)
    return _council(row), clock(connection)


def _locked_by(
    connection: Connection, mark: str, clock: Clock
) -> tuple[Council, datetime, ResultRow]:
    """Lock the council of an invitation; return it, the time, and how the invitation was used."""
    which = select(_INVITATION.council, _INVITATION.said, _INVITATION.voted).where(
        _INVITATION.mark == mark
    )
    before = connection.execute(which).first()
    if before is None:
        raise _unknown()
    found, now = _locked(connection, before.council, clock)
    used = connection.execute(which).first()  # again: who waited for the lock saw it as it was
    if used is None:
        raise _unknown()
    return found, now, used


def _changed(connection: Connection, of: Council, **values: object) -> Council:
    changed = of.model_copy(update=values)
    connection.execute(update(council).where(_COUNCIL.id == of.id).values(_row(changed)))
    return changed


def _row(of: Council) -> Row:
    options = json.dumps([option.model_dump() for option in of.options], ensure_ascii=False)
    values = {name: getattr(of, name) for name in Council.model_fields}
    return values | {
        "options": options,
        "votes": json.dumps(of.votes),
        "vote": of.vote.value,
        "outcome": of.outcome.value if of.outcome else None,
    }


def _council(row: ResultRow) -> Council:
    values = dict(row._mapping)
    # As JSON: what was taken once stays readable when the rules for texts change.
    values["options"] = _OPTIONS.validate_json(row.options)
    values["votes"] = json.loads(row.votes)
    return Council.model_validate(values)


def _unknown() -> Refused:
    return Refused("invitation_unknown", "There is no such invitation.")
