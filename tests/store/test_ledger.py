"""Tests of the points ledger: nothing twice, nothing below zero, nothing lost, on both stores."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from domain.pack.rewards import RewardPolicy
from domain.policy.rewards import RewardReason, RewardState, Signs
from domain.refusals import Refused
from domain.ticket.complaint import Channel, Kind
from store.db import reward_tables
from store.db.engine import Store
from store.db.errors import KeyReused
from store.rewards import checks, grants, ledger, redemptions, wallets
from store.rewards.ledger import FUND, Entry, PointsShort, PrizeStock
from store.rewards.redemptions import RedemptionState
from tests.store.rewarding import (
    CITY,
    CLERK,
    NOW,
    RULE,
    SALT,
    SUPERVISOR,
    SUSPECT,
    RandomLife,
    a_choice,
    a_report,
    a_wallet,
    granted,
    judging,
    purse_of,
)
from tests.store.stories import START
from tests.support.seeds import dice, of

DAY = timedelta(days=1)


async def code(act: Any) -> str:
    """Return the code of the refusal."""
    with pytest.raises(Refused) as refused:
        await act
    return refused.value.code


# --- entries ------------------------------------------------------------------------------------


def moving(store: Store, key: str, points: int, source: str, target: str) -> Callable[..., bool]:
    def work(connection: Connection) -> bool:
        ledger.lock(store, connection, CITY)
        entry = Entry("grant", key)
        return ledger.move(store, connection, CITY, entry, NOW, points, source, target)

    return work


async def balance(store: Store, account: str) -> int:
    return await store.read(lambda connection: ledger.balance(connection, CITY, account))


async def test_a_cause_is_entered_once_by_however_many(store: Store) -> None:
    moves = [store.write(moving(store, "1", 10, FUND, "receipt/1")) for _ in range(8)]
    assert sorted(await asyncio.gather(*moves)) == [False] * 7 + [True]
    assert await balance(store, "receipt/1") == 10
    assert await balance(store, FUND) == -10


async def test_nobody_spends_what_is_not_there(store: Store) -> None:
    await store.write(moving(store, "1", 10, FUND, "receipt/1"))
    moves = [store.write(moving(store, f"s{n}", 4, "receipt/1", "unit/a")) for n in range(8)]
    became = await asyncio.gather(*moves, return_exceptions=True)
    assert became.count(True) == 2
    assert sum(isinstance(one, PointsShort) for one in became) == 6
    assert (await balance(store, "receipt/1"), await balance(store, "unit/a")) == (2, 8)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE reward_posting SET amount = 99",
        "DELETE FROM reward_posting",
        "UPDATE reward_entry SET kind = 'gift'",
        "DELETE FROM reward_entry",
        "INSERT INTO reward_posting (city, account, n, cause, amount, balance)"
        " VALUES ('demo', 'receipt/1', 2, 'x', -11, -1)",
        "INSERT INTO reward_posting (city, account, n, cause, amount, balance)"
        " VALUES ('demo', 'receipt/1', 1, 'x', 5, 5)",
    ],
)
async def test_the_database_itself_refuses_what_would_falsify_it(
    store: Store, statement: str
) -> None:
    await store.write(moving(store, "1", 10, FUND, "receipt/1"))
    with pytest.raises(DBAPIError):
        await store.change(text(statement))
    assert await balance(store, "receipt/1") == 10


# --- reports ------------------------------------------------------------------------------------


async def test_a_report_is_rewarded_once_however_often_it_is_judged(store: Store) -> None:
    ticket = await a_report(store)
    states = await asyncio.gather(*(grants.judge(store, judging(ticket)) for _ in range(6)))
    assert set(states) == {RewardState.GRANTED}
    assert await wallets.balance(store, purse_of(ticket)) == 10
    assert await checks.faults(store, CITY) == []


async def test_no_rule_holds_and_later_one_does(store: Store) -> None:
    ticket = await a_report(store)
    assert await grants.judge(store, judging(ticket, rule=None)) is RewardState.NONE
    assert await grants.judge(store, judging(ticket)) is RewardState.NONE  # it has not changed
    changed = ticket.model_copy(update={"version": ticket.version + 1})
    assert await grants.judge(store, judging(changed)) is RewardState.GRANTED


async def test_what_waits_to_be_judged_is_found_once(store: Store) -> None:
    ticket = await a_report(store)
    await a_report(store, channel=Channel.WEB)
    await a_report(store, kind=Kind.REPORT)
    since = START - DAY
    assert await grants.due(store, CITY, ["snapshot"], since, 10) == [ticket.complaint.number]
    await grants.judge(store, judging(ticket))
    assert await grants.due(store, CITY, ["snapshot"], since, 10) == []


async def test_what_is_suspicious_waits_for_a_person(store: Store) -> None:
    ticket = await a_report(store)
    number = ticket.complaint.number
    signs = Signs(by_staff=True, alike=("2411200000019",))
    assert await grants.judge(store, judging(ticket, signs=signs)) is RewardState.HELD
    (held,) = await grants.held(store, CITY, 10)
    assert held.reasons == (RewardReason.SAME_PICTURE, RewardReason.FILED_BY_STAFF)
    assert held.alike == ("2411200000019",)
    assert await wallets.balance(store, purse_of(ticket)) == 0
    assert (await ledger.totals(store, CITY)).held == 10
    done = await grants.decide(
        store, number, release=True, by=SUPERVISOR, reason="本人拍摄", at=NOW
    )
    assert (done.state, done.decision) == (RewardState.GRANTED, "本人拍摄")
    assert await wallets.balance(store, purse_of(ticket)) == 10
    again = grants.decide(store, number, release=False, by=SUPERVISOR, reason="x", at=NOW)
    assert await code(again) == "reward_not_held"
    assert await checks.faults(store, CITY) == []


async def test_a_refused_one_goes_back_to_the_fund(store: Store) -> None:
    ticket = await a_report(store)
    await grants.judge(store, judging(ticket, signs=SUSPECT))
    number = ticket.complaint.number
    await grants.decide(store, number, release=False, by=SUPERVISOR, reason="自导自演", at=NOW)
    assert (await ledger.totals(store, CITY)).granted == 0
    assert await grants.judge(store, judging(ticket)) is RewardState.REFUSED  # and stays refused
    (first, last) = await ledger.lines(store, CITY, NOW - DAY, NOW + DAY, 10)
    assert (first.kind, first.source, first.target) == ("hold", "fund", "held")
    assert (last.kind, last.role, last.actor, last.reason) == (
        "refuse", "supervisor", "supervisor-1", "自导自演",
    )  # fmt: skip


async def test_two_who_decide_at_once_decide_once(store: Store) -> None:
    ticket = await a_report(store)
    await grants.judge(store, judging(ticket, signs=SUSPECT))
    number = ticket.complaint.number
    became = await asyncio.gather(
        *(
            grants.decide(store, number, release=n % 2 == 0, by=SUPERVISOR, reason="x", at=NOW)
            for n in range(6)
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(one, Refused) for one in became) == 5
    assert await checks.faults(store, CITY) == []


async def test_at_one_place_one_report_is_rewarded(store: Store) -> None:
    place = {"address": "龙洞街道1号"}
    await granted(store, place=place)
    second = await a_report(store, place=place)
    assert await grants.judge(store, judging(second)) is RewardState.CAPPED
    found = await grants.get(store, second.complaint.number)
    assert found is not None
    assert found.reasons == (RewardReason.PLACE_CAP,)
    other = await a_report(store, place={"address": "龙洞街道2号"})
    assert await grants.judge(store, judging(other)) is RewardState.GRANTED
    later = await a_report(store, place=place, filed_at=START + 31 * DAY)
    assert await grants.judge(store, judging(later)) is RewardState.GRANTED


async def test_one_person_is_rewarded_so_often_a_day(store: Store) -> None:
    policy = RewardPolicy(channels=(Channel.SNAPSHOT,), kinds=(Kind.COMPLAINT,), per_day=2)
    wallet, states = await a_wallet(store), []
    for _ in range(3):
        ticket = await a_report(store)
        await wallets.join(store, ticket.complaint.number, wallet, NOW)
        states.append(await grants.judge(store, judging(ticket, policy=policy)))
    assert states == [RewardState.GRANTED, RewardState.GRANTED, RewardState.CAPPED]
    assert await wallets.balance(store, wallet) == 20
    stranger = await a_report(store)
    assert await grants.judge(store, judging(stranger, policy=policy)) is RewardState.GRANTED


# --- wallets and prizes -------------------------------------------------------------------------


async def test_receipts_are_joined_with_their_points_and_choices(store: Store) -> None:
    first, second = await granted(store), await granted(store)
    wallet = await a_wallet(store)
    cheap = SALT.model_copy(update={"points": 10})
    await redemptions.choose(store, purse_of(first), a_choice("c1", cheap), NOW)
    for ticket in (first, second):
        assert await wallets.join(store, ticket.complaint.number, wallet, NOW)
        assert not await wallets.join(store, ticket.complaint.number, wallet, NOW)
    assert await wallets.balance(store, wallet) == 10
    await redemptions.cancel(store, wallet, "c1", NOW)
    assert await wallets.balance(store, wallet) == 20
    other = await a_wallet(store, "w2")
    joined = wallets.join(store, first.complaint.number, other, NOW)
    assert await code(joined) == "receipt_joined"
    spent = redemptions.choose(store, purse_of(first), a_choice("c2"), NOW)
    assert await code(spent) == "receipt_joined"
    third = await a_report(store)
    await wallets.join(store, third.complaint.number, wallet, NOW)
    await grants.judge(store, judging(third))  # what is granted later goes where it was joined
    assert await wallets.balance(store, wallet) == 30
    assert await checks.faults(store, CITY) == []


async def test_staff_never_reads_whose_points_they_are(store: Store) -> None:
    ticket = await granted(store)
    wallet = await a_wallet(store)
    await wallets.join(store, ticket.complaint.number, wallet, NOW)
    cheap = SALT.model_copy(update={"points": 10})
    await redemptions.choose(store, wallet, a_choice("c1", cheap), NOW)
    lines = await ledger.lines(store, CITY, NOW - DAY, NOW + DAY, 10)
    assert [(one.kind, one.source, one.target) for one in lines] == [
        ("grant", "fund", "citizen"),
        ("redeem", "citizen", "pledged/shop"),
    ]
    assert lines[1].number is None


async def _salt(store: Store) -> PrizeStock:
    return (await ledger.stock_of(store, CITY, ["salt"]))["salt"]


async def test_a_prizes_pieces_are_told_by_the_same_book(store: Store) -> None:
    three = SALT.model_copy(update={"stock": 3, "points": 2})
    purse = purse_of(await granted(store))
    for n in range(3):
        await redemptions.choose(store, purse, a_choice(f"c{n}", three), NOW)
    assert await _salt(store) == PrizeStock(supplied=3, left=0, promised=3, given=0)
    with pytest.raises(Refused, match="Nothing is left"):
        await redemptions.choose(store, purse, a_choice("c3", three), NOW)
    await redemptions.confirm(store, "mark of c0", CLERK, CITY, NOW)
    await redemptions.cancel(store, purse, "c1", NOW)
    assert await redemptions.expire(store, NOW + 40 * DAY, 10) == 1
    assert await _salt(store) == PrizeStock(supplied=3, left=2, promised=0, given=1)
    assert await checks.faults(store, CITY) == []


async def test_a_stock_that_the_pack_changes_is_entered_and_never_below_zero(store: Store) -> None:
    purse = purse_of(await granted(store))
    for n, (stock, left) in enumerate(((1, 0), (5, 3), (3, 0))):
        prize = SALT.model_copy(update={"stock": stock, "points": 1})
        await redemptions.choose(store, purse, a_choice(f"c{n}", prize), NOW)
        assert await _salt(store) == PrizeStock(stock, left, promised=n + 1, given=0)
    fewer = SALT.model_copy(update={"stock": 1, "points": 1})
    with pytest.raises(Refused, match="Nothing is left"):
        await redemptions.choose(store, purse, a_choice("c3", fewer), NOW)
    assert await checks.faults(store, CITY) == []


async def test_what_an_earlier_version_did_is_caught_up_with(store: Store) -> None:
    """It counts choices and enters no pieces, while the installation is upgraded."""
    three = SALT.model_copy(update={"stock": 3, "points": 1})
    purse = purse_of(await granted(store))
    await redemptions.choose(store, purse, a_choice("c0", three), NOW)
    row = reward_tables.reward_redemption
    old = (await store.rows(select(row)))[0]
    values = dict(old._mapping) | {"id": "old", "mark": "mark of old"}
    await store.change(row.insert().values(values))

    def pledge(connection: Connection) -> bool:
        entry = Entry("redeem", "old", prize="salt", redemption="old")
        return ledger.move(store, connection, CITY, entry, NOW, 1, purse.account, "pledged/shop")

    assert await store.write(pledge)
    assert await checks.faults(store, CITY) == ["reserved/salt: 1 pieces, and its prizes are 2"]
    await redemptions.confirm(store, "mark of old", CLERK, CITY, NOW)
    await redemptions.choose(store, purse, a_choice("c1", three), NOW)
    assert await _salt(store) == PrizeStock(supplied=3, left=0, promised=2, given=1)
    assert await checks.faults(store, CITY) == []


async def test_of_the_last_piece_one_gets_it(store: Store) -> None:
    last = SALT.model_copy(update={"stock": 1, "points": 10})
    tickets = [await granted(store) for _ in range(4)]
    became = await asyncio.gather(
        *(
            redemptions.choose(store, purse_of(ticket), a_choice(f"c{n}", last), NOW)
            for n, ticket in enumerate(tickets)
        ),
        return_exceptions=True,
    )
    refused = [one.code for one in became if isinstance(one, Refused)]
    assert refused == ["prize_out_of_stock"] * 3
    (n,) = [n for n, one in enumerate(became) if not isinstance(one, Refused)]
    await redemptions.cancel(store, purse_of(tickets[n]), f"c{n}", NOW)
    other = purse_of(tickets[(n + 1) % 4])
    again = await redemptions.choose(store, other, a_choice("again", last), NOW)
    assert again.state is RedemptionState.OPEN
    assert await checks.faults(store, CITY) == []


async def test_more_than_one_has_is_not_spent(store: Store) -> None:
    ticket = await granted(store)
    short = redemptions.choose(store, purse_of(ticket), a_choice("c1"), NOW)
    assert await code(short) == "points_short"
    assert await wallets.balance(store, purse_of(ticket)) == 10


async def test_the_same_choice_again_is_the_same_and_another_is_refused(store: Store) -> None:
    ticket = await granted(store)
    cheap = SALT.model_copy(update={"points": 5})
    first = await redemptions.choose(store, purse_of(ticket), a_choice("c1", cheap), NOW)
    assert await redemptions.choose(store, purse_of(ticket), a_choice("c1", cheap), NOW) == first
    assert await wallets.balance(store, purse_of(ticket)) == 5
    other = cheap.model_copy(update={"code": "tea"})
    with pytest.raises(KeyReused):
        await redemptions.choose(store, purse_of(ticket), a_choice("c1", other), NOW)


async def _chosen(store: Store) -> wallets.Purse:
    purse = purse_of(await granted(store))
    cheap = SALT.model_copy(update={"points": 10})
    await redemptions.choose(store, purse, a_choice("c1", cheap), NOW)
    return purse


async def test_a_code_is_confirmed_once(store: Store) -> None:
    await _chosen(store)
    became = await asyncio.gather(
        *(redemptions.confirm(store, "mark of c1", CLERK, CITY, NOW) for _ in range(5)),
        return_exceptions=True,
    )
    assert [one.code for one in became if isinstance(one, Refused)] == ["prize_fetched"] * 4
    assert (await ledger.totals(store, CITY)).handed_out == 10


async def test_a_code_is_refused_for_a_clear_reason(store: Store) -> None:
    purse = await _chosen(store)
    elsewhere = CLERK.model_copy(update={"unit": "bakery"})

    def confirm(mark: str = "mark of c1", by: Any = CLERK, at: Any = NOW) -> Any:
        return redemptions.confirm(store, mark, by, CITY, at)

    assert await code(confirm(mark="another")) == "unknown_prize_code"
    assert await code(confirm(by=elsewhere)) == "prize_of_another_unit"
    assert await code(confirm(at=NOW + 30 * DAY)) == "prize_expired"
    outsider = redemptions.confirm(store, "mark of c1", CLERK, "elsewhere", NOW)
    assert await code(outsider) == "unknown_prize_code"
    await redemptions.cancel(store, purse, "c1", NOW)
    assert await code(confirm()) == "prize_cancelled"
    assert await code(redemptions.cancel(store, purse, "c1", NOW)) == "prize_cancelled"
    assert await wallets.balance(store, purse) == 10


async def test_what_is_not_fetched_in_time_comes_back(store: Store) -> None:
    purse = await _chosen(store)
    assert await redemptions.expire(store, NOW + 29 * DAY, 10) == 0
    assert await redemptions.expire(store, NOW + 30 * DAY, 10) == 1
    assert await redemptions.expire(store, NOW + 30 * DAY, 10) == 0
    assert await wallets.balance(store, purse) == 10
    assert (await redemptions.of_purse(store, purse))[0].state is RedemptionState.EXPIRED
    assert await checks.faults(store, CITY) == []


async def test_points_run_out_the_oldest_first(store: Store) -> None:
    wallet = await a_wallet(store)
    for at in (NOW, NOW + 100 * DAY):
        ticket = await a_report(store)
        await wallets.join(store, ticket.complaint.number, wallet, NOW)
        await grants.judge(store, judging(ticket, at=at))
    cheap = SALT.model_copy(update={"points": 4})
    await redemptions.choose(store, wallet, a_choice("c1", cheap), NOW)
    assert await grants.lapse(store, CITY, NOW + 364 * DAY) == 0
    assert await grants.lapse(store, CITY, NOW + 365 * DAY) == 1  # six of the first ten are left
    assert await wallets.balance(store, wallet) == 10
    assert await grants.lapse(store, CITY, NOW + 365 * DAY) == 0
    await redemptions.cancel(store, wallet, "c1", NOW + 365 * DAY)
    assert await grants.lapse(store, CITY, NOW + 366 * DAY) == 1  # and the four that came back
    assert await wallets.balance(store, wallet) == 10
    assert await checks.faults(store, CITY) == []


# --- all of it ----------------------------------------------------------------------------------


@pytest.mark.must_work("jinan", "ledger")
async def test_random_operations_side_by_side_keep_the_ledger_whole(store: Store) -> None:
    tickets = [await a_report(store) for _ in range(20)]
    few = SALT.model_copy(update={"stock": 12, "points": 3})
    life = RandomLife(store, dice("ledger", store.dialect), tickets, prize=few)
    await life.live(of(1200))
    assert await checks.faults(store, CITY) == []
    taken = (await redemptions.taken(store, CITY, ["salt"])).get("salt", 0)
    assert taken <= few.stock
    assert life.told["_choose"] > 0
    assert life.told["_choose: points_short"] > 0
    totals = await ledger.totals(store, CITY)
    assert totals.granted == totals.citizens + totals.held + totals.pledged + totals.handed_out


async def test_what_was_written_past_the_triggers_is_found(sqlite_store: Store) -> None:
    store, ticket = sqlite_store, await granted(sqlite_store)
    await store.change(text("DROP TRIGGER reward_posting_no_update"))
    await store.change(text("UPDATE reward_posting SET amount = 9 WHERE account <> 'fund'"))
    number = ticket.complaint.number
    found = await checks.faults(store, CITY)
    assert f"grant/{number}: its postings add up to -1" in found
    assert f"receipt/{number}: after posting 1 10, not 9" in found
    await store.change(text("DELETE FROM ticket"))
    assert f"grant/{number}: there is no ticket {number}" in await checks.faults(store, CITY)
    assert RULE.points == 10
