"""Tests that files are attached to one ticket or deleted, on either database."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from domain.actors import Role
from domain.ticket.files import FileKind, Purpose
from store.db.engine import Store
from store.db.errors import TooManyFiles, UnknownFile
from store.files import files
from store.files.files import Attaching, Claim, FileRow

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
DAY = timedelta(days=1)
NUMBER = "2603021234560"
CAPS = dict.fromkeys(FileKind, 2)

ONE = FileRow(
    id=f"f{1:032x}",
    key="0" * 32,
    kind=FileKind.PHOTO,
    media_type="image/jpeg",
    bytes=1000,
    width=640,
    height=480,
    sha256="0" * 64,
    purpose=Purpose.COMPLAINT,
    uploaded_at=NOW,
    uploaded_by=Role.CITIZEN,
    uploader="",
    number=None,
    expires_at=NOW + DAY,
)


def _file(n: int, **changes: object) -> FileRow:
    return replace(ONE, id=f"f{n:032x}", uploaded_at=NOW + n * DAY / 100, **changes)  # type: ignore[arg-type]


def _by(*numbers: int, uploader: str | None = None, now: datetime = NOW) -> Attaching:
    return Attaching([Claim(f"f{n:032x}", uploader) for n in numbers], CAPS, now)


async def test_a_file_is_written_down_and_found(store: Store) -> None:
    await files.record(store, ONE)
    assert await files.get(store, ONE.id) == ONE
    assert await files.get(store, f"f{9:032x}") is None
    assert await files.waiting_bytes(store) == 1000


async def test_a_file_is_attached_once(store: Store) -> None:
    for n in (1, 2):
        await files.record(store, _file(n))
    assert await files.attach_to(store, NUMBER, _by(2, 1)) == [_file(1).id, _file(2).id]
    assert [file.id for file in await files.of_ticket(store, NUMBER)] == [
        _file(1).id,
        _file(2).id,
    ]
    assert await files.attach_to(store, NUMBER, _by(1)) == []
    with pytest.raises(UnknownFile):
        await files.attach_to(store, "another", _by(1))
    assert await files.waiting_bytes(store) == 0


async def test_of_two_who_attach_at_once_one_has_it(store: Store) -> None:
    await files.record(store, ONE)
    tried = await asyncio.gather(
        *(files.attach_to(store, f"ticket {n}", _by(1)) for n in range(4)), return_exceptions=True
    )
    assert sorted(type(one).__name__ for one in tried) == ["UnknownFile"] * 3 + ["list"]


async def test_all_are_attached_or_none(store: Store) -> None:
    await files.record(store, ONE)
    with pytest.raises(UnknownFile):
        await files.attach_to(store, NUMBER, _by(1, 7))
    assert await files.of_ticket(store, NUMBER) == []


async def test_an_account_attaches_its_own_and_no_others(store: Store) -> None:
    await files.record(store, _file(1, uploader="me"))
    await files.record(store, _file(2, uploader="you"))
    await files.record(store, _file(3))
    assert await files.attach_to(store, NUMBER, _by(1, uploader="me"))
    for n in (2, 3):
        with pytest.raises(UnknownFile):
            await files.attach_to(store, NUMBER, _by(n, uploader="me"))
    with pytest.raises(UnknownFile):
        await files.attach_to(store, NUMBER, _by(3, uploader=""))


async def test_what_has_expired_is_attached_to_nothing(store: Store) -> None:
    await files.record(store, ONE)
    with pytest.raises(UnknownFile):
        await files.attach_to(store, NUMBER, _by(1, now=NOW + DAY))


async def test_a_ticket_has_so_many_of_a_kind(store: Store) -> None:
    for n in (1, 2, 3):
        await files.record(store, _file(n))
    await files.record(store, _file(4, kind=FileKind.VOICE))
    await files.attach_to(store, NUMBER, _by(1))
    with pytest.raises(TooManyFiles):
        await files.attach_to(store, NUMBER, _by(2, 3))
    assert len(await files.attach_to(store, NUMBER, _by(2, 4))) == 2


async def test_a_released_file_is_free_again(store: Store) -> None:
    await files.record(store, ONE)
    await files.attach_to(store, NUMBER, _by(1))
    await files.release(store, "another", [ONE.id], NOW + DAY)
    assert len(await files.of_ticket(store, NUMBER)) == 1
    await files.release(store, NUMBER, [ONE.id], NOW + DAY)
    assert await files.get(store, ONE.id) == ONE


async def test_what_nobody_attached_in_time_expires(store: Store) -> None:
    for n in (1, 2, 3):
        await files.record(store, _file(n, expires_at=NOW + n * DAY))
    await files.attach_to(store, NUMBER, _by(1))
    gone = await files.expired(store, NOW + 2 * DAY, 10)
    assert [file.id for file in gone] == [_file(2).id]
    for n in (1, 2):
        await files.forget(store, _file(n).id)
    assert await files.get(store, _file(2).id) is None
    assert await files.get(store, _file(1).id) is not None  # it is attached to a ticket
