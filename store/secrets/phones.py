"""Phone numbers in one form, however they were written, so that a keyed hash finds them again."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from domain.canonical import folded, typed_number

HOME = "CN"
"""The region of a number without a country code."""

_PHONE = re.compile(r"\+?[0-9]{3,20}(x[0-9]{1,6})?")
_EXTENSION = re.compile(r"转|分机|ext\.?|#")


def normal_phone(text: str, home: str = HOME) -> str:
    """Return `text` as digits: national at home, else + and country code; extension after x.

    A number of no numbering plan (a short code, an unassigned block) keeps the digits it was
    written with.

    Raises:
        ValueError: it cannot be a phone.
    """
    plain = typed_number(_EXTENSION.sub("x", folded(text)))
    if not _PHONE.fullmatch(plain):
        raise ValueError("not a phone number")
    number = _number(plain, home)
    if number is None:
        return plain
    extension = f"x{number.extension}" if number.extension else ""
    if number.country_code != phonenumbers.country_code_for_region(home):
        number.extension = None
        return phonenumbers.format_number(number, PhoneNumberFormat.E164) + extension
    number.extension = None
    dialled = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    return re.sub(r"\D", "", dialled) + extension


def _number(plain: str, home: str) -> PhoneNumber | None:
    international = re.sub(r"^00(?=[1-9])", "+", plain)
    try:
        number = phonenumbers.parse(international, home)
    except NumberParseException:
        return None
    return number if phonenumbers.is_valid_number(number) else None
