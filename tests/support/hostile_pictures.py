"""Hostile pictures: polyglots, bombs, payloads in metadata, files cut off anywhere."""

import io
import struct
import zlib
from collections.abc import Iterator

from PIL import Image, PngImagePlugin

from tests.support.hostile import MARK, SCRIPT, Hostile, a_zip, either, harmless, refused
from tests.support.media import a_photo, located, saved


def pictures() -> Iterator[Hostile]:
    """Yield the pictures that are made and looked at in a moment; see `dear_pictures` for more."""
    yield from _polyglots()
    yield from _bombs()
    yield from _metadata()
    yield from _cut_off()
    yield from _called_otherwise()


def dear_pictures() -> Iterator[Hostile]:
    """Yield the pictures that take long to make or to look at."""
    rows = zlib.compress(bytes(5001 * 40_000), 1)
    yield refused(
        "png that unpacks to 200 MB", png_of(40_000, 40_000, rows, depth=1), "picture_too_large"
    )
    yield either("png with text of 100 MB", _with_chunk(b"zTXt", b"k\0\0" + _deflated()))
    yield either("png with a profile of 100 MB", _with_chunk(b"iCCP", b"k\0\0" + _deflated()))
    photo = a_photo()
    exif = b"Exif\0\0" + MARK + bytes(60_000)
    yield harmless("jpeg with 12 MB of metadata", segment(photo, 0xE1, *[exif] * 200))
    yield ten_thousand_scans()


def ten_thousand_scans() -> Hostile:
    return either("jpeg of ten thousand scans", _scans(a_photo(progressive=True), 10_000))


def _polyglots() -> Iterator[Hostile]:
    photo, gif, png = a_photo(), a_photo(form="GIF"), a_photo(form="PNG")
    yield harmless("jpeg with a zip appended", photo + a_zip())
    yield harmless("jpeg with a page appended", photo + SCRIPT)
    yield harmless("jpeg with a page in its comment", segment(photo, 0xFE, SCRIPT))
    yield harmless("jpeg with php in a segment", segment(photo, 0xED, b"<?php /*" + MARK))
    yield harmless("gif with a script appended", gif + b"*/=1;" + SCRIPT)
    yield either("gif that is a script", b"GIF89a/*" + gif[8:] + b"*/=1;" + SCRIPT)
    yield harmless("gif with an archive of classes", gif + a_zip())
    yield harmless("png with a zip appended", png + a_zip())
    yield harmless("webp with a page appended", a_photo(form="WEBP") + SCRIPT)
    yield harmless("jpeg with a pdf appended", photo + b"%PDF-1.7\n" + MARK)


def _bombs() -> Iterator[Hostile]:
    yield refused("png of 50,000 by 50,000", png_of(50_000, 50_000), "picture_too_large")
    yield refused("png of no size", png_of(0, 10), "broken_file")
    yield refused("jpeg of 65,000 by 65,000", jpeg_of(65_000, 65_000), "picture_too_large")
    gif = bytearray(a_photo((20, 20), "GIF"))
    gif[6:10] = struct.pack("<HH", 65_535, 65_535)
    yield refused("gif with a screen of 65,535", bytes(gif), "picture_too_large")
    webp = bytearray(saved(Image.new("RGBA", (20, 20), (1, 2, 3, 4)), "WEBP", lossless=True))
    webp[21:25] = b"\xff\xff\xff\x0f"
    yield either("webp that says it is 16,384 wide", bytes(webp))
    yield harmless("gif of 500 pictures", _animation("GIF", 500))
    yield harmless("webp of 100 pictures", _animation("WEBP", 100))
    yield harmless("png of 100 pictures", _animation("PNG", 100))
    yield harmless("png with 5 MB of metadata", _with_chunk(b"eXIf", MARK + bytes(5_000_000)))


def _metadata() -> Iterator[Hostile]:
    where = located(((39.0, 54.0, 31.3), "N"), ((116.0, 23.0, 51.0), "E"))
    where[0x010E] = MARK.decode()
    yield harmless("jpeg that tells where", a_photo(exif=where))
    yield harmless("webp that tells where", a_photo(form="WEBP", exif=where))
    yield harmless("png that tells where", a_photo(form="PNG", exif=where))
    zero = located(((1, 1, 1), "N"), ((1, 1, 1), "E")).tobytes()
    yield harmless("jpeg with broken metadata", segment(a_photo(), 0xE1, zero[:40] + MARK))
    parts = a_photo(exif=located(((39, 0, 0), "N"), ((116, 0, 0), "E")))
    nowhere = parts.replace(struct.pack("<II", 39, 1), struct.pack("<II", 39, 0))
    nowhere = nowhere.replace(struct.pack(">II", 39, 1), struct.pack(">II", 39, 0))
    yield harmless("jpeg whose place is divided by zero", nowhere)
    odd = Image.Exif()
    odd[0x0112] = 999
    yield harmless("jpeg that lies upside down", a_photo(exif=odd))
    circle = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x69\x87\x04\0\x01\0\0\0\x08\0\0\0\x08\0\0\0" + MARK
    yield harmless("jpeg whose metadata goes in a circle", segment(a_photo(), 0xE1, circle))
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>" + SCRIPT + b"</x:xmpmeta>"
    yield harmless("jpeg with a script in XMP", segment(a_photo(), 0xE1, xmp))
    profile = b"ICC_PROFILE\0\x01\x01" + MARK * 100
    yield harmless("jpeg with a broken profile", segment(a_photo(), 0xE2, profile))
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", SCRIPT.decode())
    text.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
    yield harmless("png with a script in its text", a_photo(form="PNG", pnginfo=text))
    yield harmless("gif with a script in its comment", a_photo(form="GIF", comment=SCRIPT))
    yield harmless("webp with a script in XMP", a_photo(form="WEBP", xmp=SCRIPT))


def _cut_off() -> Iterator[Hostile]:
    for form, parts in (("JPEG", 12), ("PNG", 8), ("GIF", 6), ("WEBP", 6)):
        whole = a_photo((300, 200), form, **({"quality": 95} if form == "JPEG" else {}))
        for n in range(1, parts):
            cut = whole[: len(whole) * n // parts]
            yield either(f"{form} cut off after {n}/{parts}", cut, "broken_file")
        flipped = bytearray(whole)
        for at in range(40, len(flipped), 97):
            flipped[at] ^= 0x5A
        yield either(f"{form} with bytes turned over", bytes(flipped))
    for magic in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\x04\0\0\0WEBP"):
        yield refused(f"nothing but {magic!r}", magic, "broken_file")


def _called_otherwise() -> Iterator[Hostile]:
    for form, declared in (
        ("PNG", "image/jpeg"),
        ("JPEG", "text/html"),
        ("JPEG", "video/mp4"),
        ("GIF", "image/svg+xml"),
        ("JPEG", "application/pdf"),
    ):
        content = a_photo(form=form)
        yield refused(f"{form} called {declared}", content, "mislabelled_file", declared=declared)


def segment(jpeg: bytes, marker: int, *contents: bytes) -> bytes:
    """Insert further segments after the beginning of the JPEG."""
    data = b"".join(
        struct.pack(">BBH", 0xFF, marker, len(content) + 2) + content for content in contents
    )
    return jpeg[:2] + data + jpeg[2:]


def png_of(width: int, height: int, rows: bytes = b"", depth: int = 8) -> bytes:
    """Return a PNG that declares this size."""
    head = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 0)
    parts = _chunk(b"IHDR", head) + _chunk(b"IDAT", rows or zlib.compress(b"\0"))
    return b"\x89PNG\r\n\x1a\n" + parts + _chunk(b"IEND", b"")


def jpeg_of(width: int, height: int) -> bytes:
    """Return a JPEG that declares this size."""
    content = bytearray(a_photo((16, 16)))
    at = content.index(b"\xff\xc0")
    content[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(content)


def _chunk(name: bytes, content: bytes) -> bytes:
    crc = zlib.crc32(name + content)
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", crc)


def _with_chunk(name: bytes, content: bytes) -> bytes:
    png = a_photo(form="PNG")
    return png[:33] + _chunk(name, content) + png[33:]


def _deflated() -> bytes:
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(bytes(1_000_000)) for _ in range(100)) + packer.flush()


def _animation(form: str, count: int) -> bytes:
    frames = [Image.new("RGB", (64, 64), (n % 256, n // 2 % 256, 99)) for n in range(count)]
    content = io.BytesIO()
    frames[0].save(content, form, save_all=True, append_images=frames[1:], duration=20)
    return content.getvalue() + MARK


def _scans(jpeg: bytes, count: int) -> bytes:
    """Repeat the last scan of the JPEG: cheap to send, expensive to decode."""
    last = jpeg.rindex(b"\xff\xda")
    return jpeg[:last] + jpeg[last:-2] * count + b"\xff\xd9"
