"""The accounts of others: routes to list, create, change, close and reopen them."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Response

from api import managing
from api.access import staff
from api.caller import Caller
from api.door import API, TheDoor, json_of
from api.managing import AccountIn, AccountLine, AccountList, AccountQuery, Issued, NewAccount
from api.problems import responses

router = APIRouter(prefix=f"{API}/accounts", tags=["Administration"])

MANAGER = Annotated[Caller, staff("manage_accounts")]
AccountId = Annotated[
    str,
    Path(
        pattern="^[0-9a-f]{12}$",
        description="The id of the account.",
        examples=["0123456789ab"],
    ),
]
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
    caller: MANAGER, door: TheDoor, query: Annotated[AccountQuery, Query()]
) -> Response:
    return json_of(await managing.listed(door, caller, query))


@router.post(
    "",
    operation_id="create_account",
    summary="Make an account; its password is told once",
    status_code=201,
    response_model=Issued,
    responses=responses(*_DOOR, *_BODY, *_WHO, "bad_name", "name_taken"),
)
async def create_account(
    caller: MANAGER,
    body: Annotated[NewAccount, Body(examples=[{"name": "li.qiang", **_OFFICER}])],
    door: TheDoor,
) -> Response:
    return json_of(await managing.create(door, caller, body), 201)


@router.get(
    "/{account}",
    operation_id="get_account",
    summary="One account",
    response_model=AccountLine,
    responses=responses(*_ONE),
)
async def get_account(account: AccountId, caller: MANAGER, door: TheDoor) -> Response:
    return json_of(await managing.line(door, await managing.found(door, caller, account)))


@router.put(
    "/{account}",
    operation_id="change_account",
    summary="Say what somebody is from now on; their sessions end",
    response_model=AccountLine,
    responses=responses(*_ONE, *_BODY, *_WHO, "last_admin", "own_account"),
)
async def change_account(
    account: AccountId,
    caller: MANAGER,
    body: Annotated[AccountIn, Body(examples=[_OFFICER])],
    door: TheDoor,
) -> Response:
    """Replace all values of the account; omitted ones are cleared."""
    return json_of(
        await managing.change(door, caller, await managing.found(door, caller, account), body)
    )


@router.post(
    "/{account}/disable",
    operation_id="disable_account",
    summary="Close it: nobody signs in with it any more",
    response_model=AccountLine,
    responses=responses(*_ONE, "last_admin", "own_account"),
)
async def disable_account(account: AccountId, caller: MANAGER, door: TheDoor) -> Response:
    return json_of(
        await managing.disable(door, caller, await managing.found(door, caller, account))
    )


@router.post(
    "/{account}/enable",
    operation_id="enable_account",
    summary="Open it again, also after too many wrong passwords",
    response_model=AccountLine,
    responses=responses(*_ONE),
)
async def enable_account(account: AccountId, caller: MANAGER, door: TheDoor) -> Response:
    return json_of(await managing.enable(door, caller, await managing.found(door, caller, account)))


@router.post(
    "/{account}/password",
    operation_id="renew_password",
    summary="Give it a new password, told once; its sessions end",
    response_model=Issued,
    responses=responses(*_ONE, "own_account"),
)
async def renew_password(account: AccountId, caller: MANAGER, door: TheDoor) -> Response:
    return json_of(await managing.renew(door, caller, await managing.found(door, caller, account)))


@router.delete(
    "/{account}/second-factor",
    operation_id="reset_second_factor",
    summary="Ask for no one-time password any more, for somebody who lost theirs",
    response_model=AccountLine,
    responses=responses(*_ONE, "own_account"),
)
async def reset_second_factor(account: AccountId, caller: MANAGER, door: TheDoor) -> Response:
    return json_of(await managing.reset(door, caller, await managing.found(door, caller, account)))


@router.delete(
    "/{account}/sessions",
    operation_id="end_sessions",
    summary="Sign it out everywhere",
    response_model=AccountLine,
    responses=responses(*_ONE),
)
async def end_sessions(account: AccountId, caller: MANAGER, door: TheDoor) -> Response:
    return json_of(
        await managing.sign_out(door, caller, await managing.found(door, caller, account))
    )
