"""The one transition table: what may happen when, who may cause it, and why it is so.

Read it top to bottom: it is the life of a ticket. A row says that in one of the stages `since`
the fact may be caused by one of the roles `by`, and leads to the stage `to` (None: stays).
"""

from dataclasses import dataclass

from domain.actors import Actor, Role
from domain.events import Fact
from domain.facts.anytime import FactsAdded, RungClimbed, Urged, Withdrawn
from domain.facts.base import FactBase
from domain.facts.closing import (
    CallBackDue,
    CalledBack,
    Closed,
    FinalReplied,
    Rated,
    RatingRefused,
    Replied,
    Reworked,
    Supervised,
)
from domain.facts.handling import (
    Contacted,
    ExtensionAsked,
    ExtensionGranted,
    ExtensionRefused,
    Handled,
    HandlingFailed,
    ReturnAsked,
    Returned,
    ReturnRefused,
    Signed,
)
from domain.facts.intake import (
    Accepted,
    Answered,
    Assigned,
    Classified,
    Declined,
    Reassigned,
    Referred,
    TriageUnsure,
)
from domain.refusals import Refused
from domain.stages import OPEN, Stage

S, R = Stage, Role


@dataclass(frozen=True)
class Row:
    """One edge of the table, with its reason."""

    fact: type[FactBase]
    since: frozenset[Stage]
    to: Stage | None
    by: frozenset[Role]
    why: str

    @property
    def kind(self) -> str:
        return str(self.fact.model_fields["kind"].default)

    def permit(self, actor: Actor) -> None:
        """Raises Refused("forbidden") when this is not the actor's to do."""
        if actor.role not in self.by:
            raise Refused("forbidden", f"The role '{actor.role}' may not do this: {self.kind}.")


def _row(fact: type[FactBase], since: set[Stage], to: Stage | None, by: set[Role], why: str) -> Row:
    return Row(fact, frozenset(since), to, frozenset(by), why)


_UNSETTLED = {S.TRIAGE, S.DISPATCH}
_ANY = set(OPEN) - {S.ACCEPT}
_DECIDERS = {R.DISPATCHER, R.SUPERVISOR}

TABLE: tuple[Row, ...] = (
    # --- accept and triage
    _row(Accepted, {S.ACCEPT}, S.TRIAGE, {R.SYSTEM},
         "Every complaint gets a ticket; whether it is the city's business is triage's to say."),
    _row(TriageUnsure, {S.TRIAGE}, None, {R.SYSTEM},
         "The machine says when it does not know; a person confirms."),
    _row(Classified, {S.TRIAGE}, S.DISPATCH, {R.SYSTEM, R.DESK, R.DISPATCHER},
         "The category fixes the limits."),
    _row(Answered, {S.TRIAGE}, S.ENDED, {R.DESK, R.DISPATCHER},
         "What can be answered at once does not burden a unit."),
    _row(Declined, _UNSETTLED, S.ENDED, {R.DESK, R.DISPATCHER},
         "Outside the line's business: said with a reason and where to turn (53号)."),
    _row(Referred, _UNSETTLED, S.ENDED, {R.DESK, R.DISPATCHER},
         "Emergencies stay with 110 119 120; the line does not replace authorities (53号)."),
    # --- dispatch
    _row(Assigned, {S.DISPATCH}, S.HANDLE, {R.SYSTEM, R.DISPATCHER, R.SUPERVISOR},
         "The responsibilities table names the unit, or a dispatcher does."),
    _row(Reassigned, {S.DISPATCH, S.HANDLE, S.SUPERVISE}, S.DISPATCH, _DECIDERS,
         "Who leads is the dispatcher's decision, also after it was sent."),
    # --- handle
    _row(Signed, {S.HANDLE}, None, {R.OFFICER}, "The unit has seen it."),
    _row(Contacted, {S.HANDLE}, None, {R.OFFICER}, "The citizen hears a voice before an answer."),
    _row(ReturnAsked, {S.HANDLE}, None, {R.OFFICER},
         "A unit may say it is not theirs; the ticket stays until someone decides."),
    _row(ReturnRefused, {S.HANDLE}, None, _DECIDERS, "Decided by another than the asker."),
    _row(Returned, {S.HANDLE}, S.DISPATCH, _DECIDERS, "Decided by another than the asker."),
    _row(ExtensionAsked, {S.HANDLE}, None, {R.OFFICER}, "More time is asked for, not taken."),
    _row(ExtensionRefused, {S.HANDLE}, None, _DECIDERS, "Approved by another than the handler."),
    _row(ExtensionGranted, {S.HANDLE}, None, _DECIDERS, "Approved by another than the handler."),
    _row(Handled, {S.HANDLE}, S.FEEDBACK, {R.OFFICER},
         "Only a unit's result completes an assignment."),
    _row(HandlingFailed, {S.HANDLE}, S.DISPATCH, {R.OFFICER},
         "A broken department program must not keep a ticket: a person chooses again."),
    # --- feedback and rate
    _row(Replied, {S.FEEDBACK}, S.RATE, {R.SYSTEM}, "Every outcome is told to the citizen."),
    _row(Rated, {S.RATE}, None, {R.CITIZEN, R.DESK},
         "The citizen judges; on the phone the desk writes it down."),
    _row(RatingRefused, _ANY, None, set(Role),
         "A rating too early, too late, twice or by a stranger is kept, but does not count."),
    _row(CallBackDue, {S.RATE}, None, {R.SYSTEM}, "Silence is asked about (53号: 回访)."),
    _row(CalledBack, {S.RATE}, None, {R.DESK}, "Attempts are counted, reached or not."),
    _row(Reworked, {S.RATE}, S.DISPATCH, {R.SYSTEM},
         "Dissatisfied or unsolved goes back, as often as the pack says."),
    _row(Supervised, {S.RATE}, S.SUPERVISE, {R.SYSTEM},
         "After the last rework a supervisor looks at it."),
    _row(FinalReplied, {S.SUPERVISE}, S.ENDED, {R.SUPERVISOR},
         "Someone has the last word, and signs for it."),
    _row(Closed, {S.RATE}, S.ENDED, {R.SYSTEM},
         "Rated well; or nobody could be asked, and then it is counted as unrated."),
    # --- any time
    _row(FactsAdded, _ANY, None, {R.CITIZEN, R.DESK}, "New facts are welcome while it is open."),
    _row(Urged, _ANY, None, {R.CITIZEN, R.DESK}, "Urging is heard and counted."),
    _row(Withdrawn, _ANY, S.ENDED, {R.CITIZEN, R.DESK}, "It is the citizen's complaint."),
    _row(RungClimbed, _ANY, None, {R.SYSTEM}, "No deadline passes in silence."),
)  # fmt: skip

_LOOKUP: dict[tuple[Stage, type[FactBase]], Row] = {
    (stage, row.fact): row for row in TABLE for stage in row.since
}


def transition(stage: Stage, fact: Fact | type[FactBase]) -> Row:
    """The row for `fact` (or its class) in `stage`.

    Raises:
        Refused: code `ticket_ended` after the end, `not_now` where the table has no row.
    """
    cls = fact if isinstance(fact, type) else type(fact)
    row = _LOOKUP.get((stage, cls))
    if row is not None:
        return row
    if stage is Stage.ENDED:
        raise Refused("ticket_ended", "This ticket has ended.")
    kind = cls.model_fields["kind"].default
    raise Refused("not_now", f"Not possible at the stage '{stage}': {kind}.")
