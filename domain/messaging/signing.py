"""Signatures of requests to an SMS gateway, and of its receipts."""

import hashlib
import hmac
from datetime import datetime, timedelta

VALID = timedelta(minutes=5)
"""The age at which a signed receipt is refused."""


def signature(secret: str, timestamp: str, about: str, body: bytes) -> str:
    """Return the signature of a body, of what it is about, and of when it was signed."""
    text = f"{timestamp}\n{about}\n".encode() + body
    return "v1=" + hmac.digest(secret.encode(), text, hashlib.sha256).hex()


def is_signed(
    secret: str, timestamp: str, about: str, body: bytes, given: str, now: datetime
) -> bool:
    """Return whether somebody who knows the secret signed it, of late."""
    expected = signature(secret, timestamp, about, body)
    same = hmac.compare_digest(expected.encode(), given.encode())
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) <= 12):
        return False
    return same and abs(now.timestamp() - int(timestamp)) <= VALID.total_seconds()
