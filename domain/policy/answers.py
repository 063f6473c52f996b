"""The answers that a citizen was given, round after round, read from the events."""

from collections.abc import Iterable

from domain.events import Event
from domain.facts.closing import Replied
from domain.facts.handling import Handled, ShareHandled
from domain.facts.intake import Assigned
from domain.facts.merging import RepliedWithParent
from domain.model import Recorded
from domain.ticket.assignment import HandlingResult


class GivenAnswer(Recorded):
    """One answer. `evidence`: what the unit that leads showed with it. `parent`: the ticket it was
    given to, if this one was merged into that.
    """

    text: str
    evidence: list[str]
    parent: str | None = None


def answers_given(events: Iterable[Event]) -> list[GivenAnswer]:
    """Return the answers, the first one first.

    A result that is handed in, and not sent to the citizen yet, is none; nor is one that was
    refused on the spot.
    """
    given: list[GivenAnswer] = []
    results: dict[int, HandlingResult] = {}
    lead = 0
    for event in events:
        fact = event.fact
        match fact:
            case Assigned():
                lead = fact.assignment
            case Handled() | ShareHandled():
                results[fact.assignment] = fact.result
            case Replied():
                result = results.get(lead)
                evidence = result.evidence if result else []
                given.append(GivenAnswer(text=fact.text, evidence=evidence))
            case RepliedWithParent():
                given.append(
                    GivenAnswer(text=fact.text, evidence=fact.evidence, parent=fact.parent)
                )
            case _:
                pass
    return given
