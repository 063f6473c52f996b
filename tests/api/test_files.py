"""Files: taken, made a ticket's, and handed out to whoever may see them."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from PIL import Image

from domain.actors import Role
from store import files
from tests.api.house import COMPLAINT, REPLY, Filed, House, problem
from tests.support.media import a_photo, a_voice

UPLOAD = "/api/v1/files"


async def upload(
    house: House, content: bytes, headers: dict[str, str] | None = None, **params: str
) -> dict[str, Any]:
    answer = await house.http.post(UPLOAD, content=content, headers=headers, params=params)
    assert answer.status_code == 201, answer.text
    told: dict[str, Any] = answer.json()
    return told


async def listed(ticket: Filed, headers: dict[str, str]) -> list[dict[str, Any]]:
    answer = await ticket.house.http.get(f"{ticket.path}/files", headers=headers)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()
    return found


async def test_a_photo_goes_with_a_complaint_and_the_unit_sees_it(house: House) -> None:
    photo = await upload(house, a_photo((800, 600)), {"Content-Type": "image/jpeg"})
    assert (photo["kind"], photo["media_type"]) == ("photo", "image/jpeg")
    ticket = await house.file(files=[photo["reference"]])
    (seen,) = await listed(ticket, await house.officer())
    assert (seen["id"], seen["uploaded_by"]) == (photo["id"], "citizen")
    answer = await house.http.get(seen["url"])
    assert Image.open(io.BytesIO(answer.content)).size == (800, 600)
    small = await house.http.get(seen["thumbnail_url"])
    assert Image.open(io.BytesIO(small.content)).size == (320, 240)
    assert (await listed(ticket, ticket.citizen))[0]["id"] == photo["id"]
