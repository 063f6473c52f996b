"""The mediations of a ticket: opened, proposed, signed on paper, given up, and printed."""

from collections.abc import Awaitable
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http.access import TicketNumber, staff
from api.http.dependencies import Context
from api.pages.shared.acting import Act, acted
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.navigation import TICKETS
from api.pages.shared.staff_page import staff_page
from app.access.caller import Caller
from app.context import AppContext
from app.filing.files import visible_files
from app.tickets import mediations
from app.tickets.mediations import FailIn, PaperIn, Proposed, keeps
from app.tickets.tickets import visible_ticket
from domain.mediation.mediation import MediationDraft, Proposal
from domain.pack.catalogue import UnitKind
from domain.ticket.files import FileKind

router = APIRouter(include_in_schema=False)

HERE = f"{TICKETS}/{{number}}/mediations"
ONE = f"{HERE}/{{mediation}}"
PARTIES, POINTS = range(1, 5), range(1, 6)
"""The rows of the forms; more come by the API."""

_OPENING = ("subject", *(f"{part}_{n}" for n in PARTIES for part in ("side", "says")))
_PROPOSING = ("text", *(f"{part}_{n}" for n in POINTS for part in ("point", "due")))
_ALL = (*_OPENING, *_PROPOSING, "reason", "file")

MediationNumber = Annotated[int, Path(ge=1, le=100_000)]
Keeps = Annotated[Caller, staff("keep_mediation")]


@router.get(HERE)
async def show(
    request: Request,
    number: TicketNumber,
    context: Context,
    caller: Annotated[Caller, staff("list_mediations")],
) -> Response:
    """Show the mediations, and the forms of what can be done with them."""
    return await _page(request, context, caller, number, Form.blank(*_ALL))


@router.post(HERE)
async def open_(
    request: Request, number: TicketNumber, context: Context, caller: Keeps
) -> Response:
    """Open a mediation."""
    form = await Form.read(request, *_OPENING)

    async def act() -> None:
        parties = [
            {"name": form.typed[f"side_{n}"], "says": form.typed[f"says_{n}"]}
            for n in PARTIES
            if form.filled(f"side_{n}", f"says_{n}")
        ]
        draft = MediationDraft.model_validate(form.filled("subject") | {"parties": parties})
        await mediations.open_mediation(context, caller, number, draft, form.key)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{ONE}/proposal")
async def propose(
    request: Request,
    number: TicketNumber,
    mediation: MediationNumber,
    context: Context,
    caller: Keeps,
) -> Response:
    """Write down what is to be signed; the codes are shown in this response only."""
    form = await Form.read(request, *_PROPOSING, at=f"-{mediation}")
    try:
        points = [
            {"text": form.typed[f"point_{n}"], "due": form.day(f"due_{n}")}
            for n in POINTS
            if form.filled(f"point_{n}", f"due_{n}")
        ]
        body = Proposal.model_validate(form.filled("text") | {"points": points})
        made = await mediations.propose(context, caller, number, mediation, body, form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _page(request, context, caller, number, form, form.refuse(error))
    return await _page(request, context, caller, number, Form.blank(*_ALL), made=made)


@router.post(f"{ONE}/parties/{{party}}/paper")
async def paper(
    request: Request,
    number: TicketNumber,
    mediation: MediationNumber,
    party: MediationNumber,
    context: Context,
    caller: Keeps,
) -> Response:
    """Say that a side signed on paper, by a photo of the ticket."""
    form = await Form.read(request, "file", at=f"-{mediation}-{party}")

    async def act() -> None:
        body = PaperIn.model_validate(form.filled("file"))
        await mediations.sign_on_paper(context, caller, number, mediation, party, body)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{ONE}/fail")
async def fail(
    request: Request,
    number: TicketNumber,
    mediation: MediationNumber,
    context: Context,
    caller: Keeps,
) -> Response:
    """Say that the sides do not agree, and why."""
    form = await Form.read(request, "reason", at=f"-{mediation}")

    async def act() -> None:
        body = FailIn.model_validate(form.filled("reason"))
        await mediations.fail_mediation(context, caller, number, mediation, body)

    return await _done(request, context, caller, number, form, act)


@router.post(f"{ONE}/points/{{point}}/kept")
async def kept(
    request: Request,
    number: TicketNumber,
    mediation: MediationNumber,
    point: MediationNumber,
    context: Context,
    caller: Keeps,
) -> Response:
    """Say that a point is kept."""
    form = await Form.read(request)

    async def act() -> None:
        await mediations.keep_point(context, caller, number, mediation, point)

    return await _done(request, context, caller, number, form, act)


async def _done(
    request: Request, context: AppContext, caller: Caller, number: str, form: Form, act: Act
) -> Response:
    def again(status: int) -> Awaitable[Response]:
        return _page(request, context, caller, number, form, status)

    return await acted(form, act, again, HERE.format(number=number))


async def _page(
    request: Request,
    context: AppContext,
    caller: Caller,
    number: str,
    form: Form,
    status: int = 200,
    *,
    made: Proposed | None = None,
) -> Response:
    ticket, _ = await visible_ticket(context, caller, number)
    pack = context.packs.get(ticket.complaint.city)
    form.typed = dict.fromkeys(_ALL, "") | form.typed
    able = caller.may_with("keep_mediation", ticket, pack)
    photos = await visible_files(context, caller, number)
    found = await mediations.mediations_of(context, caller, number)
    return staff_page(
        request,
        "ticket/mediations.html",
        caller,
        status,
        pack=pack,
        number=number,
        form=form,
        mediations=found,
        kept_here={one.n for one in found if keeps(caller, one.unit)},
        made=made,
        may=able and not ticket.of_wrongdoing,
        helpers=[unit for unit in pack.units if unit.kind is UnitKind.HELPER],
        names={unit.code: unit for unit in pack.units},
        photos=[one.id for one in photos if one.kind is FileKind.PHOTO],
        party_rows=PARTIES,
        point_rows=POINTS,
    )
