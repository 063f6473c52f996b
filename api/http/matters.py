"""The routes of councils at what these hang on: the same acts at a ticket and at a topic."""

import inspect
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Annotated, Any

from fastapi import Depends, Path

from api.http.access import TicketNumber


async def _topic_number(
    topic: Annotated[
        str,
        Path(
            pattern=r"^[A-Za-z][0-9A-Za-z_.-]{0,63}$",
            description="The number of the topic.",
            examples=["jinan-3"],
        ),
    ],
) -> str:
    return topic


TopicNumber = Annotated[str, Depends(_topic_number)]

_Handler = Callable[..., Awaitable[Any]]


def on_topics(handler: _Handler) -> _Handler:
    """Return the handler of a route of tickets for the same route of topics."""

    @wraps(handler)
    async def of_topic(**values: Any) -> Any:
        return await handler(**values)

    signature = inspect.signature(handler)
    parameters = [
        one.replace(annotation=TopicNumber) if one.annotation == TicketNumber else one
        for one in signature.parameters.values()
    ]
    of_topic.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    return of_topic
