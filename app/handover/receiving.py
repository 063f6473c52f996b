"""Letters of neighbouring cities: proved, then applied once."""

import hashlib
import json
from collections.abc import AsyncIterator, Mapping

import structlog
from pydantic import ValidationError

from app.access.permission import permit
from app.context import AppContext
from app.errors import Problem
from app.handover.views import cipher_of
from domain.handover import signing
from domain.handover.envelopes import HandoverEnvelope
from domain.handover.handover import HandoverKey, HandoverSide, HandoverState
from domain.handover.steps import Unexpected
from store.files import files
from store.handover import handovers, neighbours
from store.handover.handovers import OutOfOrder
from store.handover.neighbours import Neighbour, Secrets

logger = structlog.stdlib.get_logger("jiesu.api")

_NOBODY = Secrets(hashlib.sha256(b"nobody shares this").hexdigest())


async def receive_letter(
    context: AppContext, headers: Mapping[str, str], body: bytes
) -> tuple[bytes, dict[str, str]]:
    """Apply a letter, and return a signed receipt with its headers. The same again is no matter.

    Raises:
        Problem: letter_refused: not signed by a neighbour of ours; letter_too_old;
            letter_unexpected: it says what may not be said now; letter_out_of_order: others are
            missing before it.
    """
    await permit(context, None, "send_letter")
    known, shared = await _proved(context, headers, signing.LETTER, body)
    try:
        envelope = HandoverEnvelope.model_validate_json(body)
        new = await handovers.receive(
            context.store, cipher_of(context), known.code, known.city, envelope
        )
    except OutOfOrder:
        raise Problem("letter_out_of_order") from None
    except (ValidationError, Unexpected) as error:
        logger.warning("unexpected letter", neighbour=known.code, error=type(error).__name__)
        raise Problem("letter_unexpected") from None
    receipt = json.dumps({"new": new}).encode()
    purpose = signing.receipt_of(envelope.handover, envelope.side.value, envelope.seq)
    signed = signing.headers(
        shared.present, purpose, known.known_as, known.code, context.now(), receipt
    )
    return receipt, signed


async def file_for_neighbour(
    context: AppContext, headers: Mapping[str, str], handover: str, file: str
) -> AsyncIterator[bytes]:
    """Return the content of a file that went along with what a neighbour has.

    Raises:
        Problem: letter_refused, letter_too_old; not_found: not one of those, or not theirs
        ObjectsUnavailable
    """
    await permit(context, None, "send_letter")
    known, _ = await _proved(context, headers, signing.file_of(handover, file), b"")
    key = HandoverKey(known.code, HandoverSide.OUT, handover)
    told = await handovers.get(context.store, cipher_of(context), key)
    if told is None or told.words is None or told.handover.state is not HandoverState.TAKEN:
        raise Problem("not_found")
    row = await files.get(context.store, file)
    offered = {one.id for one in told.words.files}
    if row is None or file not in offered or row.number != told.handover.number:
        raise Problem("not_found")
    try:
        return await context.uploads.objects.get(row.key)
    except KeyError:
        raise Problem("not_found") from None


async def _proved(
    context: AppContext, headers: Mapping[str, str], purpose: str, body: bytes
) -> tuple[Neighbour, Secrets]:
    """Return the neighbour that signed a request, with the secrets shared with it.

    An unknown neighbour is answered like a wrong signature, and costs as much.

    Raises:
        Problem: letter_refused, letter_too_old
    """
    code, signature = headers.get(signing.FROM, ""), headers.get(signing.SIGNATURE, "")
    stamp = headers.get(signing.TIME, "")
    time = int(stamp) if stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12 else 0
    known = await neighbours.get(context.store, code)
    shared = await neighbours.secrets_of(context.store, cipher_of(context), code)
    receiver = known.known_as if known else ""
    good = signing.is_signed(
        (shared or _NOBODY).good, purpose, code, receiver, time, body, signature
    )
    if known is None or shared is None or not good or headers.get(signing.TO, "") != receiver:
        logger.warning("letter refused", known=known is not None)
        raise Problem("letter_refused")
    if not signing.is_of_now(time, context.now()):
        raise Problem("letter_too_old")
    return known, shared
