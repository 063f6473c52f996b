"""Codes of invitations, as people read them out and type them."""

from string import ascii_uppercase, digits

from app.context import AppContext
from domain.canonical import spoken_code

_LETTERS = "".join(one for one in digits + ascii_uppercase if one not in "ILOU")
"""The letters of a code: without those that are taken for others."""
_LENGTH = 12


def drawn(context: AppContext, text: str) -> str:
    """Return the code that belongs to a text: nobody without the root key can compute it."""
    number = int(context.mark(f"council invitation/{text}"), 16)
    letters = [_LETTERS[number >> 5 * n & 31] for n in range(_LENGTH)]
    return "-".join("".join(letters[n : n + 4]) for n in range(0, _LENGTH, 4))


def mark_of(context: AppContext, code: str) -> str:
    """Return the mark of a code, however it was typed."""
    return context.mark(f"invited/{spoken_code(code)}")
