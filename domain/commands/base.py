"""The base of every command: its data, its specification, its guard and its facts."""

from abc import abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from domain.actors import Actor
from domain.canonical import digits_plainly, written_plainly
from domain.commands.spec import CommandSpec
from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.events import Fact
from domain.facts.base import FactBase
from domain.model import Incoming, Instant, Recorded
from domain.ticket.complaint import cleaned
from domain.ticket.ticket import Ticket

Note = Annotated[str, StringConstraints(max_length=1000), AfterValidator(cleaned)]
Length = Annotated[
    str,
    StringConstraints(pattern=r"^[1-9][0-9]{0,2}(s|m|h|d|wh|wd)$"),
    BeforeValidator(written_plainly),
]
"""A span as packs write it: 30m, 2h, 3d in calendar time; 4wh, 5wd in working time."""
Number = Annotated[str, StringConstraints(pattern=r"^[0-9]{13}$"), BeforeValidator(digits_plainly)]
"""A ticket's number."""

ReasonKind = Literal["decline", "refer", "return", "whistle", "hold", "exclude"]
ReasonCode = tuple[ReasonKind, str]
"""The code of a reason that has to be one of the pack's, and its list."""


class Wanted(Recorded):
    """More time, as requested: an extension by a length, or a hold until a day."""

    clock: Clock | None = None
    by: str | None = None
    until: Instant | None = None


class ClockNeed(NamedTuple):
    """The clock a command starts, and its assignment; `wanted`: more time, requested with it."""

    clock: ClockName
    assignment: int | None = None
    wanted: Wanted | None = None


class CommandBase(Incoming):
    """The base of commands.

    leads_to: the fact it becomes, for the transition table
    ends: facts by the deciding value, if content or a pending request decides among several
    spec: all that is said of it outside the lifecycle
    planned: its facts need a plan from an activity, which its handler in `workflows.handlers` asks
    """

    if TYPE_CHECKING:
        do: str

    leads_to: ClassVar[type[FactBase]]
    ends: ClassVar[dict[str, type[FactBase]]] = {}
    spec: ClassVar[CommandSpec]
    planned: ClassVar[bool] = False

    @classmethod
    def tag(cls) -> str:
        """Return the value of `do` that distinguishes this command."""
        return str(cls.model_fields["do"].default)

    @classmethod
    def may_lead_to(cls) -> tuple[type[FactBase], ...]:
        """Return every fact it may become."""
        return tuple(cls.ends.values()) or (cls.leads_to,)

    def fact_of(self, ticket: Ticket) -> type[FactBase]:
        """Return the fact it becomes now, to look up in the transition table."""
        return self.leads_to

    @abstractmethod
    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        """Refuse the command by more than stage, role, unit and the city's switches.

        Raises:
            Refused: with the reason's code; nothing has changed.
        """

    def reason_code(self) -> ReasonCode | None:
        """Return the reason's code, if it has to be one of the pack's."""
        return None

    def clock_need(self, ticket: Ticket, actor: Actor) -> ClockNeed | None:
        """Return the clock that has to be planned before the command becomes facts."""
        return None

    def facts(self, ticket: Ticket, actor: Actor, clocks: list[Clock]) -> list[Fact]:
        """Return the facts of the command; `clocks`: the plan of `clock_need`."""
        raise TypeError(f"{type(self).__name__} needs a plan")
