"""The contributions of one ticket to figures and points, as of every moment, from its events.

A ticket is in one state from just after an event until just after the next. Within a state a case
changes only when its due time passes. Of each such span one row is kept if whoever looks at a
midnight of the city can see it, or if it is the latest; of what was over before midnight a `gap`
remains, so that whoever looks in between knows to replay the ticket.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from domain.events import Event
from domain.pack.city_days import micros, moment
from domain.policy.condition_inputs import case_of, turning_points
from domain.ticket.ticket import Ticket
from store.db.figure_tables import LAST
from store.reporting.formulas import FLAGS, By, Formulas, beside, moments_of
from store.reporting.judging import NO_ROUND, Point, is_left_out, judged
from store.tickets.event_replay import TicketReplay


@dataclass(frozen=True, slots=True)
class Contribution:
    """A span of a ticket. `bits`: excluded, unrated, not reached, then one for each indicator."""

    since: int
    until: int
    gap: int | None
    filed: int | None
    ended: int | None
    due: int | None
    unit: str
    bits: str

    def at(self, by: str) -> int | None:
        """Return the moment that puts the ticket into a period."""
        value: int | None = getattr(self, by)
        return value


@dataclass(frozen=True, slots=True)
class EarnedPoint:
    """A point, from since to until; `counted`: the moment that puts it into a period."""

    since: int
    until: int
    counted: int
    point: Point


@dataclass
class Contributions:
    """All of one ticket."""

    spans: list[Contribution] = field(default_factory=list)
    points: list[EarnedPoint] = field(default_factory=list)


def contributions_of(replay: TicketReplay, formulas: Formulas) -> Contributions:
    """Compute the contributions of a ticket.

    Raises:
        BrokenReplay: its events are incomplete, or do not follow from each other.
    """
    spans, earned = _Spans(formulas), list[EarnedPoint]()
    for first, end in _known(replay.check_moments()):
        ticket = replay.begun()
        points = _Points(formulas, first, end)
        starts = _starts(ticket, replay.moments())
        events = list[Event]()
        spans.look(ticket, events, max(starts[0][0], first), min(starts[0][1], end))
        steps = replay.steps(checked=moment(first))
        for (event, current), (since, until) in zip(steps, starts[1:], strict=True):
            events.append(event)
            spans.look(current, events, max(since, first), min(until, end))
            points.look(event, current, since, until)
        earned = _joined(earned, points.earned())
    return Contributions(spans.kept, earned)


def _known(checks: Sequence[datetime]) -> Iterator[tuple[int, int]]:
    """Yield since when and until when the same is known of which ratings are set apart.

    A rating is set apart, and counts again, by what is written beside the events: whoever looks
    sees the same events with other ratings afterwards. Nearly every ticket has one such time.
    """
    return pairwise([0, *(micros(at) + 1 for at in checks), LAST])


def _joined(before: list[EarnedPoint], after: list[EarnedPoint]) -> list[EarnedPoint]:
    """Return all points; one that holds on beyond the end of the first ones is one."""
    ends = {(one.until, one.counted, one.point): n for n, one in enumerate(before)}
    joined = list(before)
    for one in after:
        n = ends.get((one.since, one.counted, one.point))
        if n is None:
            joined.append(one)
        else:
            joined[n] = replace(joined[n], until=one.until)
    return joined


def _starts(ticket: Ticket, ats: Sequence[datetime]) -> list[tuple[int, int]]:
    """Return since when and until when whoever looks sees the ticket before and after each event.

    An event is seen later than its own time, and after all before it: one may be recorded late.
    """
    reached, starts = micros(ticket.complaint.filed_at), list[int]()
    starts.append(reached + 1)
    latest: int | None = None
    for at in ats:
        latest = micros(at) if latest is None else max(latest, micros(at))
        starts.append(latest + 1)
    return list(zip(starts, [*starts[1:], LAST], strict=True))


class _Spans:
    """The spans of one ticket, state by state."""

    def __init__(self, formulas: Formulas) -> None:
        self.kept: list[Contribution] = []
        self._formulas = formulas
        self._gap: int | None = None

    def look(self, ticket: Ticket, events: Sequence[Event], since: int, until: int) -> None:
        if since >= until:
            return
        moments = moments_of(ticket)
        within = {
            by: micros(at)
            for by, at in moments.items()
            if at is not None and by in self._formulas.used
        }
        for begins, ends in _pieces(ticket, since, until):
            latest = until == LAST and ends - begins > 1
            if latest or self._formulas.days.night_within(begins, ends):
                self._keep(ticket, events, begins, ends, within)
            elif within and self._gap is None:
                self._gap = begins

    def _keep(
        self,
        ticket: Ticket,
        events: Sequence[Event],
        since: int,
        until: int,
        within: dict[By, int],
    ) -> None:
        unit = bits = ""
        if within:
            case = case_of(ticket, moment(since)).model_dump()
            counted = beside(ticket, events)
            unit = case["unit"]
            bits = "".join(str(counted[flag]) for flag in FLAGS) + self._formulas.bits_of(case)
        elif self._gap is None and not self.kept:
            return  # it has brought nothing so far
        span = Contribution(
            since=since,
            until=until,
            gap=self._gap,
            filed=within.get("filed"),
            ended=within.get("ended"),
            due=within.get("due"),
            unit=unit,
            bits=bits,
        )
        self._gap = None
        before = self.kept[-1] if self.kept else None
        if before is not None and before.until == since and _same(before, span):
            self.kept[-1] = replace(before, until=until)
        else:
            self.kept.append(span)


def _pieces(ticket: Ticket, since: int, until: int) -> Iterator[tuple[int, int]]:
    cuts = [micros(at) for at in turning_points(ticket)]
    bounds = [since, *(cut for cut in sorted(cuts) if since < cut < until), until]
    return pairwise(bounds)


def _same(before: Contribution, span: Contribution) -> bool:
    return span.gap is None and span == replace(
        before, since=span.since, until=span.until, gap=None
    )


class _Points:
    """The points of one ticket, and the states in which they hold, within some time."""

    def __init__(self, formulas: Formulas, first: int, end: int) -> None:
        self._rules = formulas.rules
        self._first, self._end = first, end
        self._found: list[tuple[int, Point]] = []
        self._states: list[tuple[int, int, int, frozenset[int]]] = []
        self._excluded = NO_ROUND

    def look(self, event: Event, ticket: Ticket, since: int, until: int) -> None:
        self._excluded = ticket.round if ticket.excluded else self._excluded
        void = frozenset(ticket.void_rungs)
        self._found += [(len(self._states), one) for one in judged(event, ticket, self._rules)]
        self._states.append((since, until, self._excluded, void))

    def earned(self) -> list[EarnedPoint]:
        return [one for n, point in self._found for one in self._spans(n, point)]

    def _spans(self, first: int, point: Point) -> Iterator[EarnedPoint]:
        counted = self._states[first][0] - 1
        held: EarnedPoint | None = None
        for begins, ends, excluded, void in self._states[first:]:
            since, until = max(begins, self._first), min(ends, self._end)
            if since >= until:
                continue
            shown = None
            if point.version not in void:  # a card that became void gives no points
                shown = replace(point, left_out=is_left_out(point, excluded))
            if held is not None and held.point == shown:
                held = replace(held, until=until)
                continue
            if held is not None:
                yield held
            held = None if shown is None else EarnedPoint(since, until, counted, shown)
        if held is not None:
            yield held
