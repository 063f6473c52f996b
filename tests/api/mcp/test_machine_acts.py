"""Tests that a machine's act says so, can be contested, and stops where a person is asked for."""

from typing import Any

import httpx

from domain.actors import Role
from tests.api.running_api import Api, Filed, problem
from tests.support.agents import agent_token, refused, talking, told


async def bearer(api: Api, role: Role = Role.DISPATCHER, unit: str | None = None) -> dict[str, str]:
    return {"Authorization": f"Bearer {await agent_token(api, role, unit)}"}


async def triaged(api: Api) -> Filed:
    """Return a ticket that an agent has classified over the API."""
    ticket = await api.unclear()
    await ticket.until_stage("triage")
    answer = await ticket.act("triage", await bearer(api), {"category": "0301"})
    assert answer.status_code == 200, answer.text
    return ticket


async def acts_of(ticket: Filed, headers: dict[str, str]) -> dict[str, Any]:
    answer = await ticket.api.http.get(f"{ticket.path}/machine-acts", headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def say(ticket: Filed, what: str, headers: dict[str, str], body: Any) -> httpx.Response:
    return await ticket.api.http.post(f"{ticket.path}/{what}", json=body, headers=headers)


async def test_an_act_of_a_machine_says_so_everywhere(agents: Api) -> None:
    ticket = await triaged(agents)
    desk = await agents.token(Role.DESK)
    events = (await agents.http.get(f"{ticket.path}/events", headers=desk)).json()
    [classified] = [one for one in events if one["fact"]["kind"] == "classified"]
    assert classified["by_machine"]
    assert classified["actor"]["id"].startswith("agent:")
    assert sum(one["by_machine"] for one in events) == 1
    seen = [one for one in (await ticket.seen())["timeline"] if one["by_machine"]]
    assert [one["kind"] for one in seen] == ["classified"]
    form = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    english = await agents.http.post("/follow?lang=en", data=form)
    assert "by a program" in english.text
    chinese = await agents.http.post("/follow?lang=zh", data=form)
    assert "由系统程序办理" in chinese.text


async def test_a_citizen_contests_and_is_told_what_a_person_decided(agents: Api) -> None:
    ticket = await triaged(agents)
    [act] = (await acts_of(ticket, ticket.citizen))["acts"]
    body = {"version": act["version"], "reason": "这不是河道，是水池。"}
    asked = await say(ticket, "contests", ticket.citizen, body)
    assert asked.status_code == 201, asked.text
    again = await say(ticket, "contests", ticket.citizen, body)
    assert again.json()["n"] == asked.json()["n"]
    machine = await bearer(agents)
    assert problem(await ticket.act("urge", await bearer(agents, Role.DESK), {"text": "快"})) == (
        409,
        "left_to_people",
    )
    dispatcher = await agents.token(Role.DISPATCHER)
    waiting = await agents.http.get(
        "/api/v1/person-requests", params={"city": "tongzhou"}, headers=dispatcher
    )
    assert [one["number"] for one in waiting.json()["items"]] == [ticket.number]
    assert waiting.json()["items"][0]["due_at"]
    decision = {"outcome": "corrected", "answer": "已改派园林部门。"}
    path = f"person-requests/{asked.json()['n']}/decide"
    assert problem(await say(ticket, path, machine, decision)) == (403, "not_for_machines")
    assert (await say(ticket, path, dispatcher, decision)).status_code == 200
    other = decision | {"answer": "另一句话。"}
    assert problem(await say(ticket, path, dispatcher, other)) == (409, "person_request_decided")
    told_ = [one for one in (await ticket.seen())["timeline"] if one["kind"] == "machine_corrected"]
    assert [one["text"] for one in told_] == ["已改派园林部门。"]
    urged = await ticket.act("urge", await bearer(agents, Role.DESK), {"text": "快"})
    assert urged.status_code == 200, urged.text


async def test_whoever_wants_a_person_gets_one_and_the_machine_stops(agents: Api) -> None:
    ticket = await triaged(agents)
    wished = await say(ticket, "ask-person", ticket.citizen, {})
    assert wished.status_code == 201, wished.text
    assert not (await acts_of(ticket, ticket.citizen))["can_ask"]
    async with talking(agents, await agent_token(agents)) as client:
        read = told(await client.call_tool("get_ticket", {"number": ticket.number}))
        assert read["left_to_people"]
        moved = {"number": ticket.number, "unit": "market", "reason": "改派"}
        assert refused(await client.call_tool("reassign", moved)) == "left_to_people"


async def test_what_no_machine_did_cannot_be_contested(agents: Api) -> None:
    ticket = await agents.unclear()
    await ticket.until_stage("triage")
    assert (await acts_of(ticket, ticket.citizen))["acts"] == []
    body = {"version": 1, "reason": "为什么"}
    assert problem(await say(ticket, "contests", ticket.citizen, body)) == (409, "no_machine_acted")
    assert problem(await say(ticket, "ask-person", ticket.citizen, {})) == (409, "no_machine_acted")


async def test_a_draft_is_sent_only_by_a_person(agents: Api) -> None:
    ticket = await agents.file()
    await ticket.until_stage("handle")
    machine = await bearer(agents, Role.OFFICER, "water")
    share = {"assignment": 1, "text": "您好，已清淤。"}
    proposed = await say(ticket, "drafts", machine, share)
    assert proposed.status_code == 201, proposed.text
    assert (await ticket.seen())["reply"] is None
    path = f"drafts/{proposed.json()['n']}"
    assert problem(await say(ticket, f"{path}/use", machine, {"reply": "好"})) == (
        403,
        "not_for_machines",
    )
    by_person = await say(ticket, "drafts", await agents.officer(), share)
    assert problem(by_person) == (403, "agent_token_needed")
    officer = await agents.officer()
    sent = await say(ticket, f"{path}/use", officer, {"reply": "您好，已于今日清淤。"})
    assert sent.status_code == 200, sent.text
    await ticket.until_stage("rate")
    assert (await ticket.seen())["reply"] == "您好，已于今日清淤。"
    assert problem(await say(ticket, f"{path}/discard", officer, {})) == (409, "draft_decided")
