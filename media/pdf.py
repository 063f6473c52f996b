"""PDF: searched for active content, and accepted only without it.

Names in a PDF may be written with escapes and hidden in compressed object streams; a reader jumps
wherever the cross-reference table points. So nothing is parsed: every byte is searched, every
object stream is inflated and searched, and one that cannot be inflated is a reason to refuse.

Some readers take any stream for an object stream that the cross-reference table names as one,
whatever its dictionary says of its type. So every other stream that could be one is inflated and
searched as well; it is refused only for what is found in it, or if it is packed so that it cannot
be searched.
"""

import mmap
import re
import zlib
from collections.abc import Iterator
from typing import IO

from media.findings import Bad, FileProperties

_ACTIVE = (
    "JavaScript",
    "Launch",
    "EmbeddedFile",
    "EmbeddedFiles",
    "RichMedia",
    "SubmitForm",
    "ImportData",
    "GoToE",
    "XFA",
)
_END = rb"(?=[\s/<>\[\](){}%]|\Z)"
_TAIL = 2048
_UNPACKED = 32 * 1024 * 1024
_DICTIONARY = 2048
_BEFORE = 64 * 1024
_PIECE = 64 * 1024


def _name(name: str) -> bytes:
    """Return a pattern for a name, each character as it is or as #xx."""
    each = (f"(?:{c}|#(?i:{ord(c):02x}))" for c in name)
    return b"/" + "".join(each).encode() + _END


_HARMFUL = re.compile(b"|".join(_name(name) for name in _ACTIVE))
_LISTS = re.compile(_name("ObjStm"))
_STREAM = re.compile(rb"(?<!end)stream *(?:\r\n?|\n)?")
_OBJECT = re.compile(rb"\d\s+obj(?![a-zA-Z])")
_FIRST = re.compile(_name("First"))
_OTHERWISE_PACKED = re.compile(
    b"|".join(
        _name(name)
        for name in (
            "ASCIIHexDecode",
            "AHx",
            "ASCII85Decode",
            "A85",
            "LZWDecode",
            "LZW",
            "RunLengthDecode",
            "RL",
            "Crypt",
        )
    )
)
_MAY_BE_OBJECTS = re.compile(rb"[\s\x00]*[\d<%+(/\[-]")
_PLAINLY_PACKED = re.compile(rb"/Filter\s*(?:/FlateDecode|\[\s*/FlateDecode\s*\])")
_PACKED = re.compile(_name("Filter") + b"|" + _name("DecodeParms") + b"|/F[\\s(<]")
_HEADER = re.compile(rb"%PDF-(1\.[0-7]|2\.0)\s")


def examine(file: IO[bytes], size: int) -> FileProperties:
    """Search the file for active content.

    Raises:
        Bad: it has active content, is cut off, or cannot be searched.
    """
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if not _HEADER.match(content[:16]):
            raise Bad("broken_file", "It has no version that is known.")
        tail = content[max(0, size - _TAIL) :]
        end = tail.rfind(b"%%EOF")
        if end < 0 or b"startxref" not in tail or tail[end + 5 :].strip(b"\0\r\n\t "):
            raise Bad("broken_file", "It is cut off, or has something appended.")
        if _HARMFUL.search(content) or any(_HARMFUL.search(text) for text in _unpacked(content)):
            raise Bad("active_content", "It runs something, or has other files inside.")
    return FileProperties("document", "application/pdf")


def _unpacked(content: mmap.mmap) -> Iterator[bytes]:
    """Yield the compressed object streams as text; Bad if one is not found."""
    named = sum(1 for _ in _LISTS.finditer(content))
    position, budget, before = 0, _UNPACKED, 0
    for stream in _STREAM.finditer(content):
        start = content.rfind(b"obj", max(0, stream.start() - _DICTIONARY), stream.start())
        data = content[start : stream.start()] if start >= 0 else b""
        if not _LISTS.search(data):
            head = content[max(before, stream.start() - _BEFORE) : stream.start()]
            text = _objects(content, head, stream.end(), budget)
            budget -= len(text)
            before = stream.end()
            yield text
            continue
        before = stream.end()
        position += 1
        if not _PACKED.search(data):
            continue  # not compressed: searched with everything else
        if len(_PACKED.findall(data)) != 1 or not _PLAINLY_PACKED.search(data):
            raise Bad("broken_file", "It is packed in a way that cannot be looked through.")
        text = _inflated(content, stream.end(), budget)
        budget -= len(text)
        yield text
    if position != named:
        raise Bad("broken_file", "It is built in a way that cannot be looked through.")


def _objects(content: mmap.mmap, head: bytes, start: int, budget: int) -> bytes:
    """Return the text of a stream that could be an object stream, although it does not say so."""
    says_first = _FIRST.search(head) is not None
    own = head[max((one.start() for one in _OBJECT.finditer(head)), default=0) :]
    if says_first and _FIRST.search(own) and _OTHERWISE_PACKED.search(own):
        raise Bad("broken_file", "It is packed in a way that cannot be looked through.")
    try:
        begin = zlib.decompressobj().decompress(content[start : start + _PIECE], 64)
    except zlib.error:
        return b""  # not packed, or a picture: searched with everything else
    if not says_first and not _MAY_BE_OBJECTS.match(begin):
        return b""
    return _inflated(content, start, budget, strict=False)


def _inflated(content: mmap.mmap, start: int, budget: int, *, strict: bool = True) -> bytes:
    unpacking, text = zlib.decompressobj(), b""
    try:
        while not unpacking.eof and start < len(content):
            text += unpacking.decompress(content[start : start + _PIECE], budget + 1 - len(text))
            if len(text) > budget:
                raise Bad("file_too_complex", "It unpacks to more than can be looked through.")
            start += _PIECE - len(unpacking.unconsumed_tail)
    except zlib.error as error:
        if not strict:
            return text  # a reader would have no more of it either
        raise Bad("broken_file", "It is locked, or packed wrongly.") from error
    return text
