"""Tests that a database is recognised before it is changed, and that migrations give the models."""

import asyncio
import re
import stat
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError

from domain.actors import Role
from domain.policy.work_queues import Queue
from store.db import schema
from store.db.engine import Store, default_url
from store.db.errors import SchemaUnusable, StoreUnavailable
from store.db.identity_tables import account
from store.db.schema import SchemaState
from store.db.search_tables import INDEX_TABLES
from store.db.tables import metadata, ticket
from store.identity import accounts
from store.rewards import checks, ledger, redemptions
from store.rewards.ledger import PrizeStock
from store.tickets import history_archive
from store.tickets.history_archive import ArchiveEntry
from tests.store import rewarding
from tests.store.population import QUEUED, Busy
from tests.store.stories import Story, complaint, project
from tests.support.notations import NOTHING, notations
from tests.support.postgres import Cluster


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    if request.param == "sqlite":
        yield default_url(tmp_path / "deeper" / "than 100%")
        return
    postgres: Cluster = request.getfixturevalue("postgres")
    yield postgres.create("empty")
    postgres.drop("empty")


async def run(url: str, *statements: str) -> None:
    store = Store.open(url)
    for statement in statements:
        await store.change(text(statement))
    await store.close()


def downgrade(to: str) -> Callable[[Connection], None]:
    def down(connection: Connection) -> None:
        config = schema._config()
        config.attributes["connection"] = connection
        command.downgrade(config, to)

    return down


async def test_an_empty_database_is_made_current(empty_url: str) -> None:
    assert await schema.inspect(empty_url) is SchemaState.MISSING
    await schema.upgrade(empty_url)
    assert await schema.inspect(empty_url) is SchemaState.CURRENT
    await schema.upgrade(empty_url)
    assert await schema.inspect(empty_url) is SchemaState.CURRENT


async def test_many_may_upgrade_at_once(empty_url: str) -> None:
    await asyncio.gather(*(schema.upgrade(empty_url) for _ in range(4)))
    assert await schema.inspect(empty_url) is SchemaState.CURRENT


async def test_to_look_at_a_missing_file_does_not_make_it(tmp_path: Path) -> None:
    assert await schema.inspect(default_url(tmp_path)) is SchemaState.MISSING
    assert not (tmp_path / "jiesu.db").exists()


async def test_the_file_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    await schema.upgrade(default_url(tmp_path))
    assert stat.S_IMODE((tmp_path / "jiesu.db").stat().st_mode) == 0o600


async def test_models_and_migrations_agree(store: Store) -> None:
    def difference(connection: Connection) -> Any:
        # The index of terms is no table of SQLAlchemy.
        options = {"compare_type": True, "include_name": lambda name, *_: name not in INDEX_TABLES}
        context = MigrationContext.configure(connection, opts=options)
        return compare_metadata(context, metadata)

    assert await store.read(difference) == []


async def test_the_migrations_can_be_undone(store_url: str) -> None:
    store = Store.open(store_url)
    await store.write(downgrade("base"))
    await store.close()
    assert await schema.inspect(store_url) is SchemaState.MISSING
    await schema.upgrade(store_url)
    assert await schema.inspect(store_url) is SchemaState.CURRENT


async def test_tables_of_something_else_are_left_alone(empty_url: str) -> None:
    await schema.upgrade(empty_url)
    await run(empty_url, "CREATE TABLE recipe (id INTEGER)")
    assert await schema.inspect(empty_url) is SchemaState.FOREIGN
    with pytest.raises(SchemaUnusable):
        await schema.upgrade(empty_url)


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE recipe (id INTEGER)",),
        ("CREATE TABLE ticket (id INTEGER)",),
        (
            "CREATE TABLE alembic_version (version_num VARCHAR(32))",
            "INSERT INTO alembic_version VALUES ('abc')",
        ),
    ],
)
async def test_somebody_elses_database_is_foreign(
    empty_url: str, statements: tuple[str, ...]
) -> None:
    if "sqlite" in empty_url:
        Path(empty_url.partition(":///")[2]).parent.mkdir(parents=True)
    await run(empty_url, *statements)
    assert await schema.inspect(empty_url) is SchemaState.FOREIGN


async def test_an_unknown_revision_is_newer(store_url: str) -> None:
    await run(store_url, "UPDATE alembic_version SET version_num = '9999'")
    assert await schema.inspect(store_url) is SchemaState.NEWER
    await run(store_url, "CREATE TABLE invented_later (id INTEGER)")
    assert await schema.inspect(store_url) is SchemaState.NEWER
    with pytest.raises(SchemaUnusable, match="newer"):
        await schema.upgrade(store_url)


async def test_an_earlier_revision_is_older_and_can_be_brought_up_to_date(store_url: str) -> None:
    store = Store.open(store_url)
    await store.write(downgrade("0001"))
    await store.close()
    assert await schema.inspect(store_url) is SchemaState.OLDER
    await schema.upgrade(store_url)
    assert await schema.inspect(store_url) is SchemaState.CURRENT


def test_no_migration_does_something_else_when_the_domain_changes() -> None:
    files = sorted((schema.MIGRATIONS / "versions").glob("*.py"))
    assert files
    leaning = [
        one.name for one in files if re.search(r"^(from|import) domain\b", one.read_text(), re.M)
    ]
    assert leaning == []


QUEUED_FOR = timedelta(hours=QUEUED)


async def test_what_waited_before_there_were_queues_is_in_its_queue_afterwards(
    store_url: str,
) -> None:
    lives = {queue: Busy(complaint()) for queue in Queue}
    values = {queue: one.until(queue) for queue, one in lives.items()}
    # The clock started with the event before the last, one minute earlier.
    moments = {queue: one.at - timedelta(minutes=1) for queue, one in lives.items()}
    expected: dict[str, tuple[Any, ...]] = {
        lives[queue].number: (queue.value, at + QUEUED_FOR, at) for queue, at in moments.items()
    }
    contested, unclocked, calm = (Busy(complaint()) for _ in range(3))
    contest = [*contested.until(Queue.SUPERVISE), contested.excluded()[0]]
    expected[contested.number] = ("decision", None, contested.at - timedelta(minutes=1))
    by_hand = [*unclocked.begun(), *unclocked.given_back()]
    by_hand[-1].ticket.clocks.clear()
    expected[unclocked.number] = ("dispatch", None, None)
    expected[calm.number] = (None, None, None)
    store = Store.open(store_url)
    await project(store, *values.values(), contest, by_hand, calm.begun())
    await store.write(downgrade("0010"))
    rows = await store.rows(text("SELECT number, queue FROM ticket"))
    before = {row.number: row.queue for row in rows}
    assert {before[lives[queue].number] for queue in (Queue.TRIAGE, Queue.DISPATCH)} == {"triage"}
    assert before[lives[Queue.SUPERVISE].number] is None
    await store.write(downgrade("0008"))
    await store.close()
    await schema.upgrade(store_url)
    store = Store.open(store_url)
    columns = (ticket.c[name] for name in ("number", "queue", "queue_until", "queue_since"))
    fields = {number: tuple(rest) for number, *rest in await store.rows(select(*columns))}
    await store.close()
    assert fields == expected


async def test_reports_of_before_the_column_are_marked_also_those_classified_otherwise(
    store_url: str,
) -> None:
    report, reclassified, other = (
        Story(complaint(kind=kind)) for kind in ("report", "report", "complaint")
    )
    lives = [
        [report.accepted(), report.classified()],
        [reclassified.accepted(), reclassified.reclassified("complaint")],
        [other.accepted(), other.classified()],
    ]
    store = Store.open(store_url)
    await project(store, *lives)
    await store.write(downgrade("0015"))
    await store.close()
    await schema.upgrade(store_url)
    store = Store.open(store_url)
    rows = await store.rows(select(ticket.c.number, ticket.c.of_wrongdoing))
    await store.close()
    assert {row.number: row.of_wrongdoing for row in rows} == {
        report.number: True,
        reclassified.number: True,
        other.number: False,
    }


async def test_texts_of_before_the_columns_are_folded_by_the_same_rule(store_url: str) -> None:
    texts = [one for one in NOTHING if "\x00" not in one]
    texts += [*notations("13800138000"), "ＷＣ 漏 水", "Straße", "路\u200b灯", "é"]
    lives = [Story(complaint(title=text, place={"address": text})) for text in texts]
    store = Store.open(store_url)
    await project(store, *([life.accepted(), life.classified(), life.assigned()] for life in lives))
    for display in texts:
        name = f"a{texts.index(display)}"
        await accounts.create(store, name, Role.DESK, display=display)
    columns = select(ticket.c.number, ticket.c.title_folded, ticket.c.address_folded)
    people = select(account.c.name, account.c.display_folded)
    before = {tuple(row) for one in (columns, people) for row in await store.rows(one)}
    assert any("wc漏水" in row for row in before)
    await store.write(downgrade("0017"))
    await store.close()
    await schema.upgrade(store_url)
    store = Store.open(store_url)
    after = {tuple(row) for one in (columns, people) for row in await store.rows(one)}
    await store.close()
    assert after == before


async def test_what_was_called_archived_without_anything_kept_is_due_again(store_url: str) -> None:
    lives = [Story(complaint()) for _ in range(3)]
    held, gone, unarchived = (life.number for life in lives)
    store = Store.open(store_url)
    await project(store, *(life.whole() for life in lives))
    for number in (held, gone):
        key = f"{number}/1"
        await history_archive.enter(store, key, number, rewarding.NOW)
        row = await store.first(select(ticket.c.version).where(ticket.c.number == number))
        assert row is not None
        entry = ArchiveEntry(key, number, row.version, frozenset(), "agrees", "", 1)
        assert await history_archive.keep(store, entry, key, rewarding.NOW, final=True)
    statement = "UPDATE history_archive SET dropped_at = kept_at WHERE number = :number"
    await store.change(text(statement), {"number": gone})
    assert {one.number for one in await history_archive.due(store, 9)} == {unarchived}
    await store.write(downgrade("0034"))
    await store.close()
    await schema.upgrade(store_url)
    store = Store.open(store_url)
    assert {one.number for one in await history_archive.due(store, 9)} == {gone, unarchived}
    await store.close()


async def test_a_database_that_is_away_is_said_to_be() -> None:
    ways: list[Callable[[str], Any]] = [schema.inspect, schema.upgrade]
    for way in ways:
        with pytest.raises(StoreUnavailable):
            await way("postgresql://nobody@127.0.0.1:1/nothing")


async def test_todays_stock_of_prizes_is_carried_into_the_ledger(store_url: str) -> None:
    store = Store.open(store_url)
    cheap = rewarding.SALT.model_copy(update={"points": 2, "stock": 9})
    purse = rewarding.purse_of(await rewarding.granted(store))
    for name in ("c0", "c1", "c2"):
        await redemptions.choose(store, purse, rewarding.a_choice(name, cheap), rewarding.NOW)
    clerk, city = rewarding.CLERK, rewarding.CITY
    await redemptions.confirm(store, "mark of c0", clerk, city, rewarding.NOW)
    await redemptions.cancel(store, purse, "c1", rewarding.NOW)
    await store.write(downgrade("0033"))
    before = await store.rows(text("SELECT account FROM reward_posting"))
    assert {row.account.partition("/")[0] for row in before} == {
        "fund",
        "receipt",
        "pledged",
        "unit",
    }
    for statement in ("DELETE FROM reward_posting", "DELETE FROM reward_entry"):
        with pytest.raises(DBAPIError):
            await store.change(text(statement))
    await store.close()
    await schema.upgrade(store_url)
    store = Store.open(store_url)
    assert await ledger.stock_of(store, city, ["salt"]) == {"salt": PrizeStock(2, 0, 1, 1)}
    assert await checks.faults(store, city) == []
    for statement in ("DELETE FROM reward_posting", "UPDATE reward_entry SET kind = 'gift'"):
        with pytest.raises(DBAPIError):
            await store.change(text(statement))
    await redemptions.choose(store, purse, rewarding.a_choice("c3", cheap), rewarding.NOW)
    assert await ledger.stock_of(store, city, ["salt"]) == {"salt": PrizeStock(9, 6, 2, 1)}
    assert await checks.faults(store, city) == []
    await store.close()
