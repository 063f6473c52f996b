"""Tests of chosen cases in the store, on both databases."""

import asyncio
from datetime import UTC, datetime

from domain.refusals import Refused
from store.db.engine import Store
from store.reporting import report_cards
from store.reporting.report_cards import ChosenCase

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


async def chosen(store: Store, number: str) -> str:
    try:
        await report_cards.choose(store, ChosenCase("demo", "2026", number, "s", NOW), 2)
    except Refused as refused:
        return refused.code
    return ""


async def test_of_many_who_choose_at_once_no_more_are_chosen_than_may_be(store: Store) -> None:
    tries = await asyncio.gather(*(chosen(store, f"26030200000{n:02}") for n in range(6)))
    assert sorted(tries) == ["", "", *["case_cap"] * 4]
    [first, _] = await report_cards.cases(store, "demo", "2026")
    assert await chosen(store, first) == "", "one that is chosen already stays"
    await report_cards.give_up(store, "demo", "2026", first)
    assert await chosen(store, first) == ""
