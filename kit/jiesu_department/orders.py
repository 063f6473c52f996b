"""Orders and results, as they are exchanged with the city's system."""

import unicodedata
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_FILLERS = "\u115f\u1160\u2800\u3164\uffa0\ufffc\U0001d159"
"""Blanks that Unicode counts as letters and symbols."""

_LONGEST = 4000
_MOST_EVIDENCE = 20


def _said(text: str) -> str:
    if not any(unicodedata.category(one)[0] in "LNPS" and one not in _FILLERS for one in text):
        raise ValueError("the reply says nothing")
    return text


class CitizenSaid(BaseModel):
    """An addition of a citizen to the complaint. `number`: of the ticket by which it was said.

    That is the order's own, or of one that was merged into it, as somebody else reported the same.
    """

    model_config = ConfigDict(extra="ignore")

    number: str
    at: datetime
    text: str
    files: list[str] = Field(default_factory=list)


class UnitOrder(BaseModel):
    """A unit's instructions for its share of a ticket.

    `number` and `assignment` identify the order, which may be given twice. `share`: `lead` (主办),
    `co` (协办), `delegate` or `verify` (核查). `task`: the work asked of a co-handler. `rework`:
    how often the ticket was done before. `said`: what citizens added until the order was given, the
    oldest first; `left_out`: how many additions there was no room for. Fields that a newer system
    adds are ignored.
    """

    model_config = ConfigDict(extra="ignore")

    number: str
    assignment: int
    unit: str
    city: str
    title: str
    text: str
    category: str | None = None
    area: str | None = None
    address: str = ""
    rework: int = 0
    due_at: datetime | None = None
    share: str = "lead"
    task: str = ""
    files: list[str] = Field(default_factory=list)
    said: list[CitizenSaid] = Field(default_factory=list)
    left_out: int = 0


class UnitResult(BaseModel):
    """The result of an order. The lead's `reply` goes to the citizen word for word.

    `resolved` False: explained why it cannot be solved (yet). `evidence`: references of uploaded
    files, as the API gave them to this program, or of the department's own records. What is longer
    than the city's system takes is refused here.
    """

    model_config = ConfigDict(revalidate_instances="always")

    reply: Annotated[str, Field(max_length=_LONGEST), AfterValidator(_said)]
    resolved: bool = True
    evidence: list[Annotated[str, Field(max_length=200)]] = Field(
        default_factory=list, max_length=_MOST_EVIDENCE
    )
    by: str = Field("", max_length=64)
    at: datetime | None = None
