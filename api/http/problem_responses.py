"""The mapping of errors to HTTP: RFC 9457 problem details, each with a stable code.

    Problem          a refusal by a route itself, with its `headers` and `errors`
    FileRefused      a refusal of an upload, or of a part of a file
    Refused          a refusal by the rules (domain), with its code
    StoreError       a refusal by the store, or its unavailability
    UnknownInPack    a code the city does not have; UnknownCity alike

Every code is a row of `CODES` and is explained in docs/reference/errors.md.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from app.errors import CODES, Code, FieldProblem, Problem
from domain.pack.pack import UnknownInPack
from domain.refusals import Refused
from media.errors import FileRefused
from packs.registry import UnknownCity
from store.db.errors import StoreError

logger = structlog.stdlib.get_logger("jiesu.api")

MEDIA_TYPE = "application/problem+json"
_SHOWN = 100


Handler = Callable[[Request, Any], Awaitable[Response]]

_HTTP = {
    404: "not_found",
    405: "method_not_allowed",
    408: "upload_too_slow",
    413: "body_too_large",
}

REFUSALS = (Problem, Refused, StoreError, UnknownInPack, UnknownCity)


class RefusedUnread(HTTPException):
    """A refusal before the body was read; the framework lets this kind of error pass alone."""

    def __init__(self, refusal: Exception) -> None:
        super().__init__(400)
        self.refusal = refusal


class ProblemDetails(BaseModel):
    """The problem details of RFC 9457. `code` is stable, for programs; `detail` is for people."""

    type: str = Field(examples=["urn:jiesu:problem:not_now"])
    title: str
    status: int
    detail: str
    code: str
    errors: list[FieldProblem] | None = None


def answer(
    code: str,
    detail: str = "",
    *,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[FieldProblem] = (),
) -> JSONResponse:
    """Return the response for a code; one that is not in the table is a conflict (409)."""
    row = CODES.get(code) or Code(409, "Not possible now.")
    content: dict[str, Any] = {
        "type": f"urn:jiesu:problem:{code}",
        "title": row.title,
        "status": row.status,
        "detail": detail or row.title,
        "code": code,
    }
    if errors:
        content["errors"] = [error.model_dump() for error in errors]
    return JSONResponse(
        content,
        status_code=row.status,
        headers={**row.headers, **(headers or {})},
        media_type=MEDIA_TYPE,
    )


class UnknownCode(TypeError):
    """A code of a refusal that is no row of `CODES`."""


READING = (
    "invalid_request",
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "too_many_requests",
    "store_unavailable",
)
"""The refusals of any route for staff."""
BODY = ("malformed_json", "body_too_large")
ACTING = (*READING, *BODY, "csrf_failed")
"""The refusals of any route with a body for staff."""
OF_TICKET = ("ticket_not_found", "bad_number")
OF_CITY = ("not_your_city", "unknown_city")
BY_CODE = ("invalid_request", "too_many_attempts", "too_many_requests", "store_unavailable")
"""The refusals to somebody with a code of their own, and no account."""


def responses(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route that may answer these codes, for the OpenAPI document."""
    by_status: dict[int, list[str]] = {}
    for code in codes:
        if code not in CODES:
            raise UnknownCode(f"'{code}' is no row of app.errors.CODES")
        by_status.setdefault(CODES[code].status, []).append(code)
    return {
        status: {
            "description": f"{HTTPStatus(status).phrase}: "
            + ", ".join(f"`{code}`" for code in named),
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status, named in by_status.items()
    }


Draw = Callable[[Request, str, int], Awaitable[Response]]
"""A function that renders a refusal as a page for a browser, by its code and status."""


def install(app: FastAPI, draw: Draw) -> None:
    """Make `app` answer every refusal as problem details, or to a browser by `draw`.

    Other errors are handled by `api.http.telemetry`.
    """
    refusals: dict[type[Exception], Handler] = {
        Problem: _problem,
        FileRefused: _file,
        **dict.fromkeys((Refused, StoreError, UnknownInPack, UnknownCity), _coded),
        RequestValidationError: _invalid,
        HTTPException: _http,
    }
    for refusal, handler in refusals.items():
        app.add_exception_handler(refusal, _for_people(handler, draw))


def refusing(draw: Draw) -> Callable[[Request, Problem], Awaitable[Response]]:
    """Return the same handler for refusals before any route is reached."""
    return _for_people(_problem, draw)


def _for_people(handler: Handler, draw: Draw) -> Handler:
    async def answered(request: Request, error: Any) -> Response:
        try:
            response = await handler(request, error)
            if not _is_page(request):
                return response
            drawn = await draw(
                request, json.loads(bytes(response.body))["code"], response.status_code
            )
            drawn.headers.update({k: v for k, v in response.headers.items() if k in _FORWARDED})
            return drawn
        finally:
            await request.close()  # and with it the files of a form that no route has read

    return answered


_FORWARDED = ("retry-after", "allow")


def _is_page(request: Request) -> bool:
    """Return whether a browser asks: programs accept other types, and no page is under /api."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(
        ("/api/", "/open311/")
    )


async def _problem(_request: Request, error: Any) -> JSONResponse:
    return answer(error.code, error.detail, headers=error.headers, errors=error.errors)


async def _file(_request: Request, error: Any) -> JSONResponse:
    return answer(error.code, error.detail, headers=error.headers)


async def _coded(_request: Request, error: Any) -> JSONResponse:
    code = getattr(error, "code", "internal_error")
    if code in ("store_error", "bad_key", "schema_unusable"):  # not the caller's fault
        logger.error("the store is unusable", code=code)
        code = "internal_error"
    return answer(code, _writable(str(error)))


async def _http(_request: Request, error: Any) -> JSONResponse:
    if isinstance(error, RefusedUnread):
        refusal = error.refusal
        return await (_problem if isinstance(refusal, Problem) else _coded)(_request, refusal)
    # FastAPI's own 400 is a body that could not be read: too deep, numbers too long, not UTF-8.
    code = _HTTP.get(error.status_code, "malformed_json")
    return answer(code, headers=error.headers)


async def _invalid(_request: Request, error: Any) -> JSONResponse:
    value = error.errors()
    if any(one["type"] == "json_invalid" for one in value):
        return answer("malformed_json")
    return answer("invalid_request", errors=[_field(one) for one in value[:20]])


def _field(one: Mapping[str, Any]) -> FieldProblem:
    where, *path = one["loc"]
    name = ".".join(str(part) for part in (path if where == "body" else (where, *path)))
    return FieldProblem(
        field=_writable(name)[:_SHOWN],
        code=one["type"],
        message=_writable(str(one["msg"]).removeprefix("Value error, ")),
    )


def _writable(text: str) -> str:
    """Return `text` without what UTF-8 cannot encode: a field's name is chosen by the sender."""
    return text.encode("utf-8", "replace").decode()
