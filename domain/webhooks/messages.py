"""The messages of webhooks: their content, their signatures, and when one is tried again.

The signatures are those of the Standard Webhooks specification (v1): receivers verify them with any
of its libraries.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from domain.webhooks.changes import ChangeStatus, TicketChange

PREFIX = "whsec_"
TYPE = "jiesu.ticket"
TEST = "jiesu.test"
_SECRET_BYTES = 32

OVERLAP = timedelta(days=1)
"""The time for which the secret before stays valid after a rotation."""

GIVEN_UP_AFTER = timedelta(days=3)
"""The time for which a message may fail before its subscription is disabled."""

_PAUSES = tuple(
    timedelta(seconds=seconds) for seconds in (1, 5, 30, 120, 600, 1800, 3600, 2 * 3600)
)
_LONGEST_ASKED = timedelta(hours=1)


def new_secret() -> str:
    """Return a secret for signatures, as the receiver keeps it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(message: str, body: bytes, now: datetime, keys: Iterable[str]) -> dict[str, str]:
    """Return the headers of a message: its id, its time, and a signature by each secret."""
    sent_at = str(int(now.timestamp()))
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": sent_at,
        "webhook-signature": " ".join(_signature(key, message, sent_at, body) for key in keys),
    }


def _signature(secret: str, message: str, sent_at: str, body: bytes) -> str:
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except binascii.Error as error:
        raise ValueError("not a secret for signatures") from error
    content = f"{message}.{sent_at}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()


def body_of(change: TicketChange) -> bytes:
    """Return the message of a change: an object with the attributes of a CloudEvent."""
    ends = "" if change.what is ChangeStatus.HAPPENED else f".{change.what}"
    kind = f"{TYPE}.{change.kind or 'event'}{ends}"
    data = change.model_dump(mode="json", exclude={"id"})
    return _written(change.id, kind, change.city, change.number, change.at, data)


def body_of_test(message: str, now: datetime) -> bytes:
    """Return the message of a test, which is about no ticket."""
    return _written(message, TEST, "", "test", now, {})


def _written(
    message: str, kind: str, city: str, subject: str, at: datetime, data: dict[str, object]
) -> bytes:
    event = {
        "specversion": "1.0",
        "id": message,
        "source": f"/api/v1/cities/{city}" if city else "/api/v1",
        "type": kind,
        "subject": subject,
        "time": at.isoformat().replace("+00:00", "Z"),
        "datacontenttype": "application/json",
        "data": data,
    }
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()


def pause_after(attempts: int, asked: timedelta | None = None) -> timedelta:
    """Return how long to wait after so many failed attempts; `asked`: by the receiver."""
    pause = _PAUSES[min(attempts, len(_PAUSES)) - 1]
    return max(pause, min(asked, _LONGEST_ASKED)) if asked is not None else pause
