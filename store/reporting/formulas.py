"""The formulas of a pack, compiled: indicators and scoring rules, with a digest of their texts.

Contributions of tickets are kept by the digest. A formula that is changed has another digest, and
so never meets what was computed by the one before.
"""

import hashlib
import json
from collections import OrderedDict, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal

from domain.events import Event
from domain.facts.closing import CalledBack, Replied
from domain.facts.merging import RepliedWithParent
from domain.pack.catalogue import Indicator, ScoringRule
from domain.pack.city_days import CityDays
from domain.pack.pack import Pack
from domain.policy.condition_inputs import due_of
from domain.ticket.stages import Outcome
from domain.ticket.ticket import Ticket
from packs.conditions import OF_EVENTS, OF_TICKETS, Condition, compile_condition

By = Literal["ended", "filed", "due"]
EVERY_BY: tuple[By, ...] = ("ended", "filed", "due")

REPLAY = 1
"""Counted up by a version of the program in which tickets give other values to formulas: what was
kept by the version before is then computed again."""

FLAGS = ("excluded", "unrated", "not_reached")
"""The meanings of the first bits, beside those of the indicators."""

EXCLUDED = 0
OUT, OTHERS, COUNTS = "0", "1", "2"
"""A ticket's bit of an indicator: not of its denominator, of it, and also of its numerator."""

_MEMORY = 50_000
"""The most combinations of values whose bits are remembered."""


class Formulas:
    """A pack's indicators and scoring rules. `used`: what puts a ticket into a period."""

    def __init__(self, pack: Pack) -> None:
        self.pack = pack
        self.city = pack.city.id
        self.days = CityDays(pack.city.zone)
        self.used: frozenset[By] = frozenset(one.by for one in pack.indicators)
        self.digest = _digest(pack)
        self.rules: dict[str, list[tuple[ScoringRule, Condition]]] = defaultdict(list)
        for rule in pack.scoring:
            self.rules[rule.on].append((rule, compile_condition(rule.when, OF_EVENTS)))
        self._indicators = [
            (compile_condition(one.over, OF_TICKETS), compile_condition(one.counts, OF_TICKETS))
            for one in pack.indicators
        ]
        self._fields = sorted(
            {name for pair in self._indicators for one in pair for name in one.fields.get("t", ())}
        )
        self._remembered: dict[tuple[Any, ...], str] = {}

    def bits_of(self, case: Mapping[str, Any]) -> str:
        """Return a ticket's bits of all indicators, before exclusion."""
        before = {**case, "excluded": False}
        key = tuple(before[name] for name in self._fields)
        bits = self._remembered.get(key)
        if bits is None:
            if len(self._remembered) >= _MEMORY:
                self._remembered.clear()
            bits = "".join(_bit(over, counts, before) for over, counts in self._indicators)
            self._remembered[key] = bits
        return bits

    def places(self, indicators: Sequence[Indicator]) -> list[int]:
        """Return at which place of the bits these indicators of the pack stand."""
        known = {one.id: len(FLAGS) + n for n, one in enumerate(self.pack.indicators)}
        return [known[one.id] for one in indicators]


def _bit(over: Condition, counts: Condition, before: Mapping[str, Any]) -> str:
    if not over.holds(t=before):
        return OUT
    return COUNTS if counts.holds(t=before) else OTHERS


def _digest(pack: Pack) -> str:
    asked = [(one.id, one.over, one.counts, one.by) for one in pack.indicators]
    judged = [(one.code, one.on, one.when, one.to, one.points) for one in pack.scoring]
    text = json.dumps([REPLAY, pack.city.zone, asked, judged], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


_COMPILED: OrderedDict[tuple[str, str], Formulas] = OrderedDict()
_MOST_COMPILED = 64


def formulas_of(pack: Pack) -> Formulas:
    """Return the compiled formulas of a pack; those of equal texts are compiled once."""
    key = pack.city.id, _digest(pack)
    found = _COMPILED.get(key)
    if found is None:
        found = _COMPILED[key] = Formulas(pack)
        while len(_COMPILED) > _MOST_COMPILED:
            _COMPILED.popitem(last=False)
    return found


def compiled(city: str, digest: str) -> Formulas | None:
    """Return formulas that this process has compiled, by their digest."""
    return _COMPILED.get((city, digest))


def moments_of(ticket: Ticket) -> dict[By, datetime | None]:
    """Return the moments that put a ticket into a period."""
    return {
        "ended": ticket.ended_at,
        "filed": ticket.complaint.filed_at,
        "due": due_of(ticket),
    }


def beside(ticket: Ticket, events: Sequence[Event]) -> dict[str, int]:
    """Return what is counted beside the indicators, of one ticket after these events."""
    return {
        "tickets": 1,
        "excluded": int(ticket.excluded),
        "unrated": int(ticket.ended_at is not None and ticket.verdict is None),
        "not_reached": int(_not_reached(ticket, events)),
    }


def flags_of(bits: str, times: int) -> dict[str, int]:
    """Return the same of so many tickets with these bits."""
    shown = {name: times * (bits[n] == "1") for n, name in enumerate(FLAGS)}
    return {"tickets": times, **shown}


def _not_reached(ticket: Ticket, events: Sequence[Event]) -> bool:
    """Return whether the desk called about the last answer, and nobody could be reached."""
    if ticket.outcome is not Outcome.UNRATED:
        return False
    reached = []
    for event in reversed(events):
        if isinstance(event.fact, Replied | RepliedWithParent):
            break
        if isinstance(event.fact, CalledBack):
            reached.append(event.fact.reached)
    return bool(reached) and not any(reached)
