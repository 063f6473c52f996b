"""An incident: one cause of many reports, with its scope and what everybody is told of it."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import Code, required


class IncidentState(StrEnum):
    PROPOSED = "proposed"  # by the system; nobody has declared it
    OPEN = "open"
    ENDED = "ended"
    DISMISSED = "dismissed"  # proposed, and no incident


class MemberState(StrEnum):
    SUGGESTED = "suggested"  # not sure: an ordinary ticket, shown to the desk
    MEMBER = "member"
    OUT = "out"  # taken out, or never one


Word = Annotated[
    str, StringConstraints(min_length=1, max_length=40, strip_whitespace=True),
    AfterValidator(required),
]  # fmt: skip
Statement = Annotated[
    str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True),
    AfterValidator(required),
]  # fmt: skip


class IncidentScope(Incoming):
    """The reports that an incident covers.

    `categories`: at least one of them. `areas`: division codes of streets or of parts of them.
    `places`: roads, estates or buildings; where there are any, a report has to name one, or its
    point lies within `metres` around `lat` and `lon` (WGS-84). `words`: a report has one of them.
    `began_at`: reports from before it are about something else.
    """

    categories: list[Code] = Field(min_length=1, max_length=20)
    areas: list[Code] = Field(default_factory=list, max_length=50)
    places: list[Word] = Field(default_factory=list, max_length=50)
    words: list[Word] = Field(default_factory=list, max_length=50)
    lat: float | None = Field(None, ge=-90, le=90)
    lon: float | None = Field(None, ge=-180, le=180)
    metres: int = Field(500, ge=10, le=50_000)
    began_at: Instant

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if (self.lat is None) != (self.lon is None):
            raise ValueError("a point needs both lat and lon")
        if not (self.areas or self.places or self.lat is not None):
            raise ValueError("an incident is somewhere: areas, places, or a point")
        return self


class Incident(Recorded):
    """An incident of a city. `lead`: the ticket that is handled. `version`: of its statement.

    `reports`: how many made the system propose it. `swept_at`: when reports from before it was
    declared were looked through.
    """

    id: str
    city: str
    state: IncidentState
    title: str
    scope: IncidentScope
    lead: str | None = None
    statement: str = ""
    version: int = 0
    reports: int = 0
    made_at: Instant
    declared_at: Instant | None = None
    ended_at: Instant | None = None
    swept_at: Instant | None = None

    @property
    def takes(self) -> bool:
        """True if reports that come in now may become members."""
        return self.state is IncidentState.OPEN
