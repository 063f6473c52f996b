"""The behaviour of each complaint's people, drawn once from the seed, whatever happens later."""

from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random
from typing import TypeVar

from demo.filing import Filing

OFTEN = 10
"""Transfers from which on a real ticket is returned here."""

LONG = 15
"""Days above which a real ticket is handled late here."""


class Mood(StrEnum):
    """A citizen's reaction to an answer."""

    PLEASED = "pleased"  # solved, and satisfied
    SORRY = "sorry"  # solved, and not satisfied
    UNSOLVED = "unsolved"  # not solved
    SILENT = "silent"  # rates only when called back, and is pleased
    SILENT_SORRY = "silent_sorry"  # rates only when called back, and is not
    UNREACHED = "unreached"  # never rates, and is not reached
    FORGOTTEN = "forgotten"  # never rates, and nobody calls back


class Wish(StrEnum):
    """The decision on a return or an extension that a unit requests."""

    GRANTED = "granted"
    GRANTED_LATER = "granted_later"  # a return: granted now, the next unit chosen later
    REFUSED = "refused"


class Late(StrEnum):
    """A unit's lateness: past the yellow card, or past the red one."""

    YELLOW = "yellow"
    RED = "red"


@dataclass(frozen=True)
class Behaviour:
    """The behaviour of one complaint's people. `moods`: on the first answer, the second, ..."""

    moods: tuple[Mood, ...] = (Mood.PLEASED,)
    twice: bool = False  # filed twice with the same key
    concluded: str | None = None  # the desk's outcome, if triage is unsure
    withdrawn: bool = False
    urged: bool = False
    added: bool = False
    signed_late: bool = False
    missed: bool = False  # the first attempt at contact reaches nobody
    uncontacted: bool = False  # nobody even tries
    returned: Wish | None = None
    extended: Wish | None = None
    late: Late | None = None
    last_word: bool = True  # the supervisor concludes; otherwise orders another handling

    def mood(self, answers: int) -> Mood:
        """Return the mood about the latest of `answers` answers; the last mood repeats."""
        return self.moods[min(answers, len(self.moods)) - 1]


Drawn = TypeVar("Drawn")
Odds = tuple[tuple[Drawn, int], ...]
"""Values with their weights, in percent."""

# Invented, so that a demonstration shows every case.
_MOODS: Odds[tuple[Mood, ...]] = (
    ((Mood.PLEASED,), 64),
    ((Mood.SORRY, Mood.PLEASED), 6),
    ((Mood.UNSOLVED, Mood.PLEASED), 4),
    ((Mood.SORRY, Mood.SORRY, Mood.SORRY, Mood.PLEASED), 3),  # one rework too many
    ((Mood.SORRY, Mood.UNSOLVED, Mood.UNSOLVED, Mood.PLEASED), 4),
    ((Mood.SILENT,), 8),
    ((Mood.SILENT_SORRY, Mood.PLEASED), 2),
    ((Mood.UNREACHED,), 5),
    ((Mood.FORGOTTEN,), 4),
)
_CONCLUDED: Odds[str | None] = ((None, 85), ("answered", 8), ("declined", 4), ("referred", 3))
_RETURNED: Odds[Wish | None] = (
    (None, 90),
    (Wish.GRANTED, 5),
    (Wish.GRANTED_LATER, 2),
    (Wish.REFUSED, 3),
)
_EXTENDED: Odds[Wish | None] = ((None, 93), (Wish.GRANTED, 5), (Wish.REFUSED, 2))
_LATE: Odds[Late | None] = ((None, 91), (Late.YELLOW, 5), (Late.RED, 4))
_TWICE, _WITHDRAWN, _URGED, _ADDED = 5, 3, 6, 6
_SIGNED_LATE, _MISSED, _UNCONTACTED, _LAST_WORD = 4, 6, 4, 65


def cast(dice: Random, filing: Filing, share: float) -> Behaviour:
    """Draw the script of one complaint. What is known of a real ticket overrules the draw.

    `share`, 0 <= share < 1, selects the moods: shares spread evenly over the complaints show each
    mood at its intended frequency, however few complaints there are.
    """

    def one_of(odds: Odds[Drawn]) -> Drawn:
        return _at(odds, dice.random())

    def happens(percent: int) -> bool:
        return dice.random() * 100 < percent

    script = Behaviour(
        moods=_at(_MOODS, share),
        twice=happens(_TWICE),
        concluded=one_of(_CONCLUDED),
        withdrawn=happens(_WITHDRAWN),
        urged=happens(_URGED),
        added=happens(_ADDED),
        signed_late=happens(_SIGNED_LATE),
        missed=happens(_MISSED),
        uncontacted=happens(_UNCONTACTED),
        returned=one_of(_RETURNED),
        extended=one_of(_EXTENDED),
        late=one_of(_LATE),
        last_word=happens(_LAST_WORD),
    )
    return _as_known(script, filing)


def _at(odds: Odds[Drawn], share: float) -> Drawn:
    left = share * sum(weight for _, weight in odds)
    for value, weight in odds:
        left -= weight
        if left < 0:
            return value
    return odds[-1][0]


def _as_known(script: Behaviour, filing: Filing) -> Behaviour:
    if filing.concluded:
        script = replace(script, concluded=filing.concluded, withdrawn=False)
    if filing.passed_on >= OFTEN and script.returned is None:
        script = replace(script, returned=Wish.GRANTED)
    if filing.days > LONG and script.late is None:
        script = replace(script, late=Late.RED)
    return script
