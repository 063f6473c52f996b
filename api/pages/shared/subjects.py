"""The subjects that a city has only if its pack says so, and that concern only some units."""

from collections.abc import Callable
from enum import StrEnum

from domain.pack.catalogue import UnitKind
from domain.pack.pack import Pack


class Subject(StrEnum):
    """A subject with pages of its own in the staff's navigation."""

    REWARDS = "rewards"  # 有奖随手拍
    GRID = "grid"  # 网格员
    PATROLS = "patrols"  # 巡查
    SUPERVISION = "supervision"  # 督导清单
    CONTRACTORS = "contractors"  # 承包企业考核
    PROMISES = "promises"  # 承诺
    SENSORS = "sensors"  # 传感设备
    APPOINTMENTS = "appointments"  # 预约办理
    REPORT_CARD = "report_card"  # 向群众汇报
    COUNCILS = "councils"  # 协商议事
    HANDOVER = "handover"  # 移交
    INCIDENTS = "incidents"  # 突发事件
    MACHINES = "machines"  # 系统程序、转人工


def subjects_of(pack: Pack, unit: str | None) -> frozenset[Subject]:
    """Return the subjects of a city that concern a unit; None: whoever is of no unit."""
    return frozenset(subject for subject, has in _HAS.items() if has(pack, unit))


def _rewards(pack: Pack, unit: str | None) -> bool:
    """Return whether the city rewards reports; of a unit, whether it hands out prizes."""
    if unit is None:
        return bool(pack.reward_rules)
    return any(prize.unit == unit for prize in pack.prizes)


def _grid(pack: Pack, unit: str | None) -> bool:
    """Return whether the city has grid workers; of a unit, whether it may answer for some."""
    if pack.grid is None or unit is None:
        return pack.grid is not None
    of = pack.unit(unit)
    return bool(of.area) and of.kind in (UnitKind.STREET, UnitKind.COMMUNITY)


def _patrols(pack: Pack, unit: str | None) -> bool:
    del unit
    return bool(pack.patrols.routes)


def _supervision(pack: Pack, unit: str | None) -> bool:
    del unit
    return bool(pack.supervision.leaders)


def _contractors(pack: Pack, unit: str | None) -> bool:
    """Return whether the city assesses contractors; of a unit, whether it is one."""
    units = pack.contractors.units
    return bool(units) if unit is None else unit in units


def _promises(pack: Pack, unit: str | None) -> bool:
    del unit
    return pack.promises is not None


def _sensors(pack: Pack, unit: str | None) -> bool:
    del unit
    return bool(pack.sensors.kinds)


def _appointments(pack: Pack, unit: str | None) -> bool:
    """Return whether appointments are booked; of a unit, whether a place of the pack is its own."""
    if not pack.services.services or unit is None:
        return bool(pack.services.services)
    units = {place.unit for place in pack.directory if place.unit and pack.has_unit(place.unit)}
    return any(pack.is_within(of, unit) for of in units)


def _report_card(pack: Pack, unit: str | None) -> bool:
    del unit
    return pack.report_card is not None


def _councils(pack: Pack, unit: str | None) -> bool:
    del unit
    return pack.council is not None


def _handover(pack: Pack, unit: str | None) -> bool:
    del unit
    return pack.handover is not None


def _incidents(pack: Pack, unit: str | None) -> bool:
    del unit
    return pack.incidents is not None


def _machines(pack: Pack, unit: str | None) -> bool:
    del unit
    return pack.agents is not None


_HAS: dict[Subject, Callable[[Pack, str | None], bool]] = {
    Subject.REWARDS: _rewards,
    Subject.GRID: _grid,
    Subject.PATROLS: _patrols,
    Subject.SUPERVISION: _supervision,
    Subject.CONTRACTORS: _contractors,
    Subject.PROMISES: _promises,
    Subject.SENSORS: _sensors,
    Subject.APPOINTMENTS: _appointments,
    Subject.REPORT_CARD: _report_card,
    Subject.COUNCILS: _councils,
    Subject.HANDOVER: _handover,
    Subject.INCIDENTS: _incidents,
    Subject.MACHINES: _machines,
}
