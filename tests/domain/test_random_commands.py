"""Tests of random commands on simulated tickets.

An allowed command leaves the ticket in order, a refused one changes nothing, and from every
state there is a way to the end.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from domain.actors import CITIZEN
from domain.facts.transitions import TABLE
from domain.messages import ParentReply
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, HandlingResult
from domain.ticket.complaint import Kind
from domain.ticket.stages import Stage
from domain.ticket.ticket import LIFECYCLE
from tests.domain.chance import Chance, Exhausted
from tests.domain.counter import PARENT, Counter
from tests.domain.desks import Desks
from tests.domain.invariants import check_caps, check_order, check_steps, check_waiting
from tests.domain.planned import BEIJING
from tests.domain.towns import CATEGORIES, TOWNS, UNITS
from tests.store.stories import complaint
from tests.support.doors import REFUSALS
from tests.support.scenes import KINDS, Scene
from tests.support.seeds import dice, of
from tests.support.way_out import Give, HandIn, Judge, way_out

FILED_AT = datetime(2023, 3, 6, 10, tzinfo=BEIJING)
"""A Monday of the first year of the calendars, early enough for holds and their reviews."""

RECORDED_REFUSALS = {"returns_not_allowed", "return_window", "return_cap", "arbitrated"}
"""The refusals whose attempt is recorded as an event: a return that is barred."""

FAR = 60
"""A bound on the steps to a ticket's end."""

MANY = 2000
"""A number of tickets sufficient for every command to be done once."""


class SimulatedTown:
    """A state machine of one ticket and everybody who may give it commands, with eight moves."""

    def __init__(self, town: str, chance: Random) -> None:
        self.chance = chance
        category = chance.choice([None, *CATEGORIES])
        # The lot that decides on verification is drawn from the number.
        number = f"260302000002{chance.randint(0, 9)}"
        kind = chance.choice([Kind.COMPLAINT, Kind.COMPLAINT, Kind.CONSULTATION])
        self.accusing = chance.random() < 0.25
        if self.accusing:
            kind = chance.choice([kind, Kind.REPORT])
        new_complaint = complaint(
            number,
            city="tongzhou",
            category=category,
            kind=kind,
            filed_at=FILED_AT,
            person=chance.choice(["person", "person", "person", None]),
            anonymous=chance.random() < 0.2,
        )
        lifecycle = chance.choice([LIFECYCLE, LIFECYCLE, LIFECYCLE, 0])
        self.simulated = Counter(Desks(TOWNS[town]), new_complaint, lifecycle)
        self.asked: list[str] = []
        self.done: set[object] = set()

    def begin(self) -> None:
        """Bring the ticket some way towards its end before the first command."""
        self.simulated.go_on()
        for _ in range(self.chance.choice(_FAR_GONE)):
            if self.simulated.ticket.open:
                self.advance()

    def move(self) -> None:
        """Let some time pass, then make one random move."""
        moves = self.chance.choices(_MOVES, _OFTEN)
        self.simulated.now += timedelta(minutes=10 * self.chance.randint(0, 31))
        moves[0](self)
        pauses = [each.pause for each in self.simulated.ticket.opened if each.pause is not None]
        if any(pause.why == "hold" for pause in pauses) and self._scene().likely(0.2):
            for _ in range(6):  # a hold is long: let time pass
                if self.simulated.ticket.open:
                    self.simulated.reach_next_level()
        check_order(self.simulated.ticket, self.simulated.events)
        check_caps(self.simulated.ticket)

    # --- the moves ----------------------------------------------------------------------------

    def somebody_asks(self) -> None:
        scene, simulated = self._scene(), self.simulated
        actor, command = scene.command()
        at = simulated.now - timedelta(minutes=5 if scene.likely(0.1) else 0)
        before, version = simulated.ticket.model_dump_json(), simulated.ticket.version
        self.asked.append(command.do)
        try:
            simulated.give(actor, command, at)
        except Refused as refused:
            assert refused.code in REFUSALS[type(command)], (command.do, refused.code)
            if refused.code in RECORDED_REFUSALS and simulated.ticket.version > version:
                assert simulated.events[-1].kind == "return_barred"
            else:
                assert simulated.ticket.model_dump_json() == before
        else:
            assert simulated.ticket.version > version
            self.done.add(type(command).__name__)

    def a_unit_is_done(self) -> None:
        """Hand in a result, also for an ended share, or let the unit's program fail."""
        scene, ticket = self._scene(), self.simulated.ticket
        opened, ended = ticket.opened, [each.n for each in ticket.assignments if not each.open]
        if ended and scene.likely(0.1):
            late = HandlingResult(reply="done", resolved=scene.likely(0.7))
            self.simulated.hand_in(scene.chance.choice(ended), late)
        if not opened:
            return
        n = scene.chance.choice(opened).n
        if scene.likely(0.9):
            evidence = ["photo"] if scene.likely(0.7) else []
            done = HandlingResult(reply="done", resolved=scene.likely(0.7), evidence=evidence)
            self.simulated.hand_in(n, done)
        else:
            self.simulated.fail(n)

    def the_citizen_rates(self) -> None:
        self.simulated.judge(self._scene().rating(), CITIZEN)

    def the_engine_goes_on(self) -> None:
        if self.simulated.ticket.borrowed:  # rare, and nothing else goes on by itself then
            self._parent_says()
        elif not self.simulated.go_on():
            check_waiting(self.simulated.ticket)

    def its_history_is_carried_on(self) -> None:
        """Continue the ticket in a new run, with today's lifecycle."""
        self.simulated.carry_on()

    def a_clock_reaches_a_level(self) -> None:
        self.simulated.reach_next_level()

    def another_ticket_says(self) -> None:
        """Let another ticket join or leave this one, or add something; or the parent go on."""
        simulated, number = self.simulated, f"260302000010{self.chance.randint(1, 3)}"
        if simulated.ticket.stage is Stage.MERGED:
            self._parent_says()
        elif (lot := self.chance.random()) < 0.5:
            simulated.joined(number)
        elif lot < 0.7:
            simulated.added(number)
        elif lot < 0.8:
            simulated.urged_by(number)
        else:
            simulated.left(number)

    def _parent_says(self) -> None:
        simulated, lot = self.simulated, self.chance.random()
        if simulated.ticket.borrowed and lot < 0.7:
            other = next(one for one in CATEGORIES if one != simulated.ticket.category)
            simulated.parent_is_reclassified(other, "general")
        elif lot < 0.2:
            at = simulated.now
            done = HandlingResult(reply="done", evidence=["photo"])
            lead = Assignment(n=1, unit=UNITS[0], queue="units", why="", opened_at=at, result=done)
            simulated.answered(
                ParentReply(parent=PARENT, text="done", resolved=True, answered_by=lead, at=at)
            )
        elif lot < 0.3:
            simulated.parent_gets_more_time()
        elif simulated.ticket.parent_pause is not None:
            simulated.parent_goes_on("reviewed", simulated.now)
        else:
            simulated.parent_stands_still("hold" if lot < 0.7 else "citizen")

    def advance(self) -> bool:
        """Take a step to the end, by engine, person or clock; return False if there is none."""
        simulated = self.simulated
        if simulated.go_on():
            return True
        match way_out(simulated.ticket, simulated.desks.pack):
            case Give(actor, command):
                simulated.give(actor, command, simulated.now)
            case HandIn(n, result):
                simulated.hand_in(n, result)
            case Judge(rating, actor):
                simulated.judge(rating, actor)
            case None:
                return simulated.reach_next_level()
        return True

    def _scene(self) -> Scene:
        ticket, pack, now = self.simulated.ticket, self.simulated.desks.pack, self.simulated.now
        return Scene(ticket, pack, now, self.chance, UNITS, CATEGORIES, [PARENT], self.accusing)


_OFTEN_MADE: dict[Callable[[SimulatedTown], object], int] = {
    SimulatedTown.somebody_asks: 16,
    SimulatedTown.the_engine_goes_on: 5,
    SimulatedTown.advance: 1,
    SimulatedTown.a_unit_is_done: 1,
    SimulatedTown.a_clock_reaches_a_level: 2,
    SimulatedTown.the_citizen_rates: 1,
    SimulatedTown.another_ticket_says: 1,
    SimulatedTown.its_history_is_carried_on: 1,
}
_FAR_GONE = (2, 0, 1, 2, 2, 2, 2, 3, 4, 5, 6, 7)
"""The numbers of steps before the first command: after two, mostly, a unit has the ticket."""

_MOVES, _OFTEN = list(_OFTEN_MADE), list(_OFTEN_MADE.values())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("town", TOWNS)
@settings(max_examples=of(2500), deadline=None)
@given(seed=st.binary(min_size=70, max_size=240))
def test_whatever_is_asked_the_ticket_stays_in_order_and_can_end(town: str, seed: bytes) -> None:
    simulation = SimulatedTown(town, Chance(seed))
    try:
        simulation.begin()
        while simulation.simulated.ticket.open:
            simulation.move()
    except Exhausted:
        pass
    finally:  # shown by hypothesis for a ticket that is not in order
        happened = " → ".join(event.kind for event in simulation.simulated.events)
        note(f"{seed.hex()}: {' '.join(simulation.asked)}: {happened}")
    for _ in range(FAR):
        if not simulation.simulated.ticket.open:
            break
        assert simulation.advance(), f"no way on from {simulation.simulated.ticket.stage}"
    check_order(simulation.simulated.ticket, simulation.simulated.events)
    check_steps(simulation.simulated.events)
    assert simulation.simulated.ticket.stage is Stage.ENDED


@pytest.mark.timeout(300)
def test_every_command_is_carried_out_and_every_row_is_reached() -> None:
    left: set[object] = {row.fact for row in TABLE} | {kind.__name__ for kind in KINDS}
    for seed in range(MANY):
        simulation = SimulatedTown(("busy", "watchful", "strict")[seed % 3], dice(seed))
        simulation.begin()
        for _ in range(FAR):
            if simulation.simulated.ticket.open:
                simulation.move()
        left -= {type(event.fact) for event in simulation.simulated.events} | simulation.done
        if not left:
            return
    pytest.fail(f"never: {left}")
