"""Minutes of the meetings about a ticket."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from domain.model import Incoming, Recorded
from domain.ticket.because import Because
from domain.ticket.complaint import Code, Text, cleaned, required

Line = Annotated[str, StringConstraints(min_length=1, max_length=500), AfterValidator(required)]


class Meeting(StrEnum):
    ON_SITE = "on_site"  # 现场会: the units called by a whistle
    ARBITRATION = "arbitration"  # 协调会: which unit is responsible
    MEDIATION = "mediation"  # 调解
    DELIBERATION = "deliberation"  # 协商议事


class Option(Incoming):
    """One of the plans that were deliberated."""

    title: Line
    pros: list[Line] = Field(default_factory=list, max_length=20)
    cons: list[Line] = Field(default_factory=list, max_length=20)
    votes: int = Field(0, ge=0)


class Minutes(Incoming):
    """The record of one meeting. `units` took part; others are only counted (no names)."""

    what: Meeting
    text: Text
    units: list[Code] = Field(default_factory=list, max_length=50)
    residents: int = Field(0, ge=0, le=10_000, description="How many residents took part.")
    options: list[Option] = Field(default_factory=list, max_length=20)
    decision: Annotated[str, StringConstraints(max_length=1000), AfterValidator(cleaned)] = ""
    agreed: bool | None = Field(None, description="Whether they agreed; null where it is no vote.")


class Order(Recorded):
    """督办单: an order to the unit that leads, to be answered.

    `because`: why the system gave it; empty if a supervisor did.
    """

    n: int
    text: str
    because: list[Because] = Field(default_factory=list)
    answer: str | None = None
