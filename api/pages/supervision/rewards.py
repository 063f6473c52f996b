"""Rewards (有奖随手拍): what is held back, for a person to decide, and the ledger of points."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Request
from pydantic import ValidationError
from starlette.responses import RedirectResponse, Response

from api.http.access import TicketNumber, staff
from api.http.csv_sheets import MOST, Cell, sheet
from api.http.dependencies import Context
from api.pages.shared.addresses import known_parameters
from api.pages.shared.forms import REFUSALS, Form
from api.pages.shared.months import requested_month
from api.pages.shared.page_words import PageWords
from api.pages.shared.staff_page import staff_page
from api.pages.shared.workplace import working_city
from app.access.caller import Caller
from app.context import AppContext
from app.rewards.supervision import (
    DecisionIn,
    LedgerQuery,
    decide,
    held_rewards,
    ledger_lines,
    ledger_page,
)
from domain.pack.pack import Pack
from domain.policy.permissions import RIGHTS
from domain.words import N_
from store.rewards.ledger import LedgerLine

router = APIRouter(include_in_schema=False)

URL = "/staff/rewards"
LEDGER = f"{URL}/ledger"
_DONE = {"released": N_("The points were given."), "refused": N_("The points were refused.")}
_FIELDS = ("reason", "do")

Decides = Annotated[Caller, staff("list_held_rewards")]
ReadsLedger = Annotated[Caller, staff("get_reward_ledger")]


@router.get(URL)
async def held(request: Request, caller: Decides, context: Context) -> Response:
    """Show the rewards that wait for a decision, the oldest first."""
    return await _held(request, caller, context, Form.blank(*_FIELDS), "")


@router.post(f"{URL}/{{number}}")
async def decision(
    request: Request,
    number: TicketNumber,
    caller: Annotated[Caller, staff("decide_reward")],
    context: Context,
) -> Response:
    """Release a reward or refuse it, with the reason."""
    form = await Form.read(request, *_FIELDS)
    release = form.typed["do"] == "release"
    try:
        body = DecisionIn.model_validate({"release": release, **form.filled("reason")})
        await decide(context, caller, number, body)
    except (ValidationError, *REFUSALS) as error:
        status = form.refuse(error)
        return await _held(request, caller, context, form, number, status)
    return RedirectResponse(f"{URL}?done={'released' if release else 'refused'}", 303)


async def _held(
    request: Request,
    caller: Caller,
    context: AppContext,
    form: Form,
    number: str,
    status: int = 200,
) -> Response:
    pack = working_city(request, context, caller)
    return staff_page(
        request,
        "supervision/rewards.html",
        caller,
        status,
        pack=pack,
        form=form,
        wrong=number,
        items=(await held_rewards(context, caller, pack.city.id)).items,
        rules={rule.code: rule for rule in pack.reward_rules},
        done=_DONE.get(request.query_params.get("done", "")),
        ledger=LEDGER if caller.may(RIGHTS["get_reward_ledger"]) else None,
    )


# --- the ledger ---------------------------------------------------------------------------------


@router.get(LEDGER, dependencies=[known_parameters("month", "cursor")])
async def ledger(request: Request, caller: ReadsLedger, context: Context) -> Response:
    """Show what the accounts have, and the entries of a month."""
    pack = working_city(request, context, caller)
    month = requested_month(request, pack, datetime.now(UTC))
    cursor = request.query_params.get("cursor")
    query = LedgerQuery(month=month.shown, cursor=cursor)
    shown = await ledger_page(context, caller, pack.city.id, query)
    return staff_page(
        request,
        "supervision/rewards_ledger.html",
        caller,
        pack=pack,
        month=month,
        shown=shown,
        rules={rule.code: rule for rule in pack.reward_rules},
        units={unit.code: unit for unit in pack.units},
        prizes={prize.code: prize for prize in pack.prizes},
    )


@router.get(f"{LEDGER}.csv", dependencies=[known_parameters("month")])
async def ledger_sheet(request: Request, caller: ReadsLedger, context: Context) -> Response:
    """Send the entries of a month as CSV."""
    pack, words = working_city(request, context, caller), PageWords(request)
    month = requested_month(request, pack, datetime.now(UTC))
    lines = await ledger_lines(context, caller, pack.city.id, month.period, MOST + 1)
    heads = (N_("At"), N_("Entry"), N_("Reward points"), N_("From account"), N_("To account"),
             N_("Number"), N_("Reward rule"), N_("Prize"), N_("Role"), N_("Account"),
             N_("Why"))  # fmt: skip
    rows = _rows(lines[:MOST], pack, words)
    name = f"{words.named(pack.city)} {words.say(N_('Points ledger'))} {month.shown}.csv"
    last = words.cut(len(lines) > MOST)
    return sheet(name, [words.say(head) for head in heads], rows, last)


def _rows(lines: Sequence[LedgerLine], pack: Pack, words: PageWords) -> Iterator[Sequence[Cell]]:
    for line in lines:
        yield [
            f"{line.at.astimezone(pack.calendar.tz):%Y-%m-%d %H:%M}",
            words.label("reward_entry", line.kind),
            line.points,
            _account(line.source, pack, words),
            _account(line.target, pack, words),
            line.number,
            line.rule,
            line.prize,
            words.label("role", line.role),
            line.actor,
            line.reason,
        ]


def _account(account: str, pack: Pack, words: PageWords) -> str:
    """Return the name of an account: its kind, and the unit that it is about."""
    kind, _, unit = account.partition("/")
    name = words.label("reward_account", kind)
    if not unit:
        return name
    return f"{name} {words.named(pack.unit(unit)) if pack.has_unit(unit) else unit}"
