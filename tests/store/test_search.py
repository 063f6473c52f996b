"""Tests of the search of texts, on both databases: what is found, by whom, and what stays."""

import asyncio
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from domain.actors import Actor, Role
from domain.facts.anytime import FactsAdded
from domain.facts.handling import Contacted
from domain.search.query import parsed
from domain.search.terms import sought_terms, terms_of
from store.db import tables
from store.db.engine import Store
from store.db.search_tables import document
from store.tickets import erasure, search_merging, search_reading, tickets
from store.tickets.search_reading import Matches, Question
from store.tickets.search_rebuild import _emptied, fill_some, rebuild
from store.tickets.tickets import Filters
from tests.store.stories import CITIZEN, START, Story, complaint, project

LAMP = "三号楼前的路灯坏了，晚上看不见路😀"
UYGHUR = "كوچا چىرىغى بۇزۇلدى"


async def found(store: Store, words: str, most: int = 50, **of: Any) -> list[str]:
    return await numbers(store, await ask(store, words, None, most, **of))


async def ask(
    store: Store, words: str, after: int | None = None, most: int = 50, **of: Any
) -> Matches:
    conditions = of.pop("conditions", tickets.conditions_of(Filters(city=of.get("city")), START))
    question = Question(parsed(words).words, conditions=conditions, **of)
    return await search_reading.matches(store, question, after, most)


async def numbers(store: Store, matched: Matches) -> list[str]:
    return [row.number for row in await search_reading.documents(store, matched.ids)]


@pytest.mark.parametrize(
    "words",
    [
        "路灯", "灯", "三号楼", "看不见", "路灯 看不见", "看不见，路灯", '"路灯坏了"',
        "“路 灯坏了”", "text:路灯", "诉求：路灯", "路\u200b灯", "路灯😀", "😀", '"路灯',
        "(路灯)", "路灯*", "路灯\\", "路灯%",
    ],
)  # fmt: skip
async def test_words_are_found_however_they_are_typed(store: Store, words: str) -> None:
    lamp = Story(complaint(text=LAMP))
    await project(store, lamp.whole(), Story(complaint(text="河道发臭，请清理")).whole())
    assert await found(store, words) == [lamp.number]


@pytest.mark.parametrize(
    "words",
    ["路坏", "灯看", "路灯 河道", '"坏了路灯"', "reply:路灯", "答复:路灯", "路灯AND", "amp"],
)
async def test_what_is_not_said_is_not_found(store: Store, words: str) -> None:
    await project(store, Story(complaint(text=LAMP + " lamp")).whole())
    await project(store, Story(complaint(text="河道发臭")).whole())
    assert await found(store, words) == []


async def test_words_of_other_scripts_are_found_by_their_beginning(store: Store) -> None:
    words = Story(complaint(text=f"Ｓtreet LAMPS broken, Straße {UYGHUR}"))
    await project(store, [words.accepted()], [Story(complaint(text="河")).accepted()])
    for typed in ("lamp", "Lamps STREET", '"street lamps"', "strasse", "چىر", UYGHUR):
        assert await found(store, typed) == [words.number], typed


ODD = [
    '"', '""', "*", "'", "NEAR(", "NEAR(a b, 2)", "%", "_", "[](){}<>", "\\", "a:b:c", "-", "--",
    "^", "AND OR NOT", "terms:路", "路*灯", "'; DROP TABLE ticket", "&|!:*", "路 & 灯", "<->",
    "😀" * 400, "路" * 2000, "x" * 2000, "路灯 " * 500, "\u202e反", UYGHUR * 40,
    "\x1f", "\ue000demo", "«»",
    '"' * 999, ":" * 2000, "：：", "number:", 'text:"', "\ud83d", "1" * 2000,
]  # fmt: skip


@pytest.mark.parametrize("typed", ODD, ids=range(len(ODD)))
async def test_odd_queries_are_answered(store: Store, typed: str) -> None:
    await project(store, Story(complaint(text=LAMP)).whole())
    for number_only in (None, 7):
        await ask(store, typed, city="demo", number_only=number_only)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(typed=st.text(max_size=60), text=st.text(max_size=60))
async def test_any_text_is_found_by_itself(store: Store, typed: str, text: str) -> None:
    for words in (typed, text):
        plain = parsed(words).words
        for word in plain:
            terms = set(terms_of(word.text))
            for term in sought_terms(word.text):
                assert any(
                    one.startswith(term.text) if term.begins else one == term.text for one in terms
                )
    await ask(store, typed, city="demo")


async def test_answers_additions_and_notes_are_found_each_in_its_field(store: Store) -> None:
    story = Story(complaint(text=LAMP, place={"address": "玉带河大街 8 号"}))
    officer = Actor(role=Role.OFFICER, id="o", unit="U1")
    steps = [
        story.accepted(),
        story.classified(),
        story.assigned(),
        story.tell(FactsAdded(text="补充：旁边井盖也松了"), by=CITIZEN),
        story.tell(Contacted(assignment=1, note="市民约定周三上门"), by=officer),
    ]
    await project(store, steps)
    for typed in (
        "井盖",
        "text:井盖 路灯",
        "note:周三上门",
        "周三 井盖",
        "place:玉带河",
        "玉带河大街8号",
    ):
        assert await found(store, typed) == [story.number], typed
    for typed in ("note:井盖", "reply:周三", "text:玉带河", "note:lamps"):
        assert await found(store, typed) == [], typed


async def test_the_last_filed_comes_first_and_pages_go_on(store: Store) -> None:
    stories = [Story(complaint(text=f"第{n}盏路灯")) for n in range(12)]
    for story in stories:
        await project(store, [story.accepted()])
    seen: list[str] = []
    after = None
    while True:
        matched = await ask(store, "路灯", after, 5, city="demo")
        seen += await numbers(store, matched)
        if (after := matched.last) is None:
            break
    assert seen == [story.number for story in reversed(stories)]


async def test_many_are_counted_up_to_a_bound(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_reading, "MOST_COUNTED", 7)
    monkeypatch.setattr(search_reading, "_CHUNKS", (4, 4, 4))
    monkeypatch.setattr(search_reading, "_RARE", 6)  # PostgreSQL walks, too
    await project(store, *([Story(complaint(text=LAMP)).accepted()] for _ in range(9)))
    matched = await ask(store, "路灯", None, 3)
    assert (matched.count, matched.more, len(matched.ids)) == (7, True, 3)
    few = await ask(store, "路灯", matched.ids[-1] - 3, 5)
    assert (few.count, few.more, few.last) == (3, False, None)


async def test_where_the_bound_of_looking_is_reached_the_search_goes_on(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_reading, "MOST_LOOKED_AT", 4)
    monkeypatch.setattr(search_reading, "_CHUNKS", (2, 2, 2))
    old = Story(complaint(text=LAMP, kind="help"))
    await project(store, [old.accepted()])
    await project(store, *([Story(complaint(text=LAMP)).accepted()] for _ in range(9)))
    conditions = [tables.ticket.c.kind == "help"]
    seen, after, pages = [], None, 0
    while pages < 9:
        matched = await ask(store, "路灯", after, 5, conditions=conditions)
        seen += await numbers(store, matched)
        pages += 1
        if (after := matched.last) is None:
            break
    assert seen == [old.number]
    assert 1 < pages < 9


async def test_cities_and_units_are_apart(store: Store) -> None:
    here, there = (Story(complaint(text=LAMP, city=city)) for city in ("demo", "oth-er"))
    await project(store, here.whole(), there.whole())
    assert await found(store, "路灯", city="demo") == [here.number]
    assert await found(store, "路灯", city="oth-er") == [there.number]
    assert await found(store, "路灯", city="demo", unit="U1") == [here.number]
    assert await found(store, "路灯", unit="U2") == []
    assert await found(store, "demo") == []


# --- the index and its tickets ------------------------------------------------------------------


async def test_what_is_projected_again_is_indexed_once(store: Store) -> None:
    story = Story(complaint(text=LAMP))
    whole = story.whole()
    await project(store, whole, whole)
    await project(store, list(reversed(whole)))
    assert await found(store, "路灯") == [story.number]
    rows = await store.rows(select(document))
    assert [row.number for row in rows] == [story.number]


async def test_a_projection_that_comes_late_adds_what_it_says(store: Store) -> None:
    story = Story(complaint(text=LAMP))
    first, second = story.accepted(), story.tell(FactsAdded(text="井盖松了"), by=CITIZEN)
    third = story.classified()
    await project(store, [first], [third])
    assert await found(store, "井盖") == []
    await project(store, [second])
    assert await found(store, "井盖") == [story.number]


async def test_after_erasure_neither_text_nor_terms_are_left(store: Store) -> None:
    gone, stays = Story(complaint(text="罕见词语石拱桥塌陷")), Story(complaint(text=LAMP))
    await project(store, gone.whole(), stays.whole())
    await erasure.erase(store, gone.number, datetime.now(UTC))
    assert await found(store, "石拱桥") == []
    assert [row.number for row in await store.rows(select(document))] == [stays.number]
    await erasure.compact(store)
    if store.dialect == "sqlite":
        content = _file(store)
        # Terms are shortened by what they share with the one before: of 石拱 the end is written.
        assert "拱".encode() not in content
        assert "灯".encode() in content
    else:
        rows = await store.rows(text("SELECT terms::text AS terms FROM search_index"))
        assert len(rows) == 1
        assert "石拱" not in rows[0].terms
    assert await found(store, "路灯") == [stays.number]


async def test_maintenance_merges_what_erasing_left(sqlite_store: Store) -> None:
    gone, stays = Story(complaint(text="罕见词语石拱桥塌陷")), Story(complaint(text=LAMP))
    await project(sqlite_store, gone.whole())
    await project(sqlite_store, stays.whole())
    await erasure.erase(sqlite_store, gone.number, datetime.now(UTC))
    assert any("拱".encode() in part for part in _parts(sqlite_store))
    async for _ in search_merging.merge_if_worn(sqlite_store):
        pass
    assert not any("拱".encode() in part for part in _parts(sqlite_store))
    assert [None async for _ in search_merging.merge_if_worn(sqlite_store)] == []


def _file(store: Store) -> bytes:
    return Path(str(store.url.database)).read_bytes()


def _parts(store: Store) -> list[bytes]:
    with sqlite3.connect(str(store.url.database)) as connection:
        parts = [row[0] for row in connection.execute("SELECT block FROM search_index_data")]
    connection.close()
    return parts


async def test_an_old_store_is_filled_in_parts_that_may_be_interrupted(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("store.tickets.search_rebuild.AT_ONCE", 2)
    days = [
        Story(complaint(f"24112{n}00000{n}x", text=LAMP, filed_at=START + timedelta(days=n)))
        for n in range(5)
    ]
    for story in days:
        await project(store, story.whole())
    await _as_of_before_the_index(store)
    new = Story(complaint("2412010000000", text=LAMP))
    await project(store, new.whole())
    assert await found(store, "路灯") == [new.number]
    assert not await search_reading.is_complete(store)
    assert await fill_some(store) == 1  # the newest one is there already
    told: list[int] = []
    assert await rebuild(store, told.append) == 4
    assert await search_reading.is_complete(store)
    assert await rebuild(store, told.append) == 0
    assert await found(store, "路灯") == [new.number, *(one.number for one in reversed(days))]
    again = await rebuild(store, told.append, anew=True)
    assert again == 6
    assert len(await found(store, "路灯")) == 6


async def test_an_erased_ticket_is_not_indexed_again(store: Store) -> None:
    gone = Story(complaint(text=LAMP))
    await project(store, gone.whole())
    await erasure.erase(store, gone.number, datetime.now(UTC))
    assert await rebuild(store, lambda _: None, anew=True) == 0
    assert await store.rows(select(document)) == []


async def test_tickets_are_projected_while_the_index_is_filled(store: Store) -> None:
    stories = [Story(complaint(text=f"{LAMP}{n}")) for n in range(30)]
    for story in stories:
        await project(store, [story.accepted()])
    await _as_of_before_the_index(store)

    async def filling() -> None:
        await rebuild(store, lambda _: None)

    others = (project(store, [story.classified(), story.assigned()]) for story in stories)
    await asyncio.gather(filling(), *others)
    rows = await store.rows(select(document))
    assert sorted(row.number for row in rows) == sorted(story.number for story in stories)
    assert {row.unit for row in rows} == {"U1"}
    assert len(await found(store, "路灯", unit="U1")) == 30


async def _as_of_before_the_index(store: Store) -> None:
    """Empty the index, as the migration leaves a store that has tickets."""
    await store.write(_emptied)
