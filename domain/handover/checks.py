"""Checks of what letters of other cities say: a poisoned one is refused at the door.

The neighbour is known, and not trusted: what it says becomes a ticket, or a command to one.
"""

from datetime import datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from domain.handover.envelopes import CitizenNote, Content, Offer
from domain.handover.steps import Unexpected
from domain.ticket.complaint import Crs, Kind, Place, Text, Title, of_wrongdoing
from domain.ticket.rating import Rating

LONGEST = timedelta(days=60)
"""The longest window of an answer, and how far a time may lie ahead."""

MOST_FILES = 20

_TEXT: TypeAdapter[str] = TypeAdapter(Text)
_TITLE: TypeAdapter[str] = TypeAdapter(Title)


def check_content(content: Content, now: datetime) -> None:
    """Refuse what could not become a ticket, or a command to one.

    Raises:
        Unexpected
    """
    try:
        if isinstance(content, Offer):
            _check_offer(content, now)
        elif isinstance(content, CitizenNote):
            _check_note(content)
    except (ValidationError, ValueError):
        raise Unexpected(content.kind) from None


def _check_offer(content: Offer, now: datetime) -> None:
    words = content.words
    _TEXT.validate_python(words.text)
    _TITLE.validate_python(words.title)
    Place(area=words.area, address=words.address, lat=words.lat, lon=words.lon, crs=Crs(words.crs))
    if of_wrongdoing(content.of) or content.of is Kind.SERVICE:
        raise ValueError("reports of wrongdoing and bookings are not handed over")
    if len(words.files) > MOST_FILES or (words.person is not None) != content.contact:
        raise ValueError("more than an offer has")
    if content.due_at > now + LONGEST or content.filed_at > now + LONGEST:
        raise ValueError("a time too far ahead")


def _check_note(content: CitizenNote) -> None:
    if content.what == "facts":
        _TEXT.validate_python(content.text)
    elif content.what == "rating":
        Rating.model_validate(
            {
                "contacted": content.contacted,
                "resolved": content.resolved,
                "grade": content.grade,
                "words": content.text,
            }
        )
