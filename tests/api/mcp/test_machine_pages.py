"""Tests of the pages about machines: the citizen's forms, the staff's page and list."""

from pathlib import Path

from temporalio.client import Client

from domain.actors import Role
from store.db.engine import Store
from tests.api.mcp.test_machine_acts import acts_of, bearer, say, triaged
from tests.api.running_api import Api
from tests.support.agents import serving_agents
from tests.support.staff_pages import at_desk


async def test_a_citizen_contests_and_asks_on_the_page_and_staff_decides(agents: Api) -> None:
    ticket = await triaged(agents)
    form = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    shown = await agents.http.post("/follow?lang=zh", data=form)
    assert "我要转人工" in shown.text
    [act] = (await acts_of(ticket, ticket.citizen))["acts"]
    empty = await agents.http.post("/follow/contest", data=form | {"version": act["version"]})
    assert empty.status_code == 422
    sent = form | {"version": act["version"], "reason": "分类不对<b>。"}
    contested = await agents.http.post("/follow/contest?lang=en", data=sent)
    assert contested.status_code == 200, contested.text
    assert "A person looks at it and tells you." in contested.text
    wished = await agents.http.post("/follow/person?lang=zh", data=form)
    assert wished.status_code == 200
    assert "已申请转人工办理" in wished.text
    assert "我要转人工" not in wished.text
    staff = await at_desk(agents, Role.DISPATCHER)
    listed = await staff.get("/staff/person-requests")
    assert listed.text.count(ticket.number) >= 2
    assert "分类不对&lt;b&gt;。" in listed.text
    page = await staff.get(f"/staff/tickets/{ticket.number}")
    assert f"/staff/tickets/{ticket.number}/machines" in page.text
    machines = await staff.get(f"/staff/tickets/{ticket.number}/machines")
    assert machines.status_code == 200
    assert "分类不对&lt;b&gt;。" in machines.text


async def test_a_city_without_agents_has_no_such_page(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> None:
    async with serving_agents(client, sqlite_store, tmp_path, None) as api:
        ticket = await api.file()
        shown = await ticket.api.http.get(f"{ticket.path}/machine-acts", headers=ticket.citizen)
        assert shown.json()["acts"] == []
        refused = await say(ticket, "ask-person", ticket.citizen, {})
        assert refused.json()["code"] == "not_in_this_city"
        answer = await ticket.act("urge", await bearer(api, Role.DESK), {"text": "快"})
        assert answer.json()["code"] == "not_for_machines"
