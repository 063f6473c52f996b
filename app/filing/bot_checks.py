"""Bot checks of the citizens' form.

A field that is hidden from people, and a signed stamp of the time when the form was served: a
person would not submit it within seconds.
"""

from datetime import timedelta

from itsdangerous import BadSignature

from app.context import AppContext
from app.errors import Problem

HONEYPOT = "website"
STAMP = "stamp"
LONGEST = 24 * 60 * 60


def stamp(context: AppContext, before: str = "") -> str:
    """Return the stamp for a form; that of `before` if the form is shown again and it is valid."""
    return (
        before if _age(context, before) is not None else str(context.signer("form").dumps("form"))
    )


def check_form(context: AppContext, typed: dict[str, str]) -> None:
    """Refuse a form that no human filled in.

    Raises:
        Problem: looks_automatic. Nothing is lost: the form is shown again, and may be sent again.
    """
    check_honeypot(typed.get(HONEYPOT, ""))
    shortest = context.settings.form_seconds
    age = _age(context, typed.get(STAMP, ""))
    if shortest and (age is None or age < shortest):
        raise Problem("looks_automatic")


def check_honeypot(text: str) -> None:
    if text:
        raise Problem("looks_automatic")


def _age(context: AppContext, text: str) -> float | None:
    """Return the age of the stamp in seconds, to the second; None if it is invalid."""
    signer = context.signer("form")
    try:
        _, made = signer.loads(text, max_age=LONGEST, return_timestamp=True)
    except BadSignature:
        return None
    age: timedelta = context.now() - made
    return age.total_seconds()
