"""Signatures of what neighbours send each other.

A signature is over what it is for, who sends it to whom, when, and the content. `sender`: what the
receiver calls the sender; `receiver`: what the sender calls the receiver. The two differ, so that
nothing can be sent back as if it were an answer.
"""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

BELIEVED = timedelta(minutes=5)
"""The most by which the time of a signature may differ from the receiver's."""

FROM, TO, TIME, SIGNATURE = "Jiesu-From", "Jiesu-To", "Jiesu-Time", "Jiesu-Signature"
"""The headers."""

LETTER = "letter"
PATH = "/api/v1/neighbours/letters"
FILES = "/api/v1/neighbours/files"


def receipt_of(handover: str, side: str, seq: int) -> str:
    """Return what the signature of a receipt is for."""
    return f"receipt {handover} {side} {seq}"


def file_of(handover: str, file: str) -> str:
    """Return what the signature of the request for a file is for."""
    return f"file {handover} {file}"


def signed(secret: str, purpose: str, sender: str, receiver: str, time: int, body: bytes) -> str:
    """Return the signature, in hexadecimal digits."""
    said = (
        "jiesu-neighbours-1",
        purpose,
        sender,
        receiver,
        str(time),
        hashlib.sha256(body).hexdigest(),
    )
    return hmac.digest(secret.encode(), "\n".join(said).encode(), hashlib.sha256).hex()


def is_signed(
    secrets: Iterable[str],
    purpose: str,
    sender: str,
    receiver: str,
    time: int,
    body: bytes,
    signature: str,
) -> bool:
    """Return whether it is signed with one of the secrets."""
    given = signature.encode(errors="replace")
    good = False
    for secret in secrets:
        own = signed(secret, purpose, sender, receiver, time, body)
        good |= hmac.compare_digest(own.encode(), given)
    return good


def is_of_now(time: int, now: datetime) -> bool:
    """Return whether a signature is neither too old nor of a time to come."""
    return abs(time - now.timestamp()) <= BELIEVED.total_seconds()


def headers(
    secret: str, purpose: str, sender: str, receiver: str, now: datetime, body: bytes
) -> dict[str, str]:
    """Return the headers of a request."""
    time = int(now.timestamp())
    return {
        FROM: sender,
        TO: receiver,
        TIME: str(time),
        SIGNATURE: signed(secret, purpose, sender, receiver, time, body),
    }
