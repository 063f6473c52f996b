"""Commands on a ticket: one route per command of the registry.

The body is the domain's command without its tag. The permission table decides who may give it, the
ticket when.
"""

from collections.abc import Awaitable, Callable
from inspect import Parameter, Signature
from typing import Annotated

from fastapi import APIRouter, Body, Response
from pydantic import BaseModel

from api.http.access import TicketNumber, citizen_or_staff, staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.problem_responses import UnknownCode, responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API, AppContext
from app.errors import CODES
from app.filing import attachments
from app.filing.attachments import attached
from app.sending.commands import body_of, execute
from domain.commands.base import CommandBase
from domain.commands.registry import COMMANDS
from domain.policy.permissions import COMMANDS as PERMISSIONS
from domain.ticket.state import Snapshot

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


def _endpoint(
    command: type[CommandBase], body: type[BaseModel]
) -> Callable[..., Awaitable[Response]]:
    right = PERMISSIONS[command]
    named = "files" if "files" in body.model_fields else "evidence"

    async def endpoint(
        number: str,
        caller: Caller,
        context: AppContext,
        body: BaseModel,
        idempotency_key: str | None,
    ) -> Response:
        values = dict(body)
        async with attached(context, caller, right.key, number, values.get(named, [])) as existing:
            if named in values:
                values[named] = existing
            unchecked = command.model_construct(None, do=command.tag(), **values)
            return json_of(await execute(context, caller, number, unchecked, idempotency_key))

    allowed = citizen_or_staff(right.key) if right.citizens else staff(right.key)
    body_type = Annotated[body, Body(examples=[command.spec.example])]  # type: ignore[valid-type]
    # Signing needs no fields: a body whose fields are all optional may be omitted.
    optional = not any(field.is_required() for field in body.model_fields.values())
    keyword, empty = Parameter.KEYWORD_ONLY, body() if optional else Parameter.empty
    endpoint.__signature__ = Signature(  # type: ignore[attr-defined]
        [
            Parameter("number", keyword, annotation=TicketNumber),
            Parameter("caller", keyword, annotation=Annotated[Caller, allowed]),
            Parameter("context", keyword, annotation=Context),
            Parameter("body", keyword, annotation=body_type, default=empty),
            Parameter("idempotency_key", keyword, annotation=IdempotencyKey, default=None),
        ]
    )
    endpoint.__doc__ = command.__doc__
    return endpoint


def _add(command: type[CommandBase]) -> None:
    """Add the route of a command."""
    spec, citizens = command.spec, PERMISSIONS[command].citizens
    names_files = {"files", "evidence"} & command.model_fields.keys()
    refusals = (
        *ALWAYS,
        *spec.refusals,
        *(("too_many_attempts",) if citizens else ()),
        *(attachments.REFUSALS if names_files else ()),
    )
    if unknown := [code for code in spec.refusals if code not in CODES]:
        name = f"{command.__module__}.{command.__name__}"
        raise UnknownCode(
            f"{name} refuses with '{unknown[0]}', which is no row of app.errors.CODES"
        )
    router.add_api_route(
        f"/tickets/{{number}}/{spec.path}",
        _endpoint(command, body_of(command)),
        methods=["POST"],
        operation_id=f"{spec.path.replace('-', '_')}_ticket",
        summary=spec.summary,
        tags=["Citizens", "Staff"] if citizens else ["Staff"],
        response_model=Snapshot,
        responses=responses(*refusals),
    )


for _command in COMMANDS:
    if not _command.spec.own_route:
        _add(_command)
