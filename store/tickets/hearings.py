"""Public hearings: their tickets with the answers of units, and what those invited ask and rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update

from domain.hearing.hearing import MOST_INVITED, MOST_QUESTIONS, Decision, Hearing
from domain.refusals import Refused
from store.db.engine import ResultRow, Store
from store.db.hearing_tables import (
    hearing,
    hearing_invitation,
    hearing_question,
    hearing_rating,
    hearing_ticket,
)
from store.db.locks import lock

_HEARING, _TICKET, _INVITATION = hearing.c, hearing_ticket.c, hearing_invitation.c
_QUESTION, _RATING = hearing_question.c, hearing_rating.c


@dataclass(frozen=True)
class HearingTicket:
    number: str
    unit: str
    answer: str
    answered_at: datetime | None


@dataclass(frozen=True)
class QuestionRow:
    id: str
    at: datetime
    label: str
    text: str
    decision: Decision


@dataclass(frozen=True)
class HearingCourse:
    """The tickets and questions of a hearing; `ratings`: of each ticket, by grade, how many."""

    tickets: list[HearingTicket]
    questions: list[QuestionRow]
    ratings: dict[str, dict[int, int]]


async def prepare(store: Store, new: Hearing, tickets: Sequence[tuple[str, str]]) -> Hearing:
    """Record a hearing with its tickets and their units; its number is given here.

    One of the same id is there already: it is returned, and nothing is recorded.
    """

    def work(connection: Connection) -> Hearing:
        lock(store, connection, f"hearings/{new.city}")
        known = connection.execute(select(hearing).where(_HEARING.id == new.id)).first()
        if known is not None:
            return _hearing(known)
        last = select(func.max(_HEARING.n)).where(_HEARING.city == new.city)
        n = (connection.execute(last).scalar() or 0) + 1
        made = new.model_copy(update={"n": n, "number": f"{new.city}-{n}"})
        connection.execute(insert(hearing), made.model_dump())
        rows = [
            {
                "hearing": made.number,
                "number": number,
                "position": position,
                "unit": unit,
                "answer": "",
                "answered_at": None,
            }
            for position, (number, unit) in enumerate(tickets, 1)
        ]
        connection.execute(insert(hearing_ticket), rows)
        return made

    return await store.write(work)


async def get(store: Store, number: str) -> Hearing | None:
    row = await store.first(select(hearing).where(_HEARING.number == number))
    return None if row is None else _hearing(row)


async def listed(store: Store, city: str, unit: str | None, limit: int = 100) -> list[Hearing]:
    """Return the newest hearings of a city; of `unit` those with a ticket of it."""
    statement = select(hearing).where(_HEARING.city == city)
    if unit is not None:
        own = select(_TICKET.hearing).where(_TICKET.unit == unit)
        statement = statement.where(_HEARING.number.in_(own))
    rows = await store.rows(statement.order_by(_HEARING.n.desc()).limit(limit))
    return [_hearing(row) for row in rows]


async def concerns(store: Store, number: str, unit: str) -> bool:
    """Return whether a ticket of the hearing is the unit's."""
    own = select(_TICKET.number).where(_TICKET.hearing == number, _TICKET.unit == unit)
    return await store.first(own.limit(1)) is not None


async def unit_of(store: Store, number: str, ticket: str) -> str | None:
    """Return the unit that answers for a ticket at the hearing; None: it is not one of it."""
    which = (_TICKET.hearing == number) & (_TICKET.number == ticket)
    row = await store.first(select(_TICKET.unit).where(which))
    return None if row is None else str(row.unit)


async def course(store: Store, number: str) -> HearingCourse:
    """Return the tickets of a hearing in their order, its questions, and the ratings."""

    def work(connection: Connection) -> HearingCourse:
        tickets = connection.execute(
            select(_TICKET.number, _TICKET.unit, _TICKET.answer, _TICKET.answered_at)
            .where(_TICKET.hearing == number)
            .order_by(_TICKET.position)
        ).all()
        questions = connection.execute(
            select(_QUESTION.id, _QUESTION.at, _QUESTION.label, _QUESTION.text, _QUESTION.decision)
            .where(_QUESTION.hearing == number)
            .order_by(_QUESTION.at, _QUESTION.id)
        ).all()
        counted = connection.execute(
            select(_RATING.number, _RATING.grade, func.count().label("many"))
            .where(_RATING.hearing == number)
            .group_by(_RATING.number, _RATING.grade)
        ).all()
        ratings: dict[str, dict[int, int]] = {}
        for row in counted:
            ratings.setdefault(row.number, {})[row.grade] = row.many
        return HearingCourse(
            [HearingTicket(*row) for row in tickets],
            [
                QuestionRow(row.id, row.at, row.label, row.text, Decision(row.decision))
                for row in questions
            ],
            ratings,
        )

    return await store.read(work)


async def answer(store: Store, number: str, ticket: str, text: str, at: datetime) -> None:
    """Record what the unit answers to a ticket of the hearing; the last word before ratings stays.

    Raises:
        Refused: answer_stands
    """
    which = (_TICKET.hearing == number) & (_TICKET.number == ticket)
    ratings = select(_RATING.grade).where(_RATING.hearing == number, _RATING.number == ticket)

    def work(connection: Connection) -> None:
        before = connection.execute(select(_TICKET.answer).where(which).with_for_update()).first()
        if before is None or before.answer == text:
            return
        if connection.execute(ratings.limit(1)).first() is not None:
            raise Refused("answer_stands", "Residents have rated this answer.")
        connection.execute(update(hearing_ticket).where(which).values(answer=text, answered_at=at))

    await store.write(work)


async def publish(store: Store, number: str, at: datetime) -> None:
    """Publish the page of the hearing; the first time stays."""
    unpublished = (_HEARING.number == number) & _HEARING.published_at.is_(None)
    await store.change(update(hearing).where(unpublished).values(published_at=at))


async def invite(store: Store, number: str, marks: Sequence[str]) -> int:
    """Keep the marks of new invitations; return how many there are by now.

    Raises:
        Refused: invitation_cap
    """
    adding = store.insert(hearing_invitation).on_conflict_do_nothing(index_elements=["mark"])

    def work(connection: Connection) -> int:
        connection.execute(select(hearing).where(_HEARING.number == number).with_for_update())
        rows = [{"mark": mark, "hearing": number, "asked": 0} for mark in marks]
        connection.execute(adding, rows)
        many = select(func.count()).where(_INVITATION.hearing == number)
        invited = int(connection.execute(many).scalar_one())
        if invited > MOST_INVITED:
            raise Refused("invitation_cap", f"A hearing has at most {MOST_INVITED} invitations.")
        connection.execute(update(hearing).where(_HEARING.number == number).values(invited=invited))
        return invited

    return await store.write(work)


async def is_invited(store: Store, number: str, mark: str) -> bool:
    """Return whether an invitation to the hearing has this mark."""
    found = select(_INVITATION.mark).where(_INVITATION.mark == mark, _INVITATION.hearing == number)
    return await store.first(found) is not None


async def ask(store: Store, number: str, mark: str, question: QuestionRow) -> None:
    """Record a question, which waits for a supervisor; the same again is one.

    Raises:
        Refused: invitation_unknown, hearing_question_cap
    """

    def work(connection: Connection) -> None:
        used = connection.execute(
            select(_INVITATION.asked)
            .where(_INVITATION.mark == mark, _INVITATION.hearing == number)
            .with_for_update()
        ).first()
        if used is None:
            raise Refused("invitation_unknown", "There is no such invitation.")
        known = select(_QUESTION.id).where(_QUESTION.id == question.id)
        if connection.execute(known).first() is not None:
            return
        if used.asked >= MOST_QUESTIONS:
            raise Refused("hearing_question_cap", "With this invitation enough was asked.")
        row = {
            "id": question.id,
            "hearing": number,
            "at": question.at,
            "label": question.label,
            "text": question.text,
            "decision": Decision.WAITING.value,
        }
        connection.execute(insert(hearing_question), row)
        connection.execute(
            update(hearing_invitation).where(_INVITATION.mark == mark).values(asked=used.asked + 1)
        )

    await store.write(work)


async def decide(store: Store, number: str, question: str, decision: Decision) -> None:
    """Let a question through, or refuse it.

    Raises:
        Refused: question_not_found
    """
    which = (_QUESTION.id == question) & (_QUESTION.hearing == number)
    if await store.first(select(_QUESTION.id).where(which)) is None:
        raise Refused("question_not_found", "There is no such question.")
    await store.change(update(hearing_question).where(which).values(decision=decision.value))


async def rate(store: Store, number: str, ticket: str, mark: str, grade: int) -> None:
    """Count the rating of an answer by an invitation, once.

    Raises:
        Refused: invitation_unknown, not_at_hearing, nothing_answered, answer_rated
    """

    def work(connection: Connection) -> None:
        invited = select(_INVITATION.mark).where(
            _INVITATION.mark == mark, _INVITATION.hearing == number
        )
        if connection.execute(invited.with_for_update()).first() is None:
            raise Refused("invitation_unknown", "There is no such invitation.")
        shown = select(_TICKET.answered_at).where(
            _TICKET.hearing == number, _TICKET.number == ticket
        )
        row = connection.execute(shown.with_for_update()).first()
        if row is None:
            raise Refused("not_at_hearing", "The ticket is not one of this hearing.")
        if row.answered_at is None:
            raise Refused("nothing_answered", "The unit has not answered yet.")
        which = (_RATING.hearing == number) & (_RATING.number == ticket) & (_RATING.mark == mark)
        if connection.execute(select(_RATING.grade).where(which)).first() is not None:
            raise Refused("answer_rated", "This invitation has rated the answer.")
        values = {"hearing": number, "number": ticket, "mark": mark, "grade": grade}
        connection.execute(insert(hearing_rating), values)

    await store.write(work)


def forget(connection: Connection, number: str) -> None:
    """Take a ticket that is erased off all hearings."""
    for table in (hearing_ticket, hearing_rating):
        connection.execute(delete(table).where(table.c.number == number))


def _hearing(row: ResultRow) -> Hearing:
    return Hearing.model_validate(dict(row._mapping))
