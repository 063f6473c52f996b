"""A row of the table of command endpoints."""

from typing import Any, NamedTuple

from domain.commands.base import CommandBase


class CommandEndpoint(NamedTuple):
    """A command endpoint: its path, command, summary, example and own refusals."""

    path: str
    command: type[CommandBase]
    summary: str
    example: dict[str, Any]
    refusals: tuple[str, ...] = ()


OF_A_SHARE = ("not_your_unit", "assignment_ended", "unknown_assignment")
"""The refusals common to every command of a unit on its own share."""
