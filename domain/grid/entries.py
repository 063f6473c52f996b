"""The entries that a grid worker's phone sends: a report, a diary entry, the answer to a check.

An entry has an id that the phone made. Whatever is sent again under it is the same entry.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, model_validator

from domain.model import Incoming, Instant
from domain.ticket.complaint import Code, Crs, Place, Text, cleaned
from domain.ticket.files import Files

MOST = 50
"""The most entries of a batch."""
_ON_THE_WAY = timedelta(minutes=5)
"""A clock that differs by no more is right: it takes time to send a batch."""
_LONGEST = timedelta(days=30)
"""The longest that an entry may have waited on a phone; a clock that says more is not believed.

No pack keeps diaries for less.
"""

EntryId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]{16,64}$")]
Line = Annotated[str, StringConstraints(max_length=500), AfterValidator(cleaned)]


class CheckMoment(StrEnum):
    """The point of a ticket's course at which a place is looked at."""

    FILING = "filing"  # before it is filed: is it there?
    CLOSING = "closing"  # after handling: is it done?


class Seen(StrEnum):
    """The finding on the spot."""

    THERE = "there"
    NOT_THERE = "not_there"
    DONE = "done"


class _Entry(Incoming):
    id: EntryId = Field(description="Made on the phone; the same id is the same entry.")
    at: Instant = Field(description="When it was written, by the phone's clock.")


class ReportEntry(_Entry):
    """A report on the spot. `done`: what was put in order already, and how; it is closed at once.

    `before` and `after` are photos, by reference; what is done already needs both.
    """

    kind: Literal["report"] = "report"
    text: Text
    category: Code | None = None
    place: Place = Field(default_factory=Place)
    before: Files = Field(default_factory=list)
    after: Files = Field(default_factory=list)
    done: Line = ""


class DiaryEntry(_Entry):
    """A diary entry (民情日记). `private`: it is never part of anything published."""

    kind: Literal["diary"] = "diary"
    text: Text
    place: Place = Field(default_factory=Place)
    private: bool = False


class CheckEntry(_Entry):
    """The answer to a check, with where the worker stood and what it looks like."""

    kind: Literal["check"] = "check"
    check: EntryId
    seen: Seen
    note: Line = ""
    lat: float = Field(ge=-90, le=90)
    lon: float = Field(ge=-180, le=180)
    crs: Crs = Crs.WGS84
    photos: Files

    @model_validator(mode="after")
    def _with_photo(self) -> Self:
        if not self.photos:
            raise ValueError("it needs a photo")
        return self


GridEntry = Annotated[ReportEntry | DiaryEntry | CheckEntry, Field(discriminator="kind")]
ENTRY: TypeAdapter[ReportEntry | DiaryEntry | CheckEntry] = TypeAdapter(GridEntry)


def references(entry: ReportEntry | DiaryEntry | CheckEntry) -> list[str]:
    """Return the references of its files, in their order."""
    match entry:
        case ReportEntry():
            return [*entry.before, *entry.after]
        case CheckEntry():
            return list(entry.photos)
        case DiaryEntry():
            return []


def content(entry: ReportEntry | DiaryEntry | CheckEntry) -> str:
    """Return what makes an entry the same: what it says, and how many files it has.

    The files are uploaded anew each time, and so have other references.
    """
    text = entry.model_dump_json(exclude={"at", "before", "after", "photos"})
    return f"{text}\n{len(references(entry))}"


def written_at(at: datetime, sent_at: datetime | None, now: datetime) -> datetime:
    """Return when an entry was written, as the server's clock has it.

    A phone whose clock is off is off by as much when it sends: that corrects it. One that was set
    right in between leaves times that cannot be, later than now or too long ago. Such an entry is
    dated when it arrived, so that it is found, and not deleted as if it were old.
    """
    off = now - sent_at if sent_at is not None else timedelta()
    try:
        corrected = at + off if abs(off) > _ON_THE_WAY else at
    except OverflowError:
        return now
    return corrected if now - _LONGEST <= corrected <= now else now
