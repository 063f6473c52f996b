"""`POST /mcp`: the door for machines, over streamable HTTP and without sessions.

Who asks is known, and may, before a body is read; the body is bounded, and read before the protocol
sees it. Host and origin are compared with the names of this installation, so that no page that a
browser shows can reach it by a name of its own.
"""

import json
import logging
from functools import cache
from typing import Annotated, Any
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends, Request, Response
from mcp.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp.server.transport_security import TransportSecuritySettings
from mcp_types import INVALID_REQUEST, PARSE_ERROR
from starlette.responses import JSONResponse
from starlette.types import Receive, Send
from starlette.types import Scope as ConnectionScope

from api.http.access import staff
from api.http.body_limit import LIMIT
from api.http.dependencies import Context
from api.mcp.server import CALLER, make_server
from app.access.caller import Caller
from app.errors import Problem
from runtime.settings import Settings

router = APIRouter(include_in_schema=False)

PATH = "/mcp"

_LOCAL = ("127.0.0.1", "localhost", "[::1]")

# It tells of every request, and the door does.
logging.getLogger("mcp.server").setLevel(logging.ERROR)


async def agent(caller: Annotated[Caller, staff("use_agent_door")]) -> Caller:
    """Return the machine that asks; a person, or a program that is none, is refused.

    Raises:
        Problem: agent_token_needed
    """
    if not caller.machine:
        raise Problem("agent_token_needed")
    return caller


@router.post(PATH)
async def door(
    request: Request, caller: Annotated[Caller, Depends(agent)], context: Context
) -> Response:
    """Answer one message of the protocol."""
    await context.limits.count("agents", caller.id)
    body = await request.body()
    if (fault := envelope_fault(body)) is not None:
        return fault
    return _Answer(_server(), _security(context.settings), caller, body)


def envelope_fault(body: bytes) -> Response | None:
    """Return the protocol's error for a body that is no message of it; None for a message.

    Asked here, because the protocol's library would repeat in its answer what was sent.
    """
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return _fault(PARSE_ERROR, "The body is not JSON.")
    if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
        return _fault(INVALID_REQUEST, "The body is not one message of JSON-RPC 2.0.")
    names_method = isinstance(message.get("method"), str)
    numbered = isinstance(message.get("id", 0), str | int) and message.get("id") is not True
    if not names_method or not numbered or not isinstance(message.get("params", {}), dict):
        return _fault(INVALID_REQUEST, "The message is not a request of JSON-RPC 2.0.")
    return None


def _fault(code: int, message: str) -> Response:
    content = {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
    return JSONResponse(content, 400)


@cache
def _server() -> Server[Any]:
    return make_server()


def _security(settings: Settings) -> TransportSecuritySettings:
    """Return the names by which this installation may be called, and from which pages."""
    parts = urlsplit(settings.public_url)
    names = [*_LOCAL, *settings.agent_hosts, *([parts.netloc] if parts.netloc else [])]
    here = [f"{parts.scheme}://{parts.netloc}"] if parts.netloc else []
    local = [f"http://{name}" for name in _LOCAL]
    return TransportSecuritySettings(
        allowed_hosts=[*names, *(f"{name}:*" for name in names)],
        allowed_origins=[*here, *local, *(f"{one}:*" for one in local)],
    )


class _Answer(Response):
    """The protocol's own answer to one message, whose body was read."""

    def __init__(
        self, server: Server[Any], security: TransportSecuritySettings, caller: Caller, body: bytes
    ) -> None:
        super().__init__()
        self._server, self._security = server, security
        self._caller, self._said = caller, body

    async def __call__(self, scope: ConnectionScope, receive: Receive, send: Send) -> None:
        manager = StreamableHTTPSessionManager(
            self._server,
            json_response=True,
            stateless=True,
            security_settings=self._security,
            max_request_body_size=LIMIT,
        )
        pending = [self._said]

        async def again() -> Any:
            if pending:
                return {"type": "http.request", "body": pending.pop(), "more_body": False}
            return await receive()

        async with manager.run():
            await manager.handle_request({**scope, CALLER: self._caller}, again, send)
