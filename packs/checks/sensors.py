"""Checks of sensors: known categories, nothing that accuses anybody, and known devices."""

from collections import Counter
from collections.abc import Iterator

from domain.pack.sensors import MOST_OF_PACK
from domain.ticket.complaint import of_wrongdoing
from packs.listed_devices import DeviceRules, device_faults
from packs.parsed_pack import DEVICES, ParsedPack
from packs.problems import PackFault


def check_sensors(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that kinds are there once, and that what they file can be filed."""
    if parsed.sensors.value is None:
        return
    kinds = parsed.sensors.value.kinds
    times = Counter(kind.code for kind in kinds)
    for index, kind in enumerate(kinds):
        if times[kind.code] > 1:
            message = f"{kind.code} is there more than once"
            yield parsed.sensors.problem(("kinds", index, "code"), message)
        for n, rule in enumerate(kind.alarms):
            at = ("kinds", index, "alarms", n)
            if not parsed.categories.has(rule.category):
                message = f"the category {rule.category!r} is unknown"
                yield parsed.sensors.problem((*at, "category"), message)
            if of_wrongdoing(rule.kind):
                message = "kind: a device does not report wrongdoing: it accuses nobody"
                yield parsed.sensors.problem((*at, "kind"), message)


def check_devices(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check the devices of the pack, if it has any."""
    city, sensors, rows = parsed.city.value, parsed.sensors.value, parsed.devices.rows
    if not rows or city is None or (sensors is None and parsed.files.exists(parsed.sensors.file)):
        return
    if len(rows) > MOST_OF_PACK:
        message = f"more than {MOST_OF_PACK} devices: import them with `jiesu devices import`"
        yield PackFault(DEVICES, rows[MOST_OF_PACK].line, message)
        return
    if sensors is None:
        yield PackFault(DEVICES, rows[0].line, "there are no kinds of devices: sensors.toml")
        return
    division = city.city.division
    rules = DeviceRules(sensors, lambda area: area.startswith(division), False)
    yield from device_faults(rows, rules)
