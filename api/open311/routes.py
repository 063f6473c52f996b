"""The routes of GeoReport v2, each in both formats. Errors are worded by `api.open311.dialect`."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api.http.access import caller_with_key, public
from api.http.dependencies import Context
from api.http.networks import origin_of
from api.open311.dialect import ROOT, V2
from api.open311.formats import MEDIA_TYPES, written
from api.open311.parameters import Parameters, of_address, of_form, stored
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.open311 import requests as reading
from app.open311 import services, tokens, updates
from app.open311.doors import read_as
from app.open311.filing import RequestIn, file_request
from app.open311.requests import RequestsQuery
from app.open311.updates import UpdateIn, UpdatesQuery

router = APIRouter(include_in_schema=False)

Route = Callable[[Request, AppContext], Coroutine[Any, Any, Response]]

_READ = "read_open311"
_SEND = "send_open311"
_FILE, _ADD = "file_complaint", "add_facts"

_REQUEST = [name for name in RequestIn.model_fields if name != "attributes"]


def _both(method: str, path: str, right: str, base: str = V2) -> Callable[[Route], Route]:
    """Serve a function at a path, with `.xml` and with `.json`."""

    def served(route: Route) -> Route:
        for suffix in MEDIA_TYPES:

            async def answered(request: Request, context: Context) -> Response:
                return await route(request, context)

            router.add_api_route(
                f"{base}{path}.{suffix}",
                answered,
                methods=[method],
                dependencies=[public(right)],
                name=f"open311 {method} {path}.{suffix}",
            )
        return route

    return served


def _answer(
    request: Request, root: str, value: BaseModel | list[Any], *, sparse: bool = False
) -> Response:
    """Return the values in the format of the address."""
    suffix = request.url.path.rpartition(".")[2]
    plain = [_plain(one) for one in value] if isinstance(value, list) else _plain(value)
    body = written(suffix, root, plain, sparse=sparse)
    headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return Response(body, headers=headers | {"Content-Type": MEDIA_TYPES[suffix]})


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value


async def _caller(request: Request, context: AppContext, sent: Parameters, right: str) -> Caller:
    key = sent.one("api_key")
    if key is None:
        raise Problem("unauthenticated")
    return await caller_with_key(request, key, right, context)


async def _known(request: Request, context: AppContext, right: str) -> Caller | None:
    """Return the caller by a key in the address, before a byte of the form is read."""
    sent = of_address(request)
    return await _caller(request, context, sent, right) if sent.one("api_key") else None


# --- discovery, services ------------------------------------------------------------------------


@_both("GET", "/discovery", _READ)
@_both("GET", "/discovery", _READ, ROOT)
async def discovery(request: Request, context: AppContext) -> Response:
    """Say where the door is, and whom to ask for a key."""
    root = f"{origin_of(request, context.settings)}{ROOT}"
    jurisdiction = of_address(request).one("jurisdiction_id")
    found = await services.discovery(context, jurisdiction, root)
    return _answer(request, "discovery", found)


@_both("GET", "/services", _READ)
async def list_services(request: Request, context: AppContext) -> Response:
    """List the services of a city."""
    jurisdiction = of_address(request).one("jurisdiction_id")
    return _answer(request, "services", await services.services(context, jurisdiction))


@_both("GET", "/services/{code}", _READ)
async def get_definition(request: Request, context: AppContext) -> Response:
    """Return what is asked about a request of a service."""
    jurisdiction = of_address(request).one("jurisdiction_id")
    code = str(request.path_params["code"])
    found = await services.definition(context, jurisdiction, code)
    return _answer(request, "service_definition", found)


# --- requests -----------------------------------------------------------------------------------


@_both("GET", "/requests", _READ)
async def list_requests(request: Request, context: AppContext) -> Response:
    """List published requests."""
    sent = of_address(request).chosen(list(RequestsQuery.model_fields))
    found = await reading.requests(context, read_as(RequestsQuery, sent), context.now())
    return _answer(request, "service_requests", found)


@_both("POST", "/requests", _SEND)
async def post_request(request: Request, context: AppContext) -> Response:
    """File a request."""
    known = await _known(request, context, _FILE)
    async with of_form(request, context) as sent:
        caller = known or await _caller(request, context, sent, _FILE)
        values = sent.chosen(_REQUEST) | {"attributes": sent.attributes}
        body = read_as(RequestIn, values)
        attached = await stored(request, context, caller, sent.files)
    filed = await file_request(context, caller, body, attached)
    given = filed.model_dump(mode="json")
    # Whoever polls a token looks which of the two is there.
    given.pop("token" if filed.token is None else "service_request_id")
    return _answer(request, "service_requests", [given])


@_both("GET", "/requests/{request_id}", _READ)
async def get_request(request: Request, context: AppContext) -> Response:
    """Return a published request, as a list of one."""
    sent = of_address(request)
    query = read_as(RequestsQuery, sent.chosen(["jurisdiction_id", "extensions"]))
    number = str(request.path_params["request_id"])
    found = await reading.request(context, query.jurisdiction_id, number, extended=query.extensions)
    return _answer(request, "service_requests", found)


@_both("GET", "/tokens/{token}", _READ)
async def get_token(request: Request, context: AppContext) -> Response:
    """Return the id of the request that a token was given for."""
    found = await tokens.request_of_token(context, str(request.path_params["token"]))
    return _answer(request, "service_requests", [found])


# --- updates ------------------------------------------------------------------------------------


@_both("GET", "/servicerequestupdates", _READ)
async def list_updates(request: Request, context: AppContext) -> Response:
    """List what happened to published requests."""
    sent = of_address(request)
    caller = await _caller(request, context, sent, _FILE)
    query = read_as(UpdatesQuery, sent.chosen(list(UpdatesQuery.model_fields)))
    found = await updates.updates(context, caller, query, context.now())
    return _answer(request, "service_request_updates", found, sparse=True)


@_both("POST", "/servicerequestupdates", _SEND)
async def post_update(request: Request, context: AppContext) -> Response:
    """Add what another system says to a request."""
    known = await _known(request, context, _ADD)
    async with of_form(request, context) as sent:
        caller = known or await _caller(request, context, sent, _ADD)
        body = read_as(UpdateIn, sent.chosen(list(UpdateIn.model_fields)))
    taken = await updates.take_update(context, caller, body)
    return _answer(request, "service_request_updates", [taken])
