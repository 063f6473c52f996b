"""A way out of the house: a mail server, a gateway, a chat."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from domain.messaging.states import SendingOutcome, WayOut
from domain.messaging.texts import Written

Begin = Callable[[], Awaitable[bool]]
"""Called when a message leaves, and can no longer be called back; False: do not send it."""


class NotBegun(Exception):
    """Another worker has the message, or it was stopped: nothing was sent."""


@dataclass(frozen=True)
class Parcel:
    """A message to send. `to` is personal: it is in no log and in no error.

    `id`: the same for every attempt. `language`: the one wanted; empty: all that there are.
    `reference`: by which a reply finds the ticket.
    """

    id: str
    to: str = field(repr=False)
    written: Written = field(repr=False)
    at: datetime
    city: str = ""
    sender_name: str = ""
    language: str = ""
    reference: str = field(default="", repr=False)
    unsubscribe: str = field(default="", repr=False)


class Way(Protocol):
    """A way out. `receipts`: what became of a message is said later."""

    channel: WayOut
    receipts: bool

    async def send(self, parcel: Parcel, begin: Begin) -> SendingOutcome:
        """Send; every error of the other side is an outcome.

        Raises:
            NotBegun: nothing was sent.
        """
        ...

    async def ask(self, parcel_id: str) -> SendingOutcome | None:
        """Return what became of a message that was begun and not answered; None: nobody can say."""
        ...
