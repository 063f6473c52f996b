"""The checks of what is done to a council. Each is asked with the moment of the write."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from domain.council.council import MOST_INVITED, Council, FollowUpTask, Phase
from domain.council.votes import VoteKind
from domain.refusals import Refused

LONGEST = timedelta(days=366)
"""The longest time from the preparation of a council to the end of its vote."""


def check_draft(statements_until: datetime, vote_closes_at: datetime, at: datetime) -> None:
    """Check the times of a council that is prepared."""
    if statements_until <= at:
        raise Refused("in_the_past", "The statements would be over already.")
    if vote_closes_at - at > LONGEST:
        raise Refused("too_far", "The vote would end too late.")


def check_inviting(council: Council, more: int, at: datetime) -> None:
    """Check that so many more invitations may be issued: before the vote begins."""
    if council.phase(at) not in (Phase.PREPARING, Phase.STATEMENTS, Phase.BETWEEN):
        raise _not_now()
    if council.invited + more > MOST_INVITED:
        raise Refused("invitation_cap", f"A council has at most {MOST_INVITED} invitations.")


def check_opening(council: Council, at: datetime) -> None:
    """Check that it may be opened for statements."""
    if council.phase(at) is not Phase.PREPARING:
        raise _not_now()
    if council.invited == 0:
        raise Refused("nobody_invited", "Nobody is invited yet.")
    if council.statements_until <= at:
        raise Refused("in_the_past", "The time for statements is over already.")


def check_statement(council: Council, said: int, at: datetime) -> None:
    """Check that an invitation with which so much was said may say more."""
    if council.phase(at) is Phase.PREPARING:
        raise _not_now()
    if council.phase(at) is not Phase.STATEMENTS:
        raise Refused("statements_over", "The time for statements is over.")
    if said >= council.statements:
        raise Refused("statement_cap", "This invitation has said as much as it may.")


def check_ballot(council: Council, option: int, label: str, voted: bool, at: datetime) -> None:
    """Check that an invitation may vote for this option."""
    phase = council.phase(at)
    if phase in (Phase.PREPARING, Phase.STATEMENTS, Phase.BETWEEN):
        raise Refused("vote_not_open", "The vote has not begun.")
    if phase is not Phase.VOTING:
        raise Refused("vote_over", "The vote is over.")
    if not 1 <= option <= len(council.options):
        raise Refused("unknown_option", "There is no such option.")
    if voted:
        raise Refused("already_voted", "This invitation has voted already.")
    if council.vote is VoteKind.OPEN and not label:
        raise Refused("label_missing", "An open vote needs a name to be shown.")


def check_follow_up(
    council: Council, tasks: Sequence[FollowUpTask], today: date, at: datetime
) -> None:
    """Check that minutes and tasks may be recorded: once, after the vote."""
    if council.phase(at) not in (Phase.DECIDED, Phase.UNDECIDED):
        raise _not_now()
    if any(task.due < today for task in tasks):
        raise Refused("in_the_past", "A task would be late already.")


def check_closing(council: Council, open_tasks: int, at: datetime) -> None:
    """Check that it may be closed: before it is opened, or when its tasks are done."""
    if council.phase(at) not in (Phase.PREPARING, Phase.FOLLOWED_UP):
        raise _not_now()
    if open_tasks:
        raise Refused("council_tasks_left", "Tasks that follow from it are not done.")


def _not_now() -> Refused:
    return Refused("council_not_now", "Not possible in the phase that the council is in.")
