"""The sender of events: a registered source, by its token or its signature."""

import base64
import binascii
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from app.access import guards
from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from store.sensors import sources
from store.sensors.sources import EventSource, SourceRow

_WRONG = 30
"""The most wrong secrets from one network within ten minutes."""

SIGNED_WITHIN = timedelta(minutes=5)
"""The time by which the moment of a signature may differ from ours."""


@dataclass(frozen=True)
class SourceProof:
    """The proof that a request shows before its body is read: a token, or the id of a signer."""

    network: str
    token: str | None = None
    signed_by: str | None = None


@dataclass(frozen=True)
class Signature:
    """A signature by Standard Webhooks. `signed`: what is signed, besides id and time."""

    id: str
    timestamp: str
    values: str
    signed: bytes


async def source_of(context: AppContext, city: str, proof: SourceProof) -> SourceRow:
    """Return the source that sends, before any of its body is read. One that signs has proved
    nothing yet: see `check_signature`.

    Raises:
        Problem: unauthenticated, not_your_city, too_many_attempts, too_many_requests
        UnknownCity, StoreUnavailable
    """
    await permit(context, None, "send_events")
    if proof.token is None and proof.signed_by is None:
        raise Problem("unauthenticated", "A source shows its token, or signs what it sends.")
    context.packs.get(city)
    found = await _named(context, proof)
    row = await guards.opened(
        context, "event-source", proof.network, _WRONG, found, "unauthenticated"
    )
    if row.source.city != city:
        raise Problem("not_your_city")
    wait = context.events.wait_of(row.source.id, context.now())
    if wait is not None and not row.source.signs:
        raise too_many(wait)
    return row


async def _named(context: AppContext, proof: SourceProof) -> SourceRow | None:
    if proof.token is not None:
        claimed = sources.id_of_token(proof.token)
        row = await sources.find(context.store, claimed) if claimed else None
        right = row is not None and row.has_token(proof.token, context.now())
        return row if right else None
    row = await sources.find(context.store, proof.signed_by or "")
    return row if row is not None and row.source.signs else None


async def check_signature(
    context: AppContext, row: SourceRow, proof: SourceProof, signature: Signature
) -> None:
    """Refuse what a source that signs has not signed, or not lately.

    Raises:
        Problem: unauthenticated, too_many_attempts, too_many_requests
    """
    await permit(context, None, "send_events")
    if not row.source.signs:
        return
    now = context.now()
    right = _is_recent(signature.timestamp, now) and any(
        _has_signed(key, signature) for key in row.keys(context.vault.ring, now)
    )
    await guards.opened(
        context, "event-source", proof.network, _WRONG, row if right else None, "unauthenticated"
    )
    if (wait := context.events.wait_of(row.source.id, now)) is not None:
        raise too_many(wait)


def _is_recent(timestamp: str, now: datetime) -> bool:
    if not timestamp.isdecimal() or len(timestamp) > 12:
        return False
    return abs(now.timestamp() - int(timestamp)) <= SIGNED_WITHIN.total_seconds()


def _has_signed(key: bytes, signature: Signature) -> bool:
    head = f"{signature.id}.{signature.timestamp}.".encode("utf-8", "replace")
    expected = hmac.digest(key, head + signature.signed, sha256)
    # All are compared, so that the time says nothing of which one was nearly right.
    right = [hmac.compare_digest(expected, given) for given in _given(signature.values)]
    return any(right)


def _given(values: str) -> Iterable[bytes]:
    for value in values.split()[:5]:
        version, _, encoded = value.partition(",")
        if version != "v1":
            continue
        try:
            yield base64.b64decode(encoded, validate=True)
        except (binascii.Error, ValueError):
            continue


def too_many(wait: timedelta) -> Problem:
    """Return the refusal of a source that has sent too much."""
    seconds = max(1, round(wait.total_seconds()))
    return Problem("too_many_requests", headers={"Retry-After": str(seconds)})


async def allowed_origin(
    context: AppContext, city: str, origin: str, proof: SourceProof
) -> EventSource:
    """Return the source that may send from an origin: its own, or one that shows its token.

    Raises:
        Problem: origin_not_allowed, unauthenticated, not_your_city, too_many_attempts
        UnknownCity, StoreUnavailable
    """
    await permit(context, None, "ask_to_send_events")
    context.packs.get(city)
    if proof.token is not None:
        return (await source_of(context, city, proof)).source
    found = await sources.of_origin(context.store, city, origin)
    if found is None:
        raise Problem("origin_not_allowed")
    return found
