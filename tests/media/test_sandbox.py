"""Tests that an examination is bounded in time, in memory and in number at once."""

import asyncio
from pathlib import Path

import pytest

from media import sandbox
from media.errors import FileRefused
from media.sandbox import Sandbox
from tests.support.hostile_pictures import ten_thousand_scans
from tests.support.media import a_photo

SLOW = ten_thousand_scans().content


async def _examined(room: Sandbox, content: bytes, sort: str = "jpeg") -> str:
    """Return the kind of the file, or the code of its refusal."""
    with room.paper() as paper:
        paper.write(content)
        paper.flush()
        try:
            async with room.examined(paper, sort, len(content)) as examined:
                return examined.properties.kind
        except FileRefused as refusal:
            return refusal.code


def _left(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def _room(folder: Path, places: int = 2) -> Sandbox:
    return Sandbox(folder, places=places, megapixels=64)


async def test_what_takes_too_long_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "SECONDS", 1)
    assert await _examined(_room(tmp_path), SLOW) == "file_too_complex"
    assert _left(tmp_path) == []


async def test_what_takes_too_much_memory_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    large = a_photo((7000, 7000), "PNG")
    assert await _examined(_room(tmp_path), large, "png") == "photo"
    monkeypatch.setattr(sandbox, "MEMORY_MB", 160)
    assert await _examined(_room(tmp_path), large, "png") in ("file_too_complex", "broken_file")


async def test_so_many_at_once_and_the_others_wait(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = _room(tmp_path, places=1)
    names = await asyncio.gather(*(_examined(room, a_photo()) for _ in range(4)))
    assert names == ["photo"] * 4
    monkeypatch.setattr(sandbox, "QUEUE_SECONDS", 0.01)
    names = await asyncio.gather(*(_examined(room, a_photo()) for _ in range(2)))
    assert sorted(names) == ["photo", "uploads_busy"]


async def test_a_caller_who_goes_away_leaves_no_process(tmp_path: Path) -> None:
    room = _room(tmp_path, places=1)
    going = asyncio.create_task(_examined(room, SLOW))
    await asyncio.sleep(0.5)
    going.cancel()
    with pytest.raises(asyncio.CancelledError):
        await going
    # The slot is free again.
    assert await _examined(room, a_photo()) == "photo"


async def test_an_examination_sees_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JIESU_SECRET_KEY", "not for decoders")
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\nexit 1\n")
    spy.chmod(0o700)
    monkeypatch.setattr("sys.executable", str(spy))
    assert await _examined(_room(tmp_path / "room"), a_photo()) == "broken_file"
    assert "not for decoders" not in (tmp_path / "seen").read_text()
