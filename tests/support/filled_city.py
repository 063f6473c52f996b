"""A city with tickets of every kind that pages count, some of this very hour."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from domain.activity_io import Projection
from domain.deadlines.registry import ClockName
from domain.facts import intake, supervising
from domain.facts.closing import Replied
from domain.policy.work_queues import Queue
from domain.ticket.complaint import Channel, Kind, Place
from store.db.engine import Store
from tests.store.population import AREA, SUPERVISOR, Busy, population
from tests.store.stories import START, clock, complaint, project
from tests.support.cities import SHIPPED
from tests.support.overdue import fill_overdue

CITY, ELSEWHERE = "tongzhou", "heping"
LATE_CITIES = ("jinan", "heping")
"""The cities with supervision lists and councils, and with promises."""
MONTH = f"{START:%Y-%m}"
"""The month of the older tickets, which are all alike in every run."""

UNITS = ("water", "market")
CATEGORY = "0301"
_WORDS = "路灯不亮"


async def fill(store: Store, now: datetime) -> None:
    """Write the tickets; `now`: the time at which pages are about to be read."""
    await project(store, *population(CITY), *_common_problem(), *_today(now), *_elsewhere(now))
    for city in LATE_CITIES:
        await fill_overdue(store, SHIPPED.get(city), now)


def _busy(city: str = CITY, **values: object) -> Busy:
    place = Place(area=AREA, address="新华东街", lat=39.9051, lon=116.6572)
    said = complaint(city=city, title=_WORDS).model_copy(update={"place": place})
    return Busy(said.model_copy(update=values))


def _common_problem() -> Iterator[list[Projection]]:
    """Yield seven of one street and category, of which the city opened one, and one is a report."""
    ordinary = [_busy() for _ in range(5)]
    for one in (*ordinary, _busy(channel=Channel.PROACTIVE), _busy(kind=Kind.REPORT)):
        yield [one.accepted(), one.classified(CATEGORY), one.led_by(UNITS[0])]


def _today(now: datetime) -> Iterator[list[Projection]]:
    for hours in [6.0] * 24 + [9.0] * 3:  # due in two hours, and past due
        one = _busy(filed_at=now - timedelta(hours=hours), channel=Channel.HOTLINE)
        yield one.begun(UNITS[0])
    for life in (_late_sign, _past_due, _ordered, _waits_for_its_citizen, _watched, _signed):
        yield life(_busy(filed_at=now - timedelta(hours=5)))
    for queue in Queue:
        for hours in (0.5, 3):
            yield _busy(filed_at=now - timedelta(hours=hours)).until(queue)
    for number in range(3):
        one = _busy(filed_at=now - timedelta(days=1, hours=number))
        yield [*one.answered_by(UNITS[1]), one.closed()]


def _late_sign(one: Busy) -> list[Projection]:
    """Return one of which only the signing is late: not the citizen's promise."""
    lives = [one.accepted(), one.classified(CATEGORY)]
    plan = one.given(UNITS[0], ClockName.HANDLE, hours=900)
    values = {name: getattr(plan, name) for name in type(plan).model_fields}
    values["clocks"] = [
        *plan.clocks,
        clock(ClockName.SIGN, one.at, 1, 1),
        *one.promise(900),
    ]
    return [*lives, one.tell(intake.Assigned(**values)), one.late(ClockName.SIGN)]


def _past_due(one: Busy) -> list[Projection]:
    return [*one.begun(UNITS[1], hours=1), one.signed(), one.contacted()]


def _ordered(one: Busy) -> list[Projection]:
    def order(n: int) -> Projection:
        clocks = [clock(ClockName.ORDER, one.at, 24).model_copy(update={"label": str(n)})]
        fact = supervising.SupervisionOrdered(order=n, unit=UNITS[0], text="速办", clocks=clocks)
        return one.tell(fact, by=SUPERVISOR)

    answer = supervising.OrderAnswered(order=1, answer="已办")
    return [
        *one.begun(UNITS[0]),
        order(1),
        order(2),
        one.tell(answer, by=one.officer),
        order(3),
    ]


def _waits_for_its_citizen(one: Busy) -> list[Projection]:
    """Return one whose rating is past due: the citizen, not the city, is behind."""
    rating = [clock(ClockName.RATE, one.at, 1)]
    lives = [*one.begun(UNITS[1]), one.done(1)]
    return [*lives, one.tell(Replied(text="已修复", resolved=True, clocks=rating))]


def _watched(one: Busy) -> list[Projection]:
    return [*one.answered_by(UNITS[1]), one.watched()]


def _signed(one: Busy) -> list[Projection]:
    return [*one.begun(UNITS[1]), one.signed()]


def _elsewhere(now: datetime) -> Iterator[list[Projection]]:
    for _ in range(2):
        yield _busy(ELSEWHERE, filed_at=now - timedelta(hours=9)).begun(UNITS[0])
