"""Agents for tests: a city that serves them, their tokens, and the protocol's own client."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult

from domain.actors import Role
from domain.policy.agents import ACTS
from domain.policy.permissions import Scope
from store.identity import tokens
from tests.api.running_api import Api, serve_api
from tests.support.cities import city_with
from tests.support.engine import platform

EVERYTHING: dict[str, Any] = {"acts": sorted(ACTS), "files": True, "answer_within": "2h"}
"""The rules of a city that lets machines do all that any city may."""

HERE = "http://jiesu.test"
ALL = (Scope.READ, Scope.ACT, Scope.FILE)


@asynccontextmanager
async def serving_agents(
    client: Any, store: Any, home: Path, rules: dict[str, Any] | None = EVERYTHING, **settings: Any
) -> AsyncIterator[Api]:
    """Open Tongzhou with these rules for machines, or with none."""
    packs = city_with(home / "cities", agents=rules)
    async with (
        platform(client, store, packs) as running,
        serve_api(home, running.store, client, packs, public_url=HERE, **settings) as api,
    ):
        yield api


async def agent_token(
    api: Api,
    role: Role = Role.DISPATCHER,
    unit: str | None = None,
    scopes: tuple[Scope, ...] = ALL,
    city: str | None = "tongzhou",
) -> str:
    """Issue a token of an agent, and return its text."""
    _, text = await tokens.issue(
        api.store, role, unit, "robot", scopes=scopes, city=city, agent=True
    )
    return text


@asynccontextmanager
async def talking(api: Api, token: str | None, **headers: str) -> AsyncIterator[Client]:
    """Open the protocol's own client at the door, over HTTP to the application."""
    sent = headers | ({"Authorization": f"Bearer {token}"} if token else {})
    transport = httpx2.ASGITransport(api.app, raise_app_exceptions=False)
    async with (
        httpx2.AsyncClient(transport=transport, base_url=HERE, headers=sent) as http,
        Client(streamable_http_client(f"{HERE}/mcp", http_client=http)) as client,
    ):
        yield client


def told(result: CallToolResult) -> dict[str, Any]:
    """Return what a tool answered; it was no refusal."""
    assert not result.is_error, result.structured_content
    return dict(result.structured_content)


def refused(result: CallToolResult) -> str:
    """Return the code with which a tool refused."""
    assert result.is_error, result.structured_content
    return str(result.structured_content["code"])
