"""Ratings that look pressed, by the events of their own ticket."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.actors import OF_UNITS
from domain.events import Event
from domain.facts.closing import Rated
from domain.facts.handling import Contacted
from domain.pack.satisfaction import SatisfactionPolicy, scaled
from domain.ticket.rating import Apart, Rating


def in_favour(rating: Rating, satisfied_from: int) -> bool:
    """Return whether a rating is in the unit's favour: solved, and satisfied."""
    return rating.resolved and rating.satisfied(satisfied_from)


def pressed_by(
    events: Sequence[Event],
    at: int,
    satisfied_from: int,
    policy: SatisfactionPolicy,
    clock_scale: float = 1,
) -> Apart | None:
    """Return why the rating `events[at]` looks pressed; None if it does not, or is not good.

    Only contacts that the record has are known: a call that nobody recorded is not.

    Raises:
        ValueError: that event is no rating.
    """
    event = events[at]
    if not isinstance(event.fact, Rated):
        raise ValueError("not a rating")
    if event.fact.apart is not None or not in_favour(event.fact.rating, satisfied_from):
        return None
    before = events[:at]
    contact = next((n for n in range(at - 1, -1, -1) if _by_unit(before[n])), None)
    if contact is None:
        return None
    passed = event.at - before[contact].at
    if _within(passed, scaled(policy.after_contact, clock_scale)):
        return Apart.CALL
    earlier = [one.fact for one in before[:contact] if isinstance(one.fact, Rated)]
    turned = bool(earlier) and not in_favour(earlier[-1].rating, satisfied_from)
    if turned and _within(passed, scaled(policy.turned_within, clock_scale)):
        return Apart.TURNED
    return None


def completed_at(
    given: Sequence[datetime], together: int, within: timedelta
) -> dict[datetime, datetime]:
    """Return which of these moments of ratings are of a crowd, and when the crowd was one.

    `given`: in order. A crowd is `together` ratings, of which the last came `within` after the
    first. Of each member that is the moment of the rating that made it one.
    """
    crowded: dict[datetime, datetime] = {}
    for last in range(together - 1, len(given)):
        first = last - together + 1
        if given[last] - given[first] <= within:
            for moment in given[first : last + 1]:
                crowded.setdefault(moment, given[last])
    return crowded


def _by_unit(event: Event) -> bool:
    fact = event.fact
    return isinstance(fact, Contacted) and fact.reached and event.actor.role in OF_UNITS


def _within(passed: timedelta, limit: timedelta | None) -> bool:
    return limit is not None and timedelta() <= passed <= limit
