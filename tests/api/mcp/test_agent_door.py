"""Tests of the door for agents with the protocol's own client: who gets in, and what they read."""

import asyncio

import pytest

from domain.actors import Role
from domain.policy.permissions import Scope
from tests.api.running_api import Api, problem
from tests.support.agents import agent_token, refused, talking, told

READING = {"list_tickets", "get_ticket", "get_timeline"}


async def names(api: Api, token: str) -> set[str]:
    async with talking(api, token) as client:
        return {one.name for one in (await client.list_tools()).tools}


async def test_an_agent_lists_tickets_and_reads_one(agents: Api) -> None:
    ticket = await agents.file(text="路灯坏了，请联系王女士 13800138000。", title="路灯不亮")
    await ticket.until_stage("handle")
    async with talking(agents, await agent_token(agents)) as client:
        listed = told(await client.call_tool("list_tickets", {}))
        assert [one["number"] for one in listed["items"]] == [ticket.number]
        read = told(await client.call_tool("get_ticket", {"number": ticket.number}))
        assert read["title"] == "路灯不亮"
        assert read["text"] == "路灯坏了，请联系▇▇▇ ▇▇▇。"
        assert read["unit"] == "water"
        history = told(await client.call_tool("get_timeline", {"number": ticket.number}))
        assert history["items"][0]["kind"] == "accepted"


async def test_everybody_who_complained_is_covered_not_the_present_contact_alone(
    agents: Api,
) -> None:
    first, second, third = "爱新觉罗启明", "纳兰容若白", "叶赫那拉文"
    ticket = await agents.file(title=f"{first}与{third}报修", contact={"name": first})
    await ticket.until_stage("handle")
    left = {"phone": "010-00012345", "name": second}
    answer = await ticket.act("leave-contact", ticket.citizen, left)
    assert answer.status_code == 200, answer.text
    child = await agents.unclear(title="路灯", contact={"name": third, "phone": "010-00054321"})
    body = {"into": ticket.number, "reason": "同一盏灯"}
    merged = await child.by(Role.DISPATCHER, "merge", body)
    assert merged.status_code == 200, merged.text
    async with asyncio.timeout(60):
        while "complainant_joined" not in await ticket.kinds():
            await asyncio.sleep(0.05)
    async with talking(agents, await agent_token(agents)) as client:
        listed = told(await client.call_tool("list_tickets", {}))
        (line,) = [one for one in listed["items"] if one["number"] == ticket.number]
        read = told(await client.call_tool("get_ticket", {"number": ticket.number}))
    assert (line["title"], read["title"]) == ("▇▇▇与▇▇▇报修",) * 2


async def test_a_token_of_a_program_or_none_is_refused(agents: Api) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert problem(await agents.http.post("/mcp", json=message)) == (401, "unauthenticated")
    plain = await agents.token(Role.DISPATCHER)
    answer = await agents.http.post("/mcp", json=message, headers=plain)
    assert problem(answer) == (403, "agent_token_needed")
    auditor = await agents.token(Role.AUDITOR)
    answer = await agents.http.post("/mcp", json=message, headers=auditor)
    assert problem(answer) == (403, "forbidden")


@pytest.mark.parametrize("scope", [Scope.ACT, Scope.FILE])
async def test_without_the_scope_a_tool_is_neither_listed_nor_called(
    agents: Api, scope: Scope
) -> None:
    ticket = await agents.file()
    token = await agent_token(agents, scopes=(scope,))
    assert not READING & await names(agents, token)
    assert await names(agents, await agent_token(agents)) >= READING
    async with talking(agents, token) as client:
        result = await client.call_tool("get_ticket", {"number": ticket.number})
        assert refused(result) == "scope_missing"
