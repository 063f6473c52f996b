"""The events in which citizens say something of a ticket."""

from domain.actors import Role
from domain.events import Event
from domain.facts.aftercare import Reopened
from domain.facts.anytime import FactsAdded, Urged
from domain.facts.closing import Rated
from domain.facts.merging import ComplainantAdded, ComplainantJoined, ComplainantUrged
from domain.ticket.said import Said


def said_in(event: Event) -> Said | None:
    """Return what a citizen said in the event, here or on a merged ticket; None if nothing.

    Of a report of wrongdoing (举报) a merged ticket has told nothing. A rating that may be of who
    did the work is not a citizen's.
    """
    number, text, files = event.number, "", list[str]()
    match event.fact:
        case FactsAdded(text=text, files=files):
            pass
        case ComplainantJoined() | ComplainantAdded() as fact:
            number, text, files = fact.number, fact.text, fact.files
        case ComplainantUrged() as fact:
            number, text = fact.number, fact.text
        case Urged(text=text):
            pass
        case Reopened(text=text) if event.actor.role in (Role.CITIZEN, Role.DESK):
            pass
        case Rated(rating=rating, apart=None):
            text = rating.words
        case _:
            return None
    return Said(number=number, at=event.at, text=text, files=files) if text or files else None
