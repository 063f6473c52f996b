"""Masks: enough of a person's data to recognise them, and too little to find them.

A masked value does not show how long the real one is: what is left out is always four stars, in a
Chinese name one per character.
"""

from domain.model import Recorded
from store.secrets.vault import Person

_STARS = "****"
_SHORT = 7
"""The digits of a phone up to which only the last two are shown."""


class MaskedPerson(Recorded):
    """The citizen as shown to everybody who may see the ticket: 138****5678, 王**."""

    name: str | None = None
    phone: str | None = None
    email: str | None = None
    address: str | None = None
    device: str | None = None


def masked(person: Person) -> MaskedPerson:
    """Return the masked person. A value that was not given stays None."""
    return MaskedPerson(
        name=person.name and masked_name(person.name),
        phone=person.phone and masked_phone(person.phone),
        email=person.email and masked_email(person.email),
        address=person.address and masked_address(person.address),
        device=person.device and _STARS,
    )


def masked_name(name: str) -> str:
    """Return the family name: 王**; of a name in Latin letters the first one: J****."""
    first = name[0]
    if first.isascii():
        return first + _STARS
    return first + "*" * max(1, len(name) - 1)


def masked_phone(phone: str) -> str:
    """Return the first three and the last four: 138****5678; of a short one the last two."""
    number = phone.partition("x")[0]
    if len(number) <= _SHORT:
        return _STARS + number[-2:]
    return number[:3] + _STARS + number[-4:]


def masked_email(email: str) -> str:
    """Return the first letter and the domain: a****@example.org."""
    return email[0] + _STARS + "@" + email.rpartition("@")[2]


def masked_address(address: str) -> str:
    """Return the beginning, which names the district or street, without house number."""
    return address[: min(6, len(address) // 2)] + _STARS
