"""One complaint of the demonstration, before it is filed."""

from dataclasses import dataclass
from typing import Any

from domain.ticket.complaint import Channel, Kind


@dataclass(frozen=True)
class Filing:
    """What a citizen says, and what the demonstration knows about how it will go.

    `reply`: what the unit will answer, "" for an answer of our own. `concluded`: how the desk ends
    it when the machine is unsure of it, None to let the cast decide. `passed_on`, `days`: how
    often a real ticket went from unit to unit, and how long its answer took.
    """

    kind: Kind
    channel: Channel
    title: str
    text: str
    anonymous: bool
    reply: str = ""
    area: str | None = None
    address: str = ""
    phone: str | None = None
    concluded: str | None = None
    passed_on: int = 0
    days: int = 0

    def body(self, city: str) -> dict[str, Any]:
        """The complaint as the API takes it."""
        return {
            "city": city,
            "kind": self.kind.value,
            "channel": self.channel.value,
            "title": self.title,
            "text": self.text,
            "anonymous": self.anonymous,
            "place": {"area": self.area, "address": self.address},
            "contact": {"phone": self.phone} if self.phone else None,
        }
