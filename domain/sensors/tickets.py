"""The ticket of a cause: what it says, and where it is. Of a device at a home no more than that."""

from domain.pack.sensors import AlarmRule, Device, SensorKind
from domain.ticket.complaint import Place


def text_of(kind: SensorKind, rule: AlarmRule, device: Device, value: float, note: str) -> str:
    """Return what the ticket says: of a device at a home no more than what it is."""
    measured = f"{value:g} {kind.unit}".strip()
    name = kind.name if kind.personal else device.name
    if kind.leads:
        return f"{name}：{rule.name}，{measured}。{note}"
    return f"{name}：{rule.name}，读数 {measured}。"


def place_of(
    kind: SensorKind, device: Device, lat: float | None, lon: float | None, cell: str | None
) -> Place:
    """Return the place of a cause. `lat`, `lon`, `cell`: of a lead, its point and grid cell."""
    if kind.personal:
        return Place(area=device.area)
    if not kind.leads:
        return Place(area=device.area, address=device.address, lat=device.lat, lon=device.lon)
    if lat is None or lon is None:
        return Place()
    return Place(area=cell, lat=lat, lon=lon)
