"""The devices of a register, checked against their city: of a pack, and of an import."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from domain.pack.pack import Pack
from domain.pack.sensors import Device, Sensors
from packs.csv_tables import CsvRow
from packs.problems import PackFault


@dataclass(frozen=True, slots=True)
class DeviceRules:
    """The rules that the devices of a city are checked against.

    `within`: whether a division code lies in the city. `personal`: devices whose place is personal
    data may be named.
    """

    sensors: Sensors
    within: Callable[[str], bool]
    personal: bool


def rules_of(pack: Pack) -> DeviceRules:
    """Return what the devices of an import are checked against."""
    return DeviceRules(pack.sensors, lambda area: area.startswith(pack.city.division), True)


def device_faults(
    rows: Sequence[CsvRow[Device]], rules: DeviceRules, known: Collection[str] = ()
) -> Iterator[PackFault]:
    """Yield everything that is wrong with the rows."""
    first: dict[str, int] = {}
    for row in rows:
        for message in _faults(row.value, rules):
            yield PackFault(row.file, row.line, message)
        code = row.value.code
        if code in first or code in known:
            where = f"already on line {first[code]}" if code in first else "already there"
            yield PackFault(row.file, row.line, f"{code} is {where}")
        first.setdefault(code, row.line)


def _faults(device: Device, rules: DeviceRules) -> Iterator[str]:
    kind = rules.sensors.kind(device.kind)
    if kind is None:
        yield f"the kind {device.kind!r} is unknown"
        return
    if kind.personal and not rules.personal:
        yield (
            f"{device.code}: who has a device of the kind {kind.code} is personal data: import it "
            "with `jiesu devices import`"
        )
    if not kind.personal and (device.resident or device.phone):
        yield "resident, phone: only devices of a personal kind look after somebody"
    if kind.leads and (device.area or device.address or device.lat is not None):
        yield "area, address, lat, lon: each lead has a place of its own"
    if not kind.leads and device.area is None:
        yield "the area is missing"
    if device.area is not None and not rules.within(device.area):
        yield f"the area {device.area!r} is not in this city"
