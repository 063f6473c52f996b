"""Readings: judge what is in the book of events, and file the tickets that they cause.

A step takes some events of each source, so that a source that sends very many delays only its own.
A cause without a ticket gets it in the next step, whoever opened it: a process that was stopped
between the two, or a request that came to no end. Filing is done by the key of the cause, so that
it gets one ticket however often that happens.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import structlog
from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError

from activities.intake_backlog import start_registered
from activities.maintenance import keep_doing
from domain.actors import Role
from domain.pack.pack import Pack
from domain.pack.sensors import AlarmRule, Device, SensorKind
from domain.sensors.tickets import place_of, text_of
from domain.ticket.complaint import Channel, Complaint, Filer
from packs.lead_cells import lead_cell
from packs.registry import PackError, PackRegistry
from store.db.engine import Store
from store.db.errors import StoreError, StoreUnavailable
from store.secrets.marks import fingerprint
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from store.sensors import judging, readings
from store.sensors.causes import Cause
from store.sensors.register import Register, resident_of
from store.tickets import intake
from store.tickets.numbers import new_number

log = structlog.get_logger(__name__)

_AT_ONCE = 400
"""The events of a source in a step: one transaction, for which whoever writes has to wait."""

_ONE_BY_ONE = 50
_FILED_AT_ONCE = 50
_REMEMBERED = 1000
"""The causes without a ticket that a run passes by, because the city has their alarm no more."""


class Readings:
    """The job."""

    def __init__(
        self,
        packs: PackRegistry,
        store: Store,
        client: Client,
        vault: Vault,
        keys: TicketKeys,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._packs, self._store, self._client = packs, store, client
        self._vault, self._keys, self._now = vault, keys, now

    @activity.defn(name="judge_readings")
    async def judge(self) -> int:
        """Judge events for one run window; return how many, with the tickets filed."""
        passed_by: list[str] = []

        async def step() -> int:
            return await self.judge_some() + await self.file_some(passed_by)

        return await keep_doing(step)

    async def judge_some(self) -> int:
        """Judge some events of each source that has any; return how many."""
        done = 0
        for city, source_id in await judging.sources_waiting(self._store):
            try:
                done += await self._judge(city, source_id, _AT_ONCE)
            except StoreError:
                raise
            except PackError:  # they wait for its rules: no event is to blame
                log.warning("events wait for the city's pack", city=city, source=source_id)
            except Exception:
                log.exception("events could not be judged together", source=source_id)
                done += await self._judge_each(city, source_id)
        return done

    async def _judge(self, city: str, source_id: str, most: int) -> int:
        kinds, devices = self._known(city)
        return await judging.judge_some(
            self._store, city, source_id, kinds, devices, most, self._now()
        )

    async def _judge_each(self, city: str, source_id: str) -> int:
        """Judge some events one by one: one that cannot be judged is set aside, and stops none."""
        for n in range(_ONE_BY_ONE):
            try:
                if not await self._judge(city, source_id, 1):
                    return n
            except StoreError:
                raise
            except Exception:
                log.exception("an event could not be judged", source=source_id)
                await judging.set_aside(self._store, city, source_id, self._now())
        return _ONE_BY_ONE

    def _known(self, city: str) -> tuple[Mapping[str, SensorKind], Mapping[str, str]]:
        """Return the kinds of a city, and those of its pack's devices; none if it is served no
        more.
        """
        if city not in self._packs.ids():
            return {}, {}
        pack = self._packs.get(city)
        kinds = {kind.code: kind for kind in pack.sensors.kinds}
        return kinds, {one.code: one.kind for one in pack.devices}

    async def file_some(self, passed_by: list[str]) -> int:
        """File the tickets of causes without one; return how many.

        `passed_by`: causes that cannot be filed; it is added to.
        """
        found = await judging.unfiled(self._store, _FILED_AT_ONCE, passed_by)
        filed = 0
        for cause in found:
            if await self._try_to_file(cause):
                filed += 1
            elif len(passed_by) < _REMEMBERED:
                passed_by.append(cause.id)
        return filed

    async def _try_to_file(self, cause: Cause) -> bool:
        """File the ticket of a cause; False if that cannot be: others do not wait for it."""
        try:
            return await self._file(cause)
        except StoreUnavailable:
            raise
        except Exception:
            log.exception("the ticket of a cause could not be filed", cause=cause.id)
            return False

    async def _file(self, cause: Cause) -> bool:
        """File the ticket of a cause; False if the city has no such device or alarm any more."""
        if cause.city not in self._packs.ids():
            return False
        pack = self._packs.get(cause.city)
        register = Register(self._store, self._vault.ring, pack.city.id, pack.devices)
        device = await register.get(cause.device)
        kind = pack.sensors.kind(device.kind) if device is not None else None
        rule = kind.alarm(cause.alarm) if kind is not None else None
        if device is None or kind is None or rule is None:
            return False
        value, note = await judging.measured(self._store, cause, kind)
        person = resident_of(device) if kind.personal else None
        now = self._now()
        complaint = self._complaint(pack, device, kind, rule, cause, text_of(
            kind, rule, device, value, note
        ), now)  # fmt: skip
        complaint = complaint.model_copy(update={"reachable": bool(person and person.phone)})
        day = now.astimezone(pack.calendar.tz).date()
        registered = await intake.register(
            self._store,
            complaint,
            person,
            self._vault,
            f"sensor/{cause.id}",
            fingerprint(self._vault.ring.root_key, cause.id),
            lambda: new_number(day),
            self._keys,
        )
        await self._start(registered)
        await readings.name_ticket(self._store, cause.id, registered.number)
        return True

    def _complaint(
        self,
        pack: Pack,
        device: Device,
        kind: SensorKind,
        rule: AlarmRule,
        cause: Cause,
        text: str,
        now: datetime,
    ) -> Complaint:
        cell = lead_cell(self._packs, pack.city.id, cause.lat, cause.lon) if kind.leads else None
        return Complaint(
            number="",  # given at registration
            city=pack.city.id,
            kind=rule.kind,
            channel=Channel.SENSOR,
            title=rule.title,
            text=text,
            category=rule.category,
            place=place_of(kind, device, cause.lat, cause.lon, cell),
            anonymous=not kind.personal,
            filed_by=Filer(role=Role.SYSTEM),
            filed_at=now,
        )

    async def _start(self, registered: intake.Registered) -> None:
        if registered.started:
            return
        try:
            await start_registered(self._client, self._store, registered.complaint)
        except RPCError as error:  # the backlog's job starts it when the engine is back
            log.warning("a sensor's ticket waits for the engine", status=error.status.name)
