"""Receipts of the SMS gateway."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from api.http.access import public
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.context import API
from app.messaging.receipts import ReceiptIn, ReceiptTaken, take_receipt

_SCHEMA = ReceiptIn.model_json_schema() | {
    "examples": [{"id": "message-0001", "status": "delivered"}]
}

router = APIRouter(prefix=API, tags=["Operation"])


@router.post(
    "/receipts/sms",
    operation_id="take_receipt",
    summary="Say what became of a text message",
    dependencies=[public("take_receipt")],
    response_model=ReceiptTaken,
    responses=responses(
        "not_found", "receipt_not_signed", "invalid_request", "body_too_large", "store_unavailable"
    ),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": _SCHEMA}},
        }
    },
)
async def receipt(
    request: Request,
    context: Context,
    timestamp: Annotated[str, Header(alias="Jiesu-Timestamp", max_length=20)] = "",
    signature: Annotated[str, Header(alias="Jiesu-Signature", max_length=100)] = "",
) -> Response:
    """Take a receipt of the gateway, signed as docs/how-to/messages.md says.

    One that comes again, or is of a message that is not known, changes nothing.
    """
    return json_of(await take_receipt(context, await request.body(), timestamp, signature))
