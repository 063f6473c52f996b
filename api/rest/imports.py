"""Batches of complaints from boxes and booths, for programs."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Response
from pydantic import AfterValidator, Field, StringConstraints

from api.http.access import staff
from api.http.dependencies import Context
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.context import API
from app.imports import slips
from app.imports.slips import MOST, SlipOut
from domain.model import Incoming, Recorded
from domain.ticket.complaint import Channel, Kind, cleaned

router = APIRouter(prefix=API, tags=["Staff"])


class SlipIn(Incoming):
    """A slip, as it was written: codes or names of subject and street are found in the city."""

    text: Annotated[str, StringConstraints(max_length=20_000), AfterValidator(cleaned)] = ""
    category: Annotated[str, StringConstraints(max_length=200), AfterValidator(cleaned)] = ""
    area: Annotated[str, StringConstraints(max_length=200), AfterValidator(cleaned)] = ""
    address: Annotated[str, StringConstraints(max_length=1000), AfterValidator(cleaned)] = ""
    name: Annotated[str, StringConstraints(max_length=1000), AfterValidator(cleaned)] = ""
    phone: Annotated[str, StringConstraints(max_length=200), AfterValidator(cleaned)] = ""
    on: Annotated[str, StringConstraints(max_length=100), AfterValidator(cleaned)] = Field(
        "", description="The day that is written on it."
    )


class SlipBatchIn(Incoming):
    """A batch of slips. Each is filed by itself."""

    channel: Channel = Channel.OFFLINE
    kind: Kind = Kind.COMPLAINT
    rows: list[SlipIn] = Field(min_length=1, max_length=MOST)


class SlipBatchOut(Recorded):
    """The batch, and what became of each row, in the same order."""

    batch: str
    items: list[SlipOut]


EXAMPLE = {"rows": [{"text": "北苑街道路灯不亮。", "category": "0204", "on": "2026-03-05"}]}


@router.post(
    "/cities/{city}/slips",
    operation_id="import_complaints",
    summary="File slips from boxes and booths, up to 2,000 at once",
    response_model=SlipBatchOut,
    responses=responses(
        "malformed_json",
        "invalid_request",
        "body_too_large",
        "unauthenticated",
        "forbidden",
        "scope_missing",
        "csrf_failed",
        "too_many_requests",
        "not_your_city",
        "unknown_city",
        "idempotency_key_reused",
        "store_unavailable",
    ),
)
async def import_complaints(
    city: str,
    body: Annotated[SlipBatchIn, Body(examples=[EXAMPLE])],
    caller: Annotated[Caller, staff("import_complaints")],
    context: Context,
    idempotency_key: Annotated[
        str,
        Header(
            alias="Idempotency-Key",
            pattern=r"^[\x21-\x7e]{1,255}$",
            description="Something unguessable. The same key again is the same batch: its rows are "
            "not filed twice, and what was not filed is.",
        ),
    ],
) -> Response:
    """File each row, and answer it with its ticket or with what is wrong. A row with a fault keeps
    no other from being filed; corrected, it is sent with another key.
    """
    rows = [row.model_dump() for row in body.rows]
    batch = await slips.begin(context, caller, city, rows, body.channel, body.kind, idempotency_key)
    await slips.file_ready(context, caller, batch)
    return json_of(SlipBatchOut(batch=batch, items=await slips.outcomes(context, caller, batch)))
