"""Tests of `jiesu simulate`: what an operator sees, and what works on what it made."""

from pathlib import Path

import pytest
from sqlalchemy import select

from runtime.settings import Settings
from store.db import tables
from store.db.engine import Store, default_url
from tests.store.stories import Story, complaint, project
from tests.support.jiesu_command import Terminal

CITY = "tongzhou"
SAID = "sample data: the history of tongzhou is simulated"


@pytest.mark.timeout(300)
async def test_a_new_home_is_filled_and_every_command_says_so(tmp_path: Path) -> None:
    home = tmp_path / "home"
    terminal = Terminal(Settings(home=home))
    made = await terminal.json(
        "simulate", "--tickets", "150", "--months", "3", "--until", "2026-09-01"
    )
    assert (made["tickets"], made["first"]) == (150, "2026-06-02")

    found = await terminal.jiesu("search", "tickets", CITY, "路灯")
    assert SAID in found.err
    assert "路灯" in found.out

    compared = await terminal.jiesu("topics", "rebuild", CITY)
    assert compared.out.startswith("150 tickets compared")
    assert SAID in compared.err

    store = Store.open(default_url(home))
    try:
        number = (await store.rows(select(tables.ticket.c.number).limit(1)))[0].number
    finally:
        await store.close()
    shown = await terminal.jiesu("audit", "show", number)
    assert shown.code == 1
    again = await terminal.jiesu("simulate", "--tickets", "5")
    assert (again.code, "simulated_already" in again.err) == (2, True)


async def test_a_store_with_real_tickets_is_left_alone(sqlite_store: Store, tmp_path: Path) -> None:
    await project(sqlite_store, Story(complaint(city=CITY)).whole())
    terminal = Terminal(Settings(home=tmp_path))
    refused = await terminal.jiesu("simulate", "--tickets", "5")
    assert (refused.code, "real_tickets" in refused.err) == (2, True)
    assert len(await sqlite_store.rows(select(tables.ticket.c.number))) == 1


async def test_an_unknown_city_is_refused_by_its_name(tmp_path: Path) -> None:
    refused = await Terminal(Settings(home=tmp_path)).jiesu(
        "simulate", "--tickets", "5", "--city", "nowhere"
    )
    assert (refused.code, "unknown_city" in refused.err) == (2, True)
    assert not (tmp_path / "jiesu.db").exists()
