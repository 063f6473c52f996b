"""Tests that a request which only reads ends when its caller has gone, and its work with it."""

import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from api.http.gone import CancelledWhenGone
from app.reporting.result_cache import ResultCache


class Application:
    """An application that answers when told, and notes how it ended."""

    def __init__(self) -> None:
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()
        self.ended: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (await receive())["type"] == "http.request"
        self.begun.set()
        try:
            await self.go_on.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b"."})
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            self.ended.append("whole")
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise


class Caller:
    """A connection that sends a request, and goes when told."""

    def __init__(self, **request: Any) -> None:
        self._sent = [{"type": "http.request", "body": b""} | request]
        self.gone = asyncio.Event()
        self.got: list[Message] = []

    async def receive(self) -> Message:
        if self._sent:
            return self._sent.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.got.append(message)
        if message["type"] == "http.response.body":
            self.gone.set()  # as servers do once the answer is whole


def _scope(method: str) -> Scope:
    return {"type": "http", "method": method, "path": "/"}


async def _asked(
    application: Application, caller: Caller, method: str = "GET"
) -> asyncio.Task[None]:
    asked = CancelledWhenGone(application)(_scope(method), caller.receive, caller.send)
    running = asyncio.create_task(asked)
    await application.begun.wait()
    return running


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_what_is_read_for_nobody_is_cancelled(method: str) -> None:
    application, caller = Application(), Caller()
    running = await _asked(application, caller, method)
    caller.gone.set()
    await asyncio.wait_for(running, 60)
    assert (application.ended, caller.got) == (["cancelled"], [])


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_what_changes_something_is_done_to_the_end(method: str) -> None:
    application, caller = Application(), Caller()
    running = await _asked(application, caller, method)
    caller.gone.set()
    await asyncio.sleep(0.05)
    application.go_on.set()
    await asyncio.wait_for(running, 60)
    assert application.ended == ["whole"]


@pytest.mark.parametrize("more_body", [False, True])
async def test_a_whole_answer_is_not_cancelled(more_body: bool) -> None:
    application, caller = Application(), Caller(more_body=more_body)
    running = await _asked(application, caller)
    application.go_on.set()
    await asyncio.wait_for(running, 60)
    assert application.ended == ["whole"]
    assert [message["type"] for message in caller.got] == [
        "http.response.start",
        "http.response.body",
    ]


async def test_an_error_of_the_application_is_told_on() -> None:
    async def broken(scope: Scope, receive: Receive, send: Send) -> None:
        raise LookupError("broken")

    with pytest.raises(LookupError):
        await CancelledWhenGone(broken)(_scope("GET"), Caller().receive, Caller().send)


# --- answers that several wait for --------------------------------------------------------------


class Slow:
    """A computation that goes on until it is told to end."""

    def __init__(self) -> None:
        self.ended: list[str] = []
        self.begun, self.go_on = asyncio.Event(), asyncio.Event()

    async def __call__(self) -> str:
        self.begun.set()
        try:
            await self.go_on.wait()
        except asyncio.CancelledError:
            self.ended.append("cancelled")
            raise
        self.ended.append("found")
        return "answer"


async def test_a_computation_ends_with_the_last_who_waits_for_it() -> None:
    cache, slow = ResultCache(5), Slow()
    waiting = [asyncio.create_task(cache.get("k", slow)) for _ in range(3)]
    await slow.begun.wait()
    for one in waiting[:2]:
        one.cancel()
    await asyncio.sleep(0.02)
    assert slow.ended == []
    waiting[2].cancel()
    results = await asyncio.gather(*waiting, return_exceptions=True)
    await asyncio.sleep(0)
    assert slow.ended == ["cancelled"]
    assert all(isinstance(one, asyncio.CancelledError) for one in results)
    again = Slow()
    again.go_on.set()
    assert await cache.get("k", again) == "answer"


async def test_who_stays_gets_the_answer_though_the_first_has_gone() -> None:
    cache, slow, never = ResultCache(5), Slow(), Slow()
    first = asyncio.create_task(cache.get("k", slow))
    await slow.begun.wait()
    second = asyncio.create_task(cache.get("k", never))
    await asyncio.sleep(0)
    first.cancel()
    slow.go_on.set()
    assert await second == "answer"
    assert not never.begun.is_set()
