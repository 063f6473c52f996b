"""Ticket numbers: short enough to read over the phone, and safe against single mistakes.

Thirteen digits: the day (YYMMDD), six random digits and a Verhoeff check digit, which catches
every single wrong digit and every swap of neighbours. A number is no secret and no counter:
the intake register ensures that it is unique.
"""

import re
import secrets
from datetime import date

from sqlalchemy import ColumnElement
from stdnum import verhoeff

from domain.canonical import typed_number
from store.db.errors import BadNumber

_NUMBER = re.compile(r"[0-9]{13}")
_LONGEST = 80


def new_number(day: date) -> str:
    """Return a number for a complaint filed on `day`, by the city's own date."""
    return number_of(day, secrets.randbelow(1_000_000))


def number_of(day: date, drawn: int) -> str:
    """Return the number with these six digits, `drawn` being below a million."""
    digits = f"{day:%y%m%d}{drawn:06d}"
    return digits + str(verhoeff.calc_check_digit(digits))


def number_begins(number: ColumnElement[str], text: str) -> list[ColumnElement[bool]]:
    """Return the condition that `number` begins with the typed digits; none if it is no number."""
    digits = typed_number(text[:_LONGEST])
    return [number.startswith(digits, autoescape=True)] if digits.isdecimal() else []


def parse_number(text: str) -> str:
    """Return the number in `text`, however it was typed or copied.

    Raises:
        BadNumber: it is not a ticket number, or one of its digits is wrong.
    """
    # Length first, so that no long text is normalised only to be refused.
    if len(text) > _LONGEST:
        raise BadNumber("a ticket number has 13 digits")
    digits = typed_number(text)
    if not _NUMBER.fullmatch(digits):
        raise BadNumber("a ticket number has 13 digits")
    if not verhoeff.is_valid(digits):
        raise BadNumber("the check digit does not fit: a digit is wrong")
    return digits
