"""Points of citizens: what a report earned, wallets, and prizes chosen for points.

Whoever has a receipt, its number and access code, has its points; nobody has to give a name. The
points of several receipts are joined in a wallet, which is opened with a code of its own.
"""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from app.access import guards
from app.access.caller import Caller
from app.access.permission import permit
from app.access.typed_codes import LONGEST_TYPED
from app.context import AppContext
from app.errors import Problem
from app.rewards.codes import mark_of, prize_code, wallet_code, written
from domain.model import Incoming, Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.periods import beginning_of
from domain.pack.rewards import Prize
from domain.policy.rewards import RewardReason, RewardState, can_earn
from domain.ticket.complaint import Code, required
from store.rewards import grants, redemptions, wallets
from store.rewards.ledger import receipt_account, wallet_account
from store.rewards.redemptions import PrizeChoice, Redemption, RedemptionState
from store.rewards.wallets import Purse
from store.tickets import tickets

WRONG_CODES = 30
"""Wrong wallet codes from one network within ten minutes."""

_SHOWN = (RewardReason.DAY_CAP, RewardReason.PLACE_CAP)
"""The reasons that a citizen is told: a sign of abuse would say how to avoid it."""

TypedCode = Annotated[str, StringConstraints(max_length=LONGEST_TYPED), AfterValidator(required)]


class PrizeOut(Recorded):
    """A prize. `left`: pieces that can still be chosen."""

    code: str = Field(examples=["salt"])
    name: str = Field(examples=["食盐一袋"])
    name_en: str = Field(examples=["A bag of salt"])
    points: int
    left: int
    unit: str = Field(examples=["charity-shop"])
    until: str = Field(examples=["2030-12-31"])


class RewardRuleOut(Recorded):
    """A rule by which points are earned, in words; the condition is in the city's pack."""

    code: str
    name: str
    name_en: str
    points: int
    source: str


class CityRewards(Recorded):
    """The rewards of a city. Both lists are empty where it rewards nothing."""

    city: str
    rules: list[RewardRuleOut]
    prizes: list[PrizeOut]


class RedemptionOut(Recorded):
    """A prize that was chosen. Its code is not here: it was shown once."""

    id: str
    prize: str
    unit: str
    points: int
    state: RedemptionState
    made_at: Instant
    valid_until: Instant
    settled_at: Instant | None = None


class PurseOut(Recorded):
    """The points of a wallet, or of a receipt. `receipts`: how many are joined in it."""

    city: str
    balance: int
    receipts: int
    prizes: list[RedemptionOut]


class ReportReward(Recorded):
    """The points for one report. `state`: null before it is judged, at the latest a few minutes
    after its end. `joined`: they are in a wallet, which alone shows the `purse`.
    """

    number: str
    city: str | None = None
    rewarded: bool = Field(description="Whether reports like this one can earn points at all.")
    state: RewardState | None = None
    rule: str | None = None
    points: int = 0
    reasons: list[RewardReason] = Field(default_factory=list, description="Why it was capped.")
    until: Instant | None = Field(None, description="How long its points can be spent.")
    joined: bool = False
    purse: PurseOut | None = None


class JoinIn(Incoming):
    """The wallet to join the receipt to; none makes a new one."""

    wallet_code: TypedCode | None = None


class Joined(Recorded):
    """The wallet's points now. `wallet_code`: of a new wallet, shown only here."""

    wallet_code: str | None = Field(examples=["7K3M-9QXT-22AB-H0ZW"])
    purse: PurseOut


class ChooseIn(Incoming):
    prize: Code


class Chosen(Recorded):
    """A prize that was chosen, and the code that fetches it at the unit, once; shown only here."""

    code: str = Field(examples=["7K3M9-QXT22"])
    prize: RedemptionOut
    balance: int


# --- what everybody may read --------------------------------------------------------------------


async def city_rewards(context: AppContext, city: str) -> CityRewards:
    """Return what a city rewards, and the prizes that can be chosen, with what is left of them."""
    await permit(context, None, "get_rewards")
    pack, now = context.packs.get(city), datetime.now(UTC)
    taken = await redemptions.taken(context.store, city, [prize.code for prize in pack.prizes])
    return CityRewards(
        city=city,
        rules=[RewardRuleOut(**rule.model_dump(exclude={"when"})) for rule in pack.reward_rules],
        prizes=[
            PrizeOut(
                **prize.model_dump(exclude={"stock", "until"}),
                left=max(0, prize.stock - taken.get(prize.code, 0)),
                until=prize.until.isoformat(),
            )
            for prize in pack.prizes
            if end_of(pack, prize) > now
        ],
    )


# --- one report ---------------------------------------------------------------------------------


async def report_reward(context: AppContext, caller: Caller, number: str) -> ReportReward:
    """Return the points for a report, to who has its receipt."""
    await permit(context, caller, "get_reward", number)
    ticket = await tickets.state(context.store, number)
    grant = await grants.get(context.store, number)
    joined = await wallets.is_joined(context.store, number)
    if ticket is None:
        return ReportReward(number=number, rewarded=False, joined=joined)
    city = ticket.complaint.city
    pack = context.packs.get(city)
    purse = Purse(city, receipt_account(number))
    shown = grant is not None and grant.state is not RewardState.NONE
    return ReportReward(
        number=number,
        city=city,
        rewarded=shown or can_earn(ticket, pack.rewards),
        state=grant.state if grant else None,
        rule=grant.rule if grant else None,
        points=grant.points if grant else 0,
        reasons=[one for one in grant.reasons if one in _SHOWN] if grant else [],
        until=grant.until if grant else None,
        joined=joined,
        purse=None if joined else await _purse(context, purse),
    )


async def join(
    context: AppContext, caller: Caller, number: str, body: JoinIn, key: str | None, network: str
) -> Joined:
    """Join a receipt to a wallet, or to a new one; what the report earns later goes there, too.

    The same key again gives the same new wallet.

    Raises:
        Problem: ticket_not_found, wrong_wallet_code, wallet_of_another_city, too_many_attempts
        Refused: receipt_joined
    """
    await permit(context, caller, "join_wallet", number)
    city = await _city_of(context, number)
    code = None
    if body.wallet_code is None:
        wallet = context.mark(f"wallet/{number}/{key}")[:24] if key else secrets.token_hex(12)
        code, purse = wallet_code(context, wallet), Purse(city, wallet_account(wallet))
        now = datetime.now(UTC)
        await wallets.create(context.store, wallet, city, mark_of(context, code), now)
    else:
        purse = await _opened(context, body.wallet_code, network)
        if purse.city != city:
            raise Problem("wallet_of_another_city")
    await wallets.join(context.store, number, purse, datetime.now(UTC))
    return Joined(wallet_code=written(code) if code else None, purse=await _purse(context, purse))


async def _city_of(context: AppContext, number: str) -> str:
    row = await tickets.get(context.store, number)
    if row is None:
        raise Problem("not_started_yet")
    return row.city


async def choose_with_receipt(
    context: AppContext, caller: Caller, number: str, body: ChooseIn, key: str | None
) -> Chosen:
    """Choose a prize for the points of a receipt that is in no wallet.

    Raises:
        Problem, Refused, KeyReused: see `_choose`.
    """
    await permit(context, caller, "choose_prize", number)
    purse = Purse(await _city_of(context, number), receipt_account(number))
    return await _choose(context, purse, body, key)


async def give_up_with_receipt(
    context: AppContext, caller: Caller, number: str, redemption: str
) -> PurseOut:
    """Give up a prize that was chosen for the points of a receipt; they come back."""
    await permit(context, caller, "choose_prize", number)
    purse = Purse(await _city_of(context, number), receipt_account(number))
    await redemptions.cancel(context.store, purse, redemption, datetime.now(UTC))
    return await _purse(context, purse)


# --- a wallet -----------------------------------------------------------------------------------


async def wallet_purse(context: AppContext, code: str, network: str) -> PurseOut:
    """Return the points of a wallet.

    Raises:
        Problem: wrong_wallet_code, too_many_attempts
    """
    await permit(context, None, "use_wallet")
    return await _purse(context, await _opened(context, code, network))


async def choose_with_wallet(
    context: AppContext, code: str, network: str, body: ChooseIn, key: str | None
) -> Chosen:
    """Choose a prize for the points of a wallet.

    Raises:
        Problem, Refused, KeyReused: see `_choose`; also wrong_wallet_code, too_many_attempts.
    """
    await permit(context, None, "use_wallet")
    return await _choose(context, await _opened(context, code, network), body, key)


async def give_up_with_wallet(
    context: AppContext, code: str, network: str, redemption: str
) -> PurseOut:
    """Give up a prize that was chosen for the points of a wallet; they come back."""
    await permit(context, None, "use_wallet")
    purse = await _opened(context, code, network)
    await redemptions.cancel(context.store, purse, redemption, datetime.now(UTC))
    return await _purse(context, purse)


async def _opened(context: AppContext, code: str, network: str) -> Purse:
    """Return the wallet that a code opens; wrong ones are counted by network."""
    purse = await wallets.of_mark(context.store, mark_of(context, code))
    return await guards.opened(context, "wallets", network, WRONG_CODES, purse, "wrong_wallet_code")


# --- what both do -------------------------------------------------------------------------------


async def _choose(context: AppContext, purse: Purse, body: ChooseIn, key: str | None) -> Chosen:
    """Choose a prize. The same key again is the same choice, with the same code.

    Raises:
        Problem: unknown_prize, prize_ended
        Refused: prize_out_of_stock, points_short, receipt_joined
        KeyReused: the key was used for another prize.
    """
    pack, now = context.packs.get(purse.city), datetime.now(UTC)
    prize = pack.prize(body.prize)
    if prize is None:
        raise Problem("unknown_prize")
    last = end_of(pack, prize)
    if last <= now:
        raise Problem("prize_ended")
    known = context.mark(f"choice/{purse.account}/{key}")[:24] if key else secrets.token_hex(12)
    code = prize_code(context, known)
    until = min(now + pack.rewards.code_valid.length, last)
    choice = PrizeChoice(known, prize, mark_of(context, code), until)
    chosen = await redemptions.choose(context.store, purse, choice, now)
    return Chosen(
        code=written(code),
        prize=redemption_out(chosen),
        balance=await wallets.balance(context.store, purse),
    )


def end_of(pack: Pack, prize: Prize) -> datetime:
    """Return the end of the last day on which a prize can be fetched."""
    return beginning_of(pack, prize.until) + timedelta(days=1)


async def _purse(context: AppContext, purse: Purse) -> PurseOut:
    chosen = await redemptions.of_purse(context.store, purse)
    return PurseOut(
        city=purse.city,
        balance=await wallets.balance(context.store, purse),
        receipts=len(await wallets.numbers(context.store, purse)),
        prizes=[redemption_out(one) for one in chosen],
    )


def redemption_out(one: Redemption) -> RedemptionOut:
    """Return a redemption without whose it is."""
    return RedemptionOut(**{name: getattr(one, name) for name in RedemptionOut.model_fields})
