"""Commands by which several units share a ticket."""

from typing import Literal

from pydantic import Field

from domain.commands.base import CommandBase, Length
from domain.commands.units import UnitCommand
from domain.facts import joint
from domain.model import Incoming
from domain.ticket.complaint import Code, Text


class Call(Incoming):
    """A unit that is called in, its task, and its own limit if it has one."""

    unit: Code
    task: Text
    limit: Length | None = None


class Whistle(UnitCommand):
    """吹哨: call other units in, or one more of them. The answer waits for all."""

    leads_to = joint.Whistled
    do: Literal["whistle"] = "whistle"
    ground: Code
    reason: Text
    units: list[Call] = Field(min_length=1, max_length=20)


class Delegate(UnitCommand):
    """转派: give the work to a unit below, and stay answerable."""

    leads_to = joint.Delegated
    do: Literal["delegate"] = "delegate"
    unit: Code
    task: Text
    limit: Length | None = None


class Release(CommandBase):
    """Let a co-handler or a delegate go."""

    leads_to = joint.Released
    do: Literal["release"] = "release"
    assignment: int = Field(ge=1)
    reason: Text


class Override(CommandBase):
    """Answer without waiting for the co-handlers any longer."""

    leads_to = joint.Overridden
    do: Literal["override"] = "override"
    reason: Text


class RaiseLevel(CommandBase):
    """提级: hand it one level up."""

    leads_to = joint.LevelRaised
    do: Literal["raise_level"] = "raise_level"
    reason: Text
