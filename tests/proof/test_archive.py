"""Proof that the archive alone is enough: the engine forgets hundreds of tickets at once."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from audit.archive import HistoryArchive
from bench import archive as bench
from runtime.names import ticket_workflow_id
from store.files.objects import Objects
from tests.api.running_api import Api, serve_api
from tests.support.engine import Engine, furnish

TICKETS = 300


@pytest.fixture
async def api(engine: Engine, tmp_path: Path) -> AsyncIterator[Api]:
    unlimited: dict[str, Any] = {"limit_intake": "100000/hour", "limit_commands": "100000/minute"}
    async with serve_api(
        tmp_path, engine.store, engine.client, engine.packs, **unlimited
    ) as opened:
        yield opened


async def _live(api: Api, engine: Engine, n: int) -> None:
    """End a ticket: most take the plain path, some are withdrawn."""
    ticket = await api.file(text=f"{n}号楼前的路灯不亮，晚上出行不便。")
    if n % 10 == 0:
        assert (await ticket.act("withdraw", ticket.citizen)).status_code == 200
    else:
        assert (await ticket.complete()).status_code in (200, 202)
        await ticket.until_stage("rate")
        assert (await ticket.rate()).status_code in (200, 202)
    await engine.client.get_workflow_handle(ticket_workflow_id(ticket.number)).result()


@pytest.mark.timeout(600)
async def test_every_ticket_replays_when_the_engine_has_forgotten_all_of_them(
    api: Api, engine: Engine, tmp_path: Path
) -> None:
    turn = asyncio.Semaphore(20)

    async def one(n: int) -> None:
        async with turn:
            await _live(api, engine, n)

    await asyncio.gather(*(one(n) for n in range(TICKETS)))
    objects = Objects.open((tmp_path / "archive").as_uri())
    keys = furnish(engine.client, engine.store)
    result = await bench.measured(
        engine.client, HistoryArchive(engine.store, objects, keys), lambda line: None
    )
    assert result.findings == {"agrees": TICKETS}
    assert result.right
    assert result.bytes["most"] <= 4096
    assert len([path for path in (tmp_path / "archive").rglob("*") if path.is_file()]) == TICKETS


def test_the_table_says_what_went_wrong() -> None:
    out = Console(record=True, width=120)
    sizes = {"median": 3000, "most": 3100, "all": 6000}
    bench.show(out, bench.ArchiveResult(tickets=2, bytes=sizes, findings={"agrees": 2}))
    bench.show(out, bench.ArchiveResult(tickets=2, bytes=sizes, wrong=["2411200000017"]))
    text = out.export_text()
    assert "right" in text
    assert "WRONG: ['2411200000017']" in text
