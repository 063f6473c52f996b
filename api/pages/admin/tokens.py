"""Tokens of programs and people: list, issue and revoke."""

from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.dependencies import Context
from api.http.forms import form_of
from api.http.parameters import TOKEN_MANAGER, TokenId
from api.pages.admin.people import choices, refuse
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access import tokens as app_tokens
from app.access.caller import Caller
from app.access.tokens import TokenIn
from app.context import AppContext
from domain.policy.permissions import Scope
from domain.words import N_
from store.identity.tokens import LONGEST

router = APIRouter(include_in_schema=False)

URL = "/staff/admin/tokens"
_NEW = ("name", "role", "unit", "city", "days", "agent")
_DONE = {"revoked": N_("Revoked: it no longer works.")}


@router.get(URL)
async def listing(request: Request, caller: TOKEN_MANAGER, context: Context) -> Response:
    form = Form.blank(*_NEW, "scopes", role="officer", days="90")
    return await _list(request, caller, context, form, [])


@router.post(URL)
async def issue(request: Request, caller: TOKEN_MANAGER, context: Context) -> Response:
    """Issue a token; only this response shows it."""
    form = await Form.read(request, *_NEW, "scopes")
    scopes = [str(one) for one in (await form_of(request)).getlist("scopes")]
    try:
        values: dict[str, Any] = form.filled(*_NEW)
        if "unit" in values or "agent" in values:
            values.setdefault("city", working_city(request, context, caller).city.id)
        if scopes:
            values["scopes"] = scopes
        made = await app_tokens.issue(context, caller, TokenIn.model_validate(values), form.key)
    except (ValidationError, *REFUSALS) as error:
        return await _list(request, caller, context, form, scopes, refuse(form, error))
    return staff_page(
        request,
        "admin/issued.html",
        caller,
        what="token",
        name=form.typed["name"] or made.id,
        secret=made.secret,
        until=None,
        back=URL,
    )


@router.post(f"{URL}/{{token}}/revoke")
async def revoke(token: TokenId, caller: TOKEN_MANAGER, context: Context) -> Response:
    await app_tokens.revoke(context, caller, token)
    return RedirectResponse(f"{URL}?done=revoked", 303)


async def _list(
    request: Request,
    caller: Caller,
    context: AppContext,
    form: Form,
    chosen: list[str],
    status: int = 200,
) -> Response:
    now = datetime.now(UTC)
    rows = await app_tokens.listed(context, caller)
    return staff_page(
        request,
        "admin/tokens.html",
        caller,
        status,
        form=form,
        chosen=chosen,
        valid=[row for row in rows if row.valid(now)],
        ended=[row for row in rows if not row.valid(now)],
        scopes=list(Scope),
        longest=LONGEST.days,
        done=_DONE.get(request.query_params.get("done", "")),
        **choices(request, caller, context, working_city(request, context, caller)),
    )
