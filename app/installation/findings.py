"""A finding on a part of an installation, in words for readers of any language."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, computed_field
from pydantic.dataclasses import dataclass

from domain.words import N_, Phrase, phrase


class Part(StrEnum):
    """The parts of an installation that are looked at."""

    PYTHON = "python"
    BINARY = "engine's binary"
    HOME = "home"
    CITY = "city"
    CITIES = "cities"
    PAGES = "pages"
    PROXIES = "proxies"
    ENGINE = "engine"
    TLS = "engine's TLS"
    CLOCK = "clock"
    STORE = "store"
    KEYS = "keys"
    SPOOL = "spool"
    OUTBOX = "outbox"
    WEBHOOKS = "webhooks"
    MESSAGES = "ways out"
    DELIVERIES = "messages sent"
    ARCHIVE = "archive"
    TICKETS = "tickets"
    RECORD = "record"
    EARLIER_RUNS = "earlier runs"
    OPEN_TICKETS = "open tickets"
    AHEAD = "engine's data"
    ACCOUNT = "account"
    NEIGHBOUR = "neighbour"
    INCIDENT = "incident"
    TOKEN = "token"  # noqa: S105  # nosec B105
    PORT = "port"
    TRIAGE = "learned triage"


PART_NAMES: Mapping[Part, str] = {
    Part.PYTHON: N_("Python"),
    Part.BINARY: N_("Program of the engine"),
    Part.HOME: N_("Home folder"),
    Part.CITY: N_("Pack of %(which)s"),
    Part.CITIES: N_("City packs"),
    Part.PAGES: N_("Packages of the pages"),
    Part.PROXIES: N_("Proxies in front"),
    Part.ENGINE: N_("Engine"),
    Part.TLS: N_("Connection to the engine"),
    Part.CLOCK: N_("Clock of this machine"),
    Part.STORE: N_("Store"),
    Part.KEYS: N_("Key ring"),
    Part.SPOOL: N_("Complaints not started"),
    Part.OUTBOX: N_("Messages to deliver"),
    Part.WEBHOOKS: N_("Webhooks"),
    Part.MESSAGES: N_("Ways out for messages"),
    Part.DELIVERIES: N_("Messages sent"),
    Part.ARCHIVE: N_("Archive of histories"),
    Part.TICKETS: N_("Tickets that do not move"),
    Part.RECORD: N_("Times in the record"),
    Part.EARLIER_RUNS: N_("Earlier runs of tickets"),
    Part.OPEN_TICKETS: N_("Open tickets in the engine"),
    Part.AHEAD: N_("Data of the engine"),
    Part.ACCOUNT: N_("Account %(which)s"),
    Part.NEIGHBOUR: N_("Neighbouring city %(which)s"),
    Part.INCIDENT: N_("Incident %(which)s"),
    Part.TOKEN: N_("Token %(which)s"),
    Part.PORT: N_("Port %(which)s"),
    Part.TRIAGE: N_("Learned triage of %(which)s"),
}
"""The name of each part on pages. `which`: the city, account, token or port, if there are many."""


@dataclass(frozen=True)
class Finding:
    """A finding. `state`: ok, note (worth knowing) or wrong (something will not work)."""

    part: Annotated[Part, Field(exclude=True)]
    state: str
    message: Annotated[Phrase, Field(exclude=True)]
    which: Annotated[str, Field(exclude=True)] = ""

    @property
    def name(self) -> Phrase:
        """Return the name of the part for readers."""
        message = PART_NAMES[self.part]
        return phrase(message, which=self.which) if self.which else phrase(message)

    @computed_field(description="The name of the part.")  # type: ignore[prop-decorator]
    @property
    def what(self) -> str:
        """Return the name of the part for programs, which never changes."""
        return f"{self.part} {self.which}" if self.which else self.part.value

    @computed_field(description="The finding, in English.")  # type: ignore[prop-decorator]
    @property
    def says(self) -> str:
        """Return the finding in English."""
        return self.message.text()
