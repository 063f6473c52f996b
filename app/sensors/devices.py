"""The register of devices: what is heard of each, and the import of others from a table."""

from pathlib import Path

from app.access.caller import Caller
from app.access.permission import permit
from app.access.visibility import pack_asked
from app.context import AppContext
from domain.model import Instant, Recorded
from domain.pack.pack import Pack
from domain.pack.sensors import Device
from domain.sensors.readings import AlarmState, DeviceState, is_silent
from packs.csv_tables import read_csv
from packs.listed_devices import device_faults, rules_of
from packs.problems import PackFault
from packs.registry import PackRegistry
from store.db.engine import Store
from store.secrets.key_ring import KeyRing
from store.sensors import readings
from store.sensors.causes import Cause
from store.sensors.register import DeviceChanges, Register


class BadDevices(Exception):
    """A file of devices that cannot be imported; `problems` lists all its faults."""

    code = "bad_devices"

    def __init__(self, problems: list[PackFault]) -> None:
        super().__init__(f"the file has {len(problems)} problem(s)")
        self.problems = problems


class OpenTicketOut(Recorded):
    """An open ticket of a device. `recovered_at`: its readings have recovered since."""

    number: str
    alarm: str
    recovered_at: Instant | None


class DeviceOut(Recorded):
    """A device, and what was heard of it last. Where one stands at a home is not said.

    `silent`: it says nothing for longer than its interval.
    """

    code: str
    kind: str
    kind_name: str
    name: str
    area: str | None
    unit: str
    latest_at: Instant | None
    latest: float | None
    raised: list[str]
    silent: bool
    tickets: list[OpenTicketOut]


class DevicesOut(Recorded):
    items: list[DeviceOut]


def register(context: AppContext, pack: Pack) -> Register:
    """Return the register of a city."""
    return Register(context.store, context.vault.ring, pack.city.id, pack.devices)


async def devices_of(
    context: AppContext, caller: Caller, city: str | None = None
) -> list[DeviceOut]:
    """Return the devices of the city asked for, those with something open first, then the silent.

    Raises:
        Problem: not_your_city, not_in_this_city, invalid_request
        UnknownCity
    """
    await permit(context, caller, "list_devices")
    pack = pack_asked(context, caller, city, lambda one: bool(one.sensors.kinds))
    chosen = pack.city.id
    known = await register(context, pack).listed()
    heard = await readings.heard(context.store, chosen)
    opened: dict[str, list[Cause]] = {}
    for cause in await readings.open_causes(context.store, chosen):
        opened.setdefault(cause.device, []).append(cause)
    shown = [
        _device(
            context,
            pack,
            one,
            heard[one.code].state if one.code in heard else DeviceState(),
            opened.get(one.code, []),
        )
        for one in known
    ]
    return sorted(shown, key=lambda one: (not one.tickets, not one.silent, one.code))


def _device(
    context: AppContext, pack: Pack, device: Device, state: DeviceState, causes: list[Cause]
) -> DeviceOut:
    kind = pack.sensors.kind(device.kind)
    latest = state.latest
    return DeviceOut(
        code=device.code,
        kind=device.kind,
        kind_name=kind.name if kind else device.kind,
        name=device.name if kind is None or not kind.personal else "",
        area=device.area,
        unit=kind.unit if kind else "",
        latest_at=latest.at if latest else None,
        latest=latest.value if latest else None,
        raised=[
            rule.code
            for rule in (kind.alarms if kind else ())
            if state.alarms.get(rule.code, AlarmState()).raised
        ],
        silent=kind is not None and is_silent(kind, latest.at if latest else None, context.now()),
        tickets=[
            OpenTicketOut(number=one.number, alarm=one.alarm, recovered_at=one.recovered_at)
            for one in causes
            if one.number is not None
        ],
    )


async def import_devices(
    store: Store,
    ring: KeyRing,
    packs: PackRegistry,
    city: str,
    path: Path,
    *,
    replace: bool = False,
    dry_run: bool = False,
) -> DeviceChanges:
    """Import the devices of a table, all of them or none, and say what that changes.

    Raises:
        UnknownCity, PackError, StoreUnavailable
        BadDevices: nothing was changed.
    """
    pack = packs.get(city)
    if not pack.sensors.kinds:
        message = "the city has no kinds of devices: name them in sensors.toml"
        raise BadDevices([PackFault(path.name, None, message)])
    problems: list[PackFault] = []
    sheet = read_csv(path, path.name, Device, problems)
    problems += device_faults(sheet.rows, rules_of(pack))
    if problems:
        raise BadDevices(sorted(problems, key=lambda problem: problem.line or 0))
    personal = {kind.code for kind in pack.sensors.kinds if kind.personal}
    own = Register(store, ring, city, pack.devices)
    return await own.change(sheet.values(), personal, replace=replace, dry_run=dry_run)
