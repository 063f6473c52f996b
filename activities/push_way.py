"""Web push: one sentence to the browsers that asked for it (RFC 8030, 8188, 8291, 8292).

The push service that a browser names learns neither the number nor the words: they are encrypted
for that browser. Every attempt has the delivery's id as its topic: what a push service still holds
is replaced and not shown twice.
"""

import base64
import binascii
import json
import os
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self
from urllib.parse import urlsplit

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from py_vapid import Vapid02

from activities.message_ways import Begin, NotBegun, Parcel
from domain.messaging.states import SendingOutcome, SendingResult, WayOut
from runtime.outbound import AddressRefused, Carrier, Outbound, Unreachable
from runtime.settings import Settings
from store.messaging.subscriptions import PushSubscription
from store.secrets.key_ring import KeyRing

_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""The order of P-256: private keys are the numbers from 1 up to it."""

_KEPT = timedelta(days=1)
"""The time for which a push service keeps a message for a browser that is not there."""

_SIGNED_FOR = timedelta(hours=12)
"""The validity of a signature; RFC 8292 allows a day."""


def now() -> datetime:
    return datetime.now(UTC)


def private_key(ring: KeyRing) -> ec.EllipticCurvePrivateKey:
    """Return the installation's key for push services; it stays the same through rotations."""
    number = int.from_bytes(ring.derived(b"jiesu web push"))
    return ec.derive_private_key(number % (_ORDER - 1) + 1, ec.SECP256R1())


def public_key(ring: KeyRing) -> str:
    """Return the public key that browsers subscribe with, as the Push API takes it."""
    point = private_key(ring).public_key()
    return _text(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))


class PushWay:
    """The way to browsers."""

    channel = WayOut.PUSH
    receipts = False

    def __init__(
        self,
        ring: KeyRing,
        contact: str,
        carrier: Carrier,
        clock: Callable[[], datetime] = now,
        seconds: float = 15.0,
    ) -> None:
        self._vapid = Vapid02(private_key=private_key(ring))
        self._contact, self._carrier = contact, carrier
        self._clock, self._seconds = clock, seconds

    @classmethod
    def of(cls, settings: Settings, ring: KeyRing) -> Self | None:
        """Return the way, if the settings name whom push services can write to."""
        if not settings.push_contact:
            return None
        return cls(ring, settings.push_contact, Outbound.of(settings))

    async def send(self, parcel: Parcel, begin: Begin) -> SendingOutcome:
        browsers = [PushSubscription(*one) for one in json.loads(parcel.to)]
        text = parcel.written.push(parcel.language or "zh")
        payload = json.dumps({"text": text, "url": parcel.written.link}, ensure_ascii=False)
        sealed = [(one, _sealed(one, payload.encode())) for one in browsers]
        if not await begin():
            raise NotBegun
        return _together(
            [(one.id, await self._to(one.endpoint, parcel.id, body)) for one, body in sealed]
        )

    async def _to(self, endpoint: str, topic: str, body: bytes | None) -> SendingOutcome:
        if body is None:
            return SendingOutcome(result=SendingResult.REFUSED, code="bad_key")
        try:
            reply = await self._carrier.send(
                "POST",
                endpoint,
                headers=self._headers(endpoint, topic),
                content=body,
                within=self._seconds,
            )
        except AddressRefused as error:
            return SendingOutcome(result=SendingResult.REFUSED, code=error.code)
        except Unreachable as error:
            return SendingOutcome(result=SendingResult.AWAY, code=error.code)
        return _meaning(reply.status)

    def _headers(self, endpoint: str, topic: str) -> dict[str, str]:
        where = urlsplit(endpoint)
        claims = {
            "aud": f"{where.scheme}://{where.netloc}",
            "exp": int((self._clock() + _SIGNED_FOR).timestamp()),
            "sub": self._contact,
        }
        return {
            **self._vapid.sign(claims),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(int(_KEPT.total_seconds())),
            "Topic": topic[:32],
            "Urgency": "normal",
        }

    async def ask(self, parcel_id: str) -> SendingOutcome | None:
        """Return nothing: no push service can be asked."""
        return None


def _sealed(browser: PushSubscription, payload: bytes) -> bytes | None:
    """Encrypt for a browser (RFC 8291); None if its keys are none."""
    try:
        return bytes(
            http_ece.encrypt(
                payload,
                salt=os.urandom(16),
                private_key=ec.generate_private_key(ec.SECP256R1()),
                dh=_bytes(browser.p256dh),
                auth_secret=_bytes(browser.auth),
                version="aes128gcm",
            )
        )
    except (ValueError, binascii.Error, http_ece.ECEException):
        return None


def _meaning(status: int) -> SendingOutcome:
    code = f"http_{status}"
    if 200 <= status < 300:
        return SendingOutcome(result=SendingResult.DELIVERED, code=code)
    if status in (408, 425, 429) or status >= 500:
        return SendingOutcome(result=SendingResult.AWAY, code=code)
    return SendingOutcome(result=SendingResult.REFUSED, code=code)


def _together(became: Sequence[tuple[str, SendingOutcome]]) -> SendingOutcome:
    """Return the outcome for all browsers: told, where one of them was; else the best hope left."""
    gone = tuple(which for which, one in became if one.code in ("http_404", "http_410"))
    order = (SendingResult.DELIVERED, SendingResult.AWAY, SendingResult.REFUSED)
    best = min((one for _, one in became), key=lambda one: order.index(one.result))
    # One browser's service must not hold up those of the others: only this message waits.
    if best.result is SendingResult.AWAY:
        best = SendingOutcome(result=SendingResult.LATER, code=best.code)
    return best.model_copy(update={"gone": gone})


def _text(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    plain = text.encode("ascii").rstrip(b"=")
    return base64.b64decode(plain + b"=" * (-len(plain) % 4), altchars=b"-_", validate=True)
