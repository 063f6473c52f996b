"""Bearer tokens for staff and programs: list, issue, revoke, as `jiesu token` does."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response

from api.http.dependencies import Context
from api.http.parameters import TOKEN_MANAGER, TokenId
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.tokens import IssuedToken, TokenIn, TokenList, issue, listed, revoke
from app.context import API

router = APIRouter(prefix=f"{API}/tokens", tags=["Administration"])


_EXAMPLE: dict[str, Any] = {
    "name": "pump control",
    "role": "officer",
    "unit": "water",
    "city": "tongzhou",
    "scopes": ["act"],
    "days": 30,
}


_DOOR = ("unauthenticated", "forbidden", "scope_missing", "csrf_failed", "store_unavailable")


@router.get(
    "",
    operation_id="list_tokens",
    summary="Tokens, the latest first, without their secrets",
    response_model=TokenList,
    responses=responses(*_DOOR),
)
async def list_tokens(caller: TOKEN_MANAGER, context: Context) -> Response:
    return json_of(TokenList(items=await listed(context, caller)))


@router.post(
    "",
    operation_id="issue_token",
    summary="Issue a token; its secret is shown once",
    status_code=201,
    response_model=IssuedToken,
    responses=responses(
        *_DOOR,
        "malformed_json",
        "body_too_large",
        "invalid_request",
        "unit_missing",
        "city_missing",
        "unknown_unit",
        "unknown_city",
        "not_your_city",
        "scope_useless",
    ),
)
async def issue_token(
    caller: TOKEN_MANAGER, body: Annotated[TokenIn, Body(examples=[_EXAMPLE])], context: Context
) -> Response:
    return json_of(await issue(context, caller, body), 201)


@router.delete(
    "/{token}",
    operation_id="revoke_token",
    summary="Revoke a token at once",
    status_code=204,
    responses=responses(*_DOOR, "token_not_found", "invalid_request"),
)
async def revoke_token(token: TokenId, caller: TOKEN_MANAGER, context: Context) -> Response:
    await revoke(context, caller, token)
    return Response(status_code=204)
