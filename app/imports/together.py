"""Doing several things at once, and failing as one of them does."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


async def together(
    items: Sequence[Item], work: Callable[[Item], Awaitable[Result]], at_once: int
) -> list[Result]:
    """Return what `work` makes of each item, in their order; at most `at_once` at the same time.

    When one fails the others are cancelled, and its error is raised: not a group of one, which
    nobody who handles the errors of `work` would know.
    """
    turns = asyncio.Semaphore(at_once)

    async def one(item: Item) -> Result:
        async with turns:
            return await work(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in items]
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from failed
    return [task.result() for task in tasks]
