"""Receipts of the SMS gateway: signed, each recorded once."""

import re
from typing import Literal

import structlog
from pydantic import ConfigDict, Field, ValidationError, field_validator

from activities.message_gateways import ways_of
from app.context import AppContext
from app.errors import Problem
from app.messaging.outbox import composer_of
from domain.messaging.signing import is_signed
from domain.messaging.states import SendingOutcome, SendingResult, WayOut
from domain.model import Incoming, Recorded
from domain.pack.pack import UnknownInPack
from packs.registry import PackError, UnknownCity
from store.messaging import deliveries, endings, notices

logger = structlog.stdlib.get_logger("jiesu.api")

_REASON = r"^[0-9A-Za-z_.-]*$"
_ABOUT = "receipt"
"""The subject of a receipt's signature: a signed request cannot be sent back as one."""


class ReceiptIn(Incoming):
    """The end of a message. `id`: the one that it was sent with.

    What else a gateway says is left out; so is a reason that is no code, in which people may be.
    """

    model_config = ConfigDict(extra="ignore")

    id: str = Field(max_length=64, examples=["0f8c1a6b2d3e4f5061728394a5b6c7d8"])
    status: Literal["delivered", "failed"]
    reason: str = Field("", max_length=40, pattern=_REASON)

    @field_validator("reason", mode="before")
    @classmethod
    def _a_code(cls, value: object) -> object:
        said = value.strip() if isinstance(value, str) else ""
        return said if len(said) <= 40 and re.fullmatch(_REASON, said) else ""


class ReceiptTaken(Recorded):
    """`recorded`: False for one that says nothing new, or of a message that is not known."""

    recorded: bool


async def take_receipt(
    context: AppContext, body: bytes, timestamp: str, signature: str
) -> ReceiptTaken:
    """Record what became of a message, the first time it is said.

    Raises:
        Problem: not_found, without a gateway; receipt_not_signed; invalid_request
    """
    secret = context.settings.sms_secret
    if secret is None:
        raise Problem("not_found")
    key = secret.get_secret_value()
    if not is_signed(key, timestamp, _ABOUT, body, signature, context.now()):
        logger.warning("receipt refused")
        raise Problem("receipt_not_signed")
    try:
        receipt = ReceiptIn.model_validate_json(body)
    except ValidationError as error:
        raise Problem("invalid_request") from error
    return ReceiptTaken(recorded=await _record(context, receipt))


async def _record(context: AppContext, receipt: ReceiptIn) -> bool:
    known = await deliveries.get(context.store, receipt.id)
    if known is None or known.channel is not WayOut.SMS:
        return False
    others: tuple[WayOut, ...] = ()
    if receipt.status == "failed":
        told = await notices.get(context.store, known.notice)
        if told is not None:
            try:
                ways = ways_of(context.settings, context.vault.ring)
                others = tuple(await composer_of(context).others(told, ways.keys()))
            except (PackError, UnknownCity, UnknownInPack):
                others = ()
    arrived = receipt.status == "delivered"
    outcome = SendingOutcome(
        result=SendingResult.DELIVERED if arrived else SendingResult.REFUSED,
        code="receipt" if arrived else f"receipt_{receipt.reason or 'failed'}",
    )
    return await endings.receipt(context.store, known.id, outcome, others, context.now())
