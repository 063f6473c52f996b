"""The accounts of others: routes to list, create, change, close and reopen them."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Response

from api.http.dependencies import Context
from api.http.parameters import ACCOUNT_MANAGER, AccountId
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access import accounts
from app.access.accounts import (
    AccountIn,
    AccountLine,
    AccountList,
    AccountQuery,
    IssuedPassword,
    NewAccount,
)
from app.context import API

router = APIRouter(prefix=f"{API}/accounts", tags=["Administration"])

_OFFICER: dict[str, Any] = {
    "role": "officer",
    "display": "李强",
    "unit": "water",
    "city": "tongzhou",
}


_DOOR = ("unauthenticated", "forbidden", "scope_missing", "csrf_failed", "store_unavailable")
_BODY = ("malformed_json", "body_too_large", "invalid_request")
_WHO = ("unit_missing", "city_missing", "unknown_unit", "unknown_city", "not_your_city")
_ONE = (*_DOOR, "account_not_found", "invalid_request")


@router.get(
    "",
    operation_id="list_accounts",
    summary="Accounts, by name",
    response_model=AccountList,
    responses=responses(*_DOOR, "invalid_request", "bad_cursor", "not_your_city"),
)
async def list_accounts(
    caller: ACCOUNT_MANAGER, context: Context, query: Annotated[AccountQuery, Query()]
) -> Response:
    return json_of(await accounts.listed(context, caller, query))


@router.post(
    "",
    operation_id="create_account",
    summary="Create an account; its password is shown once",
    status_code=201,
    response_model=IssuedPassword,
    responses=responses(*_DOOR, *_BODY, *_WHO, "bad_name", "name_taken"),
)
async def create_account(
    caller: ACCOUNT_MANAGER,
    body: Annotated[NewAccount, Body(examples=[{"name": "li.qiang", **_OFFICER}])],
    context: Context,
) -> Response:
    return json_of(await accounts.create(context, caller, body), 201)


@router.get(
    "/{account}",
    operation_id="get_account",
    summary="One account",
    response_model=AccountLine,
    responses=responses(*_ONE),
)
async def get_account(account: AccountId, caller: ACCOUNT_MANAGER, context: Context) -> Response:
    managed = await accounts.managed_account(context, caller, account)
    return json_of(await accounts.line(context, caller, managed))


@router.put(
    "/{account}",
    operation_id="change_account",
    summary="Change the role, unit, city and name of an account; its sessions end",
    response_model=AccountLine,
    responses=responses(*_ONE, *_BODY, *_WHO, "last_admin", "own_account"),
)
async def change_account(
    account: AccountId,
    caller: ACCOUNT_MANAGER,
    body: Annotated[AccountIn, Body(examples=[_OFFICER])],
    context: Context,
) -> Response:
    """Replace all values of the account; omitted ones are cleared."""
    return json_of(
        await accounts.change(
            context, caller, await accounts.managed_account(context, caller, account), body
        )
    )


@router.post(
    "/{account}/disable",
    operation_id="disable_account",
    summary="Close the account: nobody signs in with it any more",
    response_model=AccountLine,
    responses=responses(*_ONE, "last_admin", "own_account"),
)
async def disable_account(
    account: AccountId, caller: ACCOUNT_MANAGER, context: Context
) -> Response:
    return json_of(
        await accounts.disable(
            context, caller, await accounts.managed_account(context, caller, account)
        )
    )


@router.post(
    "/{account}/enable",
    operation_id="enable_account",
    summary="Open the account again, also after too many wrong passwords",
    response_model=AccountLine,
    responses=responses(*_ONE),
)
async def enable_account(account: AccountId, caller: ACCOUNT_MANAGER, context: Context) -> Response:
    return json_of(
        await accounts.enable(
            context, caller, await accounts.managed_account(context, caller, account)
        )
    )


@router.post(
    "/{account}/password",
    operation_id="renew_password",
    summary="Give the account a new password, shown once; its sessions end",
    response_model=IssuedPassword,
    responses=responses(*_ONE, "own_account"),
)
async def renew_password(account: AccountId, caller: ACCOUNT_MANAGER, context: Context) -> Response:
    return json_of(
        await accounts.renew(
            context, caller, await accounts.managed_account(context, caller, account)
        )
    )


@router.delete(
    "/{account}/second-factor",
    operation_id="reset_second_factor",
    summary="Remove the second factor of an account whose owner lost it",
    response_model=AccountLine,
    responses=responses(*_ONE, "own_account"),
)
async def reset_second_factor(
    account: AccountId, caller: ACCOUNT_MANAGER, context: Context
) -> Response:
    return json_of(
        await accounts.reset(
            context, caller, await accounts.managed_account(context, caller, account)
        )
    )


@router.delete(
    "/{account}/sessions",
    operation_id="end_sessions",
    summary="End all sessions of the account",
    response_model=AccountLine,
    responses=responses(*_ONE),
)
async def end_sessions(account: AccountId, caller: ACCOUNT_MANAGER, context: Context) -> Response:
    return json_of(
        await accounts.sign_out(
            context, caller, await accounts.managed_account(context, caller, account)
        )
    )
