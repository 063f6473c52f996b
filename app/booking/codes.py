"""Numbers and codes of appointments: computed from an id and the root key."""

from app.access.typed_codes import drawn, grouped
from app.context import AppContext

_NUMBER, _CODE = 10, 12


def number_of(context: AppContext, booking: str) -> str:
    """Return the number of an appointment, by which staff and resident talk of it."""
    return drawn(context, f"appointment number/{booking}", _NUMBER)


def code_of(context: AppContext, number: str) -> str:
    """Return the code that, with its number, opens an appointment: 60 bits."""
    return drawn(context, f"appointment code/{number}", _CODE)


def written(text: str) -> str:
    """Return a number or a code as it is shown."""
    return grouped(text, 5 if len(text) == _NUMBER else 4)
