"""The bytes of files, in a local folder or in an S3-compatible bucket."""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, ObjectStore, S3Store

from store.db.errors import ObjectsUnavailable

_CHUNK = 256 * 1024
_PARTS_AT_ONCE = 2
_TIMEOUT = timedelta(seconds=10)
_BUCKET_OPTIONS = ("endpoint", "region", "path_style")


class Objects:
    """A storage of objects by key; raises `ObjectsUnavailable` when it cannot be reached."""

    def __init__(self, place: ObjectStore, folder: Path | None = None) -> None:
        self._place = place
        self._folder = folder

    @classmethod
    def open(cls, url: str) -> Self:
        """Open `file:///folder`, `s3://bucket/prefix?region=…&endpoint=…` or `memory:`.

        The credentials of a bucket come from the environment, by the usual names
        (`AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`). ValueError on an unsupported URL.
        """
        parsed = urlsplit(url)
        if parsed.scheme == "memory":
            return cls(MemoryStore())
        if parsed.scheme == "file" and not parsed.netloc and parsed.path:
            folder = Path(unquote(parsed.path))
            return cls(_folder(folder), folder)
        if parsed.scheme == "s3" and parsed.netloc:
            return cls(_bucket(parsed.netloc, parsed.path, dict(parse_qsl(parsed.query))))
        raise ValueError("files are kept at file:///folder or s3://bucket")

    async def put(self, key: str, content: IO[bytes] | bytes) -> None:
        """Store `content` under `key`, read piece by piece; all of it is stored or nothing.

        In a folder it is on the disk when this returns, as in a bucket it is with the provider.
        """
        with _reaching():
            await obstore.put_async(
                self._place, _path(key), content, max_concurrency=_PARTS_AT_ONCE
            )
            if self._folder is not None:
                await asyncio.to_thread(_sync, self._folder, self._folder / _path(key))

    async def get(self, key: str, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """Return the bytes of `key` from `start` up to `end`, in pieces.

        Raises:
            KeyError: there is no such object.
        """
        span: Any = {"range": {"offset": start} if end is None else (start, end)}
        with _reaching():
            try:
                response = await obstore.get_async(self._place, _path(key), options=span)
            except FileNotFoundError:
                raise KeyError(key) from None
            pieces = response.stream(min_chunk_size=_CHUNK)
        return _bytes(pieces)

    async def drop(self, key: str) -> None:
        """Delete the object of `key`, if there is one."""
        with _reaching(), suppress(FileNotFoundError):
            await obstore.delete_async(self._place, _path(key))


async def _bytes(pieces: Any) -> AsyncIterator[bytes]:
    with _reaching():
        async for piece in pieces:
            yield bytes(piece)


def thumbnail_key(key: str) -> str:
    """Return the key of the thumbnail of the file under `key`."""
    return f"{key}-small"


def _path(key: str) -> str:
    # This makes folders of some thousand files, not one of millions.
    return f"{key[:2]}/{key[2:]}"


def _folder(folder: Path) -> LocalStore:
    # Other users of a shared machine must not see the photos of citizens.
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return LocalStore(folder)


def _bucket(name: str, prefix: str, options: dict[str, str]) -> S3Store:
    if unknown := options.keys() - set(_BUCKET_OPTIONS):
        raise ValueError(f"unknown options of a bucket: {', '.join(sorted(unknown))}")
    config: dict[str, Any] = {
        name: options[name] for name in ("endpoint", "region") if name in options
    }
    return S3Store(
        name,
        prefix=prefix.strip("/") or None,
        virtual_hosted_style_request=options.get("path_style") != "1",
        client_options={
            "allow_http": options.get("endpoint", "").startswith("http://"),
            "timeout": timedelta(minutes=5),
            "connect_timeout": _TIMEOUT,
        },
        retry_config={"max_retries": 3, "retry_timeout": _TIMEOUT},
        **config,
    )


def _sync(folder: Path, path: Path) -> None:
    """Sync a file, and the folders that may be new, up to `folder`."""
    while True:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if path == folder:
            return
        path = path.parent


@contextmanager
def _reaching() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise
    except (BaseError, OSError) as error:
        # Its own message is not passed on: it names paths and buckets, and quotes the server.
        raise ObjectsUnavailable("the files cannot be reached") from error
