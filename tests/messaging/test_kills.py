"""Tests of a worker that is killed at any moment: nobody gets a message twice.

The worker is a process of its own, killed as the operating system kills. What it had taken up is
looked after by the next one. `JIESU_LONG=1`: three hundred kills.
"""

import asyncio
import multiprocessing
import os
import random
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from domain.messaging.states import WayOut
from packs.registry import PackRegistry
from store.db.engine import Store
from store.messaging import deliveries
from store.secrets.vault import Vault
from tests.messaging.gateway import Gateway
from tests.messaging.house import RING, House, MailSink, house
from tests.support.seeds import settle

KILLS = 300 if os.environ.get("JIESU_LONG") == "1" else 12
dice = random.Random(settle())


def run_worker(url: str, root: str, mail_port: int, sms_port: int, at: datetime) -> None:
    """Deliver until killed. Runs in a process of its own."""

    async def work() -> None:
        store = Store.open(url)
        here = House(store, PackRegistry(Path(root)), Vault(RING), at=at)
        sink, sms = MailSink(), Gateway()
        sink.port, sms.port = mail_port, sms_port
        here.ways = {WayOut.EMAIL: sink.way(), WayOut.SMS: sms.way(here.now)}
        worker = here.worker()
        while True:
            await worker.step()
            await asyncio.sleep(0)

    asyncio.run(work())


@pytest.mark.timeout(1800)
async def test_nobody_gets_a_message_twice_however_often_the_worker_is_killed(
    store: Store, store_url: str, tmp_path: Path, sink: MailSink, sms: Gateway
) -> None:
    here = house(store, tmp_path / "cities")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.messaging.test_kills", "asyncpg"])
    told = 0
    for kill in range(KILLS):
        # Half of the citizens have a phone, which is written to first, and the others mail.
        n = kill % 10_000
        for phone, mail in ((f"1390000{n:04}", None), (None, f"k{kill}@example.org")):
            story = await here.story(await here.citizen(phone=phone, mail=mail))
            await here.happens(story.accepted(), story.classified(), story.assigned())
            told += 2
        process = context.Process(
            target=run_worker,
            args=(store_url, str(tmp_path / "cities"), sink.port, sms.port, here.at),
            daemon=True,
        )
        process.start()
        await asyncio.sleep(dice.uniform(0.02, 0.6))
        process.kill()
        await asyncio.to_thread(process.join)
        here.pass_(minutes=6)  # what it held is let go of
    here.ways = {WayOut.EMAIL: sink.way(), WayOut.SMS: sms.way(here.now)}
    for _ in range(60):
        here.pass_(minutes=6)
        if not await here.deliver(3):
            break
    counts = await deliveries.counts(store)
    assert counts.keys() <= {"told", "unknown"}, counts
    assert sum(counts.values()) == told
    assert Counter(sink.ids()).most_common(1)[0][1] == 1, "a mail came twice"
    assert Counter(sms.keys).most_common(1)[0][1] == 1
    texts = [text for received in sms.phones.values() for text in received]
    assert len(texts) == len(set(texts)) == told // 2, "a text message came twice, or never"
    # Mail is sent at most once: what never came is among those of which nobody can say.
    assert told // 2 - len(sink.mails) <= counts.get("unknown", 0)
