"""Masks: as much of a person as helps to recognise them, and too little to find them.

A masked value says how long the real one is nowhere: what is left out is always four stars, in a
name one per sign.
"""

from domain.model import Recorded
from store.secrets.vault import Person

_STARS = "****"
_SHORT = 7
"""Digits of a phone below which only the last two are shown."""


class MaskedPerson(Recorded):
    """Who complained, as everybody who may see the ticket sees it: 138****5678, 王**."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    device: str | None = None


def masked(person: Person) -> MaskedPerson:
    """The person behind a mask. What was not told is None there, too."""
    return MaskedPerson(
        name=person.name and masked_name(person.name),
        phone=person.phone and masked_phone(person.phone),
        email=person.email and masked_email(person.email),
        address=person.address and masked_address(person.address),
        device=person.device and _STARS,
    )


def masked_name(name: str) -> str:
    """The family name: 王**. Of a name in several words the first letter: J****."""
    first = name[0]
    if first.isascii():
        return first + _STARS
    return first + "*" * max(1, len(name) - 1)


def masked_phone(phone: str) -> str:
    """138****5678: the first three and the last four; of a short one the last two."""
    number = phone.partition("x")[0]
    if len(number) <= _SHORT:
        return _STARS + number[-2:]
    return number[:3] + _STARS + number[-4:]


def masked_email(email: str) -> str:
    """a****@example.org"""
    return email[0] + _STARS + "@" + email.rpartition("@")[2]


def masked_address(address: str) -> str:
    """The beginning, which names the district or street, without building and door."""
    return address[: min(6, len(address) // 2)] + _STARS
