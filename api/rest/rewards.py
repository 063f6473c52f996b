"""Rewards (有奖随手拍): points of reports, wallets, prizes, what is held back, and the ledger."""

from typing import Annotated

from fastapi import APIRouter, Body, Header, Path, Query, Request, Response

from api.http.access import TicketNumber, citizen, public, staff
from api.http.dependencies import Context, IdempotencyKey
from api.http.networks import network_of
from api.http.problem_responses import responses
from api.http.responses import json_of
from app.access.caller import Caller
from app.access.typed_codes import LONGEST_TYPED
from app.context import API
from app.rewards import counter, purses, supervision
from app.rewards.counter import FetchIn
from app.rewards.purses import (
    ChooseIn,
    Chosen,
    CityRewards,
    Joined,
    JoinIn,
    PurseOut,
    RedemptionOut,
    ReportReward,
)
from app.rewards.supervision import Decided, DecisionIn, HeldRewards, LedgerPage, LedgerQuery

router = APIRouter(prefix=API)

_CITIZEN = (
    "unauthenticated",
    "forbidden",
    "ticket_not_found",
    "bad_number",
    "too_many_attempts",
    "store_unavailable",
)
_WALLET = ("wrong_wallet_code", "too_many_attempts", "invalid_request", "store_unavailable")
_BODY = ("malformed_json", "body_too_large", "invalid_request", "too_many_requests")
_CHOOSING = (
    "unknown_prize",
    "prize_ended",
    "prize_out_of_stock",
    "points_short",
    "idempotency_key_reused",
)
_GIVING_UP = ("redemption_not_found", "prize_fetched", "prize_cancelled", "prize_expired")
_STAFF = (
    "unauthenticated",
    "forbidden",
    "scope_missing",
    "csrf_failed",
    "invalid_request",
    "store_unavailable",
)

WalletCode = Annotated[
    str,
    Header(
        alias="Wallet-Code",
        min_length=1,
        max_length=LONGEST_TYPED,
        description="The code of the wallet, which was shown when it was made.",
    ),
]
RedemptionId = Annotated[
    str, Path(pattern="^[0-9a-f]{24}$", description="The id of a prize that was chosen.")
]


@router.get(
    "/cities/{city}/rewards",
    operation_id="get_rewards",
    summary="What a city rewards, and its prizes",
    tags=["Public"],
    dependencies=[public("get_rewards")],
    response_model=CityRewards,
    responses=responses("unknown_city", "store_unavailable"),
)
async def get_rewards(city: str, context: Context) -> Response:
    """List the rules and the prizes with what is left; both lists are empty where the city rewards
    nothing.
    """
    return json_of(await purses.city_rewards(context, city))


# --- with a receipt -----------------------------------------------------------------------------


@router.get(
    "/tickets/{number}/reward",
    operation_id="get_reward",
    summary="The points for one's report",
    tags=["Citizens"],
    response_model=ReportReward,
    responses=responses(*_CITIZEN),
)
async def get_reward(
    number: TicketNumber, caller: Annotated[Caller, citizen("get_reward")], context: Context
) -> Response:
    """Return what a report earned. Who has its receipt has its points; no name is needed."""
    return json_of(await purses.report_reward(context, caller, number))


@router.post(
    "/tickets/{number}/reward/wallet",
    operation_id="join_wallet",
    summary="Join the points of a receipt to a wallet",
    tags=["Citizens"],
    response_model=Joined,
    responses=responses(
        *_CITIZEN,
        *_BODY,
        "not_started_yet",
        "wrong_wallet_code",
        "wallet_of_another_city",
        "receipt_joined",
    ),
)
async def join_wallet(
    number: TicketNumber,
    caller: Annotated[Caller, citizen("join_wallet")],
    context: Context,
    request: Request,
    body: Annotated[JoinIn, Body(examples=[{}])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Join the receipt to the wallet of that code; without one to a new wallet, whose code is shown
    only here. What the report earns later goes there, too. It cannot be undone.
    """
    network = network_of(request)
    return json_of(await purses.join(context, caller, number, body, idempotency_key, network))


@router.post(
    "/tickets/{number}/reward/prizes",
    operation_id="choose_prize",
    summary="Choose a prize for the points of a receipt",
    tags=["Citizens"],
    status_code=201,
    response_model=Chosen,
    responses=responses(*_CITIZEN, *_BODY, *_CHOOSING, "not_started_yet", "receipt_joined"),
)
async def choose_prize(
    number: TicketNumber,
    caller: Annotated[Caller, citizen("choose_prize")],
    context: Context,
    body: Annotated[ChooseIn, Body(examples=[{"prize": "salt"}])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Return the code with which the prize is fetched at the unit, once."""
    chosen = await purses.choose_with_receipt(context, caller, number, body, idempotency_key)
    return json_of(chosen, 201)


@router.delete(
    "/tickets/{number}/reward/prizes/{redemption}",
    operation_id="give_up_prize",
    summary="Give up a prize that was not fetched; the points come back",
    tags=["Citizens"],
    response_model=PurseOut,
    responses=responses(*_CITIZEN, *_GIVING_UP, "not_started_yet", "invalid_request"),
)
async def give_up_prize(
    number: TicketNumber,
    redemption: RedemptionId,
    caller: Annotated[Caller, citizen("choose_prize")],
    context: Context,
) -> Response:
    return json_of(await purses.give_up_with_receipt(context, caller, number, redemption))


# --- with a wallet ------------------------------------------------------------------------------


@router.get(
    "/wallet",
    operation_id="get_wallet",
    summary="The points of a wallet",
    tags=["Citizens"],
    dependencies=[public("use_wallet")],
    response_model=PurseOut,
    responses=responses(*_WALLET),
)
async def get_wallet(code: WalletCode, context: Context, request: Request) -> Response:
    return json_of(await purses.wallet_purse(context, code, network_of(request)))


@router.post(
    "/wallet/prizes",
    operation_id="choose_prize_with_wallet",
    summary="Choose a prize for the points of a wallet",
    tags=["Citizens"],
    status_code=201,
    dependencies=[public("use_wallet")],
    response_model=Chosen,
    responses=responses(*_WALLET, *_BODY, *_CHOOSING),
)
async def choose_prize_with_wallet(
    code: WalletCode,
    context: Context,
    request: Request,
    body: Annotated[ChooseIn, Body(examples=[{"prize": "salt"}])],
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Return the code with which the prize is fetched at the unit, once."""
    network = network_of(request)
    chosen = await purses.choose_with_wallet(context, code, network, body, idempotency_key)
    return json_of(chosen, 201)


@router.delete(
    "/wallet/prizes/{redemption}",
    operation_id="give_up_prize_with_wallet",
    summary="Give up a prize that was not fetched; the points come back to the wallet",
    tags=["Citizens"],
    dependencies=[public("use_wallet")],
    response_model=PurseOut,
    responses=responses(*_WALLET, *_GIVING_UP),
)
async def give_up_prize_with_wallet(
    redemption: RedemptionId, code: WalletCode, context: Context, request: Request
) -> Response:
    network = network_of(request)
    return json_of(await purses.give_up_with_wallet(context, code, network, redemption))


# --- staff --------------------------------------------------------------------------------------


@router.post(
    "/prizes/fetched",
    operation_id="hand_out_prize",
    summary="Hand out a prize of one's unit for a code, once",
    tags=["Staff"],
    response_model=RedemptionOut,
    responses=responses(
        *_STAFF,
        *_BODY,
        "unknown_prize_code",
        "prize_of_another_unit",
        "prize_fetched",
        "prize_cancelled",
        "prize_expired",
        "too_many_attempts",
    ),
)
async def hand_out_prize(
    caller: Annotated[Caller, staff("hand_out_prize")],
    context: Context,
    body: Annotated[FetchIn, Body(examples=[{"code": "7K3M9-QXT22"}])],
) -> Response:
    """Confirm the code that a citizen shows at the counter. Who they are is not told."""
    return json_of(await counter.hand_out(context, caller, body))


@router.get(
    "/cities/{city}/rewards/held",
    operation_id="list_held_rewards",
    summary="Rewards that are held back, with the signs of abuse",
    tags=["Staff"],
    response_model=HeldRewards,
    responses=responses(*_STAFF, "unknown_city", "not_your_city"),
)
async def list_held_rewards(
    city: str, caller: Annotated[Caller, staff("list_held_rewards")], context: Context
) -> Response:
    return json_of(await supervision.held_rewards(context, caller, city))


@router.post(
    "/tickets/{number}/reward/decision",
    operation_id="decide_reward",
    summary="Release or refuse a reward that is held back",
    tags=["Staff"],
    response_model=Decided,
    responses=responses(
        *_STAFF, *_BODY, "ticket_not_found", "bad_number", "reward_not_held", "own_request"
    ),
)
async def decide_reward(
    number: TicketNumber,
    caller: Annotated[Caller, staff("decide_reward")],
    context: Context,
    body: Annotated[DecisionIn, Body(examples=[{"release": True, "reason": "照片为本人拍摄"}])],
) -> Response:
    """Record who decided, and why. A report of wrongdoing is never rewarded, whatever is said."""
    return json_of(await supervision.decide(context, caller, number, body))


@router.get(
    "/cities/{city}/rewards/ledger",
    operation_id="get_reward_ledger",
    summary="The ledger of points of a period",
    tags=["Staff"],
    response_model=LedgerPage,
    responses=responses(*_STAFF, "unknown_city", "not_your_city", "bad_cursor"),
)
async def get_reward_ledger(
    city: str,
    caller: Annotated[Caller, staff("get_reward_ledger")],
    context: Context,
    query: Annotated[LedgerQuery, Query()],
) -> Response:
    """List the entries in order, and what the accounts have now. Whose points they are is not
    told.
    """
    return json_of(await supervision.ledger_page(context, caller, city, query))
