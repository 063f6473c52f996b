"""The table of what a relation between two tickets carries, in each direction.

One row is one relation and direction, one cell is one matter. A test walks every cell
(`tests/api/test_relations.py`), and another that no row lacks a matter.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple


class TicketRelation(StrEnum):
    """The relations. Reopening relates two rounds of the same ticket."""

    MERGED = "merged"  # 并单: to the ticket that is worked on
    UNMERGED = "unmerged"  # 拆分: from the ticket that is worked on
    FOLLOWS = "follows"  # to the ended ticket about the same matter
    INSPECTS = "inspects"  # 举一反三: to the ticket whose kind of problem is looked for
    REOPENS = "reopens"  # to the round before


class Direction(StrEnum):
    """`out`: from the ticket that is merged, unmerged, or came later; `back`: to it."""

    OUT = "out"
    BACK = "back"


class Matter(StrEnum):
    """Matters that people decided or said of a ticket."""

    KIND = "kind"
    ACCUSED = "accused"
    CATEGORY = "category"
    TIER = "tier"
    PROMISE = "promise"
    UNIT = "unit"
    FACTS = "facts"
    FILES = "files"
    URGING = "urging"
    RATING = "rating"
    EXCLUSION = "exclusion"


class Carries(StrEnum):
    """The effect on a matter at the other end."""

    NOTHING = "nothing"  # the other end keeps its own
    PASSED = "passed"  # it is there, too
    LENT = "lent"  # it is used where there is none, and given back at the end of the relation
    MOVED = "moved"  # the other end's own is moved by it
    RESTORED = "restored"  # what was there before the relation is there again


class Cell(NamedTuple):
    """The effect on one matter, and its reason."""

    carries: Carries
    why: str


_N = Carries.NOTHING
_OWN = Cell(_N, "It is the other ticket's own.")
_LATER = Cell(_N, "An ended ticket stays as it ended.")
_PAST = Cell(_N, "A round that is over does not change.")
_NEW = Cell(_N, "It begins anew.")


def _row(own: Cell, **cells: Cell) -> Mapping[Matter, Cell]:
    """Return a row: the named cells, and `own` for all others."""
    named = {Matter(name): cell for name, cell in cells.items()}
    return {matter: named.get(matter, own) for matter in Matter}


_R, _D = TicketRelation, Direction

CARRIED: Mapping[tuple[TicketRelation, Direction], Mapping[Matter, Cell]] = {
    (_R.MERGED, _D.OUT): _row(
        _OWN,
        facts=Cell(Carries.PASSED, "The unit that works hears everybody; but not of a report."),
        files=Cell(Carries.PASSED, "The unit sees what they show; but not of a report."),
        urging=Cell(Carries.PASSED, "It weighs as the own citizen's; but not of a report."),
    ),
    (_R.MERGED, _D.BACK): _row(
        _OWN,
        category=Cell(Carries.LENT, "If it was never classified; so is a correction of it."),
        tier=Cell(Carries.LENT, "With the category."),
        promise=Cell(Carries.MOVED, "Only by pauses and extensions since the merge."),
        unit=Cell(Carries.PASSED, "With the answer: rating, figures and rework are its."),
        facts=Cell(_N, "Another citizen's words are not shown; the answer is."),
        files=Cell(Carries.PASSED, "What the unit shows with its answer."),
    ),
    (_R.UNMERGED, _D.OUT): _row(Cell(_N, "What was passed on stays where it is.")),
    (_R.UNMERGED, _D.BACK): _row(
        _OWN,
        category=Cell(Carries.RESTORED, "Its own; without one it is triaged."),
        tier=Cell(Carries.RESTORED, "Its own: an emergency stays an emergency."),
        promise=Cell(_N, "Its own went on all the time, and is never moved later by this."),
        unit=Cell(Carries.RESTORED, "The one that had it before."),
    ),
    (_R.FOLLOWS, _D.OUT): _row(_LATER),
    (_R.FOLLOWS, _D.BACK): _row(
        _NEW,
        kind=Cell(Carries.PASSED, "As it was decided, not as it was filed."),
        accused=Cell(_N, "A person names it again at triage, where every report comes first."),
        category=Cell(Carries.PASSED, "It is the same matter."),
        tier=Cell(Carries.PASSED, "With the category."),
    ),
    (_R.INSPECTS, _D.OUT): _row(Cell(_N, "Only the numbers of the inspections are listed there.")),
    (_R.INSPECTS, _D.BACK): _row(
        _NEW,
        category=Cell(Carries.PASSED, "It is the same kind of problem."),
        tier=Cell(Carries.PASSED, "With the category."),
    ),
    (_R.REOPENS, _D.OUT): _row(_PAST),
    (_R.REOPENS, _D.BACK): _row(
        Cell(Carries.PASSED, "It is the same ticket."),
        promise=Cell(_N, "The next dispatch promises a day again; a broken promise stays broken."),
        rating=Cell(_N, "A rating is of one answer."),
        exclusion=Cell(_N, "It was granted for the rating of one answer."),
    ),
}
"""Every relation, direction and matter."""
