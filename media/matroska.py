"""WebM: elements that fill the file to its last byte (RFC 8794, RFC 9559).

A browser's recording has a segment and clusters of unknown size: each ends where an element begins
that it cannot contain.
"""

from collections.abc import Iterator
from typing import IO, NamedTuple

from media.findings import Bad, FileProperties

_HEADER, _DOC_TYPE = 0x1A45DFA3, 0x4282
_SEGMENT, _CLUSTER, _TRACKS, _ATTACHMENTS = 0x18538067, 0x1F43B675, 0x1654AE6B, 0x1941A469
_TRACK, _TRACK_TYPE = 0xAE, 0x83
_VOID, _CRC = 0xEC, 0xBF
_IN_SEGMENT = frozenset(
    {_CLUSTER, _TRACKS, _VOID, _CRC, 0x114D9B74, 0x1549A966, 0x1C53BB6B, 0x1254C367, 0x1043A770}
)
_IN_CLUSTER = frozenset({0xE7, 0xA3, 0xA0, 0xA7, 0xAB, 0x5854, _VOID, _CRC})
_ELEMENTS = 1_000_000
_KINDS = {1: "video", 2: "voice"}


class Element(NamedTuple):
    """An element. `end` None: it ends where one begins that it cannot contain."""

    name: int
    body: int
    end: int | None


def examine(file: IO[bytes], size: int) -> FileProperties:
    """Examine the elements.

    Raises:
        Bad: they do not fill the file, contain attached files, or have neither video nor sound.
    """
    header = _element(file, 0, size)
    if header.name != _HEADER or header.end is None or header.end > 4096:
        raise _broken()
    doc_types = [
        _read(file, e) for e in _within(file, header.body, header.end) if e.name == _DOC_TYPE
    ]
    if [doc_type.rstrip(b"\0") for doc_type in doc_types] != [b"webm"]:
        raise Bad("unsupported_file", "Of this family of recordings, WebM is taken.")
    segment = _element(file, header.end, size)
    if segment.name != _SEGMENT or (segment.end or size) != size:
        raise _broken()
    kinds: set[str] = set()
    clusters = 0
    for element in _segment(file, segment.body, size):
        clusters += element.name == _CLUSTER
        if element.name == _TRACKS and element.end is not None:
            kinds |= set(_kinds(file, element.body, element.end))
    if not clusters or not kinds:
        raise Bad("broken_file", "There is nothing to see or hear in it.")
    kind = "video" if "video" in kinds else "voice"
    return FileProperties(kind, "video/webm" if kind == "video" else "audio/webm")


def _segment(file: IO[bytes], at: int, end: int) -> Iterator[Element]:
    in_cluster = False
    for _ in range(_ELEMENTS):
        if at == end:
            return
        element = _element(file, at, end)
        if element.name == _ATTACHMENTS:
            raise Bad("active_content", "The recording has other files attached.")
        if in_cluster and element.name in _IN_CLUSTER and element.end is not None:
            at = element.end
            continue
        if element.name not in _IN_SEGMENT or (element.end is None and element.name != _CLUSTER):
            break
        yield element
        in_cluster = element.end is None
        at = element.body if element.end is None else element.end
    raise _broken()


def _kinds(file: IO[bytes], at: int, end: int) -> Iterator[str]:
    for track in _within(file, at, end):
        if track.name != _TRACK or track.end is None:
            continue
        for element in _within(file, track.body, track.end):
            if element.name == _TRACK_TYPE:
                kind = _KINDS.get(int.from_bytes(_read(file, element)))
                if kind is not None:
                    yield kind


def _within(file: IO[bytes], at: int, end: int) -> Iterator[Element]:
    for _ in range(_ELEMENTS):
        if at == end:
            return
        element = _element(file, at, end)
        if element.end is None:
            break
        yield element
        at = element.end
    raise _broken()


def _element(file: IO[bytes], at: int, end: int) -> Element:
    file.seek(at)
    head = file.read(12)
    id_length = _length(head, 0, 4)
    size_length = _length(head, id_length, 8)
    body = at + id_length + size_length
    if len(head) < id_length + size_length or body > end:
        raise _broken()
    name = int.from_bytes(head[:id_length])
    mask = (1 << 7 * size_length) - 1
    size = int.from_bytes(head[id_length : id_length + size_length]) & mask
    if size == mask:
        return Element(name, body, None)
    if body + size > end:
        raise _broken()
    return Element(name, body, body + size)


def _length(head: bytes, at: int, most: int) -> int:
    """Return a number's length in bytes: one more than the leading zeros of its first byte."""
    first = head[at] if at < len(head) else 0
    length = 9 - first.bit_length()
    if length > most:
        raise _broken()
    return length


def _read(file: IO[bytes], element: Element) -> bytes:
    file.seek(element.body)
    return file.read(min((element.end or element.body) - element.body, 64))


def _broken() -> Bad:
    return Bad("broken_file", "The recording is cut off, or has something appended.")
