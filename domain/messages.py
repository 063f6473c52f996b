"""Messages to a ticket's workflow: commands, ratings and signals from other tickets."""

from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from domain.actors import Actor
from domain.commands.base import CommandBase
from domain.commands.registry import COMMANDS
from domain.model import Instant, Recorded
from domain.ticket.assignment import Assignment
from domain.ticket.because import Because
from domain.ticket.rating import Apart, Rating

if TYPE_CHECKING:
    Command = CommandBase
else:  # every command of the registry, distinguished by `do`
    Command = Annotated[reduce(or_, COMMANDS), Field(discriminator="do")]


class Act(Recorded):
    """One command with its actor and time: the input of the `act` update.

    `until`: a deadline on the engine's clock. A ticket that has not begun the command by then
    refuses it (`too_late`), so that a command answered as failed is never carried out later.
    """

    actor: Actor
    command: Command
    at: Instant | None = Field(None, description="When the API received it.")
    until: Instant | None = Field(None, description="When it is given up if nobody has begun it.")


class RatingMessage(Recorded):
    """A rating with its actor: the input of the `rate` signal.

    `key`: the sender's own, "" for none. The engine delivers a signal once, but a client that got
    no answer sends again with the same key. `apart`: why the rating is set apart.
    """

    actor: Actor
    rating: Rating
    key: str = ""
    apart: Apart | None = None
    at: Instant | None = Field(None, description="When the API received it.")


class ParentReply(Recorded):
    """The answer of the ticket that this one was merged into: the input of its signal.

    `answered_by`: the lead's assignment there, if a unit answered.
    """

    parent: str
    text: str
    resolved: bool
    answered_by: Assignment | None = None
    at: Instant


class MergedTicket(Recorded):
    """A ticket that was merged into this one, or is unmerged: the input of those signals.

    `text`, `files`: of a merged one, what its citizen has said so far. `category`, `tier`: those
    that it borrows of this one, as it was never classified; None if it has its own.
    """

    number: str
    text: str = ""
    files: list[str] = Field(default_factory=list)
    category: str | None = None
    tier: str | None = None
    at: Instant


class MergedFacts(Recorded):
    """An addition by the citizen of a ticket merged into this one: the input of its signal."""

    number: str
    text: str
    files: list[str] = Field(default_factory=list)
    at: Instant


class MergedUrge(Recorded):
    """An urge by the citizen of a ticket merged into this one: the input of its signal."""

    number: str
    text: str = ""
    at: Instant


class ParentPause(Recorded):
    """The pause of the unit that leads the parent: the input of its signal.

    `text`: the reason of a hold; earlier also the question to the citizen. `until`: when it ends at
    the latest. `asked_at`: when the unit requested the hold.
    """

    parent: str
    why: Literal["hold", "citizen"]
    text: str = ""
    until: Instant | None = None
    asked_at: Instant | None = None
    at: Instant


class ParentResumed(Recorded):
    """The end of the parent's pause: the input of its signal. `why` as in `Resumed`."""

    parent: str
    why: str
    at: Instant


class ParentExtended(Recorded):
    """An extension granted to the unit that leads the parent: the input of its signal."""

    parent: str
    by: str
    reason: str
    asked_at: Instant
    at: Instant


class ParentReclassified(Recorded):
    """The corrected classification of the parent: the input of its signal."""

    parent: str
    category: str
    tier: str
    at: Instant


class Parting(Recorded):
    """Notice that the parent will not answer this ticket: the input of its signal."""

    parent: str
    reason: str
    because: list[Because] = Field(default_factory=list)
    at: Instant
