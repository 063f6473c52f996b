"""Tests of contractors' sheets: each point has its event, and a closed month stays as it was."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.facts.aftercare import Revisited
from domain.facts.intake import Classified
from domain.pack.contractors import AssessmentRule, ContractorPolicy
from domain.pack.periods import Period
from domain.refusals import Refused
from packs.registry import default_root, load_pack
from store.db.engine import Store
from store.reporting import closed_months
from store.reporting.assessments import SheetLine, computed
from store.reporting.closed_months import ClosedMonth
from store.tickets import tickets
from tests.store.population import Busy
from tests.store.stories import START, complaint, project

DAY = timedelta(days=1)
FIRST_DAY = Period(START, START + DAY)
NOW = datetime(2026, 3, 2, tzinfo=UTC)


def _rule(code: str, on: str, points: float, when: str, to: str = "unit") -> AssessmentRule:
    names = {"code": code, "name": code, "name_en": code, "source": "illustrative"}
    return AssessmentRule.model_validate(
        names | {"on": on, "points": points, "when": when, "to": to}
    )


RULES = (
    _rule("K1", "share_handled", 1, "a.on_time && a.resolved"),
    _rule("K2", "share_handled", -3, "!a.resolved"),
    _rule("K3", "revisited", -3, "!e.holds", "worked"),
    _rule("K4", "classified", -2, "t.repeats > 0", "before"),
)
PACK = load_pack(default_root() / "heping").model_copy(
    update={"assessment": RULES, "contractors": ContractorPolicy(units=("bike-1", "bike-2"))}
)


def _busy(**more: Any) -> Busy:
    return Busy(complaint(city="heping", **more))


def cleared(by: str, *, resolved: bool = True) -> tuple[Busy, list[Any]]:
    """Return a ticket that the parking office delegated to a company, which handed in a result."""
    one = _busy()
    told = [*one.begun("parking-office"), one.delegated(by), one.share_done(2, resolved=resolved)]
    return one, told


async def lines(store: Store, period: Period = FIRST_DAY) -> list[SheetLine]:
    return await computed(store, PACK, period, period.until)


def brief(found: list[SheetLine]) -> list[tuple[str, str, float]]:
    return [(one.unit, one.rule, one.points) for one in found]


async def refusal(act: Any) -> str:
    try:
        await act
    except Refused as refused:
        return refused.code
    return ""


async def test_each_point_has_the_event_that_earned_it(store: Store) -> None:
    good, told = cleared("bike-1")
    bad, also = cleared("bike-2", resolved=False)
    await project(store, told, also)
    found = await lines(store)
    assert brief(found) == [("bike-1", "K1", 1.0), ("bike-2", "K2", -3.0)]
    for one, busy in zip(found, (good, bad), strict=True):
        [event] = [e for e in await tickets.events(store, busy.number) if e.version == one.version]
        assert (one.number, one.at, one.event) == (busy.number, event.at, event.kind)


async def test_units_that_are_not_assessed_have_no_sheet(store: Store) -> None:
    _, told = cleared("bike-3")
    await project(store, told)
    assert await lines(store) == []


async def test_what_a_revisit_finds_back_costs_whoever_worked_on_it(store: Store) -> None:
    one, told = cleared("bike-1")
    told += [one.done(1), one.replied(), one.rated(), one.watched()]

    told.append(one.tell(Revisited(holds=False, note="又装上了。"), by=one.officer))
    await project(store, told)
    assert ("bike-1", "K3", -3.0) in brief(await lines(store))


async def test_a_spot_that_came_back_costs_whoever_cleared_it_before(store: Store) -> None:
    first, told = cleared("bike-1")
    again = _busy(filed_at=START + timedelta(hours=6))
    repeat = Classified(category="lamp", tier="normal", why="lamp", repeats=[first.number])
    later = [again.accepted(), again.tell(repeat), again.led_by("parking-office")]
    await project(store, told, later)
    [back] = [one for one in await lines(store) if one.rule == "K4"]
    assert (back.unit, back.points, back.number) == ("bike-1", -2, again.number)


async def test_a_report_of_wrongdoing_brings_nobody_points(store: Store) -> None:
    one = _busy(kind="report")
    await project(store, [*one.begun("parking-office"), one.delegated("bike-1"), one.share_done(2)])
    assert await lines(store) == []


async def test_an_event_of_the_next_day_is_not_in_the_period(store: Store) -> None:
    one = _busy()
    told = [*one.begun("parking-office"), one.delegated("bike-1", hours=48)]
    told.append(one.share_done(2, minutes=60 * 30))
    await project(store, told)
    assert await lines(store) == []
    assert len(await lines(store, Period(START + DAY, START + 2 * DAY))) == 1


def _month(**changes: Any) -> ClosedMonth:
    values: dict[str, Any] = {
        "city": "heping",
        "month": "2024-11",
        "closed_at": NOW,
        "closed_by": "supervisor:s",
        "pack_version": "0" * 12,
        "base": 100.0,
        "publish": True,
        "objections_until": datetime.now(UTC) + DAY,
    }
    return ClosedMonth(**values | changes)


async def close(store: Store, of: ClosedMonth) -> None:
    rules = {rule.code: rule for rule in RULES}
    await closed_months.close(store, of, ("bike-1", "bike-2"), await lines(store), rules)


async def test_of_two_who_close_a_month_at_once_one_does(store: Store) -> None:
    _, told = cleared("bike-1")
    await project(store, told)
    tries = await asyncio.gather(*(refusal(close(store, _month())) for _ in range(4)))
    assert sorted(tries) == ["", *["month_closed"] * 3]
    kept = await closed_months.kept(store, "heping", "2024-11")
    assert kept is not None
    assert [(one.n, one.line.unit) for one in kept.lines] == [(1, "bike-1")]
    assert kept.units == ["bike-1", "bike-2"]
    assert await closed_months.public_months(store, "heping", NOW) == [], "there is time to object"
    later = datetime.now(UTC) + timedelta(days=30)
    assert await closed_months.public_months(store, "heping", later) == ["2024-11"]


async def test_a_closed_month_stays_as_it_was(store: Store) -> None:
    _, told = cleared("bike-1")
    await project(store, told)
    await close(store, _month())
    _, more = cleared("bike-2")
    await project(store, more)
    kept = await closed_months.kept(store, "heping", "2024-11")
    assert kept is not None
    assert len(kept.lines) == 1
    assert len(await lines(store)) == 2, "a computation sees the difference"


async def test_an_objection_is_in_time_once_and_decided_once(store: Store) -> None:
    _, told = cleared("bike-1", resolved=False)
    await project(store, told)
    month = _month(objections_until=datetime.now(UTC) + timedelta(minutes=10))
    await close(store, month)
    late = _month(objections_until=datetime.now(UTC) - timedelta(seconds=1))
    object_to, decide = closed_months.object_to, closed_months.decide
    assert await refusal(object_to(store, late, 1, "bike-1", "不属我司", "o")) == "objection_over"
    assert await refusal(decide(store, month, 1, True, "属实", "s")) == "objection_not_found"
    assert await refusal(object_to(store, month, 1, "bike-1", "不属我司", "o")) == ""
    twice = await refusal(object_to(store, month, 1, "bike-1", "再次", "o"))
    assert twice == "already_objected"
    kept = await closed_months.kept(store, "heping", "2024-11")
    assert kept is not None
    assert not kept.public(datetime.now(UTC) + 9 * DAY), "nobody has decided"
    in_days = datetime.now(UTC) + 9 * DAY
    assert await closed_months.public_months(store, "heping", in_days) == []
    at_once = [refusal(decide(store, month, 1, True, "属实", "s")) for _ in range(2)]
    assert sorted(await asyncio.gather(*at_once)) == ["", "objection_decided"]
    kept = await closed_months.kept(store, "heping", "2024-11")
    assert kept is not None
    assert kept.struck(1)
    assert kept.public(datetime.now(UTC) + DAY)
    assert not kept.public(datetime.now(UTC)), "others may still object"
    later = datetime.now(UTC) + DAY
    assert await closed_months.public_months(store, "heping", later) == ["2024-11"]


@pytest.mark.parametrize("publish", [True, False])
async def test_a_city_publishes_only_if_its_pack_says_so(store: Store, publish: bool) -> None:
    await close(store, _month(publish=publish, objections_until=NOW))
    kept = await closed_months.kept(store, "heping", "2024-11")
    assert kept is not None
    assert kept.public(NOW) is publish
    shown = await closed_months.public_months(store, "heping", NOW)
    assert shown == (["2024-11"] if publish else [])
