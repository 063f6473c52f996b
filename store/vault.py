"""The vault: who complained, sealed with AES-GCM; and the access codes of tickets.

Everything is derived from one master key, each purpose with a key of its own (HKDF). Whoever
has the database without the master key reads no name, no phone and no access code.
"""

import hashlib
import hmac
import json
import re
import secrets
import unicodedata
from typing import Annotated

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import AfterValidator, BeforeValidator, StringConstraints

from domain.complaint import clean_text
from domain.model import Incoming
from store.errors import BadKey
from store.keys import KEY_BYTES

_NONCE_BYTES = 12
_CODE_DIGITS = 8
_PHONE = re.compile(r"\+?[0-9]{3,20}(x[0-9]{1,6})?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_BETWEEN_DIGITS = re.compile(r"[\s\-‐‑–—().·]+")
_CHINA = re.compile(r"(\+|00)86(?=1[0-9]{10}$)")


def normal_phone(text: str) -> str:
    """`text` as digits, with a leading + if it had one, and an extension after x.

    A mainland mobile loses its country code, so that one phone has one form.

    Raises:
        ValueError: it cannot be a phone.
    """
    plain = unicodedata.normalize("NFKC", text).lower()
    plain = re.sub(r"转|分机|ext\.?|#", "x", plain)
    plain = _CHINA.sub("", _BETWEEN_DIGITS.sub("", plain))
    if not _PHONE.fullmatch(plain):
        raise ValueError("not a phone number")
    return plain


def _email(text: str) -> str:
    if not _EMAIL.fullmatch(text):
        raise ValueError("not an e-mail address")
    return text


def _none_if_blank(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


_Blank = BeforeValidator(_none_if_blank)
_Name = Annotated[str, StringConstraints(max_length=100), AfterValidator(clean_text)]
_Phone = Annotated[str, StringConstraints(max_length=40), AfterValidator(normal_phone)]
_Email = Annotated[str, StringConstraints(max_length=254), AfterValidator(_email)]
_Address = Annotated[str, StringConstraints(max_length=200), AfterValidator(clean_text)]


class Person(Incoming):
    """A citizen, as far as they told us who they are. Kept in the vault and nowhere else."""

    name: Annotated[_Name | None, _Blank] = None
    phone: Annotated[_Phone | None, _Blank] = None
    email: Annotated[_Email | None, _Blank] = None
    address: Annotated[_Address | None, _Blank] = None

    @property
    def told(self) -> bool:
        """Whether there is anything to keep."""
        return any((self.name, self.phone, self.email, self.address))


class Vault:
    """Seals and opens persons, and knows every ticket's access code.

    `key_id` is written before whatever is sealed, so that keys can be changed one day.
    """

    def __init__(self, key: bytes, key_id: int = 1) -> None:
        if len(key) != KEY_BYTES:
            raise BadKey(f"the master key needs {KEY_BYTES} bytes")
        self._prefix = bytes([key_id])
        self._aes = AESGCM(_derived(key, b"jiesu person seal"))
        self._phones = _derived(key, b"jiesu phone hash")
        self._codes = _derived(key, b"jiesu access code")

    def seal(self, person_id: str, person: Person) -> bytes:
        """`person`, sealed; can be opened only under the same `person_id`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        plain = person.model_dump_json(exclude_none=True).encode()
        return self._prefix + nonce + self._aes.encrypt(nonce, plain, self._bound(person_id))

    def open(self, person_id: str, sealed: bytes) -> Person:
        """What `seal` sealed.

        Raises:
            BadKey: sealed with another key, under another id, or changed since.
        """
        if sealed[:1] != self._prefix:
            raise BadKey("sealed with another key")
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            plain = self._aes.decrypt(nonce, body, self._bound(person_id))
        except (InvalidTag, ValueError) as error:
            raise BadKey("sealed with another key, or changed since") from error
        # Trusted: it was validated when sealed, and rules may have become stricter since.
        return Person.model_construct(**json.loads(plain))

    def phone_hash(self, phone: str) -> str:
        """The same for the same phone, however written: finds a citizen's tickets again."""
        return hmac.digest(self._phones, normal_phone(phone).encode(), hashlib.sha256).hex()

    def access_code(self, number: str) -> str:
        """The eight digits that, with its number, open a ticket to its citizen."""
        digest = hmac.digest(self._codes, number.encode(), hashlib.sha256)
        return f"{int.from_bytes(digest) % 10**_CODE_DIGITS:0{_CODE_DIGITS}d}"

    def check_access_code(self, number: str, code: str) -> bool:
        """Whether `code` is the ticket's, spaces and hyphens aside; takes the same time always."""
        told = _BETWEEN_DIGITS.sub("", unicodedata.normalize("NFKC", code[:40]))
        return hmac.compare_digest(self.access_code(number).encode(), told.encode())

    def _bound(self, person_id: str) -> bytes:
        return self._prefix + person_id.encode()


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(key)
