"""Tests of `jiesu mcp`: the installation's tools, for an agent that starts the command."""

import sys
from pathlib import Path

from mcp import Client, StdioServerParameters
from temporalio.client import Client as EngineClient

from store.db.engine import Store
from tests.support.agents import agent_token, refused, serving_agents, told
from tests.support.served import served

ROOT = Path(__file__).parents[2]


async def test_a_local_agent_has_the_tools_of_the_installation(
    client: EngineClient, sqlite_store: Store, tmp_path: Path
) -> None:
    async with (
        serving_agents(client, sqlite_store, tmp_path) as api,
        served(api.app) as (host, port),
    ):
        ticket = await api.file()
        await ticket.until_stage("handle")
        command = StdioServerParameters(
            command=sys.executable,
            args=["-m", "cli", "mcp", "--url", f"http://{host}:{port}"],
            env={"JIESU_TOKEN": await agent_token(api)},
            cwd=str(ROOT),
        )
        async with Client(command) as local:
            offered = {one.name for one in (await local.list_tools()).tools}
            assert {"list_tickets", "get_ticket", "triage"} <= offered
            read = told(await local.call_tool("get_ticket", {"number": ticket.number}))
            assert read["unit"] == "water"
            assert refused(await local.call_tool("get_ticket", {"number": "1"})) == "bad_number"
            assert len((await local.list_resources()).resources) == 2
