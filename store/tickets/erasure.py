"""Erasure of the key of a ticket's history, its citizen and all texts; the record stays.

Only tickets that have ended are erased, because open ones are still handled. What stays is what
statistics need (`domain.ticket.erasure`).
"""

import json
from datetime import datetime

from sqlalchemy import Connection, and_, bindparam, delete, exists, or_, select, update

from domain.canonical import folded
from domain.refusals import Refused
from domain.ticket.erasure import without_words
from domain.ticket.stages import Stage
from store.agents import drafts, requests
from store.db import assessment_tables, grid_tables, reward_tables, tables
from store.db.engine import Store
from store.db.report_tables import report_case
from store.db.satisfaction_tables import satisfaction_answer
from store.files.files import let_go
from store.grid import checks
from store.handover import handovers
from store.imports import register
from store.incidents import members
from store.tickets import (
    bookings,
    councils,
    hearings,
    history_archive,
    mediations,
    messages_outside,
    promises,
    search_index,
    search_merging,
    setbacks,
    supervision_lists,
)
from store.topics import placing

_TICKET, _INTAKE, _PERSON = tables.ticket.c, tables.intake.c, tables.person.c
_ASKING = grid_tables.sign_up.c
_SHRUNK = (
    "person, intake, ticket, event, assignment, ticket_key, set_aside, council, council_invitation,"
    " council_tally, council_ballot, council_statement, council_task, council_topic_ticket,"
    " picture_mark, filing_network,"
    " grid_check, grid_entry, grid_sign_up,"
    " supervision_row, supervision_step, assessment_objection,"
    " satisfaction_answer, promise, report_case, hearing_ticket, hearing_rating,"
    " booking, booking_entry, mediation, mediation_party, mediation_point,"
    " handover, handover_letter, handover_note, incident_member, person_request, reply_draft,"
    " notice, delivery, imported_complaint,"
    " search_document, search_index"
)
"""The tables that erasing takes something from."""
_FORGET_ANSWERS = (
    update(satisfaction_answer)
    .where(satisfaction_answer.c.number == bindparam("erased"))
    .values(note="")
)
"""Blanks the words of a citizen who was asked again; the grade stays, as a rating's does."""
_KEY, _EVENT, _SHARE = tables.ticket_key.c, tables.event.c, tables.assignment.c


async def erase(store: Store, number: str, at: datetime) -> None:
    """Destroy the ticket's key, delete its citizen, blank its texts, and detach its files and its
    archived history.

    All in one transaction; neither can be opened from then on, and a maintenance job deletes them.

    The call is idempotent. A citizen with another ticket stays in the vault for that one.

    Raises:
        Refused: `ticket_not_found`; `not_ended`, when it is still being handled.
        StoreUnavailable: nothing was erased.
    """

    def work(connection: Connection) -> None:
        _careful(connection)
        row = connection.execute(select(_TICKET.stage).where(_TICKET.number == number)).first()
        if row is None:
            raise Refused("ticket_not_found", "There is no such ticket.")
        if row.stage != Stage.ENDED:
            raise Refused("not_ended", "Only a ticket that has ended can be erased.")
        _destroy_key(connection, store, number, at)
        _forget_citizen(connection, number)
        _blank(connection, number)
        search_index.forget(connection, number)
        let_go(connection, number, at)
        history_archive.erase(connection, number, at)
        setbacks.forget(connection, number)
        _forget_reward_words(connection, number)
        councils.forget(connection, number)
        checks.forget(connection, number)
        members.forget(connection, number)
        supervision_lists.forget(connection, number)
        _forget_objections(connection, number)
        promises.forget(connection, number)
        requests.forget(connection, number)
        drafts.forget(connection, number)
        hearings.forget(connection, number)
        connection.execute(delete(report_case).where(report_case.c.number == number))
        bookings.forget(connection, number)
        mediations.forget(connection, number)
        handovers.forget(connection, number)
        messages_outside.forget(connection, number)
        register.forget(connection, number)
        placing.forget(connection, number)

        connection.execute(_FORGET_ANSWERS, {"erased": number})

    await store.write(work)


def _careful(connection: Connection) -> None:
    # Without this, what SQLite deletes stays in the file until its place is used again.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")


def _forget_objections(connection: Connection, number: str) -> None:
    """Blank what was said of the ticket's lines in contractors' sheets; their points stay."""
    line, said = assessment_tables.line.c, assessment_tables.objection
    of = and_(
        line.city == said.c.city,
        line.month == said.c.month,
        line.n == said.c.n,
        line.number == number,
    )
    connection.execute(update(said).where(exists().where(of)).values(text="", reason=""))


def _destroy_key(connection: Connection, store: Store, number: str, at: datetime) -> None:
    made = store.insert(tables.ticket_key).values(
        number=number, wrapped=None, key_id=0, created_at=at, erased_at=at
    )
    gone = {"wrapped": None, "key_id": 0, "erased_at": at}
    connection.execute(
        made.on_conflict_do_update(
            index_elements=["number"], set_=gone, where=_KEY.erased_at.is_(None)
        )
    )


def _forget_citizen(connection: Connection, number: str) -> None:
    known = connection.execute(select(_TICKET.person).where(_TICKET.number == number)).scalar()
    if known is None:
        return
    elsewhere = select(_TICKET.number).where(_TICKET.person == known, _TICKET.number != number)
    waiting = select(_INTAKE.number).where(
        _INTAKE.started_at.is_(None), _INTAKE.complaint.contains(known), _INTAKE.number != number
    )
    if not any(
        connection.execute(condition.limit(1)).first() for condition in (elsewhere, waiting)
    ):
        connection.execute(delete(tables.person).where(_PERSON.id == known))


def _blank(connection: Connection, number: str) -> None:
    of_ticket = _TICKET.number == number
    state = connection.execute(select(_TICKET.state).where(of_ticket)).scalar_one()
    payload = without_words(json.loads(state))
    title = payload["complaint"]["title"] or payload["complaint"]["text"]
    connection.execute(
        update(tables.ticket)
        .where(of_ticket)
        .values(
            title=title,
            title_folded=folded(title),
            address="",
            address_folded="",
            lat=None,
            lon=None,
            person=None,
            public=False,
            state=_written(payload),
        )
    )
    for event in connection.execute(
        select(_EVENT.version, _EVENT.fact).where(_EVENT.number == number)
    ).all():
        connection.execute(
            update(tables.event)
            .where(_EVENT.number == number, _EVENT.version == event.version)
            .values(fact=_blanked(event.fact))
        )
    connection.execute(
        update(tables.assignment).where(_SHARE.number == number).values(task="", task_folded="")
    )
    row = connection.execute(
        select(_INTAKE.complaint).where(_INTAKE.number == number)
    ).scalar_one_or_none()
    if row is not None:
        connection.execute(
            update(tables.intake)
            .where(_INTAKE.number == number)
            .values(complaint=_blanked(row), idempotency_key=None, fingerprint="")
        )


def _forget_reward_words(connection: Connection, number: str) -> None:
    for table in (reward_tables.picture_mark, reward_tables.filing_network):
        connection.execute(delete(table).where(table.c.number == number))
    grant = reward_tables.reward_grant
    connection.execute(update(grant).where(grant.c.number == number).values(decision=""))


def _blanked(text: str) -> str:
    return _written(without_words(json.loads(text)))


def _written(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


async def compact(store: Store) -> None:
    """Free the space of erased data, with what remains in it. May take a while."""
    if store.dialect == "sqlite":
        await search_merging.merge_all(store)
    statements = (
        ("VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")
        if store.dialect == "sqlite"
        else (f"VACUUM {_SHRUNK}",)
    )

    def work(connection: Connection) -> None:
        for statement in statements:
            connection.exec_driver_sql(statement)

    await store.read(work)  # VACUUM needs a connection without a transaction


# --- retention ------------------------------------------------------------------------------------


async def forget_persons(store: Store, city: str, ended_before: datetime, limit: int) -> int:
    """Delete citizens of `city` all of whose tickets ended before then; return how many.

    `limit` bounds one call: call again until it returns 0.
    """
    later = tables.ticket.alias()
    still_needed = exists().where(
        later.c.person == _TICKET.person,
        or_(later.c.ended_at.is_(None), later.c.ended_at >= ended_before),
    )
    due = (
        select(_TICKET.person)
        .where(
            _TICKET.city == city,
            _TICKET.ended_at < ended_before,
            _TICKET.person.is_not(None),
            ~still_needed,
        )
        .distinct()
        .limit(limit)
    )

    def work(connection: Connection) -> int:
        _careful(connection)
        persons = [person for (person,) in connection.execute(due)]
        if persons:
            connection.execute(delete(tables.person).where(_PERSON.id.in_(persons)))
            connection.execute(
                update(tables.ticket).where(_TICKET.person.in_(persons)).values(person=None)
            )
        return len(persons)

    return await store.write(work)


async def forget_unused(store: Store, since: datetime, until: datetime) -> int:
    """Delete citizens who were put into the vault in that time, and whom no ticket has.

    They are those of a contact that was left later, where it is not known what became of it, and
    those in whose place another was put. Return how many. Residents who wait to be confirmed
    as grid workers stay until it is decided, or until they have waited since before `since`.
    """
    old = select(_ASKING.person).where(_ASKING.asked_at < since)
    asking = exists().where(_ASKING.person == _PERSON.id)
    used = exists().where(_TICKET.person == _PERSON.id)
    waiting = exists().where(_INTAKE.recorded_at.is_(None), _INTAKE.complaint.contains(_PERSON.id))
    unused = delete(tables.person).where(
        _PERSON.created_at >= since, _PERSON.created_at < until, ~used, ~waiting, ~asking
    )

    def work(connection: Connection) -> int:
        _careful(connection)
        gone = connection.execute(delete(tables.person).where(_PERSON.id.in_(old))).rowcount
        connection.execute(delete(grid_tables.sign_up).where(_ASKING.asked_at < since))
        return gone + connection.execute(unused).rowcount

    return await store.write(work)


async def due_texts(store: Store, city: str, ended_before: datetime, limit: int) -> list[str]:
    """Return the tickets that ended before then and are not erased."""
    erased = exists().where(_KEY.number == _TICKET.number, _KEY.erased_at.is_not(None))
    statement = (
        select(_TICKET.number)
        .where(and_(_TICKET.city == city, _TICKET.ended_at < ended_before, ~erased))
        .order_by(_TICKET.ended_at)
        .limit(limit)
    )
    return [str(number) for (number,) in await store.rows(statement)]
