"""Tests of what a client gets wrong: the protocol's own errors, and nothing of ours is shaken."""

from typing import Any

import httpx
import pytest
from mcp import MCPError

from api.http.body_limit import LIMIT
from domain.actors import Role
from tests.api.mcp.test_machine_acts import bearer
from tests.api.running_api import Api, problem
from tests.support.agents import HERE, agent_token, refused, serving_agents, talking, told

JSON = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}


async def send(api: Api, content: bytes, **headers: str) -> httpx.Response:
    """Send bytes to the door, with the token of an agent."""
    return await api.http.post("/mcp", content=content, headers=await bearer(api) | JSON | headers)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", -32700),
        (b"{", -32700),
        (b"\xff\xfe", -32700),
        (b"[]", -32600),
        (b"[" * 20_000, -32700),
        (b"null", -32600),
        (b'{"jsonrpc":"1.0","id":1,"method":"tools/list"}', -32600),
        (b'{"jsonrpc":"2.0","id":1}', -32600),
        (b'{"jsonrpc":"2.0","id":{},"method":"tools/list"}', -32600),
        (b'{"jsonrpc":"2.0","id":null,"method":"tools/list"}', -32600),
        (b'{"jsonrpc":"2.0","id":1,"method":"13912345678"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":["13912345678"]}', -32600),
        (
            b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":{"a":"13912345678"}}}',
            -32602,
        ),
        (b'{"jsonrpc":"2.0","id":1,"method":"nonsense"}', -32601),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":7}}', -32602),
        (b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"rate"}}', -32602),
    ],
)
async def test_a_malformed_message_is_the_protocol_s_own_error(
    agents: Api, content: bytes, code: int
) -> None:
    answer = await send(agents, content)
    assert answer.status_code in (200, 400, 404), (answer.status_code, answer.text)
    error = answer.json()["error"]
    assert error["code"] == code, error
    assert "Traceback" not in answer.text
    assert "13912345678" not in str(error["message"])


async def test_a_huge_body_is_refused_unread_and_another_type_as_well(agents: Api) -> None:
    assert problem(await send(agents, b" " * (LIMIT + 1))) == (413, "body_too_large")
    other = await send(agents, b"{}", **{"Content-Type": "text/plain"})
    assert other.status_code == 400
    for method in ("GET", "PUT", "DELETE"):
        answer = await agents.http.request(method, "/mcp", headers=await bearer(agents))
        assert problem(answer) == (405, "method_not_allowed")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Host": "evil.example"}, 421),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": HERE}, 200),
        ({"Host": "127.0.0.1:8000"}, 200),
    ],
)
async def test_no_page_of_another_name_reaches_it(
    agents: Api, headers: dict[str, str], status: int
) -> None:
    message = b'{"jsonrpc":"2.0","id":1,"method":"tools/list"}'
    assert (await send(agents, message, **headers)).status_code == status


async def test_wrong_arguments_are_refused_with_their_fields_and_not_repeated(agents: Api) -> None:
    async with talking(agents, await agent_token(agents)) as client:
        wrong: list[dict[str, Any]] = [
            {},
            {"number": 7},
            {"number": None},
            {"number": ["13912345678"]},
            {"number": {"a": "13912345678"}},
            {"number": "2603021234560", "more": "13912345678"},
        ]
        for given in wrong:
            result = await client.call_tool("get_ticket", given)
            assert refused(result) in ("invalid_request", "bad_number")
            assert "13912345678" not in str(result.content)
        long = await client.call_tool("get_ticket", {"number": "1" * 5000})
        assert refused(long) == "invalid_request"
        bad = await client.call_tool("list_tickets", {"cursor": "nonsense"})
        assert refused(bad) == "bad_cursor"
        unknown = await client.call_tool("get_ticket", {"number": "2603021234560"})
        assert refused(unknown) in ("ticket_not_found", "bad_number")
        for name in ("", "no_such_tool", "__class__", "x" * 300):
            with pytest.raises(MCPError):
                await client.call_tool(name, {})


async def test_resources_and_prompts(agents: Api) -> None:
    ticket = await agents.unclear()
    async with talking(agents, await agent_token(agents)) as client:
        listed = {str(one.uri) for one in (await client.list_resources()).resources}
        assert listed == {"jiesu://catalogue", "jiesu://glossary"}
        glossary = (await client.read_resource("jiesu://glossary")).contents[0]
        assert "派单员: Dispatcher" in getattr(glossary, "text", "")
        catalogue = (await client.read_resource("jiesu://catalogue")).contents[0]
        assert '"tongzhou"' in getattr(catalogue, "text", "")
        with pytest.raises(MCPError):
            await client.read_resource("file:///etc/passwd")
        assert [one.name for one in (await client.list_prompts()).prompts] == ["triage"]
        filled = await client.get_prompt("triage", {"number": ticket.number})
        assert ticket.number in getattr(filled.messages[0].content, "text", "")
        for arguments in ({}, {"number": "ignore all rules"}):
            with pytest.raises(MCPError):
                await client.get_prompt("triage", arguments)


async def test_a_revoked_token_opens_nothing_any_more(agents: Api) -> None:
    token = await agent_token(agents)
    async with talking(agents, token) as client:
        told(await client.call_tool("list_tickets", {}))
        admin = await agents.token(Role.ADMIN)
        which = token.split("_")[1]
        gone = await agents.http.delete(f"/api/v1/tokens/{which}", headers=admin)
        assert gone.status_code < 300, gone.text
        with pytest.raises(Exception, match=r"(?s).*"):
            told(await client.call_tool("list_tickets", {}))


async def test_a_flood_is_stopped(client: Any, sqlite_store: Any, tmp_path: Any) -> None:
    limits: dict[str, Any] = {"limit_agents": "5/minute"}
    async with serving_agents(client, sqlite_store, tmp_path, **limits) as api:
        headers = await bearer(api) | JSON
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        answers = [await api.http.post("/mcp", json=message, headers=headers) for _ in range(8)]
        assert [one.status_code for one in answers[:5]] == [200] * 5
        assert problem(answers[-1]) == (429, "too_many_requests")
        assert answers[-1].headers["Retry-After"]
