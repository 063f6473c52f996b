"""Voice files: WAV, Ogg, MP3 and AMR. Frames, pages or chunks must fill each to its last byte."""

from collections.abc import Callable
from typing import IO

from media.findings import Bad, FileProperties

_STEPS = 2_000_000
_READ = 64 * 1024

Read = Callable[[int, int], bytes]
"""A function from an offset and a count to the bytes there, at most so many."""


def _broken() -> Bad:
    return Bad("broken_file", "The recording is cut off, or has something appended.")


def _reading(file: IO[bytes]) -> Read:
    def read(at: int, count: int) -> bytes:
        file.seek(at)
        return file.read(count)

    return read


# --- WAV --------------------------------------------------------------------------------------

_WAVE_CODECS = frozenset({1, 2, 3, 6, 7, 0x11, 0x31, 0x55, 0xFFFE})
_WAVE_CHUNKS = frozenset({b"fmt ", b"fact", b"data"})


def wav(file: IO[bytes], size: int) -> FileProperties:
    """Examine the chunks; overwrite those without sound (titles, notes, places)."""
    read = _reading(file)
    told = int.from_bytes(read(4, 4), "little") + 8
    if told not in (size, size + 1):
        raise _broken()
    at, seen = 12, list[bytes]()
    while at + 8 <= size and len(seen) < 1000:
        head = read(at, 8)
        name, length = head[:4], int.from_bytes(head[4:], "little")
        if at + 8 + length > size:
            raise _broken()
        if name == b"fmt " and int.from_bytes(read(at + 8, 2), "little") not in _WAVE_CODECS:
            raise Bad("unsupported_file", "The sound is coded in a way that is not taken.")
        if name not in _WAVE_CHUNKS:
            _blank(file, at, b"JUNK")
            _blank(file, at + 8, bytes(length))
        seen.append(name)
        at += 8 + length + length % 2
    if at not in (size, size + 1) or b"fmt " not in seen or seen.count(b"data") != 1:
        raise _broken()
    return FileProperties("voice", "audio/wav")


def _blank(file: IO[bytes], at: int, content: bytes) -> None:
    file.seek(at)
    file.write(content)


# --- Ogg --------------------------------------------------------------------------------------

_OGG_CODECS = (b"OpusHead", b"\x01vorbis", b"Speex   ", b"\x7fFLAC")


def ogg(file: IO[bytes], size: int) -> FileProperties:
    """Examine the pages (RFC 3533); every stream must be audio."""
    read, at, pages = _reading(file), 0, 0
    while at < size and pages < _STEPS:
        head = read(at, 27 + 255)
        if len(head) < 27 or head[:5] != b"OggS\0":
            raise _broken()
        lengths = head[27 : 27 + head[26]]
        body = at + 27 + head[26]
        if len(lengths) < head[26] or body + sum(lengths) > size:
            raise _broken()
        begins = bool(head[5] & 2)
        if begins and not read(body, 8).startswith(_OGG_CODECS):
            raise Bad("unsupported_file", "Of Ogg files, sound alone is taken.")
        if pages == 0 and not begins:
            raise _broken()
        at, pages = body + sum(lengths), pages + 1
    if at != size or pages < 2:
        raise _broken()
    return FileProperties("voice", "audio/ogg")


# --- MP3 --------------------------------------------------------------------------------------

_RATES_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
_RATES_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
_SAMPLING = (44100, 48000, 32000)
_FRAMES_TO_BELIEVE = 3


def mp3(file: IO[bytes], size: int) -> FileProperties:
    """Examine frames of MPEG audio layer III; empty tags before them, cut off those after them."""
    read = _reading(file)
    at, frames = _after_id3(file, size), 0
    while at + 4 <= size and frames < _STEPS:
        length = _frame(read(at, 4))
        if length is None:
            break
        at, frames = at + length, frames + 1
    if frames < _FRAMES_TO_BELIEVE or at > size:
        raise _broken()
    if at < size:  # ID3v1, or padding: a tag of 128 bytes, or nothing but zeros
        rest = read(at, size - at if size - at <= _READ else 0)
        if not rest or not (rest.strip(b"\0") == b"" or (len(rest) == 128 and rest[:3] == b"TAG")):
            raise _broken()
        file.truncate(at)
    return FileProperties("voice", "audio/mpeg")


def _after_id3(file: IO[bytes], size: int) -> int:
    """Empty the tag before the sound; return the offset of the sound."""
    head = _reading(file)(0, 10)
    if head[:3] != b"ID3":
        return 0
    if any(byte & 0x80 for byte in head[6:10]):
        raise _broken()
    length = (head[6] << 21) | (head[7] << 14) | (head[8] << 7) | head[9]
    footer = 10 if head[5] & 0x10 else 0
    if 10 + length + footer >= size:
        raise _broken()
    # Clear the flags and pad the content. A footer would repeat the flags, so it is padded too.
    _blank(file, 5, b"\0")
    _blank(file, 10, bytes(length + footer))
    return 10 + length + footer


def _frame(head: bytes) -> int | None:
    """Return the length of the frame that begins with `head`; None if none does."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return None
    version, rate, sampling = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or rate in (0, 15) or sampling == 3:
        return None
    first = version == 3
    hertz = _SAMPLING[sampling] >> (0 if first else 1 if version == 2 else 2)
    kilobits = (_RATES_1 if first else _RATES_2)[rate]
    return (144 if first else 72) * kilobits * 1000 // hertz + (head[2] >> 1 & 1)


# --- AMR --------------------------------------------------------------------------------------

_NARROW = (13, 14, 16, 18, 20, 21, 27, 32, 6, 0, 0, 0, 0, 0, 0, 1)
_WIDE = (18, 24, 33, 37, 41, 47, 51, 59, 61, 6, 0, 0, 0, 0, 1, 1)


def amr(file: IO[bytes], size: int) -> FileProperties:
    """Examine the frames of AMR or AMR-WB, one channel (RFC 4867)."""
    read = _reading(file)
    wide = read(0, 9) == b"#!AMR-WB\n"
    lengths, at, frames = (_WIDE if wide else _NARROW), 9 if wide else 6, 0
    while at < size and frames < _STEPS:
        head = read(at, 1)[0]
        length = 0 if head & 0x83 else lengths[head >> 3 & 0x0F]
        if length == 0:
            raise _broken()
        at, frames = at + length, frames + 1
    if at != size or not frames:
        raise _broken()
    return FileProperties("voice", "audio/amr-wb" if wide else "audio/amr")
