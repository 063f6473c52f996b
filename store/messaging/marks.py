"""Keyed fingerprints of recipients, and signed links that end messages to them."""

import base64
import binascii
import hashlib
import hmac
from typing import NamedTuple

from domain.messaging.states import WayOut
from store.secrets.key_ring import KeyRing
from store.secrets.vault import Person

_BYTES = 16


class SignedEnding(NamedTuple):
    """The messages that a signed link ends."""

    recipient: str
    channel: WayOut


class Marks:
    """The fingerprints: equal for one citizen's tickets, not reversible to phone or address."""

    def __init__(self, ring: KeyRing) -> None:
        self._recipients = ring.derived(b"jiesu message recipient")
        self._links = ring.derived(b"jiesu message unsubscribe")

    def recipient(self, person: Person) -> str | None:
        """Return the fingerprint of the phone, else of the e-mail address; None without either."""
        if person.phone:
            return self._mark(f"phone {person.phone}")
        if person.email:
            return self._mark(f"email {person.email.lower()}")
        return None

    def of_phone(self, phone: str) -> str:
        """Return the fingerprint of a citizen with this phone."""
        return self._mark(f"phone {phone}")

    def link(self, ending: SignedEnding) -> str:
        """Return the signed part of a link that ends messages on this channel."""
        payload = f"{ending.recipient}.{ending.channel}".encode()
        return f"{_text(payload)}.{_text(self._sign(payload))}"

    def read_link(self, text: str) -> SignedEnding | None:
        """Return what a link ends; None if it is not one of ours."""
        first, _, second = text[:200].partition(".")
        try:
            payload, signature = _bytes(first), _bytes(second)
        except (ValueError, binascii.Error):
            return None
        if not hmac.compare_digest(self._sign(payload), signature):
            return None
        recipient, _, channel = payload.decode().partition(".")
        return SignedEnding(recipient, WayOut(channel))

    def _mark(self, text: str) -> str:
        return hmac.digest(self._recipients, text.encode(), hashlib.sha256).hex()[: 2 * _BYTES]

    def _sign(self, payload: bytes) -> bytes:
        return hmac.digest(self._links, payload, hashlib.sha256)


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    plain = text.encode("ascii")
    return base64.b64decode(plain + b"=" * (-len(plain) % 4), altchars=b"-_", validate=True)
