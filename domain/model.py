"""Two base models: one for recorded data, one for input from outside."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict


def _to_utc(at: datetime) -> datetime:
    try:
        return at.astimezone(UTC)
    except OverflowError as error:  # a first or last day whose offset leads out of the years 1-9999
        raise ValueError("there is no such moment in UTC") from error


Instant = Annotated[AwareDatetime, AfterValidator(_to_utc)]
"""A moment, always aware and always in UTC; zones belong to calendars and to pages."""


class Recorded(BaseModel):
    """State and facts. Unknown fields are ignored, so that old code can read newer histories."""

    model_config = ConfigDict(extra="ignore")


class Incoming(BaseModel):
    """Input from people and machines. Unknown fields are refused: a typo must not be lost."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)
