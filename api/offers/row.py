"""A row of the table of commands."""

from typing import Any, NamedTuple

from domain.commands.base import CommandBase


class Offer(NamedTuple):
    """Which command, where, with which example, and with which refusals of its own."""

    path: str
    command: type[CommandBase]
    summary: str
    example: dict[str, Any]
    refusals: tuple[str, ...] = ()


OF_A_SHARE = ("not_your_unit", "assignment_ended", "unknown_assignment")
"""What every command of a unit on its own share may be refused with."""
