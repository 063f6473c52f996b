"""The checks of what is done to a round, and of a draw, at the moment of the write."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta

from domain.pack.patrols import Criterion, Patrols, Route
from domain.patrol.proof import Stamp
from domain.patrol.rounds import LOOKED_BACK, TO_WALK, PatrolRound, RoundState
from domain.refusals import Refused

LONGEST_PERIOD = timedelta(days=92)
"""The longest period from which rounds are drawn."""
MOST_STAMPS = 10
"""The most stamps of one point on one walk."""


def route_of(of: PatrolRound, patrols: Patrols) -> Route:
    """Return the route of a round; one that the city has given up cannot be walked."""
    route = patrols.route(of.route)
    if route is None:
        raise Refused("round_over", "The city has given up this route.")
    return route


def check_walking(of: PatrolRound, now: datetime) -> None:
    """Check that a round may be walked: it has begun, is not finished, and not long over."""
    if of.state is RoundState.LAPSED:
        raise Refused("round_over", "The round was made after its window: nobody could walk it.")
    if of.state not in TO_WALK:
        raise Refused("round_done", "The round is walked, and proved.")
    if now < of.starts:
        raise Refused("round_not_open", "The round has not begun.")
    if now > of.ends + LOOKED_BACK:
        raise Refused("round_over", "The round has been over for too long.")


def is_judged(of: PatrolRound, attempt: int) -> bool:
    """Return whether this walk of a round was judged already."""
    return attempt < of.attempt or of.state in (RoundState.PROVED, RoundState.LATE)


def check_stamp(of: PatrolRound, route: Route, stamp: Stamp) -> None:
    """Check one stamp: its point is on the route, and its time is not before the round's."""
    if route.point(stamp.point) is None:
        raise Refused("unknown_point", "The route has no such point.")
    if stamp.true_at < of.starts:
        raise Refused("round_not_open", "The point was reached before the round had begun.")


def check_period(since: date, until: date, today: date) -> None:
    """Check the days from whose rounds is drawn: they are over, and not too many."""
    if until >= today:
        raise Refused("draw_too_early", "Only the rounds of days that are over can be drawn.")
    if until < since or until - since > LONGEST_PERIOD:
        raise Refused("draw_period", "The days have to be at most a quarter, in their order.")


def check_points(criteria: Sequence[Criterion], points: Mapping[str, int]) -> int:
    """Check the points of a sheet, one number for each criterion; return their sum."""
    known = {criterion.code: criterion.points for criterion in criteria}
    if points.keys() != known.keys():
        raise Refused("sheet_incomplete", "The sheet needs points for each of its criteria.")
    if any(not 0 <= given <= known[code] for code, given in points.items()):
        raise Refused("sheet_points", "A criterion has more or fewer points than there can be.")
    return sum(points.values())
