"""Commands on a ticket: one route per row of `api.offers`.

The body is the domain's command without its tag. The permission table decides who may give it, the
ticket when.
"""

from collections.abc import Awaitable, Callable
from inspect import Parameter, Signature
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, create_model

from api import attaching
from api.access import TicketNumber, anyone, staff, visible
from api.attaching import attached
from api.caller import Caller
from api.door import API, Door, TheDoor, json_of
from api.filing import IdempotencyKey
from api.offers.every import OFFERS
from api.offers.row import Offer
from api.problems import Problem, responses
from api.sending import EngineUnavailable, NotRunning
from domain.commands.base import CommandBase
from domain.commands.messages import Act, Command
from domain.model import Incoming
from domain.policy.permissions import COMMANDS
from domain.refusals import Refused
from domain.ticket.ticket import Snapshot
from store.tickets import intake, tickets

router = APIRouter(prefix=API)


ALWAYS = (
    "malformed_json",
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "csrf_failed",
    "too_many_requests",
    "ticket_not_found",
    "not_now",
    "ticket_ended",
    "not_started_yet",
    "invalid_request",
    "bad_number",
    "body_too_large",
    "too_late",
    "gave_up",
    "payload_too_large",
    "ticket_too_large",
    "engine_unavailable",
    "store_unavailable",
)


def body_of(command: type[CommandBase]) -> type[Incoming]:
    """Return the body model of a command: the same fields and rules, without the tag `do`."""
    fields: Any = {
        name: (field.annotation, field)
        for name, field in command.model_fields.items()
        if name != "do"
    }
    made: type[Incoming] = create_model(
        f"{command.__name__}In", __base__=Incoming, __doc__=command.__doc__, **fields
    )
    return made


async def give(
    door: Door, caller: Caller, number: str, command: Command, key: str | None
) -> Snapshot:
    """Send a command to the ticket, and raise its refusal.

    An officer whose unit never had the ticket gets only ticket_not_found. That is checked only
    after a refusal: if the ticket accepts the command, its unit may see the ticket.
    """
    act = Act(actor=caller.actor, command=command)
    try:
        return await door.engine.act(
            number, act, _name(door, caller, command, key) if key else None
        )
    except (Refused, NotRunning) as refusal:
        if caller.unit is not None and await visible(door, caller, number) is None:
            raise Problem("ticket_not_found") from None
        if isinstance(refusal, NotRunning):
            raise await why_not_running(door, number, refusal) from None
        raise


def _name(door: Door, caller: Caller, command: Command, key: str) -> str:
    """Name a command by caller, key and content, so that sent twice it is carried out once.

    A key that is reused with other content does not get the first answer. Files are left out: a
    form that is sent again uploads them again.
    """
    said = command.model_dump_json(exclude={"evidence", "files"})
    return f"{caller.id}:{key}:{door.mark(said)}"


async def why_not_running(door: Door, number: str, found: NotRunning) -> Exception:
    """Return the error for a ticket that the engine does not run."""
    row = await tickets.get(door.store, number)
    if found.ended or (row is not None and row.outcome is not None):
        return Refused("ticket_ended", "This ticket has ended.")
    registered = await intake.get(door.store, number)
    if registered is None:
        return Problem("ticket_not_found")
    if not registered.started:
        return Problem("not_started_yet")
    return EngineUnavailable("The engine does not know this ticket at present.")


def _endpoint(offer: Offer, body: type[BaseModel]) -> Callable[..., Awaitable[Response]]:
    command: Any = offer.command
    tag = offer.command.model_fields["do"].default
    named = "files" if "files" in body.model_fields else "evidence"

    async def endpoint(
        number: str, caller: Caller, door: Door, body: BaseModel, idempotency_key: str | None
    ) -> Response:
        told = dict(body)
        async with attached(door, caller, number, told.get(named, [])) as there:
            if named in told:
                told[named] = there
            given: Any = command.model_construct(None, do=tag, **told)
            return json_of(await give(door, caller, number, given, idempotency_key))

    right = COMMANDS[offer.command]
    allowed = anyone(right.key) if right.citizens else staff(right.key)
    told = Annotated[body, Body(examples=[offer.example])]  # type: ignore[valid-type]
    # Signing needs no fields: a body whose fields are all optional may be omitted.
    optional = not any(field.is_required() for field in body.model_fields.values())
    keyword, empty = Parameter.KEYWORD_ONLY, body() if optional else Parameter.empty
    endpoint.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter("number", keyword, annotation=TicketNumber),
            Parameter("caller", keyword, annotation=Annotated[Caller, allowed]),
            Parameter("door", keyword, annotation=TheDoor),
            Parameter("body", keyword, annotation=told, default=empty),
            Parameter("idempotency_key", keyword, annotation=IdempotencyKey, default=None),
        ]
    )
    endpoint.__doc__ = command.__doc__
    return endpoint


for _offer in OFFERS:
    _names_files = {"files", "evidence"} & _offer.command.model_fields.keys()
    _files = attaching.REFUSALS if _names_files else ()
    _citizens = COMMANDS[_offer.command].citizens
    _attempts = ("too_many_attempts",) if _citizens else ()
    router.add_api_route(
        f"/tickets/{{number}}/{_offer.path}",
        _endpoint(_offer, body_of(_offer.command)),
        methods=["POST"],
        operation_id=f"{_offer.path.replace('-', '_')}_ticket",
        summary=_offer.summary,
        tags=["Citizens", "Staff"] if _citizens else ["Staff"],
        response_model=Snapshot,
        responses=responses(*ALWAYS, *_offer.refusals, *_attempts, *_files),
    )
