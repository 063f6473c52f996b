"""A city at work from its pack alone, with short days: people act through the API."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest
from temporalio.client import Client

from demo.pack import shortened_pack
from demo.people import Badges, People
from demo.stories.telling import StoryTicket, Telling
from domain.actors import Role
from packs.registry import PackRegistry, default_root
from runtime.names import BACKLOG_WORKFLOW, TICKETS
from store.db.engine import Store
from store.reporting.figures import figures
from tests.api.running_api import Api, Filed, serve_api
from tests.support.engine import platform

DAY = 0.5
"""Seconds that a day lasts."""

_SLOWER = 3
"""The factor by which days last longer when a scenario is played again."""


@dataclass
class Scene:
    """A city, its API, and what the people in it do."""

    api: Api
    story: Telling

    async def reading(self, device: str, name: str, value: float, **more: Any) -> dict[str, Any]:
        """Hand in a reading, `ago` minutes old; return what became of its one alarm."""
        at = datetime.now(UTC) - timedelta(minutes=more.pop("ago", 0))
        body = {"device": device, "id": name, "at": at.isoformat(), "value": value} | more
        city, source = self.story.pack.city.id, await self.api.token(Role.DESK)
        answer = await self.api.http.post(
            f"/api/v1/cities/{city}/readings", json=body, headers=source
        )
        assert answer.status_code == 200, answer.text
        (alarm,) = answer.json()["alarms"]
        known: dict[str, Any] = alarm
        return known

    def ticket(self, name: str, number: str) -> StoryTicket:
        """Take up a ticket that a reading became; its citizen's code is known to this test."""
        code = self.api.context.vault.access_code(number)
        return self.story.adopt(name, number, code)

    def filed(self, ticket: StoryTicket) -> Filed:
        """Return a ticket with its citizen's receipt, for the helpers of other tests."""
        return Filed(self.api, {"number": ticket.number, "access_code": ticket.code})

    async def figures(self, *names: str) -> dict[str, tuple[int, int]]:
        """Return figures as part and whole, computed by the pack's formulas from the events."""
        found = await figures(
            self.story.store, self.story.pack, self.story.period, only=list(names)
        )
        assert found.broken == []
        values = {one.indicator.id: one.value.after for one in found.figures}
        return {name: (values[name].part, values[name].of) for name in names}


class Playing(Protocol):
    """A context manager: `async with playing("huangpu") as scene`. `day`: how long one lasts."""

    def __call__(self, city: str, day: float = DAY) -> AbstractAsyncContextManager[Scene]: ...


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Play a scenario that failed again, with longer days: on a busy machine people are late."""
    for item in items:
        if "playing" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.flaky(reruns=2))
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture
def playing(
    client: Client, sqlite_store: Store, tmp_path: Path, request: pytest.FixtureRequest
) -> Playing:
    slower = _SLOWER ** (getattr(request.node, "execution_count", 1) - 1)

    @asynccontextmanager
    async def play(city: str, day: float = DAY) -> AsyncIterator[Scene]:
        pack = shortened_pack(default_root() / city, tmp_path / "cities", day * slower)
        registry = PackRegistry(tmp_path / "cities")
        async with (
            platform(client, sqlite_store, registry),
            serve_api(tmp_path / "home", sqlite_store, client, registry) as api,
        ):
            # This job starts the tickets that a ticket opens beside itself (举一反三).
            await client.start_workflow(BACKLOG_WORKFLOW, id="chore/spool", task_queue=TICKETS)
            badges = await Badges.issue(sqlite_store, pack)
            transport = httpx.ASGITransport(api.app, raise_app_exceptions=False)
            below = "http://jiesu.test/api/v1"
            async with httpx.AsyncClient(transport=transport, base_url=below) as http:
                yield Scene(api, Telling(People(http, badges), sqlite_store, pack, print))

    return play


# --- what people do in every city -----------------------------------------------------------------


async def settled(ticket: StoryTicket, unit: str, reply: str, grade: int, **more: Any) -> None:
    """Handle, rate and close a ticket."""
    contacted = more.pop("contacted", True)
    await ticket.handled(unit, reply, **more)
    await ticket.rated(grade, contacted=contacted)
    await ticket.closed()
