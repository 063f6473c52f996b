"""A hostile file and its permitted outcomes."""

import io
import zipfile
from typing import NamedTuple

MARK = b"HOSTILE-7f3a"
"""The marker in every payload, which no stored file may contain."""

SCRIPT = b"<script>alert('" + MARK + b"')</script>"

REFUSED = frozenset(
    {
        "empty_file",
        "unsupported_file",
        "mislabelled_file",
        "broken_file",
        "active_content",
        "picture_too_large",
        "file_too_complex",
    }
)


class Hostile(NamedTuple):
    """A hostile file. `codes`: permitted refusals. `kept`: may be stored without its payload."""

    name: str
    content: bytes
    codes: frozenset[str] = frozenset()
    kept: bool = False
    declared: str = ""


def refused(name: str, content: bytes, *codes: str, declared: str = "") -> Hostile:
    return Hostile(name, content, frozenset(codes), declared=declared)


def harmless(name: str, content: bytes) -> Hostile:
    """Return a file that is stored without its harmful content."""
    return Hostile(name, content, kept=True)


def either(name: str, content: bytes, *codes: str) -> Hostile:
    """Return a file that may be refused, or stored without its payload, as the decoder decides."""
    return Hostile(name, content, frozenset(codes) or REFUSED, kept=True)


def a_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.html", SCRIPT)
    return content.getvalue()
