"""The base of a unit's commands on its own share."""

from abc import abstractmethod
from datetime import datetime

from pydantic import Field

from domain.actors import Actor, Role
from domain.commands.base import CommandBase
from domain.commands.relations import LEAD
from domain.refusals import Refused
from domain.ticket.assignment import Assignment, Share
from domain.ticket.ticket import Ticket


class UnitCommand(CommandBase):
    """A command of a unit that has a share of the ticket."""

    assignment: int | None = Field(None, ge=1, description="Default: the unit's own.")

    def guard(self, ticket: Ticket, actor: Actor, at: datetime) -> None:
        assignment = self.share_in(ticket, actor)
        check_officer(assignment, actor)
        if self.spec.near == LEAD and assignment.share is not Share.LEAD:
            raise Refused("not_the_lead", "Only the unit that leads may do this.")
        self.guard_share(ticket, assignment, at)

    @abstractmethod
    def guard_share(self, ticket: Ticket, assignment: Assignment, at: datetime) -> None:
        """Refuse the command by more than an open share of the actor's unit.

        Raises:
            Refused: with the reason's code; nothing has changed.
        """

    def share_in(self, ticket: Ticket, actor: Actor) -> Assignment:
        """Return the assignment meant: the one that is named, the unit's own, else the lead's."""
        if self.assignment is not None:
            return ticket.assignment(self.assignment)
        own = [a for a in ticket.opened if a.unit == actor.unit]
        if own:
            return own[-1]
        if ticket.current is None:
            raise Refused("not_now", "No unit has this ticket now.")
        return ticket.current


def check_officer(assignment: Assignment, actor: Actor) -> None:
    """Require an open assignment, and for an officer, one of their unit."""
    if actor.role is Role.OFFICER and actor.unit != assignment.unit:
        raise Refused("not_your_unit", "Another unit has this assignment.")
    if not assignment.open:
        raise Refused("assignment_ended", "This assignment has ended.")


def refuse_second_request(assignment: Assignment) -> None:
    """Refuse a request while another one of the unit waits for its decision."""
    if assignment.asked is not None:
        raise Refused("already_asked", f"A request is waiting already: {assignment.asked.what}.")


def refuse_pause(assignment: Assignment) -> None:
    """Refuse what would move a clock that stands still."""
    if assignment.pause is not None:
        raise Refused("paused", f"The clock stands still already: {assignment.pause.why}.")
