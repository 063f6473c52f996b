"""The moments of checks on a ticket's timeline: they are merged at reading."""

from app.grid.checks import ChecksOut
from app.tickets.moments import TimelineMoment
from domain.grid.entries import Seen

CHECK_MOMENTS = {
    "check_asked": ("A grid worker is asked to look at the place", "请网格员现场核实"),
    "check_there": ("Seen on the spot: it is there", "现场核实：情况属实"),
    "check_not_there": ("Seen on the spot: it is not there", "现场核实：未发现该情况"),
    "check_done": ("Seen on the spot: it is done", "现场核实：已处理完毕"),
}
"""The moments of checks in the words of timelines, in English and in Chinese."""

_SEEN = {
    Seen.THERE: "check_there",
    Seen.NOT_THERE: "check_not_there",
    Seen.DONE: "check_done",
}


def check_moments(looked: ChecksOut) -> list[TimelineMoment]:
    """Return the moments of checks that a timeline tells."""
    found: list[TimelineMoment] = []
    for one in looked.items:
        found.append(TimelineMoment(one.asked_at, "check_asked", one.question))
        if one.seen is not None and one.answered_at is not None:
            found.append(TimelineMoment(one.answered_at, _SEEN[one.seen], one.question, one.note))
    return found
