"""Tests of hand-overs as an installation runs them: by the worker's job, over real connections."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from fastapi import FastAPI
from temporalio.client import Client

from activities.handover_tickets import EngineTickets
from api.http.app import create_app
from domain.handover.handover import HandoverSide, HandoverState, HandoverWords
from domain.ticket.complaint import Kind
from runtime.names import HANDOVER_WORKFLOW, TICKETS
from runtime.outbound import Outbound
from runtime.settings import Settings
from store.db.engine import Store
from store.handover import handovers, letters, neighbours
from store.handover.neighbours import Neighbour
from store.secrets.encryption import Cipher
from tests.support.cities import SHIPPED
from tests.support.engine import RING, platform
from tests.support.served import served
from tests.support.two_cities import EAST, SECRET, WEST, an_offer, job_of

CIPHER = Cipher(RING.root_key, "handover")


@asynccontextmanager
async def the_other_city(home: Path, template: Path) -> AsyncIterator[tuple[FastAPI, Store, str]]:
    """Serve the other city on a port of its own, without an engine."""
    await asyncio.to_thread(shutil.copy, template, home / "jiesu.db")
    store = Store.open(f"sqlite:///{home / 'jiesu.db'}")
    settings = Settings(home=home, keys=RING.text(), temporal_address="127.0.0.1:1")  # type: ignore[arg-type]
    app = create_app(settings, store=store, packs=SHIPPED)
    async with served(app) as (host, port):
        yield app, store, f"http://{host}:{port}"
    await store.close()


def neighbour(code: str, city: str, url: str) -> Neighbour:
    return Neighbour(code, city, city, code, code, url, (), datetime.now(UTC), None, None)


async def test_the_workers_job_delivers_over_a_real_connection(
    client: Client, sqlite_store: Store, sqlite_template: Path, tmp_path: Path
) -> None:
    (tmp_path / "east").mkdir()
    async with the_other_city(tmp_path / "east", sqlite_template) as (_, east, url):
        await neighbours.add(sqlite_store, CIPHER, neighbour(EAST, WEST, url), SECRET)
        await neighbours.add(east, CIPHER, neighbour(WEST, EAST, "http://127.0.0.1:1"), SECRET)
        new, words, content = an_offer(WEST, EAST, 1, datetime.now(UTC), Kind.COMPLAINT)
        await handovers.offer(sqlite_store, CIPHER, new, words, content, 3)
        outbound = Outbound("127.0.0.0/8")
        async with platform(client, sqlite_store, outbound=outbound):
            running = await client.start_workflow(
                HANDOVER_WORKFLOW, id="handover-test", task_queue=TICKETS
            )
            async with asyncio.timeout(60):
                while not (
                    arrived := await handovers.listed(
                        east, CIPHER, HandoverSide.IN, {HandoverState.OFFERED}
                    )
                ):
                    await asyncio.sleep(0.1)
            await running.terminate()
    assert arrived[0].words == HandoverWords.model_validate(words.model_dump())
    assert arrived[0].handover.other_number == new.number


async def test_a_private_address_is_refused_unless_it_is_allowed(
    client: Client, sqlite_store: Store
) -> None:
    await neighbours.add(sqlite_store, CIPHER, neighbour(EAST, WEST, "http://127.0.0.1:9"), SECRET)
    new, words, content = an_offer(WEST, EAST, 1, datetime.now(UTC), Kind.COMPLAINT)
    await handovers.offer(sqlite_store, CIPHER, new, words, content, 3)
    job = job_of(sqlite_store, Outbound(), EngineTickets(sqlite_store, client))
    await job.deliver()
    (waiting,) = await letters.waiting(sqlite_store)
    assert (waiting.letters, waiting.error) == (1, "private_address")
