"""Cities with the features that commands need."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from temporalio.client import Client

from store.db.engine import Store
from tests.support.cities import city_with
from tests.support.engine import Engine, platform

EXCLUDE = [{"code": "mistaken", "zh": "误评", "en": "Mistaken rating"}]


@pytest.fixture
async def joint(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    packs = city_with(
        tmp_path / "cities",
        caps={"co_handlers": 3, "delegations": 2},
        features={"raise_level": True, "intervene": True},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


@pytest.fixture
async def patient(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city with two seconds for the citizen and for reviews, and holds of ten days."""
    packs = city_with(
        tmp_path / "cities",
        features={"ask_citizen": True},
        caps={"holds": 1, "hold": "10d", "extensions": 2, "extension": "3d", "questions": 2},
        limits={"citizen": "2s", "review": "2s"},
        ladder={"citizen": None, "review": None},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


@pytest.fixture
async def above_threshold(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> AsyncIterator[Engine]:
    """Provide a city in which two urges, or one repeat nearby, are severe and bring an order."""
    packs = city_with(
        tmp_path / "cities",
        severity={"urges": 2, "repeats": 1, "escalate_at": 1, "escalate": "supervise"},
        features={"appoint": True, "settle_all": True, "raise_level": True},
        limits={"appointment": "1d"},
        reports={"unit": "gov"},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


@pytest.fixture
async def strict(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city with one return, within four seconds, then a meeting of two seconds."""
    packs = city_with(
        tmp_path / "cities",
        caps={"returns": 1},
        limits={"arbitrate": "2s"},
        tiers={"complex": {"return_window": "4s"}},
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


@pytest.fixture
async def merging(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city in which every second complainant raises the severity."""
    packs = city_with(
        tmp_path / "cities", features={"merge": True}, severity={"complainants": 2, "urges": 0}
    )
    async with platform(client, sqlite_store, packs) as running:
        yield running


async def _watching(
    client: Client, store: Store, folder: Path, watched: str, reworks: int = 2
) -> AsyncIterator[Engine]:
    packs = city_with(
        folder / "cities",
        caps={"reworks": reworks},
        features={"exclude": True},
        limits={"revisit": "1d", "aftercare": watched},
        aftercare={"revisits": ["1s", "2s"]},
        ladder={"revisit": [{"kind": "due", "tells": ["desk"]}], "aftercare": None},
        reasons={"exclude": EXCLUDE},
    )
    async with platform(client, store, packs) as running:
        yield running


@pytest.fixture
async def watching(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city that watches for a month, with revisits after one and two seconds."""
    async for engine in _watching(client, sqlite_store, tmp_path, "30d"):
        yield engine


@pytest.fixture
async def shortly(client: Client, sqlite_store: Store, tmp_path: Path) -> AsyncIterator[Engine]:
    """Provide a city that watches for three seconds."""
    async for engine in _watching(client, sqlite_store, tmp_path, "3s"):
        yield engine


@pytest.fixture
async def without_rework(
    client: Client, sqlite_store: Store, tmp_path: Path
) -> AsyncIterator[Engine]:
    """Provide a city in which a bad rating goes to a supervisor at once."""
    async for engine in _watching(client, sqlite_store, tmp_path, "30d", reworks=0):
        yield engine
