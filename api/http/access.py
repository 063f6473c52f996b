"""Authentication of callers, and checks against the permission table.

Every route names its row of `domain.policy.permissions`: `Annotated[Caller,
staff("list_tickets")]`, `dependencies=[public("list_cities")]`. A route that names none is not
served (`api.http.route_permissions`). The relation of an officer's unit to a ticket is checked by
the ticket's own workflow; the API checks it only where the very existence of the ticket is
confidential.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

import structlog
from fastapi import Depends, Header, Path, Request, Security
from fastapi.routing import APIRoute
from fastapi.security import APIKeyCookie, APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from api.http import browser_sessions
from api.http.dependencies import Context
from api.http.networks import exempt_host_of, network_of
from app.access import access_code_throttle
from app.access.caller import Caller
from app.access.permission import permit
from app.access.role_scope import confined
from app.context import AppContext
from app.errors import Problem
from domain.actors import CITIZEN, Actor, Role
from domain.policy.permissions import RIGHTS, Right, Scope
from store.identity import tokens
from store.tickets.numbers import parse_number

logger = structlog.stdlib.get_logger("jiesu.api")

_bearer = HTTPBearer(
    scheme_name="Token",
    bearerFormat="jsu_…",
    description="Access token of staff or of a program, issued with `jiesu token create`.",
    auto_error=False,
)
_cookie = APIKeyCookie(
    name=browser_sessions.COOKIE,
    scheme_name="Session",
    description="Set by `POST /api/v1/session`; behind https its name is "
    f"`{browser_sessions.SECURE_COOKIE}`. Whatever changes something also needs the header "
    f"`{browser_sessions.CSRF_HEADER}`.",
    auto_error=False,
)
_code = APIKeyHeader(
    name="Access-Code",
    scheme_name="AccessCode",
    description="The eight digits a citizen received with the number of the ticket.",
    auto_error=False,
)

BY_ADDRESS = {
    "file_complaint": "intake",
    "verify_phone": "codes",
    "search_directory": "directory",
    "read_open311": "directory",
    "list_services": "directory",
    "book_appointment": "intake",
}
"""The limit per address of anonymous callers, by permission key. Known callers are limited per
person; what is guessed is limited where it is judged (`app.access.guards`)."""


async def ticket_number(
    number: Annotated[
        str,
        Path(
            description="The number of the ticket, 13 digits; spaces and hyphens do not matter.",
            examples=["2603021234560"],
        ),
    ],
) -> str:
    return parse_number(number)


Early = Callable[[Request], Awaitable[None]]
"""The question of a dependency, from headers and path alone."""
Answer = TypeVar("Answer")
_ANSWERS = "jiesu.permitted"

TicketNumber = Annotated[str, Depends(ticket_number)]
InvitationCode = Annotated[
    str,
    Header(
        alias="Invitation-Code",
        max_length=40,
        description="The code of an invitation; capitals and hyphens do not matter.",
    ),
]
_Token = Annotated[HTTPAuthorizationCredentials | None, Security(_bearer)]
_Cookie = Annotated[str | None, Security(_cookie)]
_Code = Annotated[str | None, Security(_code)]


# --- dependencies that routes name --------------------------------------------------------------


def staff(key: str) -> Any:
    """Return the dependency for staff, with token or session, who may `key`."""
    right = RIGHTS[key]

    async def permitted(
        request: Request, token: _Token, _session: _Cookie, context: Context
    ) -> Caller:
        async def ask() -> Caller:
            return await _permit(right, await _staff(request, token, context), request, context)

        return await _once(request, key, ask)

    async def early(request: Request) -> None:
        await permitted(request, await _bearer(request), None, _context_of(request))

    return _named(permitted, key, early)


def citizen_or_staff(key: str) -> Any:
    """Return the dependency for staff, or the citizen with the access code."""
    right = RIGHTS[key]

    async def permitted(
        request: Request,
        number: TicketNumber,
        token: _Token,
        _session: _Cookie,
        code: _Code,
        context: Context,
    ) -> Caller:
        async def ask() -> Caller:
            if token is None and code is not None:
                known = await citizen_of(request, number, code, context)
            else:
                known = await _staff(request, token, context)
            return await _permit(right, known, request, context)

        return await _once(request, key, ask)

    async def early(request: Request) -> None:
        number, code = _number_of(request), await _code(request)
        await permitted(request, number, await _bearer(request), None, code, _context_of(request))

    return _named(permitted, key, early)


def citizen(key: str) -> Any:
    """Return the dependency for the citizen with the access code of the ticket in the path."""
    right = RIGHTS[key]

    async def permitted(
        request: Request, number: TicketNumber, code: _Code, context: Context
    ) -> Caller:
        async def ask() -> Caller:
            if code is None:
                raise Problem("unauthenticated")
            known = await citizen_of(request, number, code, context)
            return await _permit(right, known, request, context)

        return await _once(request, key, ask)

    async def early(request: Request) -> None:
        number, code = _number_of(request), await _code(request)
        await permitted(request, number, code, _context_of(request))

    return _named(permitted, key, early)


def optional_caller(key: str) -> Any:
    """Return the dependency for everybody, that checks a token or session if there is one."""
    right = RIGHTS[key]

    async def permitted(
        request: Request, token: _Token, _session: _Cookie, context: Context
    ) -> Caller | None:
        async def ask() -> Caller | None:
            known: Caller | None
            if token is None and request.method == "GET":
                known = await browser_sessions.caller_of(request, context)
            elif token is None and browser_sessions.CSRF_HEADER not in request.headers:
                known = None
            else:
                known = await _staff(request, token, context)
            if known is None:
                await _count(right, None, request, context)
                return None
            return await _permit(right, known, request, context)

        return await _once(request, key, ask)

    async def early(request: Request) -> None:
        await permitted(request, await _bearer(request), None, _context_of(request))

    return _named(permitted, key, early)


def public(key: str) -> Any:
    """Return the dependency that admits everybody."""
    right = RIGHTS[key]
    if not right.everybody:
        raise ValueError(f"not for everybody: {key}")

    async def permitted(request: Request, context: Context) -> None:
        async def ask() -> None:
            await _count(right, None, request, context)

        await _once(request, key, ask)

    async def early(request: Request) -> None:
        await permitted(request, _context_of(request))

    return _named(permitted, key, early)


def _named(permitted: Callable[..., Awaitable[Any]], key: str, early: Early) -> Any:
    permitted.permission = key  # type: ignore[attr-defined]
    permitted.early = early  # type: ignore[attr-defined]
    return Depends(permitted)


async def _once(request: Request, key: str, ask: Callable[[], Awaitable[Answer]]) -> Answer:
    """Return what `ask` answered for this request: it is asked before the body and after it."""
    answers: dict[str, Answer] = request.scope.setdefault(_ANSWERS, {})
    if key not in answers:
        answers[key] = await ask()
    return answers[key]


async def early_check(request: Request) -> None:
    """Ask the permission of a route whose body is about to be read by the framework.

    A route that reads its body itself has asked before.
    """
    route = request.scope.get("route")
    if not isinstance(route, APIRoute) or route.body_field is None:
        return
    scope = request.scope
    scope.setdefault(_ANSWERS, {})
    scope.setdefault("state", {})
    # Without its type no form is read to find the session's token: these routes take none.
    headers = [pair for pair in scope["headers"] if pair[0] != b"content-type"]
    unread = Request({**scope, "headers": headers})
    for below in route.dependant.dependencies:
        early: Early | None = getattr(below.call, "early", None)
        if early is not None:
            await early(unread)


def _context_of(request: Request) -> AppContext:
    context: AppContext = request.app.state.context
    return context


def _number_of(request: Request) -> str:
    return parse_number(str(request.path_params.get("number", "")))


# --- identification -----------------------------------------------------------------------------


async def caller_with_key(request: Request, text: str, key: str, context: AppContext) -> Caller:
    """Return whose token this is, if they may `key`: for doors that take it not as a header."""
    return await _permit(RIGHTS[key], await _of_token(text, context), request, context)


async def caller_by_now(request: Request, context: AppContext) -> Caller:
    """Return who asks by what they showed, as it is recorded now: for answers that take long.

    Raises:
        Problem: unauthenticated: since the request began
    """
    return await _staff(request, await _bearer(request), context)


async def _staff(
    request: Request, token: HTTPAuthorizationCredentials | None, context: AppContext
) -> Caller:
    if token is None:
        caller = await browser_sessions.signed_in_caller(request, context)
        if caller is None:
            raise Problem("unauthenticated")
        return caller
    return await _of_token(token.credentials, context)


async def _of_token(text: str, context: AppContext) -> Caller:
    row = await tokens.find(context.store, text, datetime.now(UTC))
    if row is None or row.role in (Role.CITIZEN, Role.SYSTEM):
        raise Problem("unauthenticated", "The token is unknown, expired or revoked.")
    who = row.actor_id  # an agent's says that a machine is asking
    actor = Actor(role=row.role, id=who, unit=row.unit)
    return confined(context.packs, Caller(actor, who, row.name, row.city, row.scopes))


async def citizen_of(request: Request, number: str, code: str, context: AppContext) -> Caller:
    """Return the citizen as caller. A wrong access code is counted, and answered as unknown."""
    if not await access_code_throttle.is_right(context, number, network_of(request), code):
        raise Problem("ticket_not_found")
    return Caller(CITIZEN, "citizen", ticket=number)


# --- authorization ------------------------------------------------------------------------------


async def _permit(right: Right, caller: Caller, request: Request, context: AppContext) -> Caller:
    await _count(right, caller, request, context)
    number = request.path_params.get("number")
    await permit(
        context,
        caller,
        right.key,
        parse_number(number) if number is not None else None,
        unknown="assignment_not_found" if "n" in request.path_params else "ticket_not_found",
    )
    await browser_sessions.check_meant(request, caller, context)
    return caller


async def _count(
    right: Right, caller: Caller | None, request: Request, context: AppContext
) -> None:
    if caller is None:
        if (limit := BY_ADDRESS.get(right.key)) is not None:
            await count_address(request, context, limit)
    elif right.scope in (Scope.ACT, Scope.FILE):
        who = request.path_params.get("number", "") if caller.citizen else caller.id
        host = exempt_host_of(request, context.settings)
        await context.limits.count("commands", f"{caller.actor.role}/{who}", host)


async def count_address(request: Request, context: AppContext, limit: str) -> None:
    """Count one more request of this kind from the caller's network."""
    who = context.mark(f"from/{network_of(request)}")
    await context.limits.count(limit, who, exempt_host_of(request, context.settings))


# --- visibility ---------------------------------------------------------------------------------
