"""Contractors (承包企业): who is assessed every month, and by which criteria."""

from typing import Literal

from pydantic import Field

from domain.deadlines.limits import Limit
from domain.pack.policies import Condition, PackPart, Words
from domain.pack.supervision import DayLimit
from domain.ticket.complaint import Code


class ContractorPolicy(PackPart):
    """`[contractors]`: the assessed units; a city that names none has no sheets.

    `base`: the points that every sheet begins with. `objection`: how long after a month was closed
    a contractor may object. `publish`: whether everybody may read the sheets after that.
    """

    units: tuple[Code, ...] = ()
    base: float = Field(100, ge=0, le=1000)
    objection: DayLimit = Limit.parse("5wd")
    publish: bool = False


class AssessmentRule(PackPart):
    """A row of assessment.csv: points for an event, as in scoring.csv.

    `to`: the `unit` of the event's share; every contractor that `worked` on the ticket with a
    result by then; or that worked on an earlier ticket about the same place `before` this one.
    """

    code: Code
    name: Words
    name_en: Words
    on: Code
    when: Condition = "true"
    points: float = Field(ge=-1000, le=1000)
    to: Literal["unit", "worked", "before"] = "unit"
    source: Words
