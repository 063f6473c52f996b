"""Actors: roles, and one person or program in a role."""

from enum import StrEnum

from domain.model import Recorded


class Role(StrEnum):
    """The roles of a ticket's actors, in the terms of the 12345 lines."""

    CITIZEN = "citizen"  # 市民
    DESK = "desk"  # 受理员
    DISPATCHER = "dispatcher"  # 派单员
    OFFICER = "officer"  # 承办单位
    GRID_WORKER = "grid_worker"  # 网格员
    SUPERVISOR = "supervisor"  # 督办
    AUDITOR = "auditor"  # 审计
    ADMIN = "admin"  # 管理员
    SYSTEM = "system"  # the engine itself: clocks and automatic steps


ROLE_NAMES: dict[Role, tuple[str, str]] = {
    Role.CITIZEN: ("Citizen", "市民"),
    Role.DESK: ("Desk operator", "受理员"),
    Role.DISPATCHER: ("Dispatcher", "派单员"),
    Role.OFFICER: ("Unit officer", "承办人员"),
    Role.GRID_WORKER: ("Grid worker", "网格员"),
    Role.SUPERVISOR: ("Supervisor", "督办员"),
    Role.AUDITOR: ("Auditor", "审计"),
    Role.ADMIN: ("Administrator", "管理员"),
    Role.SYSTEM: ("System", "系统"),
}
"""The names of the roles, in English and in Chinese."""

OF_UNITS = frozenset({Role.OFFICER, Role.GRID_WORKER})
"""The roles of those who belong to a unit, and see no more than concerns it."""


MACHINE = "agent:"
"""The beginning of the ids of machines (agents): wherever an id is recorded, also in histories and
by programs of an earlier version, it says so. No account's id has a colon."""


def is_machine(actor_id: str) -> bool:
    """Return whether this is the id of a machine, and not of a person or a plain program."""
    return actor_id.startswith(MACHINE)


class Actor(Recorded):
    """An actor. `id` is an account's id, never a citizen's name or phone."""

    role: Role
    id: str = ""
    unit: str | None = None

    @property
    def machine(self) -> bool:
        """True if a machine acted, with the token of an agent."""
        return is_machine(self.id)

    def __str__(self) -> str:
        return ":".join(part for part in (self.role.value, self.unit, self.id) if part)


SYSTEM = Actor(role=Role.SYSTEM)
CITIZEN = Actor(role=Role.CITIZEN)
