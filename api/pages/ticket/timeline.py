"""The history of a ticket in words: each event, its actor, and what was written."""

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from api.pages.shared.translator import Translator
from app.agents.machine_acts import by_machine
from app.errors import CODES
from app.tickets.moments import TimelineMoment
from domain.actors import Actor, Role
from domain.events import Event
from domain.facts.machine_reasons import is_ours, note_of
from domain.facts.wrongdoing import Accused
from domain.ticket.assignment import AssignmentPlan, HandlingResult
from domain.ticket.minutes import Minutes
from domain.ticket.rating import Rating
from domain.words import N_

Names = Mapping[str, str]
"""The display names of accounts, by their ids."""


class TimelineLine(NamedTuple):
    """One event. `notes`: short descriptions; `texts`: what people wrote, verbatim. `machine`: a
    program did it."""

    at: datetime
    kind: str
    words: str
    who: str
    notes: list[str]
    texts: list[str]
    machine: bool = False


CODED: dict[str, str] = {
    # reasons given by the engine, not by a person
    "rated": N_("rated well enough"),
    "dissatisfied": N_("the citizen is not satisfied"),
    "not_resolved": N_("it is not solved"),
    "not_reached": N_("nobody could be reached"),
    "no_rating": N_("nobody rated"),
    "revisit": N_("seen at a revisit"),
    "recurred": N_("said by the citizen"),
    "citizen_answered": N_("the citizen answered"),
    "citizen_silent": N_("the citizen did not answer in time"),
    "hold_over": N_("the hold is over"),
    "reviewed": N_("reviewed"),
    "pause_ended": N_("the unit that it stood still for has it no more"),
    "unmerged": N_("it no longer waits for the other ticket"),
    "urged": N_("urged again and again"),
    "complainants": N_("many complain"),
    "repeated": N_("it came back again and again"),
}

_GROUNDS = {
    "return_asked": "returns",
    "hold_asked": "hold",
    "whistled": "whistle",
    "exclusion_asked": "exclude",
}
_REASONS = {"declined": "decline", "referred": "refer"}
_LONG = ("text", "reason", "note", "answer")
"""The fields with texts by people, in the order in which they are shown."""


def describe(
    events: Iterable[Event], speech: Translator, names: Names, void: Collection[int] = ()
) -> list[TimelineLine]:
    """Describe the events, newest first. `void`: the versions of revoked cards."""
    return [_line(event, speech, names, void) for event in reversed(list(events))]


def with_moments(
    lines: list[TimelineLine], moments: Iterable[TimelineMoment], speech: Translator
) -> list[TimelineLine]:
    """Return the lines with the moments beside the workflow, newest first."""
    told = [
        TimelineLine(
            one.at,
            one.kind,
            speech.label("happened", one.kind),
            "",
            [one.subject],
            [one.text] if one.text else [],
        )
        for one in moments
    ]
    if not told:
        return lines
    return sorted([*reversed(told), *lines], key=lambda line: line.at, reverse=True)


def _line(event: Event, speech: Translator, names: Names, void: Collection[int]) -> TimelineLine:
    notes, texts = _notes(event, speech), _texts(event, speech)
    if event.version in void:
        notes.append(speech.say(N_("taken back: more time was granted")))
    what = speech.label("happened", event.kind)
    by = who(event.actor, speech, names)
    return TimelineLine(event.at, event.kind, what, by, notes, texts, by_machine(event))


def who(actor: Actor, speech: Translator, names: Names) -> str:
    """Return the account's name, if known, and the unit, else the role: 王芳 · 区水务局."""
    name = names.get(actor.id)
    place = speech.unit(actor.unit) if actor.unit else None
    if actor.role is Role.SYSTEM:
        return speech.say(N_("by itself"))
    return " · ".join(one for one in (name, place or speech.label("role", actor.role)) if one)


def _texts(event: Event, speech: Translator) -> list[str]:
    """Return the written texts, also those in results, minutes and ratings."""
    fact = event.fact
    names: list[str] = []
    for name in _LONG:
        text = getattr(fact, name, None)
        if isinstance(text, str) and text and not _is_code(event, name, text):
            names.append(text)
    if note := note_of(fact):
        names.append(note)
    result: HandlingResult | None = getattr(fact, "result", None)
    if result is not None and result.reply not in names:
        names.append(result.reply)
    minutes: Minutes | None = getattr(fact, "minutes", None)
    if minutes is not None:
        names += [text for text in (minutes.text, minutes.decision) if text]
    rating: Rating | None = getattr(fact, "rating", None)
    if rating is not None and rating.words:
        names.append(rating.words)
    return names


def _is_code(event: Event, name: str, text: str) -> bool:
    coded = name == "reason" and (text in CODED or event.kind in _REASONS)
    return coded or is_ours(event.fact, text)


# --- the notes: one entry of the table for every attribute that facts have ---------------------


def _coded(event: Event, value: Any, speech: Translator) -> str:
    if event.kind in _REASONS:
        return speech.reason(_REASONS[event.kind], value)
    return speech.say(CODED[value]) if value in CODED else ""


def _ground(event: Event, value: Any, speech: Translator) -> str:
    return speech.reason(_GROUNDS[event.kind], value)


def _shares(_event: Event, value: Any, speech: Translator) -> str:
    plans: list[AssignmentPlan] = value if isinstance(value, list) else [value]
    return "; ".join(speech.unit(one.unit) + (f": {one.task}" if one.task else "") for one in plans)


def _level(event: Event, value: Any, speech: Translator) -> str:
    clock = speech.label("clock", getattr(event.fact, "clock", ""))
    return f"{speech.label('rung', value)} · {clock}"


def _rating(_event: Event, value: Any, speech: Translator) -> str:
    rating: Rating = value
    solved = N_("Solved") if rating.resolved else N_("Not solved")
    return f"{speech.grade(rating.grade.value)} · {speech.say(solved)}"


def _result(_event: Event, value: Any, speech: Translator) -> str:
    result: HandlingResult = value
    return "" if result.resolved else speech.say(N_("not solved (yet)"))


def _evidence(_event: Event, value: Any, speech: Translator) -> str:
    return speech.say(N_("%(n)s files or references"), n=len(value))


def _minutes(_event: Event, value: Any, speech: Translator) -> str:
    minutes: Minutes = value
    codes = [speech.unit(code) for code in minutes.units]
    if minutes.residents:
        codes.append(speech.say(N_("%(n)s residents"), n=minutes.residents))
    plans = [f"{plan.title}: {plan.votes}" for plan in minutes.options]
    return " · ".join([speech.label("meeting", minutes.what.value), *codes, *plans])


def _code(_event: Event, value: Any, speech: Translator) -> str:
    return speech.problem(value) if value in CODES else str(value)


def _unless(flag: Any, message: str) -> Callable[[Event, Any, Translator], str]:
    """Return a function that gives the message if the value is `flag`."""

    def said(_event: Event, value: Any, speech: Translator) -> str:
        return speech.say(message) if value is flag else ""

    return said


def _accused(_event: Event, value: Any, speech: Translator) -> str:
    """Return whom it accuses; an earlier version recorded one unit."""
    units = [value] if isinstance(value, str) else value
    names = ", ".join(speech.unit(unit) for unit in units)
    return speech.say(N_("about %(unit)s"), unit=names)


_SHORT: dict[str, Callable[[Event, Any, Translator], str]] = {
    "category": lambda _e, value, speech: speech.category(value),
    "tier": lambda _e, value, speech: speech.tier(value),
    "was_category": lambda _e, value, speech: speech.say(
        N_("instead of %(category)s"), category=speech.category(value)
    ),
    "answer_by": lambda _e, value, speech: speech.say(
        N_("answer by %(at)s"), at=speech.moment(value)
    ),
    "longer": _unless(True, N_("a later day was promised")),
    "complaint_kind": lambda _e, value, speech: speech.label("kind", value),
    "area": lambda _e, value, speech: speech.area(value),
    "unit": lambda _e, value, speech: speech.unit(value),
    "accused": _accused,
    "task": lambda _e, value, _speech: str(value),
    "reason": _coded,
    "ground": _ground,
    "by": lambda _e, value, speech: speech.length(value),
    "until": lambda _e, value, speech: speech.say(N_("until %(at)s"), at=speech.moment(value)),
    "starts_at": lambda _e, value, speech: speech.moment(value),
    "reached": _unless(False, N_("nobody was reached")),
    "holds": lambda _e, value, speech: speech.say(N_("It holds") if value else N_("It is back")),
    "escalated": _unless(True, N_("by the system, under the city's rules")),
    "step": lambda _e, value, _speech: str(value),
    "shares": _shares,
    "share": _shares,
    "rung": _level,
    "rating": _rating,
    "result": _result,
    "minutes": _minutes,
    "evidence": _evidence,
    "files": _evidence,
    "parent": lambda _e, value, _speech: str(value),
    "number": lambda _e, value, _speech: str(value),
    "tickets": lambda _e, value, _speech: ", ".join(value),
    "code": _code,
    "why": lambda _e, value, speech: speech.say(CODED[value]) if value in CODED else "",
}


def _notes(event: Event, speech: Translator) -> list[str]:
    items = []
    for name, tell in _SHORT.items():
        value = getattr(event.fact, name, None)
        if value is None or value in ("", []):
            continue
        items.append(tell(event, value, speech))
    if isinstance(event.fact, Accused) and not event.fact.accused:
        items.append(speech.say(N_("about none of our units")))
    items += speech.reasons(event.fact)
    return [note for note in dict.fromkeys(items) if note]
