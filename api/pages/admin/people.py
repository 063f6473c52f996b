"""Staff accounts: the list, creation, and every action on one."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, NamedTuple
from urllib.parse import urlencode

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import staff
from api.http.dependencies import Context
from api.http.parameters import AccountId
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import cities, working_city
from app.access import accounts
from app.access.accounts import AccountIn, AccountLine, AccountQuery, IssuedPassword, NewAccount
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from domain.actors import Role
from domain.pack.pack import Pack
from domain.policy.permissions import ACCOUNTS
from domain.words import N_
from store.identity.accounts import Account

router = APIRouter(include_in_schema=False)

URL = "/staff/admin/people"
MANAGER = Annotated[Caller, staff("manage_accounts")]

_NEW = ("name", "display", "role", "unit", "city", "locally")
_FIND = ("text", "role")
FIELD_OF = {
    "bad_name": "name",
    "name_taken": "name",
    "unit_missing": "unit",
    "unknown_unit": "unit",
    "city_missing": "city",
    "unknown_city": "city",
    "not_your_city": "city",
    "scope_useless": "scopes",
}
"""The field of a refusal, by its code."""


class AccountAction(NamedTuple):
    """An action without further input. `done`: the message shown after it."""

    do: Callable[[AppContext, Caller, Account], Awaitable[AccountLine]]
    done: str


ACCOUNT_ACTIONS: dict[str, AccountAction] = {
    "disable": AccountAction(
        accounts.disable, N_("The account is closed, and signed out everywhere.")
    ),
    "enable": AccountAction(accounts.enable, N_("The account is open.")),
    "sessions": AccountAction(accounts.sign_out, N_("Signed out everywhere.")),
    "second-factor": AccountAction(
        accounts.reset, N_("No one-time password is asked for any more.")
    ),
}
_CHANGED = "changed"
_DONE = {name: action.done for name, action in ACCOUNT_ACTIONS.items()} | {
    _CHANGED: N_("Changed. This person has to sign in again.")
}


@router.get("/staff/admin")
async def start(caller: MANAGER) -> Response:
    return RedirectResponse(URL, 303)


@router.get(URL)
async def people(request: Request, caller: MANAGER, context: Context) -> Response:
    """List accounts by name, filtered by part of a name or role."""
    return await _list(request, caller, context, Form.blank(*_NEW, role="officer", locally="yes"))


@router.post(URL)
async def create(request: Request, caller: MANAGER, context: Context) -> Response:
    """Create an account; only this response shows its password."""
    form = await Form.read(request, *_NEW)
    try:
        values = _who(form, working_city(request, context, caller))
        body = NewAccount.model_validate(
            {**values, "name": form.typed["name"], "password": form.typed["locally"] == "yes"}
        )
        made = await accounts.create(context, caller, body)
    except (ValidationError, *REFUSALS) as error:
        return await _list(request, caller, context, form, refuse(form, error))
    return _issued(request, caller, made)


@router.get(f"{URL}/{{account}}")
async def person(
    request: Request, account: AccountId, caller: MANAGER, context: Context
) -> Response:
    managed = await accounts.managed_account(context, caller, account)
    form = Form.blank(
        "display",
        role=managed.role,
        unit=managed.unit or "",
        city=managed.city or "",
    )
    form.typed["display"] = managed.display
    return await _one(request, caller, context, managed, form)


@router.post(f"{URL}/{{account}}")
async def change(
    request: Request, account: AccountId, caller: MANAGER, context: Context
) -> Response:
    managed = await accounts.managed_account(context, caller, account)
    form = await Form.read(request, "display", "role", "unit", "city")
    try:
        values = _who(form, _pack_of(request, caller, context, managed))
        await accounts.change(context, caller, managed, AccountIn.model_validate(values))
    except (ValidationError, *REFUSALS) as error:
        return await _one(request, caller, context, managed, form, refuse(form, error))
    return _back(account, _CHANGED)


@router.post(f"{URL}/{{account}}/password")
async def password(
    request: Request, account: AccountId, caller: MANAGER, context: Context
) -> Response:
    """Issue a new password, shown by this response only."""
    managed = await accounts.managed_account(context, caller, account)
    try:
        made = await accounts.renew(context, caller, managed)
    except REFUSALS as error:
        return await _refused(request, caller, context, managed, error)
    return _issued(request, caller, made)


@router.post(f"{URL}/{{account}}/{{action}}")
async def act(
    request: Request, account: AccountId, action: str, caller: MANAGER, context: Context
) -> Response:
    """Close, open, sign out, reset the second factor."""
    if action not in ACCOUNT_ACTIONS:
        raise Problem("not_found")
    managed = await accounts.managed_account(context, caller, account)
    try:
        await ACCOUNT_ACTIONS[action].do(context, caller, managed)
    except REFUSALS as error:
        return await _refused(request, caller, context, managed, error)
    return _back(account, action)


def refuse(form: Form, error: Exception) -> int:
    """Record the refusal, beside the field at fault if any; return the HTTP status."""
    status = form.refuse(error)
    field = FIELD_OF.get(form.problem or "")
    if field in form.typed:
        form.fail(str(field), N_("Please check this."))
    return status


def _who(form: Form, pack: Pack) -> dict[str, Any]:
    """Return the account's values. Units are offered of one city, so a unit implies its city."""
    values: dict[str, Any] = form.filled("display", "role", "unit", "city")
    if "unit" in values:
        values.setdefault("city", pack.city.id)
    return values


async def _list(
    request: Request, caller: Caller, context: AppContext, form: Form, status: int = 200
) -> Response:
    requested_form = Form.blank(**{name: request.query_params.get(name, "") for name in _FIND})
    cursor = request.query_params.get("cursor")
    try:
        query = AccountQuery.model_validate({**requested_form.filled(*_FIND), "cursor": cursor})
        page = await accounts.listed(context, caller, query)
    except (ValidationError, *REFUSALS) as error:
        status = requested_form.refuse(error)
        page = await accounts.listed(context, caller, AccountQuery())
    return staff_page(
        request,
        "admin/people.html",
        caller,
        status,
        form=form,
        filters=requested_form,
        page=page,
        first=cursor is None,
        more=f"{URL}?{urlencode(requested_form.typed)}&",
        **choices(request, caller, context, working_city(request, context, caller)),
    )


async def _one(
    request: Request,
    caller: Caller,
    context: AppContext,
    account: Account,
    form: Form,
    status: int = 200,
) -> Response:
    own = caller.session is not None and caller.session.account.id == account.id
    return staff_page(
        request,
        "admin/people_person.html",
        caller,
        status,
        form=form,
        account=await accounts.line(context, caller, account),
        own=own,
        done=_DONE.get(request.query_params.get("done", "")),
        **choices(request, caller, context, _pack_of(request, caller, context, account)),
    )


async def _refused(
    request: Request, caller: Caller, context: AppContext, account: Account, error: Exception
) -> Response:
    form = Form.blank(
        display=account.display,
        role=account.role,
        unit=account.unit or "",
        city=account.city or "",
    )
    return await _one(request, caller, context, account, form, form.refuse(error))


def _issued(request: Request, caller: Caller, made: IssuedPassword) -> Response:
    return staff_page(
        request,
        "admin/issued.html",
        caller,
        what="password",
        name=made.name,
        secret=made.password,
        until=made.first_password_until,
        back=f"{URL}/{made.id}",
    )


def _back(account: str, done: str) -> Response:
    return RedirectResponse(f"{URL}/{account}?done={done}", 303)


def _pack_of(request: Request, caller: Caller, context: AppContext, account: Account) -> Pack:
    """Return the pack whose units are offered: the account's city, else the working city."""
    if account.city in context.packs.ids():
        return context.packs.get(str(account.city))
    return working_city(request, context, caller)


def choices(request: Request, caller: Caller, context: AppContext, pack: Pack) -> dict[str, Any]:
    """Return the choices of account forms."""
    return {
        "roles": [role for role in Role if role in ACCOUNTS],
        "of_city": pack,
        "served": [one.city for one in cities(context, caller)],
    }
