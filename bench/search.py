"""The search of a large store: how long it takes to find, and what the index costs to write.

A store of so many tickets is made from rows that the product's projector wrote, with other numbers,
times and texts, and indexed by the product's own filling.
"""

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, func, insert, select, text

from bench.growth import CITY, UNIT, life
from bench.search_texts import ALSO_OFTEN, NEVER, OFTEN, PHRASE, SELDOM, Writer
from domain.activity_io import Projection
from domain.search.query import parsed
from packs.registry import PackRegistry, default_root
from store.db import schema, tables
from store.db.engine import Store, default_url
from store.db.search_tables import progress
from store.tickets import search_index, search_reading, tickets
from store.tickets.projector import Projector
from store.tickets.search_rebuild import rebuild
from store.tickets.tickets import Filters

TICKETS = 100_000
TARGET = 0.1
"""Seconds within which 99 of 100 questions are to be answered."""

_ROUNDS = 100
_LIVES = 200
_AT_ONCE = 1000
_PAGE = 50

QUESTIONS: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "a rare word": (SELDOM, {}),
    "a frequent word": (OFTEN, {}),
    "a frequent word of a unit": (OFTEN, {"unit": UNIT}),
    "two frequent words": (f"{OFTEN} {ALSO_OFTEN}", {}),
    "a rare and a frequent word": (f"{SELDOM} {OFTEN}", {}),
    "a phrase": (f'"{PHRASE}"', {}),
    "a frequent word in answers": (f"reply:{OFTEN}", {}),
    "a frequent word at another stage": (OFTEN, {"stage": "triage"}),
    "one character": (OFTEN[0], {}),
    "a word that is nowhere": (NEVER, {}),
}


@dataclass(frozen=True)
class SearchTimes:
    """A question: what it found, and its seconds (medians, and of 99 of 100)."""

    question: str
    count: int
    more: bool
    p50: float
    p99: float


@dataclass
class SearchFigures:
    """The results. Seconds of writing are the projector's, for a whole life of a ticket."""

    tickets: int
    dialect: str
    characters: float = 0.0
    indexed_per_second: float = 0.0
    index_bytes: float = 0.0
    document_bytes: float = 0.0
    with_index: float = 0.0
    without_index: float = 0.0
    found: list[SearchTimes] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """True if every question is answered within the target."""
        return all(one.p99 <= TARGET for one in self.found)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"right": self.right}


async def search(count: int, say: Callable[[str], None], store_url: str | None) -> SearchFigures:
    """Measure a store of so many tickets: a new one, or that at `store_url` if it has any."""
    with tempfile.TemporaryDirectory(prefix="jiesu-bench-") as folder:
        url = store_url or default_url(Path(folder))
        await schema.upgrade(url)
        store = Store.open(url)
        try:
            return await _measured(store, count, say)
        finally:
            await store.close()


async def _measured(store: Store, count: int, say: Callable[[str], None]) -> SearchFigures:
    there = (await store.rows(select(func.count()).select_from(tables.ticket)))[0][0]
    figures = SearchFigures(there or count, store.dialect)
    if not there:
        say(f"writing {count} tickets")
        figures.characters = await fill(store, count)
        say("indexing them")
        began = time.perf_counter()
        await rebuild(store, lambda done: say(f"{done}") if done % 20_000 == 0 else None)
        figures.indexed_per_second = count / (time.perf_counter() - began)
    say("asking")
    for question, (words, filters) in QUESTIONS.items():
        figures.found.append(await _asked(store, question, words, filters))
    index, documents = await _sizes(store)
    figures.index_bytes = index / figures.tickets
    figures.document_bytes = documents / figures.tickets
    say("writing the lives of tickets with and without the index")
    await _lives(store, figures)
    return figures


async def _asked(
    store: Store, question: str, words: str, filters: Mapping[str, Any]
) -> SearchTimes:
    now = datetime.now(UTC)
    conditions = tickets.conditions_of(Filters(city=CITY, **filters), now)
    wanted = search_reading.Question(
        parsed(words).words, CITY, filters.get("unit"), conditions=conditions
    )
    seconds, found = [], search_reading.Matches()
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        found = await search_reading.matches(store, wanted, None, _PAGE)
        read = await search_reading.documents(store, found.ids)
        await tickets.rows_of(store, [row.number for row in read])
        seconds.append(time.perf_counter() - began)
    seconds.sort()
    p99 = seconds[int(0.99 * len(seconds)) - 1]
    return SearchTimes(question, found.count, found.more, seconds[len(seconds) // 2], p99)


async def _sizes(store: Store) -> tuple[int, int]:
    """Return the bytes of the index and of the texts beside it."""
    if store.dialect == "sqlite":
        index = await store.rows(text("SELECT sum(length(block)) FROM search_index_data"))
        columns = "said || place || reply || note || number || mark"
        texts = await store.rows(
            text(f"SELECT sum(length(CAST({columns} AS BLOB))) FROM search_document")  # noqa: S608
        )
    else:
        size = "SELECT pg_total_relation_size('{}')"
        index = await store.rows(text(size.format("search_index")))
        texts = await store.rows(text(size.format("search_document")))
    return int(index[0][0]), int(texts[0][0])


# --- writing --------------------------------------------------------------------------------------


async def _lives(store: Store, figures: SearchFigures) -> None:
    """Write lives of tickets, in turns with the index and without it."""
    spent = {True: 0.0, False: 0.0}
    follow = search_index.follow
    for turn in range(4):
        with_index = turn % 2 == 0
        lives = _written_lives(seed=turn)
        search_index.follow = follow if with_index else _nothing
        try:
            began = time.perf_counter()
            for projections in lives:
                projector = Projector(store)
                for projection in projections:
                    await projector.project(projection)
                await projector.close()
            spent[with_index] += time.perf_counter() - began
        finally:
            search_index.follow = follow
    figures.with_index, figures.without_index = (
        2 * _LIVES / spent[with_index] for with_index in (True, False)
    )


def _nothing(connection: Connection, written: Mapping[str, search_index.Indexed]) -> None:
    """Index nothing."""


def _written_lives(seed: int) -> list[list[Projection]]:
    writer, pack = Writer(seed + 100), PackRegistry(default_root()).get(CITY)
    now = datetime.now(UTC)
    return [
        list(life(pack, 4 * n + 1, now + timedelta(days=1), writer.text(), writer.text()))
        for n in range(_LIVES)
    ]


# --- the store ------------------------------------------------------------------------------------


async def fill(store: Store, count: int) -> float:
    """Write so many tickets that are not indexed; return the characters of one, on average."""
    pack, now = PackRegistry(default_root()).get(CITY), datetime.now(UTC)
    projector = Projector(store)
    for projection in life(pack, 1, now - timedelta(days=800), "样本", "样本"):
        await projector.project(projection)
    await projector.close()
    number = projection.ticket.complaint.number
    of_ticket = (await store.rows(select(tables.ticket)))[0]._asdict()
    of_event = next(
        row._asdict() for row in await store.rows(select(tables.event)) if row.kind == "replied"
    )
    complaint = json.loads(of_ticket["state"])["complaint"]
    writer, characters = Writer(1), 0
    seldom = max(1, count // 20)
    for begin in range(0, count - 1, _AT_ONCE):
        rows: tuple[list[dict[str, Any]], list[dict[str, Any]]] = ([], [])
        for n in range(begin, min(begin + _AT_ONCE, count - 1)):
            said, reply = writer.text(), writer.text()
            said += SELDOM if n % seldom == 0 else ""
            characters += len(said) + len(reply)
            filed_at = now - timedelta(seconds=(count - n) * 30)
            other = f"{filed_at:%y%m%d}{n % 10_000_000:07d}"
            state = json.dumps(
                {"complaint": complaint | {"number": other, "title": "", "text": said}},
                ensure_ascii=False,
            )
            times = {"filed_at": filed_at, "updated_at": filed_at, "ended_at": filed_at}
            unit = UNIT if writer.chance(0.02) else "market"
            rows[0].append(
                of_ticket
                | times
                | {"number": other, "unit": unit, "state": state, "title": said[:60]}
            )
            fact = json.dumps({"kind": "replied", "text": reply}, ensure_ascii=False)
            rows[1].append(of_event | {"number": other, "at": filed_at, "fact": fact})
        await store.write(partial(_inserted, rows))
    await store.change(progress.update().values(before_number="", done_at=None))
    assert number
    return characters / count


def _inserted(rows: tuple[list[dict[str, Any]], ...], connection: Connection) -> None:
    for table, some in zip((tables.ticket, tables.event), rows, strict=True):
        connection.execute(insert(table), some)


def show(out: Console, figures: SearchFigures) -> None:
    title = f"search in {figures.tickets} tickets on {figures.dialect}, milliseconds"
    table = Table(title=title)
    for heading in ("question", "found", "p50", "p99"):
        table.add_column(heading, justify="left" if heading == "question" else "right")
    for one in figures.found:
        count = f"{one.count}+" if one.more else str(one.count)
        table.add_row(one.question, count, f"{1000 * one.p50:.1f}", f"{1000 * one.p99:.1f}")
    out.print(table)
    if figures.characters:
        out.print(f"{figures.characters:.0f} characters a ticket")
        out.print(f"{figures.indexed_per_second:.0f} tickets indexed a second")
    sizes = f"{figures.index_bytes:.0f} bytes of index, {figures.document_bytes:.0f} of texts"
    out.print(f"{sizes} a ticket")
    cost = 1000 / figures.with_index - 1000 / figures.without_index
    out.print(
        f"lives of tickets written a second: {figures.with_index:.1f} with the index, "
        f"{figures.without_index:.1f} without: {cost:.2f} ms a life"
    )
    out.print(f"{'all' if figures.right else 'NOT ALL'} within {1000 * TARGET:.0f} ms")
