"""Hand-overs: deliver letters to neighbouring cities, and do what theirs ask for.

Everything may be interrupted and repeated at any point: what is to be done is in the store, and
each step leaves it in one transaction.
"""

import json
from collections.abc import Awaitable, Callable, Hashable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import structlog
from temporalio import activity

from activities.handover_files import FilesOfOthers
from activities.handover_taking import MOST_WAITING, AwayCities, known_person
from activities.handover_tickets import Became, HandedTickets
from activities.maintenance import keep_doing
from activities.postponed import Postponed
from domain.actors import SYSTEM, Actor, Role
from domain.handover import signing, steps
from domain.handover.blanks import blank
from domain.handover.envelopes import CitizenNote, HandoverEnvelope, StatusNote
from domain.handover.handover import (
    Handover,
    HandoverKey,
    HandoverSide,
    HandoverState,
    HandoverWords,
)
from domain.handover.steps import HandoverStep
from domain.handover.telling import ending_text, further, status_of, status_of_filed
from domain.pack.neighbours import HandoverPolicy
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel, Complaint, Crs, Filer, Place
from packs.registry import PackError, PackRegistry
from runtime.outbound import AddressRefused, Carrier, HttpReply, Unreachable
from store.db.engine import Store
from store.files.files import Attaching
from store.handover import handovers, letters, neighbours, work
from store.handover.letters import HandoverLetter, WaitingNote
from store.handover.neighbours import Neighbour, Secrets
from store.handover.work import Untold
from store.secrets.encryption import Cipher
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from store.tickets import intake, tickets
from store.tickets.numbers import new_number

log = structlog.get_logger(__name__)

Key = TypeVar("Key", bound=Hashable)

PURPOSE = "handover"
"""The purpose of the cipher of everything here."""

_AT_ONCE = 50
_AWAY = frozenset({"no_connection", "too_slow", "unknown_host", "private_address", "no_http"})
"""Failures that are the neighbour's, and not the letter's."""

_AGAIN = timedelta(seconds=5)
_FOR_FILES = timedelta(hours=1)
"""The time for which a matter waits for its files, if the other city cannot be reached."""

_BY_CENTRE = Actor(role=Role.DISPATCHER)


class HandingOver:
    """The job. `clock`: the time, for tests."""

    def __init__(
        self,
        packs: PackRegistry,
        store: Store,
        vault: Vault,
        keys: TicketKeys,
        carrier: Carrier,
        own: HandedTickets,
        files: FilesOfOthers | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._packs, self._store, self._vault, self._keys = packs, store, vault, keys
        self._carrier, self._own, self._files, self._now = carrier, own, files, clock
        self._cipher = Cipher(vault.ring.root_key, PURPOSE)
        self._put_off = Postponed("hand_over")
        self._away_cities = AwayCities()

    @activity.defn(name="hand_over")
    async def hand_over(self) -> int:
        """Work for one run window; return how much was done."""
        return await keep_doing(self.step)

    async def step(self) -> int:
        """Do what can be done now, once; return how much."""
        parts: tuple[Callable[[], Awaitable[int]], ...] = (
            self.deliver,
            self.give_up,
            self.end_accepted,
            self.file_taken,
            self.pass_on,
            self.report,
        )
        return sum([await part() for part in parts])

    # --- letters ------------------------------------------------------------------------------

    async def deliver(self) -> int:
        """Send the letters that are due; a neighbour that does not answer is asked once a round."""
        done, away = 0, set[str]()
        for one in await letters.due(self._store, self._cipher, self._now(), _AT_ONCE):
            if activity.in_activity():
                activity.heartbeat(done)
            if one.key.neighbour in away:
                continue
            done += await self._put_off.one(
                (one.key, one.seq), partial(self._deliver, one, away), self._now()
            )
        return done

    async def _deliver(self, one: HandoverLetter, away: set[str]) -> int:
        error = await self._sent(one)
        if error is None:
            await letters.delivered(self._store, one, self._now())
            if one.attempts:  # it is back: what rested goes at once
                await letters.hurry(self._store, one.key.neighbour, self._now())
            return 1
        await letters.failed(self._store, one, error, self._now())
        log.warning("a letter waits", neighbour=one.key.neighbour, error=error)
        if error in _AWAY or error.startswith("http_5"):
            away.add(one.key.neighbour)
            until = self._now() + letters.pause_after(one.attempts)
            await letters.rest(self._store, one.key.neighbour, until)
        return 0

    async def _sent(self, one: HandoverLetter) -> str | None:
        """Send a letter; return None once its receipt is here, else a code of what is wrong."""
        known = await neighbours.get(self._store, one.key.neighbour)
        shared = await neighbours.secrets_of(self._store, self._cipher, one.key.neighbour)
        if known is None or shared is None:
            return "neighbour_ended"
        written = await self._blank(one) if one.erased else one.body
        if written is None:
            return "bad_key"
        body = written.encode()
        headers = signing.headers(
            shared.present, signing.LETTER, known.known_as, known.code, self._now(), body
        )
        headers["Content-Type"] = "application/json"
        try:
            reply = await self._carrier.send(
                "POST", f"{known.url}{signing.PATH}", headers=headers, content=body
            )
        except (AddressRefused, Unreachable) as error:
            return error.code
        if reply.status != 200:
            return _refusal(reply)
        return None if _is_receipt(reply, one, known, shared) else "receipt_forged"

    async def _blank(self, one: HandoverLetter) -> str | None:
        """Return a letter of a ticket that was erased since; None without its record."""
        told = await handovers.get(self._store, self._cipher, one.key)
        if told is None:
            return None
        content = blank(told.handover, one.kind, one.mark, one.made_at)
        envelope = HandoverEnvelope(
            handover=one.key.id, side=one.key.side, seq=one.seq, content=content
        )
        return envelope.model_dump_json()

    # --- what we offered ----------------------------------------------------------------------

    async def give_up(self) -> int:
        """Give up offers whose window is over: the ticket comes back to our dispatchers.

        And those whose ticket went on meanwhile, so that nobody there decides for nothing.
        """
        now = self._now()
        overtaken = await work.overtaken(self._store, MOST_WAITING)
        done = await self._each_changed(overtaken, partial(_kept, code="not_now"))
        lapsing = await work.lapsing(self._store, now, MOST_WAITING)
        return done + await self._each_changed(
            lapsing, lambda of, words, _: steps.lapsed(of, words, now)
        )

    async def _each_changed(self, keys: Sequence[HandoverKey], by: handovers.Change) -> int:
        """Change some of these; one that cannot be changed waits, and stops no other."""

        async def change(key: HandoverKey) -> int:
            await self._change(key, by)
            return 1

        return await self._each(keys, change)

    async def _each(self, keys: Sequence[Key], do: Callable[[Key], Awaitable[int]]) -> int:
        """Do it for some of these; one for which that fails waits, and stops no other."""
        now = self._now()
        due = self._put_off.due(keys, now)[:_AT_ONCE]
        return sum([await self._put_off.one(key, partial(do, key), now) for key in due])

    async def end_accepted(self) -> int:
        """End the tickets whose offers were accepted, and confirm; or keep those that went on."""
        return await self._each(await work.accepted(self._store, MOST_WAITING), self._end_accepted)

    async def _end_accepted(self, key: HandoverKey) -> int:
        told = await handovers.get(self._store, self._cipher, key)
        if told is None or told.handover.number is None:
            return 0
        of = told.handover
        ticket = await tickets.state(self._store, told.handover.number)
        if ticket is not None and ticket.of_wrongdoing:
            await self._change(key, partial(_kept, code="handover_of_report"))
            return 1
        known = await neighbours.get(self._store, key.neighbour)
        if known is None or known.ended_at is not None:
            # No confirmation would reach that city: the ticket would be with neither.
            await self._change(key, partial(_kept, code="neighbour_unknown"))
            return 1
        reason = (self._policy(of.city) or HandoverPolicy()).reason
        text = ending_text(known.name, of.id)
        became = await self._own.end(of.number or "", of.id, of.by or _BY_CENTRE, reason, text)
        if became.became is Became.DONE:
            await self._change(key, steps.confirmed)
        elif became.became is Became.REFUSED:
            await self._change(key, partial(_kept, code=became.code))
        else:
            self._put_off.later(key, self._now())
            return 0
        return 1

    # --- what was given to us -----------------------------------------------------------------

    async def file_taken(self) -> int:
        """File the tickets of what was given to us; each once, whatever is interrupted."""
        return await self._each(await work.unfiled(self._store, MOST_WAITING), self._file_taken)

    async def _file_taken(self, key: HandoverKey) -> int:
        told = await handovers.get(self._store, self._cipher, key)
        if told is None:
            return 0
        try:
            pack = self._packs.get(told.handover.city)
        except PackError:  # said by the doctor
            self._put_off.later(key, self._now())
            return 0
        return await self._filed(told.handover, told.words or HandoverWords(), pack)

    async def _filed(self, of: Handover, words: HandoverWords, pack: Pack) -> bool:
        """File one; return False if it waits for its files, as others of that city then do."""
        now, person = self._now(), known_person(words)
        complaint = await self._complaint(of, words, pack, now)
        try:
            attaching, missing = await self._fetched(of, words, now)
        except Unreachable:
            self._away_cities.no_files(of.neighbour, now)
            self._put_off.later(of.key, now)
            return False
        registered = await intake.register(
            self._store,
            complaint.model_copy(
                update={"files": [one.id for one in attaching.claims] if attaching else []}
            ),
            person,
            self._vault,
            f"handover:{of.neighbour}:{of.id}",
            of.id,
            lambda: new_number(now.astimezone(pack.calendar.tz).date()),
            self._keys,
            attaching,
        )

        def numbered(of: Handover, words: HandoverWords, _: datetime) -> HandoverStep | None:
            if of.number is not None:
                return None
            status = status_of_filed(registered.complaint, 1)
            after = of.model_copy(
                update={
                    "number": registered.number,
                    "status": status,
                    "files_missing": missing,
                }
            )
            return HandoverStep(after, words, [StatusNote(status=status)])

        await self._change(of.key, numbered)
        await self._own.start(registered.complaint)
        return True

    async def _fetched(
        self, of: Handover, words: HandoverWords, now: datetime
    ) -> tuple[Attaching | None, int]:
        """Return the files, and how many are missing: a matter does not wait for them for long.

        Raises:
            Unreachable: they are to be fetched again later.
        """
        known = await neighbours.get(self._store, of.neighbour)
        shared = await neighbours.secrets_of(self._store, self._cipher, of.neighbour)
        if not words.files:
            return None, 0
        if self._files is None or known is None or shared is None:
            return None, len(words.files)
        try:
            if self._away_cities.without_files(of.neighbour, now):
                raise Unreachable("no_connection")
            return await self._files.fetched(known, shared, of, words, now)
        except Unreachable:
            if of.taken_at is not None and now < of.taken_at + _FOR_FILES:
                raise
            return None, len(words.files)

    async def _complaint(
        self, of: Handover, words: HandoverWords, pack: Pack, now: datetime
    ) -> Complaint:
        area = words.area if words.area and pack.street_of(words.area) is not None else None
        named = [one.code for one in pack.categories if words.category in (one.name, one.name_en)]
        category = named[0] if len(named) == 1 else None
        first = await handovers.first_of(self._store, of.neighbour, of.other_number or "")
        before = await intake.get(self._store, first) if first else None
        told = known_person(words)
        person = before.complaint.person if before and told is None else None
        left = told is not None and bool(told.phone or told.email)
        return Complaint(
            number="",
            city=pack.city.id,
            kind=of.kind,
            channel=Channel.OTHER,
            title=words.title,
            text=words.text,
            category=category,
            follows=first,
            place=Place(
                area=area,
                address=words.address,
                lat=words.lat,
                lon=words.lon,
                crs=Crs(words.crs),
            ),
            anonymous=told is None and person is None,
            person=person,
            reachable=bool(before.complaint.reachable) if person and before else left,
            by_hand=category is None,
            filed_by=Filer(role=SYSTEM.role, account=f"neighbour:{of.neighbour}", program=True),
            filed_at=now,
        )

    async def pass_on(self) -> int:
        """Pass on what citizens said at the other city, each thing once and in its order."""
        done = 0
        for one in await letters.waiting_notes(self._store, self._cipher, self._now(), _AT_ONCE):
            # First put off: should it fail, those behind it have their turn.
            await letters.put_off(self._store, one, self._now() + _AGAIN)
            key = (one.neighbour, one.handover, one.seq)
            done += await self._put_off.one(key, partial(self._pass_on, one), self._now())
        return done

    async def _pass_on(self, one: WaitingNote) -> int:
        outcome = "bad_key" if one.note is None else await self._passed(one, one.note)
        if outcome is None:
            return 0
        await letters.passed_on(self._store, one, outcome, self._now())
        return 1

    async def _passed(self, one: WaitingNote, said: CitizenNote) -> str | None:
        key = HandoverKey(one.neighbour, HandoverSide.IN, one.handover)
        told = await handovers.get(self._store, self._cipher, key)
        number = told.handover.number if told else None
        if number is None:
            return None
        onward = await self._onward(number)
        if onward is not None:
            passed = said.model_copy(update={"id": f"{one.handover}-{one.seq}"})
            # The mark and the letter in one transaction: interrupted, it goes on once all the same.
            await handovers.change(
                self._store,
                self._cipher,
                onward,
                lambda of, words, _: HandoverStep(of, words, [passed]),
                lambda _: self._now(),
                once=lambda to: letters.mark_passed_on(to, one, "relayed", self._now()),
            )
            return "relayed"
        became = await self._own.say(number, said, f"handover-{one.handover}-{one.seq}")
        if became.became is Became.LATER:
            return None
        return became.code or became.became.value

    async def _onward(self, number: str) -> HandoverKey | None:
        """Return the hand-over by which this ticket went on to yet another city."""
        for told in await handovers.of_ticket(self._store, self._cipher, number):
            of = told.handover
            if of.side is HandoverSide.OUT and of.state is HandoverState.TAKEN:
                return of.key
        return None

    async def report(self) -> int:
        """Tell the first city how its matter stands, the latest only."""
        news = {one.key: one for one in await work.untold(self._store, MOST_WAITING)}

        async def tell(key: HandoverKey) -> int:
            if await letters.waiting_count(self._store, key, "status"):
                self._put_off.later(key, self._now())  # it goes first; then the latest is told
                return 0
            return await self._reported(news[key])

        return await self._each(list(news), tell)

    async def _reported(self, one: Untold) -> int:
        ticket = await tickets.state(self._store, one.number)
        if ticket is None:
            return 0
        onward = await self._onward(one.number)
        there = await handovers.get(self._store, self._cipher, onward) if onward else None
        known = await neighbours.get(self._store, onward.neighbour) if onward else None
        pack = self._packs.get(ticket.complaint.city)

        def told(of: Handover, words: HandoverWords, _: datetime) -> HandoverStep:
            version = of.status.version + 1 if of.status else 1
            status = status_of(ticket, pack, version)
            if there is not None and there.handover.status is not None:
                said = there.words.reply if there.words else ""
                name = known.name if known else there.handover.neighbour
                status = further(there.handover.status, said, one.number, name, version)
            kept = status.model_copy(update={"reply": None})
            after = of.model_copy(update={"status": kept})
            return HandoverStep(after, words, [StatusNote(status=status)])

        await self._change(one.key, told)
        await work.note_told(self._store, one)
        return 1

    # --- parts --------------------------------------------------------------------------------

    async def _change(self, key: HandoverKey, by: handovers.Change) -> None:
        await handovers.change(self._store, self._cipher, key, by, lambda _: self._now())

    def _policy(self, city: str) -> HandoverPolicy | None:
        try:
            return self._packs.get(city).handover
        except PackError:
            return None


def _kept(of: Handover, words: HandoverWords, now: datetime, *, code: str) -> HandoverStep | None:
    return steps.kept(of, words, now, code)


def _refusal(reply: HttpReply) -> str:
    """Return the code of the other side's refusal, as far as it is one of ours."""
    try:
        said: Any = json.loads(reply.body)
    except ValueError:
        return f"http_{reply.status}"
    code = said.get("code") if isinstance(said, dict) else None
    known = {"letter_refused", "letter_out_of_order", "letter_unexpected", "letter_too_old"}
    return code if isinstance(code, str) and code in known else f"http_{reply.status}"


def _is_receipt(reply: HttpReply, of: HandoverLetter, known: Neighbour, shared: Secrets) -> bool:
    """Return whether the neighbour itself says that it has the letter.

    A page of something between us that answers 200 to everything is no receipt.
    """
    try:
        time = int(reply.headers.get(signing.TIME, ""))
    except ValueError:
        return False
    purpose = signing.receipt_of(of.key.id, of.key.side.value, of.seq)
    return signing.is_signed(
        shared.good,
        purpose,
        known.code,
        known.known_as,
        time,
        reply.body,
        reply.headers.get(signing.SIGNATURE, ""),
    )
