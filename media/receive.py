"""Receiving a file: piece by piece onto disk, never whole in memory, up to the size limit."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import IO, NamedTuple

import puremagic

from domain.ticket.files import FileKind
from media.errors import FileRefused
from media.file_types import HEAD, Sort, agrees, sniff

_WRITTEN_AT_ONCE = 1024 * 1024
MB = 1024 * 1024


class Piece(NamedTuple):
    """A piece of the file, and the media type its sender gave it."""

    content: bytes
    declared: str


class Arrived(NamedTuple):
    sort: Sort
    size: int


async def arrive(
    pieces: AsyncIterator[Piece], into: IO[bytes], megabytes: Mapping[FileKind, int]
) -> Arrived:
    """Write the file into `into`; refuse it as early as possible.

    Raises:
        FileRefused: empty_file, unsupported_file, mislabelled_file, file_too_large.
    """
    buffer, size, sort, declared = bytearray(), 0, None, ""
    async for piece in pieces:
        buffer += piece.content
        size += len(piece.content)
        declared = declared or piece.declared
        if sort is None and size >= HEAD:
            sort = _sort(bytes(buffer), declared)
        # A file of unknown type is still shorter than any limit.
        if sort is not None and size > (most := megabytes[FileKind(sort.kind)]) * MB:
            raise FileRefused("file_too_large", f"At most {most} MB.")
        if len(buffer) >= _WRITTEN_AT_ONCE:
            await asyncio.to_thread(into.write, bytes(buffer))
            buffer.clear()
    if size == 0:
        raise FileRefused("empty_file")
    sort = sort or _sort(bytes(buffer), declared)
    await asyncio.to_thread(into.write, bytes(buffer))
    await asyncio.to_thread(into.flush)
    return Arrived(sort, size)


def _sort(head: bytes, declared: str) -> Sort:
    sort = sniff(head)
    if sort is None:
        raise FileRefused("unsupported_file", _looks_like(head))
    if not agrees(declared, sort):
        raise FileRefused("mislabelled_file", f"It is {sort.name}, whatever it is called.")
    return sort


def _looks_like(head: bytes) -> str:
    """Guess the type for people to read; nothing is decided by it."""
    try:
        likely = puremagic.magic_string(head[:4096])
    except (puremagic.PureError, ValueError):
        return ""
    names = [one.mime_type for one in likely if one.mime_type]
    return f"It looks like {names[0]}." if names else ""
