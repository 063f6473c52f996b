"""Texts that a spreadsheet would compute, and how they stay texts."""

from domain.canonical import folded

_SIGNS = ("=", "+", "-", "@")
_LOOKED_AT = 64
"""The characters of a cell among which the first visible one is looked for."""

MARK = "'"
"""The sign that is put before such a text: spreadsheets then show it, and compute nothing."""


def is_formula(text: str) -> bool:
    """Return whether a spreadsheet may compute a text: it begins with a sign of formulas.

    As anybody sees it: in any width, and behind what shows nothing, which some programs drop.
    """
    if not text:
        return False
    begins = folded(text[:_LOOKED_AT])
    return text.startswith(("\t", "\r", "\n")) or begins.startswith(_SIGNS) or not begins


def as_text(text: str) -> str:
    """Return a text for a cell, marked where a spreadsheet would compute it."""
    return f"{MARK}{text}" if is_formula(text) else text


def as_written(text: str) -> str:
    """Return what `as_text` was given."""
    return text[1:] if text.startswith(MARK) and is_formula(text[1:]) else text
