"""The vault: the citizens' personal data, encrypted, and the access codes of tickets.

Each purpose has a key of its own from the key ring. The database without the ring reveals no name,
no phone and no access code.
"""

import hashlib
import hmac
import json
import re
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from domain.canonical import says_nothing, typed_code, typed_number
from domain.model import Incoming
from domain.ticket.complaint import cleaned
from store.secrets.key_ring import KeyRing
from store.secrets.phones import normal_phone

_CODE_DIGITS = 8
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_LONGEST = 80
_PURPOSE = b"jiesu person seal"


def _email(text: str) -> str:
    text = typed_code(text)
    if not _EMAIL.fullmatch(text):
        raise ValueError("not an e-mail address")
    return text


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and says_nothing(value) else value


_Blank = BeforeValidator(_none_if_blank)
_Name = Annotated[str, StringConstraints(max_length=100), AfterValidator(cleaned)]
_Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(normal_phone)]
_Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email)]
_Address = Annotated[str, StringConstraints(max_length=200), AfterValidator(cleaned)]
_Device = Annotated[str, StringConstraints(max_length=200), AfterValidator(cleaned)]


class ContactDetails(Incoming):
    """A citizen's name and how to reach them, as far as given."""

    name: Annotated[_Name | None, _Blank] = None
    phone: Annotated[_Phone | None, _Blank] = None
    email: Annotated[_Email | None, _Blank] = None


class Person(ContactDetails):
    """The personal data of a citizen, as far as given. Stored in the vault and nowhere else.

    `address` is the exact home address; `device` identifies a phone to a mini-program or an app.
    """

    address: Annotated[_Address | None, _Blank] = None
    device: Annotated[_Device | None, _Blank] = None

    @property
    def fields(self) -> list[str]:
        """The names of the fields that are given."""
        return list(self.model_dump(exclude_none=True))

    @property
    def has_values(self) -> bool:
        """True if any field is given."""
        return bool(self.fields)


class Vault:
    """The encryption of persons, and the access codes of tickets.

    The id of the key precedes each ciphertext: old keys decrypt, the current one encrypts.
    """

    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self._phones = ring.derived(b"jiesu phone hash")
        self._codes = ring.derived(b"jiesu access code")

    def encrypt(self, person_id: str, person: Person) -> bytes:
        """Encrypt `person`; decrypting it requires the same `person_id`."""
        plain = person.model_dump_json(exclude_none=True).encode()
        return self.ring.encrypt(_PURPOSE, plain, person_id.encode())

    def decrypt(self, person_id: str, encrypted: bytes) -> Person:
        """Decrypt what `encrypt` encrypted.

        Raises:
            BadKey: encrypted with another key, under another id, or changed since.
        """
        plain = self.ring.decrypt(_PURPOSE, encrypted, person_id.encode())
        # Not validated again: it was when encrypted, and rules may have become stricter since.
        return Person.model_construct(**json.loads(plain))

    def phone_hash(self, phone: str) -> str:
        """Return the keyed hash of a phone, however written, to find a citizen's tickets."""
        return hmac.digest(self._phones, normal_phone(phone).encode(), hashlib.sha256).hex()

    def access_code(self, number: str, generation: int = 0) -> str:
        """Return the eight digits that, with its number, let the citizen see a ticket.

        `generation`: how often it was replaced.
        """
        which = f"{number}/{generation}" if generation else number
        digest = hmac.digest(self._codes, which.encode(), hashlib.sha256)
        return f"{int.from_bytes(digest) % 10**_CODE_DIGITS:0{_CODE_DIGITS}d}"

    def check_access_code(self, number: str, code: str, generation: int = 0) -> bool:
        """Return whether `code` is the ticket's, in constant time, however it was typed."""
        text = typed_number(code[:_LONGEST])
        return hmac.compare_digest(self.access_code(number, generation).encode(), text.encode())
