"""Points (有奖随手拍): what a receipt or a wallet has, and prizes chosen for points."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import Response

from api.http import access
from api.http.access import public
from api.http.dependencies import Context
from api.http.networks import network_of
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.page import page
from app.access.caller import Caller
from app.context import AppContext
from app.errors import Problem
from app.rewards import purses
from app.rewards.purses import ChooseIn, Chosen, Joined, JoinIn, PurseOut, ReportReward
from domain.words import N_
from store.tickets.numbers import parse_number

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])

URL = "/rewards"
FIELDS = ("number", "code", "wallet")


class OpenPurse(NamedTuple):
    """The purse that a form opens: the wallet of its code, else the receipt of its number."""

    form: Form
    network: str
    number: str = ""
    caller: Caller | None = None

    @property
    def wallet(self) -> str:
        return self.form.typed["wallet"]

    @property
    def citizen(self) -> Caller:
        if self.caller is None:
            raise Problem("invalid_request")
        return self.caller


@router.get(URL)
async def ask(request: Request, number: str = "") -> Response:
    """Ask for a receipt or a wallet's code."""
    return page(request, "citizen/rewards_ask.html", form=Form.blank(*FIELDS, number=number[:20]))


@router.post(URL)
async def show(request: Request, context: Context) -> Response:
    """Show the points, and the prizes that can be chosen."""
    form = await Form.read(request, *FIELDS)
    try:
        opened = await _open(request, context, form)
        return await _drawn(request, context, opened)
    except REFUSALS as error:
        status = form.refuse(error)
        return page(request, "citizen/rewards_ask.html", status, form=form)


# --- actions ------------------------------------------------------------------------------------

Done = Chosen | Joined | None


async def _choose(context: AppContext, opened: OpenPurse) -> Done:
    body = ChooseIn.model_validate(opened.form.filled("prize"))
    key = f"choose/{opened.form.key}"
    if opened.wallet:
        network = opened.network
        return await purses.choose_with_wallet(context, opened.wallet, network, body, key)
    return await purses.choose_with_receipt(context, opened.citizen, opened.number, body, key)


async def _give_up(context: AppContext, opened: OpenPurse) -> Done:
    which = opened.form.typed["redemption"][:64]
    if opened.wallet:
        await purses.give_up_with_wallet(context, opened.wallet, opened.network, which)
    else:
        await purses.give_up_with_receipt(context, opened.citizen, opened.number, which)
    return None


async def _join(context: AppContext, opened: OpenPurse) -> Done:
    """Join the receipt to the wallet that is typed, or to a new one; the page goes on with it."""
    form = opened.form
    body = JoinIn(wallet_code=form.typed["join_to"] or None)
    key = f"join/{form.key}"
    joined = await purses.join(context, opened.citizen, opened.number, body, key, opened.network)
    form.typed["wallet"] = joined.wallet_code or form.typed["join_to"]
    return joined


class RewardAction(NamedTuple):
    """A form of the page: its action, its fields, and the message when it is done."""

    do: Callable[[AppContext, OpenPurse], Awaitable[Done]]
    fields: tuple[str, ...]
    done: str


ACTS: dict[str, RewardAction] = {
    "choose": RewardAction(_choose, ("prize",), N_("Chosen. Show the code where you fetch it.")),
    "give-up": RewardAction(_give_up, ("redemption",), N_("You gave it up. The points are back.")),
    "join": RewardAction(_join, ("join_to",), N_("The points are in the wallet now.")),
}


@router.post(f"{URL}/{{what}}")
async def act(what: str, request: Request, context: Context) -> Response:
    """Do what a form says, and show the points; a code is shown on this page alone."""
    if what not in ACTS:
        raise Problem("not_found")
    chosen = ACTS[what]
    form = await Form.read(request, *FIELDS, *chosen.fields)
    try:
        opened = await _open(request, context, form)
    except REFUSALS as error:
        status = form.refuse(error)
        return page(request, "citizen/rewards_ask.html", status, form=form)
    became: Done = None
    try:
        became = await chosen.do(context, opened)
        done, status = chosen.done, 200
        opened = opened._replace(form=Form.blank(*FIELDS, **form.filled(*FIELDS)))
    except (ValidationError, *REFUSALS) as error:
        done, status = None, form.refuse(error)
    return await _drawn(request, context, opened, status, done=done, became=became)


# --- rendering ----------------------------------------------------------------------------------


async def _open(request: Request, context: AppContext, form: Form) -> OpenPurse:
    network = network_of(request)
    if form.typed["wallet"] and not form.typed["number"]:
        return OpenPurse(form, network)
    number = parse_number(form.typed["number"])
    caller = await access.citizen_of(request, number, form.typed["code"], context)
    return OpenPurse(form, network, number, caller)


async def _drawn(
    request: Request,
    context: AppContext,
    opened: OpenPurse,
    status: int = 200,
    *,
    done: str | None = None,
    became: Done = None,
) -> Response:
    form = opened.form
    report: ReportReward | None = None
    purse: PurseOut | None = None
    if opened.caller is not None:
        report = await purses.report_reward(context, opened.caller, opened.number)
        purse = report.purse
    if opened.wallet and (report is None or report.joined):
        purse = await purses.wallet_purse(context, opened.wallet, opened.network)
    city = purse.city if purse else report.city if report else None
    offer = await purses.city_rewards(context, city) if city else None
    form.typed = dict.fromkeys(("prize", "redemption", "join_to"), "") | form.typed
    pack = context.packs.get(city) if city else None
    return page(
        request,
        "citizen/rewards.html",
        status,
        form=form,
        report=report,
        purse=purse,
        offer=offer,
        pack=pack,
        zone=pack.calendar.tz if pack else None,
        units={unit.code: unit for unit in pack.units} if pack else {},
        done=done,
        code=became.code if isinstance(became, Chosen) else None,
        new_wallet=became.wallet_code if isinstance(became, Joined) else None,
    )
