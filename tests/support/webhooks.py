"""Receivers of webhooks on loopback, the job that sends to them, and a clock that tests turn."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from activities.webhooks import Webhooks
from domain.actors import Role
from runtime.outbound import Outbound
from store.db.engine import Store
from store.webhooks import subscriptions
from store.webhooks.changes import BEGINNING
from store.webhooks.seeing import Viewer
from store.webhooks.subscriptions import NewWebhook, Webhook, cipher_of
from tests.store.stories import Story, complaint, project
from tests.support.cities import SHIPPED
from tests.support.engine import RING

CIPHER = cipher_of(RING)
CITY = "tongzhou"


class Clock:
    """A clock that goes when it is told to. Signatures are checked by the day's real time."""

    def __init__(self, ahead: timedelta = timedelta()) -> None:
        self.at = datetime.now(UTC) + ahead

    def __call__(self) -> datetime:
        return self.at

    def on(self, by: timedelta) -> None:
        self.at += by


Answers = Callable[["Heard"], int]


@dataclass(frozen=True)
class Heard:
    """A message as it came."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event

    @property
    def key(self) -> tuple[str, int]:
        data = self.event["data"]
        return data["number"], data["version"]


@dataclass
class Receiver:
    """A subscriber's server. `heard`: all that came; `taken`: what it answered 200 to."""

    answer: Answers = lambda _heard: 200
    heard: list[Heard] = field(default_factory=list)
    taken: list[Heard] = field(default_factory=list)
    url: str = ""
    more: str = ""
    waits: asyncio.Event | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")[1:]
            headers = {
                name.lower(): value
                for name, _, value in (line.partition(": ") for line in lines if line)
            }
            body = await reader.readexactly(int(headers["content-length"]))
            one = Heard(headers, body)
            self.heard.append(one)
            if self.waits is not None:
                await self.waits.wait()
            status = self.answer(one)
            if 200 <= status < 300:
                self.taken.append(one)
            head = f"HTTP/1.1 {status} X\r\nContent-Length: 0\r\n{self.more}Connection: close"
            writer.write(f"{head}\r\n\r\n".encode())
            await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def receiving(answer: Answers = lambda _heard: 200) -> AsyncIterator[Receiver]:
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    async with server:
        receiver.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/in"
        yield receiver


async def subscribe(store: Store, url: str, now: datetime, **changed: Any) -> tuple[str, str]:
    values: dict[str, Any] = {
        "name": "test",
        "url": url,
        "viewer": Viewer(Role.SUPERVISOR),
        "kinds": (),
        "owner": "test",
        "after": BEGINNING,
    }
    made = await subscriptions.add(store, CIPHER, NewWebhook(**values | changed), now)
    assert made is not None
    return made


def job(store: Store, now: Callable[[], datetime], allow: str = "127.0.0.0/8") -> Webhooks:
    return Webhooks(store, SHIPPED, CIPHER, Outbound(allow), now)


async def run(*jobs: Webhooks) -> None:
    """Let the jobs do all that is due at this time of their clocks."""
    async with asyncio.timeout(60):
        while sum([await one.step() + await one.settle() for one in jobs]):
            pass


async def the(store: Store, webhook: str) -> Webhook:
    found = await subscriptions.get(store, webhook)
    assert found is not None
    return found


async def stories(store: Store, count: int, unit: str = "water") -> list[Story]:
    made = [Story(complaint(city=CITY)) for _ in range(count)]
    for story in made:
        await project(store, steps(story, unit))
    return made


def steps(story: Story, unit: str = "water") -> list[Any]:
    return [
        story.accepted(), story.classified(), story.assigned(unit), story.signed(),
        story.contacted(), story.handled(), story.replied(),
    ]  # fmt: skip


def in_order(heard: list[Heard]) -> dict[str, list[int]]:
    """Return the versions by ticket, in the order in which somebody who checks ids has them."""
    known, versions = set[str](), dict[str, list[int]]()
    for one in heard:
        if one.event["id"] not in known:
            known.add(one.event["id"])
            versions.setdefault(one.key[0], []).append(one.key[1])
    return versions
