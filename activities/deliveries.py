"""Deliveries: decide about waiting messages, send what is due, and see to what is left over.

One step does a little of each. Whatever fails for one message is recorded with it, and the others
go on.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity

from activities.composing import Composer
from activities.maintenance import keep_doing
from activities.message_ways import NotBegun, Parcel, Way
from domain.messaging.states import (
    CODE_VALID,
    PHONE_CODE,
    NoticeState,
    SendingOutcome,
    SendingResult,
    WayOut,
)
from packs.registry import PackError, UnknownCity
from store.db.engine import Store
from store.db.errors import StoreError, StoreUnavailable
from store.messaging import choices, deliveries, endings, notices, subscriptions
from store.messaging.deliveries import Delivery
from store.messaging.marks import SignedEnding
from store.messaging.notices import NoticeDecision, NoticePlan, OutsideNotice

log = structlog.get_logger(__name__)

_AT_ONCE = 100
"""The messages that are decided about in one step."""

_BATCH = 20
"""The messages of a channel that are taken up in one step."""


def now() -> datetime:
    return datetime.now(UTC)


class Deliveries:
    """The delivery of messages by the ways that an installation has."""

    def __init__(
        self,
        store: Store,
        composer: Composer,
        ways: Mapping[WayOut, Way],
        receipt_within: timedelta = timedelta(hours=6),
        clock: Callable[[], datetime] = now,
    ) -> None:
        self._store, self._composer, self._ways = store, composer, ways
        self._receipt_within, self._clock = receipt_within, clock
        self._who = secrets.token_hex(8)

    @activity.defn(name="send_messages")
    async def send(self) -> int:
        """Send what is due for one run window; return how many messages moved on."""
        return await keep_doing(self.step)

    async def step(self) -> int:
        """Do a little of everything; return how much there was."""
        done = await self._composer.digests.begin(self._clock())
        done += await self.look_after()
        done += await self.decide()
        return done + await self.send_due()

    # --- deciding

    async def decide(self) -> int:
        """Decide about the messages that are due, in the order in which they came."""
        moment, done = self._clock(), 0
        for one in await notices.due(self._store, moment, _AT_ONCE):
            try:
                plan = await self._composer.plan(one, self._ways.keys(), moment)
            except StoreUnavailable:
                raise
            except Exception as error:  # of this one: the others are decided about all the same
                log.warning("a message is not decided", error=type(error).__name__)
                plan = NoticePlan(recipient=None, channels=(), without=_code(error))
            decision = await notices.decide(self._store, one, plan, moment)
            done += decision is not None and _moved(decision)
        return done

    # --- sending

    async def send_due(self) -> int:
        """Send what is due on every channel; return how many attempts there were."""
        usable = tuple(self._ways)
        claimed = await deliveries.claim(self._store, usable, self._who, _BATCH, self._clock())
        away: set[WayOut] = set()
        for one in claimed:
            if one.channel in away:  # what is left of the batch would only fail as well
                await deliveries.put_back(self._store, one, self._clock())
                continue
            became = await self._attempt(one)
            if became is not None and became.result is SendingResult.AWAY:
                away.add(one.channel)
        return len(claimed)

    async def _attempt(self, one: Delivery) -> SendingOutcome | None:
        """Send one; None if it was dropped, or was not ours any more."""
        told = await notices.get(self._store, one.notice)
        if told is None or _too_late(told, self._clock()):
            await endings.drop(self._store, one, "expired", self._clock())
            return None
        try:
            parcel = await self._parcel(one, told)
        except StoreUnavailable:
            raise
        except Exception as error:  # of this one: the others of the batch go on
            _log_mistake(one, error)
            outcome = SendingOutcome(result=SendingResult.REFUSED, code=_code(error))
            await endings.settle(self._store, one, outcome, (), self._clock())
            return None
        if parcel is None:
            await endings.drop(self._store, one, "no_contact", self._clock())
            return None
        became = await self._handed_over(one, parcel)
        if became is not None:
            await self._settle(one, told, became)
        return became

    async def _parcel(self, one: Delivery, told: OutsideNotice) -> Parcel | None:
        to = await self._composer.address(told, one.channel)
        if to is None:
            return None
        pack = self._composer.pack(told.city)
        choice = choices.ContactChoice()
        if told.recipient is not None:
            choice = await choices.of(self._store, told.recipient, told.number)
        language = choice.language
        if one.channel in (WayOut.SMS, WayOut.PUSH):
            language = language or pack.messaging.language
        return Parcel(
            id=one.id,
            to=to,
            written=await self._composer.written(told, self._clock()),
            at=self._clock(),
            city=told.city,
            sender_name=pack.city.name,
            language=language,
            reference=await self._composer.reference(told),
            unsubscribe=self._unsubscribe(told, one.channel),
        )

    def _unsubscribe(self, told: OutsideNotice, channel: WayOut) -> str:
        url = self._composer.public_url
        if not url or told.recipient is None:
            return ""
        return (
            f"{url}/unsubscribe/{self._composer.marks.link(SignedEnding(told.recipient, channel))}"
        )

    async def _handed_over(self, one: Delivery, parcel: Parcel) -> SendingOutcome | None:
        begun = False

        async def begin() -> bool:
            nonlocal begun
            begun = await deliveries.begin(self._store, one, self._clock()) or begun
            return begun

        try:
            return await self._ways[one.channel].send(parcel, begin)
        except NotBegun:
            return None
        except StoreError:
            raise
        except Exception as error:  # a plug-in's own mistake
            _log_mistake(one, error)
            # What had not begun has not left: the next channel may be tried.
            result = SendingResult.UNKNOWN if begun else SendingResult.REFUSED
            return SendingOutcome(result=result, code="error")

    async def _settle(self, one: Delivery, told: OutsideNotice, outcome: SendingOutcome) -> None:
        others: Sequence[WayOut] = ()
        if outcome.result in (SendingResult.REFUSED, SendingResult.LATER, SendingResult.AWAY):
            others = await self._others(told)
        await endings.settle(self._store, one, outcome, others, self._clock())
        if outcome.gone:
            await subscriptions.end_gone(self._store, outcome.gone)
        log.info(
            "message sent" if outcome.result in _ARRIVED else "message not sent",
            channel=one.channel.value,
            city=one.city,
            outcome=outcome.code,
            attempts=one.attempts,
        )

    # --- what is left over

    async def look_after(self) -> int:
        """Find out about what workers that are gone had begun, and about missing receipts."""
        done = 0
        for one in await deliveries.orphans(self._store, self._who, self._clock()):
            await self._ask(one)
            done += 1
        moment = self._clock()
        overdue = await endings.without_receipt(self._store, self._receipt_within, moment)
        for one in overdue:
            told = await notices.get(self._store, one.notice)
            others = () if told is None else await self._others(told)
            lost = SendingOutcome(result=SendingResult.REFUSED, code="no_receipt")
            await endings.receipt(
                self._store, one.id, lost, others, moment, until=self._receipt_within
            )
            done += 1
        return done

    async def _ask(self, one: Delivery) -> None:
        """Ask what became of a delivery that was begun; what nobody can say stays unknown."""
        way = self._ways.get(one.channel)
        outcome = None
        try:
            outcome = await way.ask(one.id) if way is not None else None
        except StoreError:
            raise
        except Exception as error:  # a plug-in's own mistake: the others are asked all the same
            _log_mistake(one, error)
            outcome = SendingOutcome(result=SendingResult.UNKNOWN, code="error")
        if outcome is None:
            outcome = SendingOutcome(result=SendingResult.UNKNOWN, code="interrupted")
        told = await notices.get(self._store, one.notice)
        others = () if told is None else await self._others(told)
        await endings.settle(self._store, one, outcome, others, self._clock())

    async def _others(self, told: OutsideNotice) -> Sequence[WayOut]:
        try:
            return await self._composer.others(told, self._ways.keys())
        except StoreUnavailable:
            raise
        except (PackError, UnknownCity, LookupError, StoreError):
            return ()


_ARRIVED = (SendingResult.ACCEPTED, SendingResult.DELIVERED)


def _log_mistake(one: Delivery, error: Exception) -> None:
    """Log the kind of an error, never its text, which may be personal."""
    log.warning("a message failed", channel=one.channel.value, error=type(error).__name__)


def _moved(decision: NoticeDecision) -> bool:
    """Return whether there was something to do: what waits on is not."""
    return decision.state is not NoticeState.WAITING


def _too_late(told: OutsideNotice, moment: datetime) -> bool:
    return told.template == PHONE_CODE and moment - told.created_at >= CODE_VALID


def _code(error: Exception) -> str:
    code = getattr(error, "code", None)
    return code if isinstance(code, str) else "bad_message"
