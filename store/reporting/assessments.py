"""Assessment sheets of contractors (月度考核表): points for the events of a month, line by line.

A line is traced to what earned or lost it: rule, ticket, and the version of the event. An event is
judged with the ticket as it was just after it. Tickets that are excluded (剔除) by `as_of` bring
nothing, nor do reports of wrongdoing, which the units they accuse must not learn of.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from domain.events import Event
from domain.model import Instant, Recorded
from domain.pack.contractors import AssessmentRule
from domain.pack.pack import Pack
from domain.pack.periods import Period
from domain.policy.condition_inputs import case_of, event_case, judged_kind, share_case, share_of
from domain.ticket.ticket import Ticket
from packs.conditions import OF_EVENTS, Condition, compile_condition
from store.db.engine import Store
from store.tickets import tickets
from store.tickets.event_replay import TicketReplay, each_replay, numbers_of


class SheetLine(Recorded):
    """A line of a contractor's sheet. `version`: of the event in its ticket."""

    unit: str
    rule: str
    points: float
    number: str
    version: int
    at: Instant
    event: str

    @property
    def key(self) -> tuple[str, str, str, int]:
        return self.unit, self.rule, self.number, self.version


class _Back(NamedTuple):
    """A line for those who worked on earlier tickets, whose units are not known yet."""

    line: SheetLine
    earlier: list[str]


async def computed(store: Store, pack: Pack, period: Period, as_of: datetime) -> list[SheetLine]:
    """Return the lines of all contractors of `pack` for a period, by unit and time."""
    judging = _Judging(pack, period, as_of)
    numbers = await numbers_of(store, pack.city.id, period, as_of, "touched")
    await each_replay(store, numbers, judging.look)
    lines = judging.lines
    for back in judging.backs:
        for unit in await _worked_before(store, back):
            if unit in judging.contractors:
                lines.append(back.line.model_copy(update={"unit": unit}))
    return sorted(lines, key=lambda one: (one.unit, one.at, one.number, one.version, one.rule))


class _Judging:
    """The lines of a period, ticket by ticket."""

    def __init__(self, pack: Pack, period: Period, as_of: datetime) -> None:
        self.lines: list[SheetLine] = []
        self.backs: list[_Back] = []
        self.contractors = frozenset(pack.contractors.units)
        self._period, self._as_of = period, as_of
        self._rules: dict[str, list[tuple[AssessmentRule, Condition]]] = defaultdict(list)
        for rule in pack.assessment:
            self._rules[rule.on].append((rule, compile_condition(rule.when, OF_EVENTS)))

    def look(self, replay: TicketReplay) -> None:
        lines, backs = list[SheetLine](), list[_Back]()
        latest: datetime | None = None
        ticket: Ticket | None = None
        for event, ticket in replay.steps(self._as_of):
            # As in `store.reporting.scores`: a late escalation counts at the latest time so far.
            latest = max(latest or event.at, event.at)
            if latest not in self._period:
                continue
            for line, rule in self._judged(event, ticket):
                if rule.to == "before":
                    backs.append(_Back(line, list(ticket.repeats)))
                else:
                    units = [line.unit] if rule.to == "unit" else worked(ticket, event.at)
                    lines += [line.model_copy(update={"unit": unit}) for unit in units]
        if ticket is None or ticket.excluded or ticket.of_wrongdoing:
            return
        void = ticket.void_rungs  # a card that became void counts no more
        kept = [one for one in lines if one.unit in self.contractors and one.version not in void]
        self.lines += {one.key: one for one in kept}.values()
        self.backs += backs

    def _judged(self, event: Event, ticket: Ticket) -> Iterator[tuple[SheetLine, AssessmentRule]]:
        rules = self._rules.get(judged_kind(event, ticket))
        if not rules:
            return
        share = share_of(event, ticket)
        seen = {
            "e": event_case(event, ticket).model_dump(),
            "a": share_case(ticket, share, event.at).model_dump(),
            "t": case_of(ticket, event.at).model_dump(),
        }
        for rule, condition in rules:
            if condition.holds(**seen):
                line = SheetLine(
                    unit=share.unit if share else "",
                    rule=rule.code,
                    points=rule.points,
                    number=event.number,
                    version=event.version,
                    at=event.at,
                    event=event.kind,
                )
                yield line, rule


def worked(ticket: Ticket, by: datetime) -> list[str]:
    """Return the units that had handed in a result by then, each once, in their order."""
    shares = (one for one in ticket.assignments if one.result is not None)
    done = (one for one in shares if one.ended_at is None or one.ended_at <= by)
    return list(dict.fromkeys(one.unit for one in done))


async def _worked_before(store: Store, back: _Back) -> Sequence[str]:
    """Return the units that worked on the latest earlier ticket which any contractor worked on."""
    for number in back.earlier:  # the newest first
        earlier = await tickets.state(store, number)
        if earlier is None or earlier.of_wrongdoing:
            continue
        units = worked(earlier, back.line.at)
        if units:
            return units
    return ()
