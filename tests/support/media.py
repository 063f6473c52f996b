"""Files as phones make them, generated so that the repository holds nobody's own files."""

import io
import struct
from typing import Any

from PIL import Image


def a_photo(size: tuple[int, int] = (640, 480), form: str = "JPEG", **options: Any) -> bytes:
    """Return a photo with colours that can be told apart after recompression."""
    image = Image.new("RGB", size, "navy")
    image.paste("orange", (0, 0, size[0] // 2, size[1] // 2))
    return saved(image, form, **options)


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    content = io.BytesIO()
    image.save(content, form, **options)
    return content.getvalue()


def located(lat: tuple[Any, str], lon: tuple[Any, str]) -> Image.Exif:
    """Return EXIF data as a phone writes it: position, device and orientation."""
    exif = Image.Exif()
    exif[0x010F] = "Phone"
    exif[0x0112] = 6
    exif[0x8825] = {1: lat[1], 2: lat[0], 3: lon[1], 4: lon[0]}
    return exif


# --- recordings -------------------------------------------------------------------------------


def box(name: bytes, *content: bytes) -> bytes:
    """Return a box of an MP4 file."""
    body = b"".join(content)
    return struct.pack(">I", len(body) + 8) + name + body


def a_video(*extra: bytes, brand: bytes = b"isom", handler: bytes = b"vide") -> bytes:
    """Return the boxes of a short video, with nothing to decode."""
    track = box(b"trak", box(b"mdia", box(b"hdlr", bytes(8), handler, bytes(12), b"\0")))
    movie = box(b"moov", box(b"mvhd", bytes(100)), track, *extra)
    return box(b"ftyp", brand, bytes(4), brand) + movie + box(b"mdat", bytes(5000))


def a_voice(seconds: float = 0.5) -> bytes:
    """Return a WAV file of silence."""
    sound = bytes(int(8000 * seconds) * 2)
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    return wave(chunk(b"fmt ", form), chunk(b"data", sound))


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def wave(*chunks: bytes) -> bytes:
    body = b"WAVE" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def an_mp3(frames: int = 20) -> bytes:
    """Return MPEG-1 layer III frames of 128 kbit/s and 44.1 kHz."""
    return (b"\xff\xfb\x90\x00" + bytes(413)) * frames


def an_ogg(codec: bytes = b"OpusHead") -> bytes:
    """Return an Ogg file of three pages."""
    pages = ((2, codec + bytes(11)), (0, b"OpusTags" + bytes(8)), (4, bytes(200)))
    return b"".join(ogg_page(flags, n, body) for n, (flags, body) in enumerate(pages))


def ogg_page(flags: int, n: int, body: bytes) -> bytes:
    head = b"OggS" + struct.pack("<BBqIIIB", 0, flags, 0, 7, n, 0, 1)
    return head + bytes([len(body)]) + body


def an_amr(frames: int = 50) -> bytes:
    """Return AMR frames of 12.2 kbit/s."""
    return b"#!AMR\n" + (b"\x3c" + bytes(31)) * frames


def element(name: int, content: bytes, *, unknown: bool = False) -> bytes:
    """Return an element of a WebM file."""
    head = name.to_bytes((name.bit_length() + 7) // 8)
    size = b"\x01" + (b"\xff" * 7 if unknown else struct.pack(">Q", len(content))[1:])
    return head + size + content


def a_webm(*extra: bytes, track: int = 1, doc_type: bytes = b"webm", live: bool = True) -> bytes:
    """Return a WebM file as browsers record it: a segment and clusters of unknown size."""
    header = element(0x1A45DFA3, element(0x4282, doc_type))
    tracks = element(0x1654AE6B, element(0xAE, element(0x83, bytes([track]))))
    block = element(0xA3, bytes(100))
    clusters = element(0x1F43B675, element(0xE7, b"\0") + block * 3, unknown=live) * 2
    return header + element(0x18538067, tracks + b"".join(extra) + clusters, unknown=live)


def a_pdf(*objects: bytes, tail: bytes = b"") -> bytes:
    """Return a PDF of one empty page, with `objects` added."""
    contents = (b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>", *objects)
    body = b"%PDF-1.7\n"
    for n, text in enumerate(contents, 1):
        body += b"%d 0 obj\n" % n + text + b"\nendobj\n"
    return body + b"trailer<</Root 1 0 R>>\nstartxref\n9\n%%EOF\n" + tail
