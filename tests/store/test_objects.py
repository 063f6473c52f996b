"""Tests that bytes are stored alike in a folder, in a bucket, and in memory."""

import io
import logging
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from store.db.errors import ObjectsUnavailable
from store.files.objects import Objects

KEY = "ab" + "0" * 30
LONG = bytes(range(256)) * 50_000
"""Bytes that exceed one part of an upload to a bucket."""


@pytest.fixture(scope="module")
def bucket_server() -> Iterator[str]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    assert httpx.put(f"{address}/jiesu-files").is_success
    yield address
    server.stop()


@pytest.fixture(params=["folder", "bucket", "memory"])
def objects(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Objects:
    if request.param == "folder":
        return Objects.open((tmp_path / "a folder").as_uri())
    if request.param == "memory":
        return Objects.open("memory:")
    address = request.getfixturevalue("bucket_server")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return Objects.open(f"s3://jiesu-files/city?region=us-east-1&path_style=1&endpoint={address}")


async def _all(objects: Objects, start: int = 0, end: int | None = None) -> bytes:
    return b"".join([piece async for piece in await objects.get(KEY, start, end)])


async def test_what_is_kept_is_found(objects: Objects) -> None:
    await objects.put(KEY, io.BytesIO(LONG))
    assert await _all(objects) == LONG
    assert await _all(objects, 100, 5000) == LONG[100:5000]
    assert await _all(objects, len(LONG) - 3, len(LONG)) == LONG[-3:]


async def test_what_is_dropped_is_gone_and_may_be_dropped_again(objects: Objects) -> None:
    await objects.put(KEY, b"x")
    await objects.drop(KEY)
    await objects.drop(KEY)
    with pytest.raises(KeyError):
        await objects.get(KEY)


async def test_the_folder_is_its_owners_alone(tmp_path: Path) -> None:
    await Objects.open((tmp_path / "files").as_uri()).put(KEY, b"x")
    assert stat.S_IMODE((tmp_path / "files").stat().st_mode) == 0o700
    assert (tmp_path / "files" / KEY[:2] / KEY[2:]).read_bytes() == b"x"


async def test_what_is_kept_in_a_folder_is_on_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []

    def fsync(handle: int) -> None:
        synced.append(str(Path(f"/proc/self/fd/{handle}").readlink()))

    monkeypatch.setattr("store.files.objects.os.fsync", fsync)
    await Objects.open((tmp_path / "files").as_uri()).put(KEY, b"x")
    folder = (tmp_path / "files").resolve()
    path = folder / KEY[:2] / KEY[2:]
    assert synced == [str(path), str(path.parent), str(folder)]


async def test_a_folder_that_cannot_be_written_is_away(tmp_path: Path) -> None:
    objects = Objects.open((tmp_path / "files").as_uri())
    (tmp_path / "files" / KEY[:2]).write_text("in the way")
    with pytest.raises(ObjectsUnavailable):
        await objects.put(KEY, b"x")


async def test_a_bucket_that_does_not_answer_is_away() -> None:
    objects = Objects.open("s3://b?region=r&path_style=1&endpoint=http://127.0.0.1:1")
    with pytest.raises(ObjectsUnavailable) as failed:
        await objects.put(KEY, b"x")
    assert "127.0.0.1" not in str(failed.value)


@pytest.mark.parametrize(
    "url", ["", "files", "http://bucket", "s3://", "file://host/x", "s3://b?secret=x", "file://"]
)
def test_what_is_no_place_for_files_is_told_at_once(url: str) -> None:
    with pytest.raises(ValueError, match=r"file|bucket"):
        Objects.open(url)
