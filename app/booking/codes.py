"""Numbers and codes of appointments: computed from an id and the root key."""

from app.context import AppContext
from domain.canonical import spoken_code

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # pragma: allowlist secret
"""Digits and capitals without those that are taken for others."""

_NUMBER, _CODE, _LONGEST = 10, 12, 40


def number_of(context: AppContext, booking: str) -> str:
    """Return the number of an appointment, by which staff and resident talk of it."""
    return _drawn(context, f"appointment number/{booking}", _NUMBER)


def code_of(context: AppContext, number: str) -> str:
    """Return the code that, with its number, opens an appointment: 60 bits."""
    return _drawn(context, f"appointment code/{number}", _CODE)


def read(typed: str) -> str:
    """Return a number or a code in one form, however it was typed."""
    return spoken_code(typed[:_LONGEST])


def written(text: str) -> str:
    """Return a number or a code as it is shown, in groups of five or four."""
    size = 5 if len(text) == _NUMBER else 4
    return "-".join(text[start : start + size] for start in range(0, len(text), size))


def _drawn(context: AppContext, what: str, length: int) -> str:
    mark = int(context.mark(what), 16)
    return "".join(_LETTERS[mark >> 5 * n & 31] for n in range(length))
