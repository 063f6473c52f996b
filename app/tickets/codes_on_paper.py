"""Single-use codes that are handed out on paper: computed from a text and the root key."""

from app.context import AppContext
from domain.canonical import spoken_code

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # pragma: allowlist secret
"""Digits and capitals without those that are taken for others."""

_LENGTH, _LONGEST = 12, 40


def drawn(context: AppContext, text: str) -> str:
    """Return the code that belongs to a text: nobody without the root key can compute it."""
    number = int(context.mark(f"code on paper/{text}"), 16)
    letters = [_LETTERS[number >> 5 * n & 31] for n in range(_LENGTH)]
    return "-".join("".join(letters[n : n + 4]) for n in range(0, _LENGTH, 4))


def mark_of(context: AppContext, code: str) -> str:
    """Return the keyed mark of a code, however it was typed."""
    return context.mark(f"on paper/{spoken_code(code[:_LONGEST])}")
