"""Bot checks of the citizens' form.

A field that is hidden from people, and a signed stamp of the time when the form was served: a
person would not submit it within seconds.
"""

from datetime import timedelta

from itsdangerous import BadSignature

from app.context import Door
from app.errors import Problem

HONEYPOT = "website"
STAMP = "stamp"
LONGEST = 24 * 60 * 60


def stamp(door: Door, before: str = "") -> str:
    """Return the stamp for a form; that of `before` if the form is shown again and it is valid."""
    return before if _age(door, before) is not None else str(door.signer("form").dumps("form"))


def check_form(door: Door, typed: dict[str, str]) -> None:
    """Refuse a form that no human filled in.

    Raises:
        Problem: looks_automatic. Nothing is lost: the form is shown again, and may be sent again.
    """
    check_honeypot(typed.get(HONEYPOT, ""))
    shortest = door.settings.form_seconds
    age = _age(door, typed.get(STAMP, ""))
    if shortest and (age is None or age < shortest):
        raise Problem("looks_automatic")


def check_honeypot(said: str) -> None:
    if said:
        raise Problem("looks_automatic")


def _age(door: Door, text: str) -> float | None:
    """Return the age of the stamp in seconds, to the second; None if it is invalid."""
    signer = door.signer("form")
    try:
        _, made = signer.loads(text, max_age=LONGEST, return_timestamp=True)
    except BadSignature:
        return None
    age: timedelta = door.now() - made
    return age.total_seconds()
