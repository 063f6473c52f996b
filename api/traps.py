"""What programs fall into that fill in the citizens' form, and people never see.

A field that is hidden from people, and a signed stamp that says when the form was handed out: who
sends it within seconds did not read it.
"""

from datetime import timedelta

from itsdangerous import BadSignature

from api.door import Door
from api.problems import Problem

HONEYPOT = "website"
STAMP = "stamp"
LONGEST = 24 * 60 * 60


def stamp(door: Door, before: str = "") -> str:
    """The stamp for a form; that of `before` where the form is shown again, if it is one."""
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
    """How old the stamp is, in seconds, to the second; None where it is none."""
    signer = door.signer("form")
    try:
        _, made = signer.loads(text, max_age=LONGEST, return_timestamp=True)
    except BadSignature:
        return None
    age: timedelta = door.now() - made
    return age.total_seconds()
