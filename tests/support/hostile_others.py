"""Hostile recordings, documents and files of other types."""

import gzip
import struct
import zlib
from collections.abc import Iterator

from tests.support.hostile import MARK, SCRIPT, Hostile, a_zip, harmless, refused
from tests.support.media import (
    a_pdf,
    a_video,
    a_voice,
    a_webm,
    an_amr,
    an_mp3,
    an_ogg,
    box,
    chunk,
    element,
    ogg_page,
    wave,
)

SVG = b'<svg xmlns="http://www.w3.org/2000/svg">' + SCRIPT + b"</svg>"


def others() -> Iterator[Hostile]:
    yield from _never_taken()
    yield from _papers()
    yield from _videos()
    yield from _voices()
    yield from _cut_off()


def _never_taken() -> Iterator[Hostile]:
    for name, content in {
        "nothing but zeros": bytes(100_000),
        "text": b"hello " * 100,
        "svg": SVG,
        "svg with a mark before it": b"\xef\xbb\xbf" + SVG,
        "svg as xml": b'<?xml version="1.0"?>\n' + SVG,
        "svg with entities": b'<!DOCTYPE svg [<!ENTITY a "&b;&b;">]>' + SVG,
        "svg, packed": gzip.compress(SVG),
        "html": b"<!doctype html>" + SCRIPT,
        "html after spaces": b" \n\t" * 40 + SCRIPT,
        "html in two bytes": ("\ufeff" + SCRIPT.decode()).encode("utf-16"),
        "html that names a pdf": SCRIPT + b"%PDF-1.7",
        "a page before a pdf": SCRIPT + a_pdf(),
        "a mail with parts": b"MIME-Version: 1.0\nContent-Type: multipart/related\n" + SCRIPT,
        "a zip": a_zip(),
        "a zip in a zip in a zip": zlib.compress(a_zip() * 1000) + a_zip(),
        "a program": b"MZ" + bytes(100) + MARK,
        "another program": b"\x7fELF\x02\x01\x01" + bytes(100),
        "a script": b"#!/bin/sh\nrm -rf /\n" + MARK,
        "php": b"<?php system($_GET['c']); ?>",
        "a class": b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(100),
        "flash": b"CWS\x0a" + bytes(100),
        "web assembly": b"\0asm\x01\0\0\0" + bytes(100),
        "postscript": b"%!PS-Adobe-3.0\n" + MARK,
        "rich text": b"{\\rtf1 {\\object\\objdata " + MARK,
        "a bitmap": b"BM" + bytes(100),
        "a tiff": b"II*\0" + bytes(100),
        "an icon": b"\0\0\1\0\1\0" + bytes(100),
        "a photoshop file": b"8BPS\0\1" + bytes(100),
        "heic": box(b"ftyp", b"heic", bytes(4), b"mif1") + bytes(100),
        "avif": box(b"ftyp", b"avif", bytes(4), b"mif1") + bytes(100),
        "an avi": b"RIFF" + struct.pack("<I", 100) + b"AVI " + bytes(92),
    }.items():
        yield refused(name, content, "unsupported_file")
        if name.startswith(("svg", "html")):
            yield refused(f"{name}, called a photo", content, "unsupported_file",
                          declared="image/jpeg")  # fmt: skip
    yield refused("no bytes at all", b"", "empty_file")
    yield refused("one byte", b"\xff", "unsupported_file")


def _papers() -> Iterator[Hostile]:
    for name, dictionary in {
        "runs a script": b"<</S/JavaScript/JS(app.alert(1))>>",
        "runs a script, its name hidden": b"<</S/J#61vaScript/JS(1)>>",
        "runs a script, its name all hidden": b"<</S/#4a#61#76#61#53#63#72#69#70#74/JS(1)>>",
        "runs a program": b"<</S/Launch/F(cmd.exe)>>",
        "has a file inside": b"<</Type/EmbeddedFile>>",
        "has files inside": b"<</Names<</EmbeddedFiles 9 0 R>>>>",
        "has flash inside": b"<</Type/Annot/Subtype/RichMedia>>",
        "sends a form": b"<</S/SubmitForm/F(http://x)>>",
        "takes data in": b"<</S/ImportData/F(x)>>",
        "goes into another": b"<</S/GoToE/T<<>>>>",
        "has a form that runs": b"<</AcroForm<</XFA 7 0 R>>>>",
    }.items():
        yield refused(f"a pdf that {name}", a_pdf(dictionary), "active_content")
        yield refused(f"a pdf that {name}, packed", a_pdf(_packed(dictionary)), "active_content")
    script = b"11 0 <</S/JavaScript/JS(app.alert(1))>>"
    for name, written in {
        "no type": _untyped(script),
        "no type, nor first object": _untyped(script, b"/N 1"),
        "another type": _untyped(script, b"/Type/XObject/Subtype/Image/N 1/First 5"),
        "its type far away": _untyped(script, b"/N 1/First 5" + b" " * 5000),
        "its type in a string": _untyped(script, b"/N 1/First 5/X(1 0 obj<</Type/X>>)"),
        "a comment first": _untyped(b"%\n" + script),
        "one space after the word stream": _untyped(script, line=b"stream \n"),
        "only a return after the word stream": _untyped(script, line=b"stream\r"),
    }.items():
        yield refused(f"a pdf with an object stream of {name}", a_pdf(written), "active_content")
    both = zlib.compress(script).hex().encode()
    untyped_hex = _untyped(both, b"/N 1/First 5", b"[/ASCIIHexDecode/FlateDecode]", zlib_=False)
    yield refused("a pdf packed twice, of no type", a_pdf(untyped_hex), "broken_file")
    plain = b"<</S/JavaScript>>"
    hexed = _packed(
        zlib.compress(plain).hex().encode(), b"[/ASCIIHexDecode/FlateDecode]", zlib_=False
    )
    yield refused("a pdf packed twice", a_pdf(hexed), "broken_file")
    lzw = _packed(b"\x80\x0b\x60\x50", b"/LZWDecode", zlib_=False)
    yield refused("a pdf packed otherwise", a_pdf(lzw), "broken_file")
    locked = _packed(bytes(range(1, 200)), zlib_=False)
    yield refused("a pdf that is locked", a_pdf(locked), "broken_file")
    bomb = a_pdf(_packed(bytes(100_000_000)))
    yield refused("a pdf that unpacks to 100 MB", bomb, "file_too_complex")
    yield refused("a pdf with a page after it", a_pdf(tail=SCRIPT), "broken_file")
    yield refused("a pdf with a zip after it", a_pdf(tail=a_zip()), "broken_file")
    yield refused("a pdf of no version", b"%PDF-9.9\n" + a_pdf()[9:], "broken_file")
    for declared in ("image/png", "text/html"):
        yield refused(f"a pdf called {declared}", a_pdf(), "mislabelled_file", declared=declared)


def _packed(text: bytes, how: bytes = b"/FlateDecode", *, zlib_: bool = True) -> bytes:
    """Return a PDF object stream."""
    content = zlib.compress(text, 1) if zlib_ else text
    head = b"<</Type/ObjStm/N 1/First 4/Filter %s/Length %d>>" % (how, len(content))
    return head + b"\nstream\n" + content + b"\nendstream"


def _untyped(
    text: bytes,
    says: bytes = b"/N 1/First 5",
    how: bytes = b"/FlateDecode",
    *,
    line: bytes = b"stream\n",
    zlib_: bool = True,
) -> bytes:
    """Return a PDF object stream that does not say that it is one."""
    content = zlib.compress(text, 1) if zlib_ else text
    head = b"<<%s/Filter %s/Length %d>>\n" % (says, how, len(content))
    return head + line + content + b"\nendstream"


def _videos() -> Iterator[Hostile]:
    where = box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7+39.9087+116.3975/" + MARK))
    yield harmless("a video that tells where", a_video(where))
    yield harmless("a video with a page beside it", a_video(box(b"meta", SCRIPT)))
    yield harmless("a video with a page in a box", a_video() + box(b"uuid", bytes(16), SCRIPT))
    start = box(b"ftyp", b"isom", bytes(4))
    movie = a_video()[24:]
    for name, content in {
        "a video with a zip after it": a_video() + a_zip(),
        "a video with a page after it": a_video() + SCRIPT,
        "a video with a strange box": a_video() + box(b"evil", MARK),
        "a video without a beginning": start + box(b"mdat", bytes(100)),
        "a video without content": start + box(b"moov", bytes(0)),
        "a video with two beginnings": a_video() + box(b"moov", b""),
        "a video with a box of seven bytes": start + struct.pack(">I", 7) + b"moov" + movie,
        "a video with a box of 2^63 bytes": start + b"\0\0\0\1moov\x7f" + bytes(7) + movie,
        "a video of a million boxes": start + box(b"moov", box(b"free") * 1_000_000),
        "a video of nothing to see": a_video(handler=b"text"),
        "a webm with a page after it": a_webm(live=False) + SCRIPT,
        "a live webm with a page after it": a_webm() + SCRIPT,
        "a webm of nothing to see": a_webm(track=17),
        "a webm of endless numbers": a_webm()[:60] + b"\0" * 1000,
    }.items():
        yield refused(name, content, "broken_file")
    attached = element(0x1941A469, SCRIPT)
    yield refused("a webm with a file in it", a_webm(attached), "active_content")
    yield refused("another family", a_webm(doc_type=b"matroska"), "unsupported_file")
    yield refused("a video called a voice", a_webm(), "mislabelled_file", declared="audio/wav")


def _voices() -> Iterator[Hostile]:
    sound = a_voice()
    form = struct.pack("<HHIIHH", 0x5555, 1, 8000, 16000, 2, 16)
    tag = b"ID3\x04\0\0\0\0\x08\0" + SCRIPT.ljust(1024, b"\0")
    parts = (sound[12:36], chunk(b"LIST", SCRIPT), sound[36:], chunk(b"PK\3\4", SCRIPT))
    yield harmless("a voice with notes", wave(*parts))
    yield harmless("an mp3 with a page in its tag", tag + an_mp3())
    yield harmless("an mp3 with a page in its last tag", an_mp3() + b"TAG" + SCRIPT.ljust(125))
    for name, content in {
        "a voice with a zip after it": sound + a_zip(),
        "a voice with a page after it": sound + SCRIPT,
        "a voice without a form": wave(chunk(b"data", bytes(100))),
        "a voice longer than its file": wave(sound[12:36], b"data\xff\xff\xff\x7f"),
        "an mp3 with a zip after it": an_mp3() + a_zip(),
        "an mp3 of two frames": an_mp3(2),
        "an mp3 whose tag never ends": b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + an_mp3(),
        "an mp3 whose tag has no length": b"ID3\x04\0\0\xff\xff\xff\xff" + an_mp3(),
        "an ogg with a page after it": an_ogg() + SCRIPT,
        "an ogg that begins in the middle": an_ogg()[200:] or b"OggS\0",
        "an amr with a page after it": an_amr() + SCRIPT,
        "an amr of no frames": b"#!AMR\n",
    }.items():
        codes = ("broken_file", "unsupported_file")
        yield refused(name, content, *codes)
    yield refused("a voice coded oddly", wave(chunk(b"fmt ", form)), "unsupported_file")
    moving = ogg_page(2, 0, b"\x80theora" + bytes(20)) + an_ogg()
    yield refused("an ogg to look at", moving, "unsupported_file")
    yield refused("a voice called mp3", sound, "mislabelled_file", declared="audio/mpeg")


def _cut_off() -> Iterator[Hostile]:
    for name, whole in (
        ("video", a_video()),
        ("webm", a_webm(live=False)),
        ("pdf", a_pdf()),
        ("wav", a_voice()),
        ("ogg", an_ogg()),
    ):
        for n in range(1, 5):
            codes = ("broken_file", "unsupported_file")
            yield refused(f"{name} cut off after {n}/5", whole[: len(whole) * n // 5], *codes)
