"""One complaint of the demonstration, before it is filed."""

from dataclasses import dataclass
from typing import Any

from domain.ticket.complaint import Channel, Kind


@dataclass(frozen=True)
class Filing:
    """A citizen's complaint, and what is known about its handling.

    `reply`: the unit's answer, "" for a generated one. `concluded`: the desk's outcome if automatic
    triage is unsure, None to draw it. `passed_on`, `days`: a real ticket's transfers between units,
    and the days until its answer.
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
        """Return the complaint as the API takes it."""
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
