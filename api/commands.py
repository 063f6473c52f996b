"""Commands on a ticket: one table, one route per row.

The body is the domain's command without its tag; who may give it, and when, the ticket decides.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from inspect import Parameter, Signature
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel, create_model

from api.access import Anyone, Caller, Staff, TicketNumber, visible
from api.door import API, Door, TheDoor, json_of
from api.engine import EngineUnavailable, NotRunning
from api.intake import IdempotencyKey
from api.problems import Problem, responses
from domain.acts import Act, Command
from domain.commands.base import CommandBase
from domain.commands.citizens import AddFacts, CallBack, Urge, Withdraw
from domain.commands.intake import Conclude, Reassign, Triage
from domain.commands.supervising import Decide
from domain.commands.units import Contact, Extend, Return, Sign
from domain.model import Incoming
from domain.refusals import Refused
from domain.ticket import Snapshot
from store import intake, tickets

router = APIRouter(prefix=API)


class Offer(NamedTuple):
    """A row: which command, where, for whom, and with which refusals of its own."""

    path: str
    command: type[CommandBase]
    summary: str
    example: dict[str, Any]
    refusals: tuple[str, ...] = ()
    citizens: bool = False


OFFERS = (
    Offer(
        "triage",
        Triage,
        "Classify: say what it is about, and whose it is",
        {"category": "0204", "area": "110112003", "note": "市民来电确认位置"},
        ("unknown_category", "unknown_unit"),
    ),
    Offer(
        "sign",
        Sign,
        "Sign for the current assignment",
        {},
        ("not_your_unit", "already_signed", "assignment_ended"),
    ),
    Offer(
        "contact",
        Contact,
        "Record an attempt to contact the citizen",
        {"reached": True, "note": "已电话联系,约定今天下午到现场查看。"},
        ("not_your_unit", "assignment_ended"),
    ),
    Offer(
        "return",
        Return,
        "Ask to give the ticket back",
        {"ground": "not_ours", "reason": "该路段路灯由区城市管理委负责。"},
        (
            "not_your_unit",
            "assignment_ended",
            "already_asked",
            "return_cap",
            "returns_not_allowed",
            "unknown_reason",
        ),
    ),
    Offer(
        "extend",
        Extend,
        "Ask for more time",
        {"by": "3d", "reason": "需要采购配件,预计三天内到货。"},
        ("not_your_unit", "assignment_ended", "already_asked", "extension_cap"),
    ),
    Offer(
        "decide",
        Decide,
        "Grant or refuse what the unit asked for",
        {"approve": True, "reason": "情况属实,同意。"},
        ("nothing_asked", "unknown_unit", "bad_length", "clock_not_running"),
    ),
    Offer(
        "reassign",
        Reassign,
        "Send the ticket to a unit, or to another one",
        {"unit": "city-management", "reason": "路灯维护属城市管理委职责。"},
        ("unknown_unit", "same_unit"),
    ),
    Offer(
        "conclude",
        Conclude,
        "End the ticket without a unit, or with the last word",
        {"outcome": "answered", "text": "夜间照明时间为日落后至次日日出前。"},
        ("reason_missing", "unknown_reason"),
    ),
    Offer(
        "call-back",
        CallBack,
        "Record an attempt to call the citizen back",
        {"reached": True, "rating": {"contacted": True, "resolved": True, "grade": 5}},
        ("rating_without_contact",),
    ),
    Offer(
        "facts",
        AddFacts,
        "Add something to the complaint",
        {"text": "补充:今天又有一盏路灯不亮了。"},
        citizens=True,
    ),
    Offer(
        "urge",
        Urge,
        "Urge",
        {"text": "已经三天了,请尽快处理。"},
        ("urged_too_often",),
        citizens=True,
    ),
    Offer(
        "withdraw",
        Withdraw,
        "Take the complaint back",
        {"reason": "问题已经自行解决。"},
        citizens=True,
    ),
)

_ALWAYS = (
    "malformed_json",
    "unauthenticated",
    "forbidden",
    "ticket_not_found",
    "not_now",
    "ticket_ended",
    "not_started_yet",
    "invalid_request",
    "bad_number",
    "body_too_large",
    "engine_unavailable",
    "store_unavailable",
)


def body_of(command: type[CommandBase]) -> type[Incoming]:
    """The command as a body: the same fields and rules, without the tag `do`."""
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
    """Hand a command to the ticket; what it refuses is raised.

    An officer whose unit never had the ticket learns nothing of it, not even why not. That is
    looked up only after a refusal: what the ticket allows, its unit may see.
    """
    act = Act(actor=caller.actor, command=command, at=datetime.now(UTC))
    try:
        return await door.engine.act(number, act, f"{caller.id}:{key}" if key else None)
    except (Refused, NotRunning) as refusal:
        if caller.unit is not None and await visible(door, caller, number) is None:
            raise Problem("ticket_not_found") from None
        if isinstance(refusal, NotRunning):
            raise await why_not_running(door, number, refusal) from None
        raise


async def why_not_running(door: Door, number: str, found: NotRunning) -> Exception:
    """What to say of a ticket that the engine does not run."""
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

    async def endpoint(
        number: str, caller: Caller, door: Door, body: BaseModel, idempotency_key: str | None
    ) -> Response:
        given: Any = command.model_construct(None, do=tag, **dict(body))
        return json_of(await give(door, caller, number, given, idempotency_key))

    told = Annotated[body, Body(examples=[offer.example])]  # type: ignore[valid-type]
    # Nothing has to be said to sign: a body of which every field may be left out may be, too.
    optional = not any(field.is_required() for field in body.model_fields.values())
    keyword, empty = Parameter.KEYWORD_ONLY, body() if optional else Parameter.empty
    endpoint.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter("number", keyword, annotation=TicketNumber),
            Parameter("caller", keyword, annotation=Anyone if offer.citizens else Staff),
            Parameter("door", keyword, annotation=TheDoor),
            Parameter("body", keyword, annotation=told, default=empty),
            Parameter("idempotency_key", keyword, annotation=IdempotencyKey, default=None),
        ]
    )
    endpoint.__doc__ = command.__doc__
    return endpoint


for _offer in OFFERS:
    _attempts = ("too_many_attempts",) if _offer.citizens else ()
    router.add_api_route(
        f"/tickets/{{number}}/{_offer.path}",
        _endpoint(_offer, body_of(_offer.command)),
        methods=["POST"],
        operation_id=f"{_offer.path.replace('-', '_')}_ticket",
        summary=_offer.summary,
        tags=["Citizens", "Staff"] if _offer.citizens else ["Staff"],
        response_model=Snapshot,
        responses=responses(*_ALWAYS, *_offer.refusals, *_attempts),
    )
