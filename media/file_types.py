"""The type of a file, from its first bytes: neither its name nor its sender is trusted."""

from typing import NamedTuple

HEAD = 64
"""The number of bytes needed to determine a file's type."""


class Sort(NamedTuple):
    """An accepted type of file. `declared`: the media types a sender may declare for it."""

    name: str
    kind: str
    declared: frozenset[str]


def _sort(name: str, kind: str, *declared: str) -> Sort:
    return Sort(name, kind, frozenset(declared))


JPEG = _sort("jpeg", "photo", "image/jpeg", "image/jpg", "image/pjpeg")
PNG = _sort("png", "photo", "image/png")
GIF = _sort("gif", "photo", "image/gif")
WEBP = _sort("webp", "photo", "image/webp")
# Only an examination shows whether it has pictures or just sound.
BOXES = _sort(
    "mp4", "video",
    "video/mp4", "video/quicktime", "video/3gpp", "video/x-m4v",
    "audio/mp4", "audio/m4a", "audio/x-m4a", "audio/aac",
)  # fmt: skip
WEBM = _sort("webm", "video", "video/webm", "audio/webm")
OGG = _sort("ogg", "voice", "audio/ogg", "audio/opus", "application/ogg")
WAV = _sort("wav", "voice", "audio/wav", "audio/x-wav", "audio/wave", "audio/vnd.wave")
MP3 = _sort("mp3", "voice", "audio/mpeg", "audio/mp3")
AMR = _sort("amr", "voice", "audio/amr", "audio/amr-wb", "audio/3gpp")
PDF = _sort("pdf", "document", "application/pdf")

_UNSAID = frozenset({"", "application/octet-stream", "binary/octet-stream"})
_SAYS_NOTHING = frozenset({"*/*", "application/x-www-form-urlencoded"})
_PICTURES_IN_BOXES = (b"heic", b"heix", b"mif1", b"msf1", b"avif", b"avis")
_BEGINNINGS = (
    (b"\xff\xd8\xff", JPEG),
    (b"\x89PNG\r\n\x1a\n", PNG),
    (b"GIF87a", GIF),
    (b"GIF89a", GIF),
    (b"\x1a\x45\xdf\xa3", WEBM),
    (b"OggS\x00", OGG),
    (b"#!AMR\n", AMR),
    (b"#!AMR-WB\n", AMR),
    (b"%PDF-", PDF),
    (b"ID3", MP3),
)


def sniff(head: bytes) -> Sort | None:
    """Return the type of the file that begins with `head`; None if it is not accepted."""
    if head[:4] == b"RIFF":
        return {b"WEBP": WEBP, b"WAVE": WAV}.get(head[8:12])
    if head[4:8] == b"ftyp":
        return None if head[8:12] in _PICTURES_IN_BOXES else BOXES
    for beginning, sort in _BEGINNINGS:
        if head.startswith(beginning):
            return sort
    return MP3 if _is_mpeg_audio(head) else None


def _is_mpeg_audio(head: bytes) -> bool:
    """Return whether a frame begins: eleven set bits; layer III; no reserved or free rate."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2 or head[1] & 0x18 == 0x08:
        return False
    return 0 < head[2] >> 4 < 15 and head[2] & 0x0C != 0x0C


def agrees(declared: str, sort: Sort) -> bool:
    """Return whether the sender's media type fits `sort`; an unspecific one fits every sort."""
    plain = declared.partition(";")[0].strip().lower()
    return plain in _UNSAID or plain in _SAYS_NOTHING or plain in sort.declared
