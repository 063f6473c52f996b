"""A file that means harm, and what may become of it."""

import io
import zipfile
from typing import NamedTuple

MARK = b"HOSTILE-7f3a"
"""In every payload: what is kept must not hold it."""

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
    """`codes`: how it may be refused. `kept`: it may be kept instead, without its payload."""

    name: str
    content: bytes
    codes: frozenset[str] = frozenset()
    kept: bool = False
    declared: str = ""


def refused(name: str, content: bytes, *codes: str, declared: str = "") -> Hostile:
    return Hostile(name, content, frozenset(codes), declared=declared)


def harmless(name: str, content: bytes) -> Hostile:
    """Kept, and what was bad about it is gone."""
    return Hostile(name, content, kept=True)


def either(name: str, content: bytes, *codes: str) -> Hostile:
    """Refused, or kept without its payload: both are fine, and which of them is the decoder's."""
    return Hostile(name, content, frozenset(codes) or REFUSED, kept=True)


def a_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("index.html", SCRIPT)
    return content.getvalue()
