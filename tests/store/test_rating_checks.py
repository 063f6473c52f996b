"""Tests of ratings that are set apart by the city's rules, and of samples that are asked again."""

from datetime import date, timedelta

import pytest

from domain.activity_io import Projection
from domain.pack.periods import Period
from domain.pack.satisfaction import SatisfactionPolicy
from domain.patrol.draw import in_order
from domain.refusals import Refused
from domain.ticket.rating import Apart
from packs.registry import default_root, load_pack
from store.db.engine import Store
from store.reporting import satisfaction_draws
from store.reporting.fair_satisfaction import FairSatisfaction, fair_satisfaction
from store.reporting.figures import figures
from store.reporting.indicators import Ratio, three_rates
from store.reporting.satisfaction_draws import SatisfactionDraw, SecondAnswer, WantedSample
from store.tickets import rating_checks
from store.tickets.rating_checks import GivenRating
from tests.store.population import Busy
from tests.store.stories import START, complaint, project

DAY = timedelta(days=1)
FIRST_DAY = Period(START, START + DAY)
_RULES = {"after_contact": "2m", "turned_within": "2h", "together": 3, "together_within": "1h"}
_SHIPPED = load_pack(default_root() / "jinan")
PACK = _SHIPPED.model_copy(
    update={"satisfaction": SatisfactionPolicy.model_validate(_RULES | {"least": 10})}
)


def _busy(person: str | None = None) -> Busy:
    return Busy(complaint(city="jinan", person=person))


async def _give(
    store: Store,
    one: Busy,
    grade: int = 5,
    *,
    network: str | None = None,
    contact: str | None = None,
    later: float = 0,
    unit: str = "water",
) -> None:
    """Rate a ticket as its citizen does, `later` minutes after the answer, and judge that."""
    life: list[Projection] = [
        *one.begun(unit),
        one.signed(),
        one.contacted(),
        one.done(1),
        one.replied(),
    ]
    after = one.ticket.version
    one.at += timedelta(minutes=later)
    life += [one.rated(grade, resolved=grade > 2), one.watched()]
    await project(store, life)
    given = GivenRating(one.number, after, "jinan", one.at, network, contact)
    await rating_checks.note(store, given)
    await rating_checks.judge_one(store, PACK, one.number, after)


async def _reasons(store: Store, *some: Busy) -> list[Apart | None]:
    found = [await rating_checks.of_ticket(store, one.number) for one in some]
    return [checks[0].apart() if checks else None for checks in found]


async def _fair(store: Store) -> FairSatisfaction:
    return await fair_satisfaction(store, PACK, FIRST_DAY)


async def _satisfaction(store: Store, period: Period = FIRST_DAY) -> Ratio:
    found = await figures(store, PACK, period, only={"satisfaction"})
    return found.figures[0].value.after


async def test_a_rating_set_apart_counts_in_no_figure_and_is_kept(store: Store) -> None:
    pressed, free, bad = _busy(), _busy(), _busy()
    quick = PACK.model_copy(
        update={"satisfaction": SatisfactionPolicy.model_validate(_RULES | {"after_contact": "5m"})}
    )
    await _give(store, free, later=60)
    await _give(store, bad, 1)
    life = [*pressed.answered_by("water"), pressed.watched()]
    await project(store, life)
    await rating_checks.note(
        store, GivenRating(pressed.number, 0, "jinan", pressed.at, "net", None)
    )
    assert await rating_checks.judge(store, quick, pressed.at) == 1
    assert await _reasons(store, pressed, free, bad) == [Apart.CALL, None, None]
    assert await _satisfaction(store) == Ratio(1, 2)
    rates = await three_rates(store, "jinan", FIRST_DAY.since, FIRST_DAY.until)
    assert rates.satisfaction == Ratio(1, 2)
    fair = await _fair(store)
    assert (fair.counted, fair.apart, fair.set_apart) == (Ratio(1, 2), {Apart.CALL: 1}, 1)
    assert fair.error is not None
    assert fair.error.low < 0.5 < fair.error.high
    assert fair.corrected is None


async def test_a_supervisor_lets_it_count_and_past_figures_stay(store: Store) -> None:
    some = [_busy() for _ in range(3)]
    for one in some:
        await _give(store, one, later=30, contact="phone")
    assert await _reasons(store, *some) == [Apart.CONTACT] * 3
    assert await _satisfaction(store) == Ratio(0, 0)
    [check] = await rating_checks.of_ticket(store, some[0].number)
    later = FIRST_DAY.until + DAY
    lifted = await rating_checks.lift(
        store, check.number, check.version, "supervisor-1", "A family.", lambda _: later
    )
    assert lifted.apart() is None
    assert await _satisfaction(store) == Ratio(0, 0)
    then = await figures(store, PACK, FIRST_DAY, as_of=later + DAY, only={"satisfaction"})
    assert then.figures[0].value.after == Ratio(1, 1)
    rates = await three_rates(store, "jinan", FIRST_DAY.since, FIRST_DAY.until)
    assert rates.satisfaction == Ratio(1, 1)
    with pytest.raises(Refused, match="decided already"):
        await rating_checks.lift(store, check.number, check.version, "x", "Again.")
    with pytest.raises(Refused, match="not set apart"):
        await rating_checks.lift(store, check.number, 1, "x", "No such.")


async def test_a_crowd_is_of_one_unit_and_one_network_in_a_short_time(store: Store) -> None:
    late, other, elsewhere = _busy(), _busy(), _busy()
    crowd = [_busy() for _ in range(3)]
    await _give(store, late, network="net", later=600)
    await _give(store, other, network="net", unit="environment", later=30)
    await _give(store, elsewhere, network="other", later=30)
    for one in crowd[:2]:
        await _give(store, one, network="net", later=30)
    assert await _reasons(store, *crowd) == [None, None, None]
    await _give(store, crowd[2], network="net", later=40)
    assert await _reasons(store, *crowd) == [Apart.NETWORK] * 3
    assert await _reasons(store, late, other, elsewhere) == [None, None, None]


async def test_a_crowd_of_bad_ratings_counts(store: Store) -> None:
    crowd = [_busy() for _ in range(4)]
    for one in crowd:
        await _give(store, one, 1, network="net", contact="phone", later=30)
    assert await _reasons(store, *crowd) == [None] * 4
    assert await _satisfaction(store) == Ratio(0, 4)


async def test_from_where_a_rating_came_is_forgotten_after_a_month(store: Store) -> None:
    one = _busy()
    await _give(store, one, network="net", contact="phone", later=30)
    assert await rating_checks.forget(store, one.at + 29 * DAY) == 0
    assert await rating_checks.forget(store, one.at + 31 * DAY) == 1
    assert await rating_checks.forget(store, one.at + 31 * DAY) == 0


async def test_a_rating_that_no_ticket_recorded_is_given_up(store: Store) -> None:
    one = _busy()
    await project(store, one.begun("water"))
    given = GivenRating(one.number, one.ticket.version, "jinan", one.at, "net", None)
    await rating_checks.note(store, given)
    await rating_checks.note(store, given)
    assert await rating_checks.judge(store, PACK, one.at + DAY) == 0
    assert await rating_checks.judge(store, PACK, one.at + 8 * DAY) == 0
    assert await rating_checks.of_ticket(store, one.number) == []


async def _drawn(store: Store, size: int, after: int | None = None) -> SatisfactionDraw:
    days = (date(2024, 11, 20), date(2024, 11, 20))
    wanted = WantedSample("jinan", *days, FIRST_DAY, size, "supervisor-1", after)
    return await satisfaction_draws.draw(store, wanted, lambda: "seed")


def _said(of: SatisfactionDraw, number: str, grade: int | None) -> SecondAnswer:
    known = None if grade is None else grade >= 3
    return SecondAnswer(of.id, number, of.city, START, "desk-1", 0, grade, known, known, "")


async def test_those_who_are_asked_again_correct_the_rate(store: Store) -> None:
    honest = [_busy(f"p{n}") for n in range(8)]
    pressed = [_busy(f"q{n}") for n in range(4)]
    for one in honest:
        await _give(store, one, later=120)
    for one in pressed:
        await _give(store, one, network="net", later=30)
    assert (await _fair(store)).counted == Ratio(8, 8)
    made = await _drawn(store, 12)
    for number in made.drawn:
        grade = 5 if number in {one.number for one in honest[:6]} else 1
        await satisfaction_draws.record(store, made, _said(made, number, grade))
    fair = await _fair(store)
    assert (fair.drawn, fair.asked, fair.set_apart) == (12, 12, 4)
    assert fair.corrected is not None
    assert fair.corrected.share == pytest.approx(6 / 12)
    assert fair.corrected.low < 0.5 < fair.corrected.high
    [used] = fair.draws
    assert (used.seed, used.size, used.population) == ("seed", 12, 12)


async def test_a_draw_is_of_rated_tickets_whose_citizen_can_be_called(store: Store) -> None:
    known, nobody, unrated = _busy("p"), _busy(), _busy("r")
    await _give(store, known, later=30)
    await _give(store, nobody, later=30)
    await project(store, unrated.begun("water"))
    made = await _drawn(store, 1, after=0)
    assert made.population == [known.number]
    assert made.population == in_order(made.algorithm, made.seed, made.population)
    assert (await _drawn(store, 1, after=0)).id == made.id
    assert (await _drawn(store, 1)).n == 2
    with pytest.raises(Refused, match="1 tickets"):
        await _drawn(store, 2)


async def test_an_answer_ends_the_attempts(store: Store) -> None:
    one = _busy("p")
    await _give(store, one, later=30)
    made = await _drawn(store, 1)
    missed = await satisfaction_draws.record(store, made, _said(made, one.number, None))
    assert (missed.tries, missed.grade) == (1, None)
    reached = await satisfaction_draws.record(store, made, _said(made, one.number, 4))
    assert (reached.tries, reached.grade) == (2, 4)
    assert await satisfaction_draws.answered(store, [made.id]) == {made.id: 1}
    with pytest.raises(Refused, match="has answered"):
        await satisfaction_draws.record(store, made, _said(made, one.number, 5))
    with pytest.raises(Refused, match="not drawn"):
        await satisfaction_draws.record(store, made, _said(made, "another", 5))
