"""Tests that ordinary papers are taken, although every stream of a PDF is searched."""

import tempfile
import zlib
from collections.abc import Sequence

import pytest

from media.findings import Bad
from media.pdf import examine
from tests.support.media import a_pdf

PAGE = b"1 0 0 1 72 720 cm BT /F1 12 Tf (a letter) Tj ET"
PICTURE = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 8


def _stream(says: bytes, content: bytes) -> bytes:
    return b"<<%s/Length %d>>\nstream\n" % (says, len(content)) + content + b"\nendstream"


def _examined(*objects: bytes) -> str:
    content = a_pdf(*objects)
    with tempfile.TemporaryFile() as file:
        file.write(content)
        file.flush()
        return examine(file, len(content)).media_type


ORDINARY: dict[str, Sequence[bytes]] = {
    "a packed page": [_stream(b"/Filter/FlateDecode", zlib.compress(PAGE))],
    "a page packed twice": [
        _stream(b"/Filter[/ASCIIHexDecode/FlateDecode]", zlib.compress(PAGE).hex().encode())
    ],
    "a page that is cut off": [_stream(b"/Filter/FlateDecode", zlib.compress(PAGE)[:-6])],
    "a photo after an outline": [
        b"<</Type/Outlines/First 4 0 R/Last 4 0 R/Count 1>>",
        _stream(b"/Type/XObject/Subtype/Image/Filter/DCTDecode", PICTURE),
    ],
    "a picture in grey": [
        _stream(b"/Subtype/Image/Filter/FlateDecode", zlib.compress(bytes(100_000)))
    ],
    "the word stream in a text": [b"<</Title(a stream of complaints)>>"],
}


@pytest.mark.parametrize("name", ORDINARY)
def test_an_ordinary_paper_is_taken(name: str) -> None:
    assert _examined(*ORDINARY[name]) == "application/pdf"


def test_a_script_in_a_stream_of_no_type_is_found() -> None:
    script = zlib.compress(b"9 0 <</S/JavaScript/JS(app.alert(1))>>")
    with pytest.raises(Bad) as refused:
        _examined(_stream(b"/N 1/First 4/Filter/FlateDecode", script))
    assert refused.value.code == "active_content"
