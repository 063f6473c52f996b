"""Public hearings (汇报会): units answer for published tickets in front of residents."""

from pydantic import Field

from app.access import guards
from app.access.caller import Caller
from app.access.guests import Guest, check_resident
from app.access.permission import permit
from app.access.visibility import city_of, visible
from app.context import AppContext
from app.errors import Problem
from app.sending.used_keys import reserved
from app.tickets.codes import WRONG_INVITATIONS, invitation_code, invitation_mark
from app.tickets.hearing_views import HearingLine, HearingOut, HearingsOut, hearing_out
from app.tickets.promise_views import PromiseOut
from app.tickets.promises import make_promise
from app.tickets.publications import published_among
from domain.hearing.hearing import (
    Decision,
    Hearing,
    HearingAnswer,
    HearingDraft,
    HearingQuestion,
    Label,
    check_beginning,
)
from domain.model import Incoming, Recorded
from domain.pack.pack import Pack
from domain.promise.promise import PromiseDraft
from domain.ticket.complaint import Code
from store.tickets import hearings
from store.tickets.hearings import QuestionRow


class InviteToHearingIn(Incoming):
    """A number of new invitations."""

    count: int = Field(ge=1, le=200)


class AnswerAtHearingIn(Incoming):
    text: HearingAnswer


class PublishHearingIn(Incoming):
    """Nothing: a hearing is published as it was prepared."""


class DecideQuestionIn(Incoming):
    shown: bool


class AskIn(Incoming):
    text: HearingQuestion
    label: Label = Field("", description="A name to be shown with it.")


class RateAtHearingIn(Incoming):
    number: Code
    grade: int = Field(ge=1, le=5)


class HearingInvitationsOut(Recorded):
    """The codes of new invitations, one for each representative. They are shown only here."""

    codes: list[str] = Field(examples=[["7K2M-9QXD-4TRB"]])
    invited: int


# --- staff ------------------------------------------------------------------------------------


async def list_hearings(context: AppContext, caller: Caller, city: str) -> HearingsOut:
    """Return the newest public hearings of a city; to officers those with tickets of their unit.

    Raises:
        Problem: not_in_this_city, not_your_city
        UnknownCity
    """
    await permit(context, caller, "list_hearings")
    city_of(caller, city)
    _working(context.packs.get(city))
    found = await hearings.listed(context.store, city, caller.unit)
    return HearingsOut(items=[HearingLine.model_validate(one.model_dump()) for one in found])


async def prepare_hearing(
    context: AppContext, caller: Caller, city: str, draft: HearingDraft, key: str | None = None
) -> HearingOut:
    """Prepare a hearing with published tickets. The same `key` again gives the same hearing.

    Raises:
        Problem, Refused: not_in_this_city, not_your_city, case_not_published, in_the_past, too_far
        UnknownCity
    """
    await permit(context, caller, "prepare_hearing")
    city_of(caller, city)
    pack = context.packs.get(city)
    _working(pack)
    check_beginning(draft, context.now())
    numbers = list(dict.fromkeys(draft.tickets))
    known = {one.number: one for one in await published_among(context, pack, numbers)}
    units = {one: known[one].unit for one in numbers if one in known}
    chosen = [(number, unit) for number, unit in units.items() if unit is not None]
    if len(chosen) < len(numbers):
        raise Problem("case_not_published")
    nonce = key or context.nonce()
    new = Hearing(
        **draft.model_dump(exclude={"tickets"}),
        id=context.mark(f"hearing/{caller.id}/{city}/{nonce}")[:32],
        number="",
        city=city,
        n=0,
        made_at=context.now(),
        made_by=caller.id,
    )
    async with reserved(context, caller, f"hearing/{city}", key, draft.model_dump_json()):
        made = await hearings.prepare(context.store, new, chosen)
    return await hearing_out(context, made, pack, staff=True)


async def hearing_for_staff(context: AppContext, caller: Caller, number: str) -> HearingOut:
    """Return a hearing as its city's staff sees it.

    Raises:
        Problem: hearing_not_found
    """
    await permit(context, caller, "list_hearings")
    found, pack = await _found(context, caller, number)
    return await hearing_out(context, found, pack, staff=True)


async def invite_to_hearing(
    context: AppContext,
    caller: Caller,
    number: str,
    body: InviteToHearingIn,
    key: str | None = None,
) -> HearingInvitationsOut:
    """Issue the codes of invitations; the store keeps marks of them.

    Raises:
        Problem, Refused: hearing_not_found, invitation_cap
    """
    await permit(context, caller, "invite_to_hearing")
    found, _ = await _found(context, caller, number)
    nonce = key or context.nonce()
    codes = [invitation_code(context, f"{found.id}/{nonce}/{one}") for one in range(body.count)]
    marks = [invitation_mark(context, one) for one in codes]
    async with reserved(context, caller, f"invitations/{found.id}", key, body.model_dump_json()):
        invited = await hearings.invite(context.store, number, marks)
    return HearingInvitationsOut(codes=codes, invited=invited)


async def answer_at_hearing(
    context: AppContext, caller: Caller, number: str, ticket: str, body: AnswerAtHearingIn
) -> HearingOut:
    """Record what the unit of a ticket answers at the hearing.

    Raises:
        Problem, Refused: hearing_not_found, not_at_hearing, not_your_unit, answer_stands
    """
    await permit(context, caller, "answer_at_hearing", ticket)
    await _leading(context, caller, ticket, "answer_at_hearing")
    found, pack = await _found(context, caller, number)
    await _own(context, caller, number, ticket)
    await hearings.answer(context.store, number, ticket, body.text, context.now())
    return await hearing_out(context, found, pack, staff=True)


async def promise_at_hearing(
    context: AppContext,
    caller: Caller,
    number: str,
    ticket: str,
    draft: PromiseDraft,
    key: str | None = None,
) -> PromiseOut:
    """Record what a unit promises at the hearing: a promise of the ticket like any other.

    Raises:
        Problem, Refused: hearing_not_found, not_at_hearing, and as `make_promise`
    """
    await permit(context, caller, "promise_at_hearing", ticket)
    await _leading(context, caller, ticket, "promise_at_hearing")
    await _found(context, caller, number)
    await _own(context, caller, number, ticket)
    return await make_promise(context, caller, ticket, draft, key, hearing=number)


async def publish_hearing(context: AppContext, caller: Caller, number: str) -> HearingOut:
    """Publish the hearing's page.

    Raises:
        Problem: hearing_not_found
    """
    await permit(context, caller, "publish_hearing")
    await _found(context, caller, number)
    await hearings.publish(context.store, number, context.now())
    found, pack = await _found(context, caller, number)
    return await hearing_out(context, found, pack, staff=True)


async def decide_question(
    context: AppContext, caller: Caller, number: str, question: str, body: DecideQuestionIn
) -> HearingOut:
    """Let a question through to the public page, or refuse it.

    Raises:
        Problem, Refused: hearing_not_found, question_not_found
    """
    await permit(context, caller, "decide_question")
    found, pack = await _found(context, caller, number)
    decision = Decision.SHOWN if body.shown else Decision.REFUSED
    await hearings.decide(context.store, number, question, decision)
    return await hearing_out(context, found, pack, staff=True)


async def _found(context: AppContext, caller: Caller, number: str) -> tuple[Hearing, Pack]:
    """Return the hearing, if the caller serves its city, and has a ticket in it if they are of a
    unit.
    """
    found = await hearings.get(context.store, number)
    if found is None or not caller.serves(found.city) or found.city not in context.packs.ids():
        raise Problem("hearing_not_found")
    if caller.unit is not None and not await hearings.concerns(context.store, number, caller.unit):
        raise Problem("hearing_not_found")
    return found, context.packs.get(found.city)


async def _leading(context: AppContext, caller: Caller, ticket: str, key: str) -> None:
    """Refuse units that do not lead the ticket."""
    seen = await visible(context, caller, ticket)
    if seen is None:
        raise Problem("not_at_hearing" if caller.unit is None else "ticket_not_found")
    if not caller.may_with(key, seen, context.packs.get(seen.complaint.city)):
        raise Problem("forbidden", f"The unit may not do this: {key}.")


async def _own(context: AppContext, caller: Caller, number: str, ticket: str) -> None:
    unit = await hearings.unit_of(context.store, number, ticket)
    if unit is None:
        raise Problem("not_at_hearing")
    if caller.unit not in (None, unit):
        raise Problem("not_your_unit")


def _working(pack: Pack) -> None:
    if pack.report_card is None:
        raise Problem("not_in_this_city")


# --- everybody, and those invited ---------------------------------------------------------------


async def hearing_shown(context: AppContext, number: str) -> HearingOut:
    """Return the hearing as everybody reads it.

    Raises:
        Problem: hearing_not_found, also before it is published
    """
    await permit(context, None, "get_hearing")
    found, pack = await _public(context, number)
    return await hearing_out(context, found, pack, staff=False)


async def ask_at_hearing(
    context: AppContext, number: str, code: str, guest: Guest, body: AskIn
) -> HearingOut:
    """Record a question of somebody invited; it is shown once a supervisor lets it through.

    Raises:
        Problem, Refused: hearing_not_found, invitation_unknown, hearing_question_cap,
            too_many_attempts, code_of_resident
    """
    await permit(context, None, "get_hearing")
    check_resident(guest)
    await _public(context, number)
    mark = await _invited(context, number, code, guest.network)
    question = QuestionRow(
        context.mark(f"hearing question/{mark}/{body.text}")[:32],
        context.now(),
        body.label,
        body.text,
        Decision.WAITING,
    )
    await hearings.ask(context.store, number, mark, question)
    return await hearing_shown(context, number)


async def rate_at_hearing(
    context: AppContext, number: str, code: str, guest: Guest, body: RateAtHearingIn
) -> HearingOut:
    """Count the rating of an answer: once for each invitation and ticket.

    Raises:
        Problem, Refused: hearing_not_found, invitation_unknown, not_at_hearing, answer_rated,
            too_many_attempts, code_of_resident, nothing_answered
    """
    await permit(context, None, "get_hearing")
    check_resident(guest)
    _, pack = await _public(context, number)
    mark = await _invited(context, number, code, guest.network)
    if not await published_among(context, pack, [body.number]):
        raise Problem("not_at_hearing")
    await hearings.rate(context.store, number, body.number, mark, body.grade)
    return await hearing_shown(context, number)


async def _invited(context: AppContext, number: str, code: str, network: str) -> str:
    """Return the mark of an invitation to the hearing; unknown codes are counted by `network`."""
    mark = invitation_mark(context, code)
    found = mark if await hearings.is_invited(context.store, number, mark) else None
    return await guards.opened(
        context, "invitation", network, WRONG_INVITATIONS, found, "invitation_unknown"
    )


async def _public(context: AppContext, number: str) -> tuple[Hearing, Pack]:
    """Return a hearing that is published, with the city's pack."""
    found = await hearings.get(context.store, number)
    if found is None or found.published_at is None or found.city not in context.packs.ids():
        raise Problem("hearing_not_found")
    return found, context.packs.get(found.city)
