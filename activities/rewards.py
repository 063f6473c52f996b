"""Rewards: judge reports that have ended, and give back what nobody fetched."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import structlog
from temporalio import activity

from domain.actors import SYSTEM
from domain.pack.pack import Pack
from domain.pack.rewards import RewardRule
from domain.policy.condition_inputs import case_of
from domain.policy.rewards import can_earn
from domain.refusals import Refused
from domain.ticket.ticket import Ticket
from packs.conditions import OF_TICKETS, compile_condition
from packs.registry import PackError, PackRegistry
from store.db.engine import Store
from store.files.objects import Objects, thumbnail_key
from store.packs.archive import ArchivedPacks, UnknownPackVersion
from store.reporting import waiting_making
from store.rewards import grants, redemptions, signs
from store.rewards.grants import Judging
from store.secrets.vault import Vault
from store.tickets import rating_checks, tickets

log = structlog.get_logger(__name__)

LOOKED_BACK = timedelta(days=60)
"""The time after its end for which a report is judged: longer than any job stands still."""

_AT_ONCE = 50


class Rewarding:
    """The job. `mark_of` makes the mark of a photo: given by the worker, as it decodes pictures."""

    def __init__(
        self,
        packs: ArchivedPacks,
        registry: PackRegistry,
        store: Store,
        vault: Vault,
        objects: Objects,
        mark_of: Callable[[bytes], str],
    ) -> None:
        self._packs, self._registry, self._store = packs, registry, store
        self._vault, self._objects, self._mark_of = vault, objects, mark_of

    @activity.defn(name="grant_rewards")
    async def grant(self) -> int:
        """Do what is due in every city; return how much. It may be repeated or interrupted."""
        done = 0
        async for count in self.due(datetime.now(UTC)):
            done += count
            activity.heartbeat(done)
        return done

    @activity.defn(name="lapse_points")
    async def lapse(self) -> int:
        """Take back the points whose time is over; return from how many accounts."""
        done = 0
        for city in self._registry.ids():
            done += await grants.lapse(self._store, city, datetime.now(UTC))
            activity.heartbeat(done)
        return done

    async def due(self, now: datetime) -> AsyncIterator[int]:
        """Do what is due at `now`, step by step; yield the number of each.

        Citizens' ratings are judged here that were not when they were given (`rating_checks`), and
        each month's waiting times are stated (`waiting_making`).
        Pictures come first: a report is compared with those of reports that are still open.
        """
        for city in self._registry.ids():
            try:
                pack = self._registry.get(city)
            except PackError:  # said by the doctor, and no reason to stop the other cities
                continue
            yield await rating_checks.judge(self._store, pack, now)
            yield await waiting_making.state(self._store, pack, now)
            channels = [channel.value for channel in pack.rewards.channels]
            if channels:
                async for count in self._marked(pack, channels, now):
                    yield count
                async for count in self._judged(city, channels, now):
                    yield count
                for number in await grants.held_for_reports(self._store, city):
                    yield await self._taken_back(number, now)
                async for count in self._forgotten(pack, now):
                    yield count
        while count := await redemptions.expire(self._store, now, _AT_ONCE):
            yield count
        yield await signs.forget_networks(self._store, now)
        yield await rating_checks.forget(self._store, now)

    async def _marked(
        self, pack: Pack, channels: Sequence[str], now: datetime
    ) -> AsyncIterator[int]:
        city = pack.city.id
        since = now - min(pack.rewards.alike_within.length, LOOKED_BACK)
        while some := await signs.unmarked(self._store, city, channels, since, _AT_ONCE):
            for photo in some:
                mark = self._mark_of(await self._thumbnail(photo.key))
                await signs.note_mark(self._store, city, photo, mark)
                yield 1

    async def _thumbnail(self, key: str) -> bytes:
        """Return the small picture of a file; b"" if there is none."""
        try:
            pieces = await self._objects.get(thumbnail_key(key))
        except KeyError:
            return b""
        return b"".join([piece async for piece in pieces])

    async def _judged(
        self, city: str, channels: Sequence[str], now: datetime
    ) -> AsyncIterator[int]:
        passed = set[str]()
        while True:
            limit = _AT_ONCE + len(passed)
            since = now - LOOKED_BACK
            due = await grants.due(self._store, city, channels, since, limit)
            fresh = [number for number in due if number not in passed]
            if not fresh:
                return
            for number in fresh:
                if not await self._judge(number, now):
                    passed.add(number)
                yield 1

    async def _judge(self, number: str, now: datetime) -> bool:
        """Judge one report by the pack it was accepted under; return whether that is recorded."""
        ticket = await tickets.state(self._store, number)
        if ticket is None or ticket.ended_at is None:
            return False
        city = ticket.complaint.city
        try:
            pack = await self._packs.of(city, ticket.rules.pack_version if ticket.rules else None)
        except (PackError, UnknownPackVersion) as error:
            # A pack that cannot be read any more must not stop the rewards of all others.
            log.warning("not judged for a reward", number=number, error=error.code)
            return False
        policy = pack.rewards
        rule = rule_that_holds(pack, ticket)
        seen = await signs.gathered(self._store, self._vault, ticket, policy)
        day = ticket.complaint.filed_at.astimezone(pack.calendar.tz).date().isoformat()
        await grants.judge(self._store, Judging(ticket, rule, seen, policy, day, now))
        return True

    async def _taken_back(self, number: str, now: datetime) -> int:
        """Give points held for a report of wrongdoing back to the fund: nobody decides about it."""
        with suppress(Refused):  # somebody decided meanwhile
            await grants.decide(self._store, number, release=False, by=SYSTEM, reason="", at=now)
        return 1

    async def _forgotten(self, pack: Pack, now: datetime) -> AsyncIterator[int]:
        before = now - pack.rewards.alike_within.length - LOOKED_BACK
        yield await signs.forget_marks(self._store, pack.city.id, before)


def rule_that_holds(pack: Pack, ticket: Ticket) -> RewardRule | None:
    """Return the first rule of the pack that holds for a ticket which has ended."""
    if ticket.ended_at is None or not can_earn(ticket, pack.rewards):
        return None
    case = case_of(ticket, ticket.ended_at).model_dump()
    return next(
        (
            rule
            for rule in pack.reward_rules
            if compile_condition(rule.when, OF_TICKETS).holds(t=case)
        ),
        None,
    )
