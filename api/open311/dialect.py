"""The dialect of everything below /open311: its addresses as clients write them, and its errors.

Every refusal of this server, whoever made it (a route, a limit, a middleware, the framework), has
the form of the standard there. It is one place outside all of them, so that none is forgotten.
"""

import json
from typing import Any
from urllib.parse import urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problem_responses import MEDIA_TYPE
from api.open311.formats import MEDIA_TYPES, written

ROOT = "/open311"
V2 = f"{ROOT}/v2"

_STATUS_OF_CODE = {
    "unknown_city": 404,
    "unknown_category": 404,
    "not_in_this_city": 404,
    "bad_number": 404,
    "engine_unavailable": 503,
    "not_started_yet": 503,
}
_STATUS_OF_STATUS = {401: 403, 409: 400, 410: 400, 415: 400, 416: 400, 422: 400, 507: 503}
"""The statuses that the standard says otherwise: it knows 400, 403 and 404."""

_DESCRIPTIONS = {
    "unauthenticated": "api_key is missing, unknown, expired or revoked.",
    "malformed_json": "The form could not be read.",
    "malformed_upload": "The form could not be read.",
    "not_found": "There is nothing at this address.",
}
_DROPPED = ("content-length", "content-type", "www-authenticate")
_MOST = 64 * 1024


class Open311Dialect:
    """ASGI middleware that reads addresses below /open311, and words its errors."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not is_below_root(scope["path"]):
            await self.app(scope, receive, send)
            return
        path = plain_path(scope["path"], Headers(scope=scope).get("accept", ""))
        path, city = without_city(path)
        scope = {**scope, "path": path, "raw_path": path.encode("utf-8", "replace")}
        if city:
            asked = urlencode({"jurisdiction_id": city}).encode("ascii")
            scope["query_string"] = b"&".join(filter(None, [asked, scope["query_string"]]))
        allowed = methods_of(path)
        if scope["method"] == "OPTIONS":
            await send({"type": "http.response.start", "status": 204, "headers": allowed})
            await send({"type": "http.response.body", "body": b""})
            return
        answer = _Answer(path.rpartition(".")[2], send, dict(allowed)[b"allow"].decode())
        await self.app(scope, receive, answer.send)


def is_below_root(path: str) -> bool:
    """Return whether the dialect is spoken at this path."""
    path = "/" + path.lstrip("/")
    return path == ROOT or path.startswith(f"{ROOT}/")


def plain_path(path: str, accept: str) -> str:
    """Return the path with single slashes, none at its end, and the suffix of its format.

    Clients put together a base address that ends with a slash and a path that begins with one.
    Without a suffix the format is the one that is accepted: XML, unless only JSON is.
    """
    parts = [part for part in path.split("/") if part]
    if not parts[-1].endswith((".xml", ".json")):
        json_alone = "json" in accept and "xml" not in accept
        parts[-1] += ".json" if json_alone else ".xml"
    return "/" + "/".join(parts)


def methods_of(path: str) -> list[tuple[bytes, bytes]]:
    """Return the headers that say which methods an address takes, also to pages of other origins.

    A browser asks before it sends what no form could. A key is in the form; no cookie counts.
    """
    posts = path.rpartition(".")[0] in (f"{V2}/requests", f"{V2}/servicerequestupdates")
    methods = b"GET, HEAD, OPTIONS, POST" if posts else b"GET, HEAD, OPTIONS"
    return [
        (b"allow", methods),
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", methods),
        (b"access-control-allow-headers", b"*"),
        (b"access-control-max-age", b"86400"),
    ]


def without_city(path: str) -> tuple[str, str]:
    """Return the path below /open311/v2, and the city of a base address of its own, or "".

    `/open311/tongzhou/v2` is the door of one city, for clients that know no jurisdiction_id.
    """
    first, _, below = path.removeprefix(f"{ROOT}/").partition("/")
    if first != "v2" and below.startswith(("v2/", "discovery.")):
        return f"{ROOT}/{below}", first
    return path, ""


class _Answer:
    """One answer on its way: problem details are held back, and sent as the standard's errors."""

    def __init__(self, suffix: str, send: Send, allowed: str) -> None:
        self._suffix, self._send, self._allowed = suffix, send, allowed
        self._held: Message | None = None
        self._body = b""

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if headers.get("content-type", "").startswith(MEDIA_TYPE):
                self._held = message
                return
            headers["Access-Control-Allow-Origin"] = "*"
        elif self._held is not None and message["type"] == "http.response.body":
            self._body += message.get("body", b"")
            if not message.get("more_body", False) or len(self._body) > _MOST:
                await self._worded(self._held)
            return
        await self._send(message)

    async def _worded(self, start: Message) -> None:
        status, description = worded(json.loads(self._body))
        errors = [{"code": status, "description": description}]
        body = written(self._suffix, "errors", errors)
        headers = MutableHeaders(raw=[pair for pair in start["headers"] if _kept(pair[0])])
        headers["Content-Type"] = MEDIA_TYPES[self._suffix]
        headers["Content-Length"] = str(len(body))
        headers["Cache-Control"] = "no-store"
        headers["X-Content-Type-Options"] = "nosniff"
        headers["Access-Control-Allow-Origin"] = "*"
        if status == 405:  # of several routes of an address the framework names the first
            headers["Allow"] = self._allowed
        self._held = None
        await self._send({**start, "status": status, "headers": headers.raw})
        await self._send({"type": "http.response.body", "body": body})


def worded(problem: dict[str, Any]) -> tuple[int, str]:
    """Return status and description of problem details, as the standard knows them."""
    code, status = str(problem["code"]), int(problem["status"])
    status = _STATUS_OF_CODE.get(code, _STATUS_OF_STATUS.get(status, status))
    fields = [f"{one['field']}: {one['message']}" for one in problem.get("errors", ())]
    said = problem["detail"] if problem["detail"] != problem["title"] else ""
    return status, "; ".join(fields) or said or _DESCRIPTIONS.get(code, problem["title"])


def _kept(name: bytes) -> bool:
    return name.decode("latin-1").lower() not in _DROPPED
