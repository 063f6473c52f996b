"""Text messages through a gateway over signed HTTP, or through a vendor's plug-in.

Every request has the delivery's id as its key, and a gateway sends one key once: what was not
answered is asked for, and sent again with the same key where the gateway does not know it.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Any, Self, cast
from urllib.parse import quote

from activities.message_ways import Begin, NotBegun, Parcel, Way
from domain.messaging.addresses import sms_number
from domain.messaging.signing import signature
from domain.messaging.states import SendingOutcome, SendingResult, WayOut
from runtime.outbound import AddressRefused, HttpReply, Outbound, Unreachable
from runtime.settings import Settings

PLUGINS = "jiesu.sms"
"""The group of entry points of vendors' plug-ins: each is called with the settings, and returns a
way (`activities.message_ways.Way`)."""

_WAITS = {408, 425, 429}
_STATES = {
    "accepted": SendingResult.ACCEPTED,
    "delivered": SendingResult.DELIVERED,
    "refused": SendingResult.REFUSED,
    "failed": SendingResult.REFUSED,
}


def now() -> datetime:
    return datetime.now(UTC)


class GatewayWay:
    """The way by a gateway that takes signed requests."""

    channel = WayOut.SMS
    receipts = True

    def __init__(
        self,
        url: str,
        secret: str,
        outbound: Outbound,
        clock: Callable[[], datetime] = now,
        seconds: float = 15.0,
    ) -> None:
        self._url, self._secret, self._seconds = url.rstrip("/"), secret, seconds
        self._outbound, self._clock = outbound, clock

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the way that the settings name, if they do."""
        if not settings.sms_url or settings.sms_secret is None:
            return None
        secret = settings.sms_secret.get_secret_value()
        return cls(settings.sms_url, secret, Outbound.of(settings))

    async def send(self, parcel: Parcel, begin: Begin) -> SendingOutcome:
        to = sms_number(parcel.to)
        if to is None:
            return SendingOutcome(result=SendingResult.REFUSED, code="no_mobile")
        text = parcel.written.sms(parcel.language or "zh")
        body = json.dumps(
            {"id": parcel.id, "to": to, "text": text, "from": parcel.sender_name},
            ensure_ascii=False,
        ).encode()
        if not await begin():
            raise NotBegun
        try:
            reply = await self._outbound.send(
                "POST",
                self._url,
                headers=self._headers(parcel.id, body),
                content=body,
                within=self._seconds,
            )
        except (AddressRefused, Unreachable) as error:
            return SendingOutcome(result=SendingResult.AWAY, code=error.code)
        return _meaning(reply)

    async def ask(self, parcel_id: str) -> SendingOutcome | None:
        url = f"{self._url}/{quote(parcel_id, safe='')}"
        try:
            reply = await self._outbound.send(
                "GET", url, headers=self._headers(parcel_id, b""), within=self._seconds
            )
        except (AddressRefused, Unreachable) as error:
            return SendingOutcome(result=SendingResult.AWAY, code=error.code)
        if reply.status == 404:  # it never arrived: sent again, with the same key
            return SendingOutcome(result=SendingResult.LATER, code="not_known_there")
        if reply.status in (405, 501):  # it does not say, but sends one key once
            return SendingOutcome(result=SendingResult.LATER, code="sent_again")
        return _meaning(reply)

    def _headers(self, about: str, body: bytes) -> Mapping[str, str]:
        timestamp = str(int(self._clock().timestamp()))
        return {
            "Content-Type": "application/json",
            "Idempotency-Key": about,
            "Jiesu-Timestamp": timestamp,
            "Jiesu-Signature": signature(self._secret, timestamp, about, body),
        }


def _meaning(reply: HttpReply) -> SendingOutcome:
    """Return what an answer means. What is no sense in a good one is left to the receipt."""
    status = reply.status
    if status in _WAITS or status >= 500 or status in (401, 403, 404):
        return SendingOutcome(result=SendingResult.AWAY, code=f"http_{status}")
    if status == 409:  # the key is being worked on
        return SendingOutcome(result=SendingResult.LATER, code="http_409")
    if not 200 <= status < 300:
        return SendingOutcome(result=SendingResult.REFUSED, code=f"http_{status}")
    said = _json(reply.body)
    result = _STATES.get(str(said.get("status", "accepted")), SendingResult.ACCEPTED)
    vendor_id = said.get("id")
    return SendingOutcome(
        result=result,
        code=f"http_{status}",
        vendor_id=str(vendor_id)[:100] if isinstance(vendor_id, str | int) else None,
    )


def _json(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


class NoSuchVendor(ValueError):
    """A vendor of the settings whose plug-in is not installed."""


def sms_way(settings: Settings) -> Way | None:
    """Return the way that the settings name: the gateway's, or a plug-in's.

    Raises:
        NoSuchVendor
    """
    if settings.sms_vendor == "http":
        return GatewayWay.of(settings)
    for found in entry_points(group=PLUGINS, name=settings.sms_vendor):
        return cast(Way, found.load()(settings))
    raise NoSuchVendor(f"no plug-in {settings.sms_vendor!r} of {PLUGINS} is installed")
