"""MP4, MOV, M4A, 3GP: boxes that fill the file to its last byte (ISO 14496-12, QuickTime).

The metadata of such a file (where it was filmed, with what, by whom) is in boxes of its own. They
are overwritten in place, so that offsets into the file stay valid.
"""

import re
from collections.abc import Iterator
from typing import IO, NamedTuple

from media.findings import Bad, FileProperties, whereabouts

_TOP = frozenset(
    b"ftyp styp moov moof mdat mfra free skip wide uuid udta meta pnot pdin sidx ssix prft emsg"
    .split()
)  # fmt: skip
_TELLING = frozenset({b"udta", b"meta", b"uuid"})
_BOXES = 200_000
_READ = 1024 * 1024
_CONTAINERS = {b"moov": (b"trak",), b"trak": (b"mdia",)}
# ISO 6709, as phones write it: +39.9087+116.3975+052.000/
_POINT = re.compile(rb"([+-]\d{1,2}\.\d{1,10})([+-]\d{1,3}\.\d{1,10})")


class Box(NamedTuple):
    name: bytes
    start: int
    body: int
    end: int


def examine(file: IO[bytes], size: int) -> FileProperties:
    """Examine the boxes, and overwrite those that hold metadata.

    Raises:
        Bad: the boxes do not fill the file, or have neither video nor sound.
    """
    top = list(_boxes(file, 0, size))
    names = [box.name for box in top]
    if names[:1] != [b"ftyp"] or not set(names) <= _TOP:
        raise Bad("broken_file", "There is something in the file that does not belong there.")
    movie = [box for box in top if box.name == b"moov"]
    if len(movie) != 1 or b"mdat" not in names:
        raise Bad("broken_file", "The recording has no beginning, or no content.")
    file.seek(8)
    brand = file.read(4)
    handlers = set(_handlers(file, movie[0]))
    location = None
    for box in _telling(file, top):
        location = location or _location(file, box)
        _overwrite(file, box)
    if b"vide" in handlers:
        quicktime = brand == b"qt  "
        return FileProperties(
            "video", "video/quicktime" if quicktime else "video/mp4", location=location
        )
    if b"soun" in handlers:
        return FileProperties("voice", "audio/mp4", location=location)
    raise Bad("broken_file", "There is nothing to see or hear in it.")


def _boxes(file: IO[bytes], start: int, end: int) -> Iterator[Box]:
    """Yield the boxes from `start`, which must end exactly at `end`."""
    for _ in range(_BOXES):
        if start == end:
            return
        file.seek(start)
        head = file.read(16)
        size, body = int.from_bytes(head[:4]), start + 8
        if size == 1:
            size, body = int.from_bytes(head[8:16]), start + 16
        elif size == 0:
            size = end - start
        if len(head) < 8 or size < body - start or start + size > end:
            break
        yield Box(head[4:8], start, body, start + size)
        start += size
    raise Bad("broken_file", "The recording is cut off, or has something appended.")


def _children(file: IO[bytes], box: Box) -> Iterator[Box]:
    return _boxes(file, box.body, box.end)


def _handlers(file: IO[bytes], box: Box) -> Iterator[bytes]:
    """Yield the handler type of each track: `vide`, `soun`, or another."""
    for child in _children(file, box):
        if child.name in _CONTAINERS.get(box.name, ()):
            yield from _handlers(file, child)
        elif box.name == b"mdia" and child.name == b"hdlr":
            file.seek(child.body + 8)
            yield file.read(4)


def _telling(file: IO[bytes], top: list[Box]) -> Iterator[Box]:
    """Yield the boxes that hold metadata of the file, of the movie, or of its tracks."""
    for box in top:
        if box.name in _TELLING:
            yield box
        elif box.name in (b"moov", b"trak"):
            yield from _telling(file, list(_children(file, box)))


def _location(file: IO[bytes], box: Box) -> tuple[float, float] | None:
    file.seek(box.body)
    match = _POINT.search(file.read(min(box.end - box.body, _READ)))
    return whereabouts(float(match[1]), float(match[2])) if match else None


def _overwrite(file: IO[bytes], box: Box) -> None:
    """Turn the box into a `free` box of zeros."""
    file.seek(box.start + 4)
    file.write(b"free")
    file.seek(box.body)
    left = box.end - box.body
    while left > 0:
        left -= file.write(bytes(min(left, _READ)))
