"""Composing a message: whom it reaches, by what, and in which words.

Addresses are read from the vault here, when a message is decided about and when it is sent; they
are kept nowhere else.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from datetime import UTC, datetime
from typing import NamedTuple

from activities.digests import Digests
from domain.messaging.addresses import mail_address, sms_number
from domain.messaging.hours import day_begun, next_day, next_open
from domain.messaging.states import DIGEST, INCIDENT_TOLD, JOINED, PHONE_CODE, WayOut
from domain.messaging.texts import (
    Cover,
    Scene,
    Written,
    of_code,
    of_incident,
    of_several,
    of_ticket,
    signature,
)
from domain.pack.pack import Pack
from packs.registry import PackRegistry
from store.db.engine import Store
from store.identity import phone_codes
from store.incidents import member_notices
from store.incidents.member_notices import IncidentWords
from store.messaging import choices, notices, subscriptions
from store.messaging.marks import Marks
from store.messaging.notices import NoticePlan, OutsideNotice
from store.messaging.subscriptions import PushSubscription, push_cipher
from store.secrets.encryption import Cipher
from store.secrets.vault import Person, Vault
from store.tickets import intake, tickets
from store.tickets.event_replay import TicketReplay, each_replay
from store.tickets.mail_references import reference

_MERGED = ("merged", "unmerged", "replied", "held", "citizen_asked", "resumed", "extension_granted")


class Unwritable(Exception):
    """A message that cannot be put into words. `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Reached(NamedTuple):
    """A citizen: the vault's id, the data, and the fingerprint."""

    id: str | None
    person: Person
    recipient: str | None
    number: str


class Composer:
    """The composer of an installation's messages.

    `cover` takes personal data out of texts. `staff`: where digests go.
    """

    def __init__(
        self,
        store: Store,
        packs: PackRegistry,
        vault: Vault,
        cover: Cover,
        public_url: str,
        staff: Mapping[str, str] | None = None,
    ) -> None:
        self.digests = Digests(store, packs, staff or {}, public_url)
        self._store, self._packs, self._vault = store, packs, vault
        self._cover, self.public_url = cover, public_url
        self.marks = Marks(vault.ring)
        self._cipher = Cipher(vault.ring.root_key, "people")
        self._push = push_cipher(vault.ring)

    def pack(self, city: str) -> Pack:
        return self._packs.get(city)

    async def reference(self, one: OutsideNotice) -> str:
        """Return the reference by which a reply finds the ticket; "" where it is of none."""
        if one.template in (PHONE_CODE, DIGEST):
            return ""
        return await reference(self._store, self._vault.ring.root_key, one.number)

    async def plan(
        self, one: OutsideNotice, usable: Collection[WayOut], now: datetime
    ) -> NoticePlan:
        """Return what has to be known before a message is decided about."""
        if one.template == PHONE_CODE:
            ways: tuple[WayOut, ...] = (WayOut.SMS,) if WayOut.SMS in usable else ()
            return NoticePlan(recipient=None, channels=ways, without="" if ways else "no_channel")
        if one.template == DIGEST:
            way = self.digests.channel(one)
            chosen = (way,) if way is not None and way in usable else ()
            return NoticePlan(
                recipient=None, channels=chosen, without="" if chosen else "no_channel"
            )
        pack = self.pack(one.city)
        policy, zone = pack.messaging, pack.calendar.tz
        if not any(WayOut(name) in usable for name in policy.channels):
            return NoticePlan(recipient=None, channels=(), without="no_channel")
        if one.template == INCIDENT_TOLD and await self._incident(one) is None:
            return NoticePlan(recipient=None, channels=(), without="overtaken")
        reached = await self._reached(one)
        if reached is None:
            return NoticePlan(recipient=None, channels=(), without="no_contact")
        ways = await self._ways(reached, pack, usable)
        since = day_begun(zone, now)
        urgent = one.template in policy.urgent
        return NoticePlan(
            recipient=reached.recipient,
            channels=ways,
            without="" if ways else "no_contact",
            signature=await self._signature(one),
            opens_at=next_open(policy.quiet, zone, now),
            budget=None if urgent else policy.budget,
            contacts=await notices.contacts(self._store, reached.id, since) if reached.id else 0,
            day_since=since,
            later=next_day(policy.quiet, zone, now),
        )

    async def others(self, one: OutsideNotice, usable: Collection[WayOut]) -> Sequence[WayOut]:
        """Return the channels that reach the recipient, in the city's order."""
        if one.template in (PHONE_CODE, DIGEST):
            return ()
        reached = await self._reached(one)
        return () if reached is None else await self._ways(reached, self.pack(one.city), usable)

    async def address(self, one: OutsideNotice, channel: WayOut) -> str | None:
        """Return where the message goes on a channel; None if it is not known any more."""
        if one.template == PHONE_CODE:
            return sms_number((await phone_codes.letter(self._store, self._cipher, one.key))[0])
        if one.template == DIGEST:
            return self.digests.address(one)
        reached = await self._reached(one)
        if reached is None:
            return None
        if channel is WayOut.PUSH:
            browsers = await self._browsers(reached)
            return json.dumps([astuple(one) for one in browsers]) if browsers else None
        if channel is WayOut.SMS:
            return sms_number(reached.person.phone)
        return mail_address(reached.person.email) if channel is WayOut.EMAIL else None

    async def written(self, one: OutsideNotice, now: datetime | None = None) -> Written:
        """Return the message in words.

        Raises:
            Unwritable: there is no such text, or it cannot be filled in.
            StoreError
        """
        pack = self.pack(one.city)
        if one.template == PHONE_CODE:
            return of_code(pack, (await phone_codes.letter(self._store, self._cipher, one.key))[1])
        if one.template == JOINED:
            return await self._several(one, pack)
        if one.template == DIGEST:
            return await self.digests.written(pack, one, now or datetime.now(UTC))
        return await self._of_ticket(one, pack)

    async def _several(self, one: OutsideNotice, pack: Pack) -> Written:
        told, numbers = [], []
        for member in await notices.members(self._store, one.key):
            try:
                told.append(await self._of_ticket(member, pack))
            except Unwritable:  # erased since, or without a text: the others are told
                continue
            numbers.append(member.number)
        if not told:
            raise Unwritable("nothing_left")
        return of_several(pack, told, numbers, self.public_url)

    async def _of_ticket(self, one: OutsideNotice, pack: Pack) -> Written:
        if one.template == INCIDENT_TOLD:
            told = await self._incident(one)
            if told is None:
                raise Unwritable("overtaken")
            return of_incident(
                pack, one.number, told.title, told.statement, self.public_url, self._cover
            )
        scene = await self.scene(one)
        if scene is None:
            raise Unwritable("no_event")
        try:
            written = of_ticket(pack, scene, one.template, self.public_url, self._cover)
        except (KeyError, IndexError, ValueError, AttributeError):
            raise Unwritable("bad_template") from None
        if written is None:
            raise Unwritable("no_template")
        return written

    async def scene(self, one: OutsideNotice) -> Scene | None:
        """Return the message's event, with the ticket as it was then; None if there is none."""
        found: list[Scene] = []

        def look(replay: TicketReplay) -> None:
            for event, ticket in replay.steps():
                if event.version == one.version:
                    found.append(Scene(ticket.model_copy(deep=True), event))
                    return

        await each_replay(self._store, [one.number], look)
        if found:
            return found[0]
        state = await tickets.state(self._store, one.number)
        events = await tickets.events(self._store, one.number, one.version, one.version + 1)
        return Scene(state, events[0]) if state is not None and events else None

    async def _incident(self, one: OutsideNotice) -> IncidentWords | None:
        return await member_notices.words(self._store, one.key, one.number)

    async def _signature(self, one: OutsideNotice) -> str | None:
        if one.template == INCIDENT_TOLD:
            return member_notices.signature(one.key)
        if one.template.removesuffix("_with_parent") not in _MERGED:
            return None
        scene = await self.scene(one)
        return None if scene is None else signature(scene, one.template)

    async def _reached(self, one: OutsideNotice) -> _Reached | None:
        number = one.number
        if one.template == JOINED:
            told = await notices.members(self._store, one.key)
            number = next((member.number for member in told), "")
        ticket = await tickets.state(self._store, number) if number else None
        if ticket is None:
            return None
        person_id = ticket.complaint.person
        known = await intake.person_of(self._store, self._vault, person_id) if person_id else None
        person = known or Person()
        # Who gave no contact may still have a browser that is notified, of this ticket only.
        recipient = self.marks.recipient(person) or choices.of_ticket(number)
        return _Reached(person_id, person, recipient, number)

    async def _browsers(self, reached: _Reached) -> list[PushSubscription]:
        return await subscriptions.of(
            self._store, self._push, reached.number, self.marks.recipient(reached.person)
        )

    async def _ways(
        self, reached: _Reached, pack: Pack, usable: Collection[WayOut]
    ) -> tuple[WayOut, ...]:
        person = reached.person
        has = {
            WayOut.PUSH: WayOut.PUSH in usable and bool(await self._browsers(reached)),
            WayOut.SMS: sms_number(person.phone) is not None,
            WayOut.EMAIL: mail_address(person.email) is not None,
        }
        ordered = [WayOut(name) for name in pack.messaging.channels]
        return tuple(one for one in ordered if one in usable and has.get(one, False))
