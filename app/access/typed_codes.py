"""Codes that people are handed, and type: computed from a text and the root key."""

from app.context import AppContext
from domain.canonical import spoken_code

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # pragma: allowlist secret
"""Digits and capitals without those that are taken for others (Crockford's base 32)."""

LONGEST_TYPED = 40


def drawn(context: AppContext, what: str, length: int) -> str:
    """Return the code that belongs to a text, with five bits for each of its letters: nobody
    without the root key can compute it."""
    number = int(context.mark(what), 16)
    return "".join(_LETTERS[number >> 5 * n & 31] for n in range(length))


def read(typed: str) -> str:
    """Return a code in one form, however it was typed."""
    return spoken_code(typed[:LONGEST_TYPED])


def grouped(code: str, size: int = 4) -> str:
    """Return a code as it is shown, in groups of so many letters."""
    return "-".join(code[start : start + size] for start in range(0, len(code), size))
