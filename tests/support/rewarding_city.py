"""Tongzhou as a city that rewards snapshots, and reports of it that have ended."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

from activities.rewards import Rewarding
from media.likeness import mark_of
from packs.registry import PackRegistry, default_root
from store.packs.archive import ArchivedPacks
from tests.api.running_api import Api, Filed
from tests.support.cities import effective_city, write_city

_RULES = """\
code,name,name_en,when,points,source
R1,问题属实,The problem was real,t.handled && t.outcome == 'closed',10,illustrative
"""
_PRIZES = """\
code,name,name_en,points,stock,unit,until
salt,食盐一袋,A bag of salt,10,1,market,2999-12-31
tea,茶叶,Tea,15,500,market,2999-12-31
old,旧书,An old book,1,500,market,2020-12-31
"""


def rewarding(folder: Path, **policy: Any) -> PackRegistry:
    """Return Tongzhou with rewards; `policy` changes its table `[rewards]`."""
    shutil.copytree(default_root() / "tongzhou", folder / "tongzhou")
    city = folder / "tongzhou"
    (city / "rewards.csv").write_text(_RULES, encoding="utf-8")
    (city / "prizes.csv").write_text(_PRIZES, encoding="utf-8")
    content = effective_city(default_root() / "tongzhou")
    kinds = {"channels": ["snapshot"], "kinds": ["complaint", "help"]}
    content["rewards"] = kinds | {"per_place": 100, "place_within": "1d"} | policy
    shutil.copytree(default_root() / "_base", folder / "_base")
    write_city(city, content)
    return PackRegistry(folder)


async def run_job(api: Api) -> None:
    """Do what the rewards' job does."""
    context = api.context
    packs = ArchivedPacks(context.packs, context.store)
    job = Rewarding(
        packs, context.packs, context.store, context.vault, context.uploads.objects, mark_of
    )
    async for _ in job.due(context.now()):
        pass


async def a_right_report(api: Api, **changes: Any) -> Filed:
    """Return a snapshot that was handled, and is closed with a good rating."""
    ticket = await api.handled(channel="snapshot", **changes)
    assert (await ticket.rate()).status_code == 200
    await until_closed(ticket)
    return ticket


async def until_closed(ticket: Filed) -> None:
    """Wait until the record says how the ticket ended."""
    async with asyncio.timeout(60):
        while (await ticket.seen())["outcome"] is None:
            await asyncio.sleep(0.02)
