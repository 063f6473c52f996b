"""Councils (协商议事): what staff do with them, and what those invited do.

`number`: of the ticket or the topic that a council hangs on.
"""

import asyncio
from collections.abc import Iterable
from datetime import date

from pydantic import Field

from app.access import guards
from app.access.caller import Caller
from app.access.guests import Guest, check_resident
from app.access.permission import permit
from app.access.visibility import city_of
from app.context import AppContext
from app.errors import Problem
from app.sending.used_keys import reserved
from app.tickets.acted_on import acted_on, started
from app.tickets.codes import WRONG_INVITATIONS, discreet, invitation_code, invitation_mark
from app.tickets.council_matters import topic_for, topic_seen
from app.tickets.council_views import CouncilOut, council_out, unit_names
from domain.council.council import (
    Council,
    CouncilDraft,
    FollowUp,
    Label,
    Phase,
    Statement,
)
from domain.council.topic import is_topic, ticket_of
from domain.model import Incoming, Recorded
from domain.pack.pack import Pack
from domain.refusals import Refused
from store.tickets import councils, tickets
from store.tickets.council_tasks import LateTask, late_tasks

_MOST_LATE = 2000


class InviteIn(Incoming):
    """A number of new invitations."""

    count: int = Field(ge=1, le=200)
    replace: bool = Field(
        False, description="Earlier invitations with which nothing was said end: they were lost."
    )


class OpenCouncilIn(Incoming):
    """Nothing: a council is opened as it was prepared."""


class FinishTaskIn(Incoming):
    """Nothing: a task is done."""


class CloseCouncilIn(Incoming):
    """Nothing: a council is closed."""


class InvitationsOut(Recorded):
    """The codes of new invitations, one for each participant. They are shown only here."""

    codes: list[str] = Field(examples=[["7K2M-9QXD-4TRB"]])
    invited: int = Field(description="How many are invited by now.")


class CouncilsOut(Recorded):
    items: list[CouncilOut]


class StatementIn(Incoming):
    text: Statement
    label: Label = Field("", description="A name to be shown with it.")


class BallotIn(Incoming):
    option: int
    label: Label = Field("", description="The name that an open vote is shown with.")


class Participation(Recorded):
    """A council as somebody invited sees it, and what they can do now."""

    city: str
    council: CouncilOut
    statements_left: int
    can_vote: bool
    voted: bool


class LateTaskOut(Recorded):
    """A task of a council that is past its day. `number`: of the ticket, or of the topic."""

    city: str
    number: str
    on_topic: bool
    council: int
    subject: str
    task: int
    text: str
    unit: str
    unit_name: str
    unit_name_en: str
    due: date
    days_late: int


class LateTasksOut(Recorded):
    items: list[LateTaskOut]


# --- staff ------------------------------------------------------------------------------------


async def councils_of(context: AppContext, caller: Caller, number: str) -> list[CouncilOut]:
    """Return the councils of a ticket or topic, for a citizen those that were opened.

    Raises:
        Problem: ticket_not_found, council_topic_not_found, also where this caller may not see it.
    """
    await permit(context, caller, "list_councils", ticket_of(number))
    # The citizen has shown the access code of this very ticket.
    known = councils.of_matters(context.store, [number])
    if is_topic(number):
        (_, pack), found = await asyncio.gather(topic_seen(context, caller, number), known)
        return await drawn_councils(context, found, pack, staff=True)
    ticket, found = await asyncio.gather(started(context, caller, number), known)
    if ticket is None or ticket.of_wrongdoing:
        return []
    pack = context.packs.get(ticket.complaint.city)
    return await drawn_councils(context, found, pack, staff=not caller.citizen)


async def prepare_council(
    context: AppContext, caller: Caller, number: str, draft: CouncilDraft, key: str | None = None
) -> CouncilOut:
    """Prepare a council. The same `key` again gives the same council.

    Raises:
        Problem, Refused: not_in_this_city, council_of_report, council_topic_not_found,
            ticket_ended, in_the_past, too_far
    """
    pack = await _permitted(context, caller, number, "prepare_council")
    policy = pack.council
    if policy is None:
        raise Problem("not_in_this_city")
    nonce = key or context.nonce()
    new = Council(
        **dict(draft),
        **policy.model_dump(exclude={"publish"}),
        id=context.mark(f"council/{caller.id}/{number}/{nonce}")[:32],
        number=number,
        city=pack.city.id,
        n=0,
        prepared_at=context.now(),
    )
    async with reserved(context, caller, f"council/{number}", key, draft.model_dump_json()):
        made = await councils.prepare(context.store, new)
    return await _out(context, made, pack, staff=True)


async def invite_to_council(
    context: AppContext,
    caller: Caller,
    number: str,
    n: int,
    body: InviteIn,
    key: str | None = None,
) -> InvitationsOut:
    """Issue the codes of invitations; the store keeps marks of them. The same `key` again gives
    the same codes.

    Raises:
        Problem, Refused: council_not_found, council_not_now, invitation_cap
    """
    await _permitted(context, caller, number, "invite_to_council")
    council = await _council(context, number, n)
    nonce = key or context.nonce()
    codes = [invitation_code(context, f"{council.id}/{nonce}/{one}") for one in range(body.count)]
    marks = [invitation_mark(context, one) for one in codes]
    async with reserved(context, caller, f"invitations/{council.id}", key, body.model_dump_json()):
        changed = await councils.invite(context.store, council.id, marks, body.replace)
    return InvitationsOut(codes=codes, invited=changed.invited)


async def open_council(context: AppContext, caller: Caller, number: str, n: int) -> CouncilOut:
    """Open a council for statements.

    Raises:
        Problem, Refused: council_not_found, council_not_now, nobody_invited, in_the_past
    """
    pack = await _permitted(context, caller, number, "open_council")
    council = await _council(context, number, n)
    changed = await councils.open_(context.store, council.id)
    return await _out(context, changed, pack, staff=True)


async def follow_up_council(
    context: AppContext, caller: Caller, number: str, n: int, body: FollowUp
) -> CouncilOut:
    """Record minutes and tasks after the vote.

    Raises:
        Problem, Refused: council_not_found, council_not_now, in_the_past
        UnknownUnit
    """
    pack = await _permitted(context, caller, number, "follow_up_council")
    council = await _council(context, number, n)
    for task in body.tasks:
        pack.unit(task.unit)
    today = _today(context, pack)
    changed = await councils.follow_up(context.store, council.id, body, today)
    return await _out(context, changed, pack, staff=True)


async def finish_council_task(
    context: AppContext, caller: Caller, number: str, n: int, task: int
) -> CouncilOut:
    """Record that a task is done.

    Raises:
        Problem, Refused: council_not_found, unknown_task
    """
    pack = await _permitted(context, caller, number, "finish_council_task")
    council = await _council(context, number, n)
    changed = await councils.finish_task(context.store, council.id, task)
    return await _out(context, changed, pack, staff=True)


async def close_council(context: AppContext, caller: Caller, number: str, n: int) -> CouncilOut:
    """Close a council whose tasks are done, or one that was not opened.

    Raises:
        Problem, Refused: council_not_found, council_not_now, council_tasks_left
    """
    pack = await _permitted(context, caller, number, "close_council")
    council = await _council(context, number, n)
    changed = await councils.close(context.store, council.id)
    return await _out(context, changed, pack, staff=True)


async def late_council_tasks(
    context: AppContext, caller: Caller, city: str | None = None
) -> list[LateTaskOut]:
    """Return the tasks of councils that are past their day, of the cities that the caller serves.

    Raises:
        Problem: not_your_city
        UnknownCity
    """
    await permit(context, caller, "list_council_tasks")
    chosen = city_of(caller, city)
    packs = [context.packs.get(one) for one in ([chosen] if chosen else context.packs.ids())]
    found: list[LateTaskOut] = []
    for pack in packs:
        today = _today(context, pack)
        rows = await late_tasks(context.store, pack.city.id, today, _MOST_LATE)
        found += [_late(row, pack, today) for row in rows]
    return sorted(found, key=lambda one: (one.due, one.number, one.council, one.task))


def _late(one: LateTask, pack: Pack, today: date) -> LateTaskOut:
    return LateTaskOut(
        city=pack.city.id,
        number=one.number,
        on_topic=is_topic(one.number),
        council=one.council,
        subject=one.subject,
        task=one.n,
        text=one.text,
        unit=one.unit,
        **unit_names(pack, one.unit),
        due=one.due,
        days_late=(today - one.due).days,
    )


async def _permitted(context: AppContext, caller: Caller, number: str, key: str) -> Pack:
    """Return the city's pack, if the caller may do this to a council on this ticket or topic."""
    await permit(context, caller, key, ticket_of(number))
    if is_topic(number):
        _, pack = await topic_for(context, caller, number, key)
        return pack
    ticket, pack = await acted_on(context, caller, key, number)
    if ticket.of_wrongdoing:
        raise Problem("council_of_report")
    return pack


async def _council(context: AppContext, number: str, n: int) -> Council:
    council = await councils.get(context.store, number, n)
    if council is None:
        raise Problem("council_not_found")
    return council


# --- participants -----------------------------------------------------------------------------


async def take_part(context: AppContext, code: str, guest: Guest) -> Participation:
    """Return the council of an invitation. Unknown codes are counted by network.

    Raises:
        Problem: invitation_unknown, too_many_attempts
    """
    await permit(context, None, "take_part")
    return await _participation(context, invitation_mark(context, code), guest.network)


async def speak_in_council(
    context: AppContext, code: str, guest: Guest, body: StatementIn
) -> Participation:
    """Record a statement; the same words of the same invitation are one statement.

    Raises:
        Problem, Refused: as `take_part`, and code_of_resident, council_not_now,
            statements_over, statement_cap
    """
    await permit(context, None, "take_part")
    check_resident(guest)
    mark = invitation_mark(context, code)
    await _participation(context, mark, guest.network)
    statement = context.mark(f"council statement/{mark}/{body.text}")[:32]
    try:
        await councils.speak(context.store, mark, statement, body.label, body.text)
    except Refused as refused:
        raise discreet(refused, "invitation_unknown") from refused
    return await _participation(context, mark, guest.network)


async def vote_in_council(
    context: AppContext, code: str, guest: Guest, body: BallotIn
) -> Participation:
    """Count the vote of an invitation, once.

    Raises:
        Problem, Refused: as `take_part`, and code_of_resident, vote_not_open, vote_over,
            unknown_option, already_voted, label_missing
    """
    await permit(context, None, "take_part")
    check_resident(guest)
    mark = invitation_mark(context, code)
    await _participation(context, mark, guest.network)
    try:
        await councils.vote(context.store, mark, context.nonce(), body.option, body.label)
    except Refused as refused:
        raise discreet(refused, "invitation_unknown") from refused
    return await _participation(context, mark, guest.network)


async def _participation(context: AppContext, mark: str, network: str) -> Participation:
    invitation = await councils.invitation_of(context.store, mark)
    if invitation is not None and not await _is_held(context, invitation.council.number):
        invitation = None
    found = await guards.opened(
        context, "invitation", network, WRONG_INVITATIONS, invitation, "invitation_unknown"
    )
    if found.council.opened_at is None:
        raise Problem("council_not_now")
    pack = context.packs.get(found.council.city)
    out = await _out(context, found.council, pack, staff=False)
    speaking = out.phase is Phase.STATEMENTS
    return Participation(
        city=pack.city.id,
        council=out,
        statements_left=max(0, found.council.statements - found.said) if speaking else 0,
        can_vote=out.phase is Phase.VOTING and not found.voted,
        voted=found.voted,
    )


async def _is_held(context: AppContext, number: str) -> bool:
    """Return whether its ticket has not become a report; a topic never does."""
    if is_topic(number):
        return True
    ticket = await tickets.state(context.store, number)
    return ticket is not None and not ticket.of_wrongdoing


# --- shared -----------------------------------------------------------------------------------


async def drawn_councils(
    context: AppContext, of: Iterable[Council], pack: Pack, *, staff: bool
) -> list[CouncilOut]:
    """Return councils as staff read them, or as everybody else does: once they are opened."""
    shown = [one for one in of if staff or one.opened_at is not None]
    return [await _out(context, one, pack, staff=staff) for one in shown]


async def _out(context: AppContext, council: Council, pack: Pack, *, staff: bool) -> CouncilOut:
    course = await councils.course(context.store, council)
    return council_out(council, course, pack, context.now(), staff=staff)


def _today(context: AppContext, pack: Pack) -> date:
    return context.now().astimezone(pack.calendar.tz).date()
