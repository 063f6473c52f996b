"""`jiesu mcp`: the tools of an installation for a local agent, on standard input and output."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any

import httpx2
import typer
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp.server import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import INTERNAL_ERROR, Implementation

from cli.terminal import fail
from runtime.release import release

_SECONDS = 60.0


def mcp(
    url: Annotated[
        str, typer.Option(help="The installation, for instance https://your.host.")
    ] = "http://127.0.0.1:8000",
    token_file: Annotated[
        Path | None,
        typer.Option(help="A file with the agent's token; default: the variable JIESU_TOKEN."),
    ] = None,
) -> None:
    """Pass the tools of an installation's /mcp on to a local agent, on stdin and stdout.

    Standard output belongs to the protocol. The token is an agent's (`jiesu token create --agent`);
    it is never an argument, which others on this machine could read.
    """
    token = _token(token_file)
    try:
        asyncio.run(_serve(url.rstrip("/"), token))
    except (httpx2.HTTPError, MCPError) as error:
        fail(f"the installation did not answer as expected: {type(error).__name__}", 1)


def _token(file: Path | None) -> str:
    try:
        text = file.read_text(encoding="utf-8") if file else os.environ.get("JIESU_TOKEN", "")
    except OSError as error:
        fail(f"the token cannot be read: {error.strerror}")
    if not text.strip():
        fail("no token: set JIESU_TOKEN, or name a file with --token-file")
    return text.strip()


async def _serve(url: str, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    async with (
        httpx2.AsyncClient(headers=headers, timeout=_SECONDS) as http,
        Client(
            streamable_http_client(f"{url}/mcp", http_client=http),
            client_info=Implementation(name="jiesu mcp", version=release()),
        ) as installation,
        stdio_server() as (reading, writing),
    ):
        server = passing_on(installation)
        await server.run(reading, writing, server.create_initialization_options())


def passing_on(installation: Client) -> Server[Any]:
    """Return a server whose every answer is the installation's."""

    def passed(ask: Callable[[Any], Awaitable[Any]]) -> Callable[[Any, Any], Awaitable[Any]]:
        async def handle(_ctx: Any, params: Any) -> Any:
            try:
                return await ask(params)
            except httpx2.HTTPError as error:
                raise MCPError(INTERNAL_ERROR, "The installation does not answer.") from error

        return handle

    return Server(
        "jiesu",
        title="Jiesu 接诉",
        version=release(),
        instructions=installation.instructions,
        on_list_tools=passed(lambda _: installation.list_tools()),
        on_call_tool=passed(lambda asked: installation.call_tool(asked.name, asked.arguments)),
        on_list_resources=passed(lambda _: installation.list_resources()),
        on_read_resource=passed(lambda asked: installation.read_resource(str(asked.uri))),
        on_list_prompts=passed(lambda _: installation.list_prompts()),
        on_get_prompt=passed(lambda asked: installation.get_prompt(asked.name, asked.arguments)),
    )
