"""The citizen's rating: contacted? solved? and one of the five national grades."""

from enum import IntEnum, StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from domain.model import Incoming
from domain.ticket.complaint import cleaned


class Grade(IntEnum):
    """Five grades of 国办发〔2019〕51号."""

    VERY_DISSATISFIED = 1  # 非常不满意
    DISSATISFIED = 2  # 不满意
    BASICALLY_SATISFIED = 3  # 基本满意
    SATISFIED = 4  # 满意
    VERY_SATISFIED = 5  # 非常满意


class Apart(StrEnum):
    """The reason why a rating is set apart: it may be that of who did the work, or look pressed.

    The first three are recorded with the rating, when it is given. The others are judged by the
    city's rules, beside the ticket (ADR 0069).
    """

    SESSION = "session"  # given where somebody of staff was signed in
    ADDRESS = "address"  # given from where the unit's officers signed in of late
    FILER = "filer"  # the unit had filed the complaint itself, with the contact that it chose
    CALL = "call"  # minutes after the unit had been in contact with the citizen
    TURNED = "turned"  # bad before, and good soon after another contact by the unit
    CONTACT = "contact"  # many of one unit from one phone or mail address in a short time
    NETWORK = "network"  # many of one unit from one network in a short time


class Rating(Incoming):
    """A citizen's rating. `contacted` None: they did not say."""

    contacted: bool | None = Field(None, description="Did the unit contact you?")
    resolved: bool = Field(description="Is the matter solved?")
    grade: Grade = Field(description="1 very dissatisfied … 5 very satisfied.")
    words: Annotated[str, StringConstraints(max_length=1000), AfterValidator(cleaned)] = ""

    def satisfied(self, satisfied_from: int) -> bool:
        return self.grade >= satisfied_from
