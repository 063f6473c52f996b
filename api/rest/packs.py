"""City packs in use: their versions, differences between them, messages to citizens.

Packs are files: they are changed in the folder, and loaded by the next process.
"""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

from api.http.dependencies import Context
from api.http.parameters import READER
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.cities.packs import (
    DiffQuery,
    MessageTemplates,
    PackCheck,
    PackDifferences,
    PackVersions,
    checked,
    differing,
    messages,
    versions,
)
from app.context import API

router = APIRouter(prefix=f"{API}/cities/{{city}}", tags=["Administration"])

Version = Annotated[str, Field(pattern="^[0-9a-f]{12}$", examples=["0123456789ab"])]


ASKING = (
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "invalid_request",
    "unknown_city",
    "not_your_city",
    "store_unavailable",
)


@router.get(
    "/packs",
    operation_id="list_packs",
    summary="The versions of a city's pack, and how many open tickets keep each",
    response_model=PackVersions,
    responses=responses(*ASKING),
)
async def list_packs(city: str, caller: READER, context: Context) -> Response:
    return json_of(PackVersions(items=await versions(context, caller, city)))


@router.get(
    "/packs/diff",
    operation_id="diff_packs",
    summary="What differs between two versions of a city's pack",
    response_model=PackDifferences,
    responses=responses(*ASKING, "unknown_pack_version", "pack_invalid"),
)
async def diff_packs(
    city: str, caller: READER, context: Context, query: Annotated[DiffQuery, Query()]
) -> Response:
    return json_of(await differing(context, caller, city, query))


@router.get(
    "/packs/check",
    operation_id="check_pack",
    summary="What is wrong with the pack that lies in the folder now",
    response_model=PackCheck,
    responses=responses(*ASKING),
)
async def check(city: str, caller: READER, context: Context) -> Response:
    return json_of(await checked(context, caller, city))


@router.get(
    "/messages",
    operation_id="list_messages",
    summary="A city's messages to citizens, in both languages",
    response_model=MessageTemplates,
    responses=responses(*ASKING),
)
async def list_messages(city: str, caller: READER, context: Context) -> Response:
    return json_of(await messages(context, caller, city))
