"""Ticket numbers: short enough to read over the phone, and safe against a slip of the tongue.

Thirteen digits: the day (YYMMDD), six random digits and a Verhoeff check digit, which catches
every single wrong digit and every swap of neighbours. A number is no secret and no counter:
uniqueness is the intake book's to keep.
"""

import re
import secrets
import unicodedata
from datetime import date

from stdnum import verhoeff

from store.db.errors import BadNumber

_NUMBER = re.compile(r"[0-9]{13}")
_SEPARATORS = re.compile(r"[\s\-‐‑–—]+")
_LONGEST = 40


def new_number(day: date) -> str:
    """A number for a complaint filed on `day`, in the city's own calendar."""
    digits = f"{day:%y%m%d}{secrets.randbelow(1_000_000):06d}"
    return digits + str(verhoeff.calc_check_digit(digits))


def parse_number(text: str) -> str:
    """The number in `text`, which may have spaces, hyphens and full-width digits.

    Raises:
        BadNumber: it is none, or one digit of it is wrong.
    """
    # Length first: nobody's novel is normalised to learn that it is not a number.
    if len(text) > _LONGEST:
        raise BadNumber("a ticket number has 13 digits")
    digits = _SEPARATORS.sub("", unicodedata.normalize("NFKC", text))
    if not _NUMBER.fullmatch(digits):
        raise BadNumber("a ticket number has 13 digits")
    if not verhoeff.is_valid(digits):
        raise BadNumber("the check digit does not fit: a digit is wrong")
    return digits
