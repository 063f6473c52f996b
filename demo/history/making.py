"""The making of a day: its groups of complaints, lived and turned into rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import NamedTuple
from zlib import crc32

from demo.history.arrivals import SPAN, ArrivalGroup, ComplaintWave, groups
from demo.history.behaviour import TicketPeople
from demo.history.desks import CityDesks
from demo.history.draws import DISPATCHER, draw
from demo.history.life import SimulatedLife
from demo.history.moulds import LivedRows, RowMould, TicketIdentity
from demo.history.texts import details, name, told
from domain.facts.closing import Replied
from domain.pack.pack import Pack
from domain.search.texts import SEARCHED, RecordedFact
from domain.ticket.complaint import Complaint, Place
from domain.ticket.stages import Stage
from packs.grids import STREET, Grid
from packs.registry import PackRegistry
from store.tickets.numbers import number_of
from store.tickets.simulated import SimulatedRows, rows_of

_SHORTEST = 150
"""Seconds of a span in which tickets are lived one by one if its ends do not agree."""

_LOTS = (10, 20, 100)
"""The bounds of a ticket's lot between which cities' conditions of verification lie."""


class SimulatedCitizen(NamedTuple):
    """A citizen, as the vault is to keep them."""

    id: str
    name: str
    phone: str
    since: datetime


@dataclass
class MadeDay:
    """The rows of a day's tickets, and their citizens, who are not sealed yet."""

    rows: SimulatedRows = field(default_factory=SimulatedRows)
    citizens: list[SimulatedCitizen] = field(default_factory=list)
    lived: int = 0

    def add(self, other: "MadeDay") -> None:
        """Add another day."""
        self.rows.add(other.rows)
        self.citizens += other.citizens
        self.lived += other.lived


@dataclass(frozen=True)
class SimulatedHistory:
    """The history of a city. `pool`: the number of its citizens; some complain again and again."""

    city: str
    seed: str
    end: datetime
    pool: int
    closed: bool
    waves: tuple[ComplaintWave, ...]


class DayMaker:
    """The maker of a city's days."""

    def __init__(self, pack: Pack, registry: PackRegistry, history: SimulatedHistory) -> None:
        self._pack, self._history = pack, history
        self._desks = CityDesks(pack, registry)
        self._grid: Grid | None = registry.grid(pack.city.id)
        self._cells: dict[str, list[str]] = {}
        for code in self._grid.codes if self._grid else ():
            self._cells.setdefault(code[:STREET], []).append(code)

    def day(self, day: date, count: int) -> MadeDay:
        """Return so many tickets that were filed on this day."""
        made = MadeDay()
        dice = Random(f"{self._history.seed}/{day.isoformat()}/numbers")  # nosec B311
        drawn_numbers = iter(dice.sample(range(1_000_000), min(count * 3 + 1000, 900_000)))
        drawn = groups(self._pack, self._history.seed, day, count, list(self._history.waves))
        numbers = DayNumbers(day, drawn_numbers)
        for group in drawn:
            GroupMaking(self, group, made, numbers).make()
        return made

    # --- one ticket -------------------------------------------------------------------------

    def complaint(
        self, group: ArrivalGroup, identity: TicketIdentity, filed_at: datetime
    ) -> Complaint:
        """Return the complaint of one ticket of a group."""
        told_, pattern = identity.told, group.pattern
        point = self._point(group)
        return Complaint(
            number=identity.number,
            city=self._history.city,
            kind=pattern.kind,
            channel=group.channel,
            title=told_.title,
            text=told_.text,
            public=crc32(group.seed.encode()) % 12 == 0,
            place=Place(
                area=self._area(group),
                address=told_.address,
                lat=point[0] if point else None,
                lon=point[1] if point else None,
            ),
            anonymous=identity.person is None,
            person=identity.person,
            reachable=identity.person is not None,
            filed_at=filed_at.astimezone(UTC),
        )

    def _area(self, group: ArrivalGroup) -> str | None:
        return self._pack.unit(group.street).area if group.street else None

    def _point(self, group: ArrivalGroup) -> tuple[float, float] | None:
        cells = self._cells.get((self._area(group) or "-")[:STREET])
        if not cells or self._grid is None:
            return None
        code = cells[crc32(f"{group.street} {group.place}".encode()) % len(cells)]
        within = self._grid.shape(code).representative_point()
        return round(within.y, 6), round(within.x, 6)

    def people(self, group: ArrivalGroup, life: SimulatedLife) -> TicketPeople:
        """Return the people of a ticket; those of a group do the same."""
        dice = Random(f"{group.seed}/life")  # nosec B311
        drawn = draw(dice, group.pattern.kind, group.pattern.concluded)
        category = dice.choice(self._pack.categories).code
        return TicketPeople(life, self._pack, drawn, category, self._history.end)

    def live(
        self, group: ArrivalGroup, identity: TicketIdentity, offset: float
    ) -> tuple[SimulatedLife, LivedRows]:
        """Live one ticket of a group by the domain code."""
        filed_at = group.since + timedelta(seconds=offset)
        life = SimulatedLife(self._desks, self.complaint(group, identity, filed_at))
        self.people(group, life).live()
        return life, lived(life, identity)

    def new_life(self, complaint: Complaint) -> SimulatedLife:
        """Return a life that has not begun."""
        return SimulatedLife(self._desks, complaint)

    def identity(
        self, group: ArrivalGroup, n: int, number: str
    ) -> tuple[TicketIdentity, SimulatedCitizen | None]:
        """Draw the words and the citizen of the `n`th ticket of a group."""
        dice = Random(f"{group.seed}/{n}")  # nosec B311
        street = self._pack.unit(group.street).name if group.street else ""
        words = told(group.pattern, street, group.place, details(dice))
        if group.anonymous:
            return TicketIdentity(number, words, None), None
        which = int(self._history.pool * dice.random() ** 2)
        known = Random(f"{self._history.seed}/citizen/{which}")  # nosec B311
        # No subscriber's number begins like this.
        phone = f"010-00{which % 1_000_000:06d}"
        citizen = SimulatedCitizen(f"{dice.getrandbits(128):032x}", name(known), phone, group.since)
        return TicketIdentity(number, words, citizen.id), citizen

    @property
    def end(self) -> datetime:
        """The end of the history."""
        return self._history.end

    @property
    def closed(self) -> bool:
        """True if tickets that are still open at the end are left out."""
        return self._history.closed


class DayNumbers:
    """The numbers of a day, in the order in which they were drawn."""

    def __init__(self, day: date, drawn: Iterator[int]) -> None:
        self._day, self._drawn = day, drawn
        self._spare: list[list[str]] = [[] for _ in _LOTS]

    def next(self, lot: int | None = None) -> str:
        """Return a number; with a `lot` one of that class, for the same verifications.

        Raises:
            RuntimeError: there are not enough, which is a defect.
        """
        spare = max(self._spare, key=len) if lot is None else self._spare[lot]
        if spare:
            return spare.pop()
        for drawn in self._drawn:
            number = number_of(self._day, drawn)
            if lot is None or lot_of(number) == lot:
                return number
            self._spare[lot_of(number)].append(number)
        raise RuntimeError(f"no numbers are left for {self._day}")


def lot_of(number: str) -> int:
    """Return the class of a ticket's lot (see `domain.policy.condition_inputs`)."""
    lot = crc32(number.encode()) % 100
    return next(n for n, bound in enumerate(_LOTS) if lot < bound)


def lived(life: SimulatedLife, identity: TicketIdentity) -> LivedRows:
    """Return what a life wrote."""
    said = [
        RecordedFact(event.kind, event.actor.role == "system", event.fact.model_dump(mode="json"))
        for event in life.events
        if event.kind in SEARCHED
    ]
    return LivedRows(rows_of(life.ticket, life.events), said, identity)


class GroupMaking:
    """The making of one group's tickets. `identities`: of each, in the order of filing."""

    def __init__(
        self, maker: DayMaker, group: ArrivalGroup, made: MadeDay, numbers: DayNumbers
    ) -> None:
        self._maker, self._group, self._made = maker, group, made
        first = numbers.next()
        lot = lot_of(first)
        rest = [numbers.next(lot) for _ in group.offsets[1:]]
        drawn = [maker.identity(group, n, one) for n, one in enumerate([first, *rest])]
        self.identities = [identity for identity, _ in drawn]
        self._citizens = {one.id: one for _, one in drawn if one is not None}

    def make(self) -> None:
        offsets = self._group.offsets
        if self._group.merged:
            self._pair()
        elif len(offsets) == 1:
            self._live([0])
        else:
            self._mould(list(range(len(offsets))), 0, int(SPAN.total_seconds()), {})

    def _mould(
        self, which: Sequence[int], low: int, high: int, known: dict[int, LivedRows]
    ) -> None:
        """Make the tickets filed between these seconds from lives at both ends, if those agree."""
        if len(which) <= 2 or high - low < _SHORTEST:
            self._live(which)
            return
        first, last = self._end(low, known), self._end(high, known)
        mould = RowMould.of(first, last, timedelta(seconds=high - low))
        if mould is None:
            middle = (low + high) // 2
            offsets = self._group.offsets
            self._mould([n for n in which if offsets[n] < middle], low, middle, known)
            self._mould([n for n in which if offsets[n] >= middle], middle, high, known)
            return
        for n in which:
            later = timedelta(seconds=self._group.offsets[n] - low)
            self._take(mould.filled(self.identities[n], later), n)

    def _end(self, at: int, known: dict[int, LivedRows]) -> LivedRows:
        if at not in known:
            known[at] = self._maker.live(self._group, self.identities[0], at)[1]
            self._made.lived += 1
        return known[at]

    def _live(self, which: Sequence[int]) -> None:
        for n in which:
            offset = self._group.offsets[n]
            lived_ = self._maker.live(self._group, self.identities[n], offset)[1]
            self._made.lived += 1
            self._take(lived_.rows, n)

    def _pair(self) -> None:
        """Live two tickets, the second of which is merged into the first where that can be."""
        maker, group, (first, second) = self._maker, self._group, self.identities
        filed = [group.since + timedelta(seconds=offset) for offset in group.offsets]
        life = maker.new_life(maker.complaint(group, first, filed[0]))
        people = maker.people(group, life)
        people.joining = [(second.number, second.told.text)]
        people.live()
        joined = next((e for e in life.events if e.kind == "complainant_joined"), None)
        replied = next((e for e in life.events if e.kind == "replied"), None)
        other = maker.new_life(maker.complaint(group, second, filed[1]))
        others = maker.people(group, other)
        wrong = other.ticket.of_wrongdoing or life.ticket.of_wrongdoing
        if joined is None or replied is None or wrong or joined.at <= filed[1]:
            self._live([0, 1])
            return
        other.go_on()
        if other.ticket.stage not in (Stage.TRIAGE, Stage.DISPATCH, Stage.HANDLE):
            self._live([0, 1])
            return
        while other.level_before(joined.at):
            pass
        other.merge_into(life.ticket, "同一地点同一问题，并案办理。", DISPATCHER, joined.at)
        while other.level_before(replied.at):
            pass
        lead = next(a for a in life.ticket.assignments if a.result is not None)
        if not isinstance(replied.fact, Replied):
            raise TypeError(f"{replied.kind} is no reply")
        other.answer_with(first.number, replied.fact, lead, replied.at)
        others.live()
        self._made.lived += 2
        for n, one in enumerate((life, other)):
            self._take(lived(one, self.identities[n]).rows, n)

    def _take(self, rows: SimulatedRows, n: int) -> None:
        if self._maker.closed and rows.ticket[0]["ended_at"] is None:
            return
        person = self.identities[n].person
        if person is not None:
            self._made.citizens.append(self._citizens[person])
        self._made.rows.add(rows)
