"""The transition table: the facts possible in each stage, their actors, and the reasons.

From top to bottom it is the life of a ticket. A row says that in one of the stages `since` the fact
may be caused by one of the roles `by`, and leads to the stage `to` (None: stays).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from domain.actors import Actor, Role
from domain.facts import (
    aftercare,
    anytime,
    closing,
    handling,
    intake,
    joint,
    merging,
    returning,
    supervising,
    verifying,
    waiting,
    wrongdoing,
)
from domain.facts.base import EventWords, FactBase
from domain.refusals import Refused
from domain.ticket.stages import OPEN, Stage

S, R = Stage, Role


@dataclass(frozen=True)
class Transition:
    """One transition, with its reason."""

    fact: type[FactBase]
    since: frozenset[Stage]
    to: Stage | None
    by: frozenset[Role]
    why: str

    @property
    def kind(self) -> str:
        return str(self.fact.model_fields["kind"].default)

    def permit(self, actor: Actor) -> None:
        """Raise Refused("forbidden") if the actor's role may not cause it."""
        if actor.role not in self.by:
            raise Refused("forbidden", f"The role '{actor.role}' may not do this: {self.kind}.")


def _row(
    fact: type[FactBase], since: set[Stage], to: Stage | None, by: set[Role], why: str
) -> Transition:
    return Transition(fact, frozenset(since), to, frozenset(by), why)


_UNSETTLED = {S.TRIAGE, S.DISPATCH}
_ANY = set(OPEN) - {S.ACCEPT}
_UNANSWERED = {S.TRIAGE, S.DISPATCH, S.VERIFY, S.ARBITRATE, S.HANDLE, S.FEEDBACK}
_CLASSIFIED = {S.DISPATCH, S.VERIFY, S.ARBITRATE, S.HANDLE, S.FEEDBACK, S.MERGED}
_WITH_A_PROMISE = {S.DISPATCH, S.VERIFY, S.ARBITRATE, S.HANDLE, S.FEEDBACK, S.MERGED}
_RATED = {S.SUPERVISE, S.AFTERCARE}
_GOING = _ANY - {S.AFTERCARE}
_HEARD = _ANY | {S.ENDED}
_DECIDERS = {R.DISPATCHER, R.SUPERVISOR}
_STAFF = {R.DESK, R.DISPATCHER, R.SUPERVISOR}

TABLE: tuple[Transition, ...] = (
    # --- accept and triage
    _row(intake.Accepted, {S.ACCEPT}, S.TRIAGE, {R.SYSTEM},
         "Every complaint gets a ticket; whether it is the city's business is triage's to say."),
    _row(intake.TriageUnsure, {S.TRIAGE}, None, {R.SYSTEM},
         "The machine says when it does not know; a person confirms."),
    _row(intake.Classified, {S.TRIAGE}, S.DISPATCH, {R.SYSTEM, R.DESK, R.DISPATCHER},
         "The category fixes the limits."),
    _row(intake.Answered, {S.TRIAGE}, S.ENDED, {R.DESK, R.DISPATCHER, R.GRID_WORKER},
         "What can be answered at once, or is done already on the spot, does not burden a unit."),
    _row(intake.Declined, _UNSETTLED, S.ENDED, {R.DESK, R.DISPATCHER},
         "Outside the line's business: said with a reason and where to turn (53号)."),
    _row(intake.Referred, _UNSETTLED, S.ENDED, {R.DESK, R.DISPATCHER},
         "Emergencies stay with 110 119 120; the line does not replace authorities (53号)."),
    _row(intake.Reclassified, _CLASSIFIED, None, _STAFF,
         "A wrong classification is set right as long as nobody has answered by it."),
    # --- reports of wrongdoing (举报)
    _row(wrongdoing.Accused, _ANY, None, _STAFF,
         "Only a person can tell whom a report accuses; what was said wrongly is corrected."),
    _row(wrongdoing.TakenFromAccused, {S.VERIFY, S.HANDLE, S.FEEDBACK}, S.DISPATCH, _STAFF,
         "A unit that is accused may not go on with the report about it."),
    _row(wrongdoing.NobodyLeft, {S.DISPATCH, S.FEEDBACK}, None, {R.SYSTEM},
         "Where the rules name only accused units, no rule decides."),
    # --- verify on the spot
    _row(verifying.VerificationRequested, {S.DISPATCH, S.FEEDBACK}, S.VERIFY, {R.SYSTEM},
         "A case is looked at before it is filed, or before it is answered (GB/T 30428)."),
    _row(verifying.FilingConfirmed, {S.VERIFY}, S.DISPATCH, {R.OFFICER, R.SYSTEM},
         "Found as reported: it is filed."),
    _row(verifying.FilingRefuted, {S.VERIFY}, S.ENDED, {R.OFFICER},
         "Not found on the spot: not filed, and the citizen is told what was seen."),
    _row(verifying.ClosingConfirmed, {S.VERIFY}, S.FEEDBACK, {R.OFFICER, R.SYSTEM},
         "Done as the unit says."),
    _row(verifying.ClosingRefuted, {S.VERIFY, S.FEEDBACK}, S.DISPATCH, {R.OFFICER, R.SYSTEM},
         "Not done on the spot, or not by the category's closing condition: done again."),
    # --- dispatch
    _row(intake.Assigned, {S.DISPATCH}, S.HANDLE, {R.SYSTEM, *_DECIDERS},
         "The responsibilities table names the unit, or a dispatcher does."),
    _row(intake.Reassigned, {S.DISPATCH, S.HANDLE, S.SUPERVISE}, S.DISPATCH, _DECIDERS,
         "Who leads is the dispatcher's decision, also after it was sent."),
    _row(joint.Intervened, _UNANSWERED, S.DISPATCH, _DECIDERS,
         "The centre may take over and name the lead (广州黄埔: 区指挥中心)."),
    # --- handle: one unit
    _row(handling.Signed, {S.HANDLE, S.VERIFY}, None, {R.OFFICER}, "The unit has seen it."),
    _row(handling.Contacted, {S.HANDLE}, None, {R.OFFICER},
         "The citizen hears a voice before an answer."),
    _row(returning.ReturnRequested, {S.HANDLE}, None, {R.OFFICER},
         "A unit may say it is not theirs; the ticket stays until someone decides."),
    _row(returning.ReturnBarred, {S.HANDLE}, None, {R.OFFICER},
         "Where a return is not allowed, the attempt is kept and changes nothing."),
    _row(returning.ReturnRefused, {S.HANDLE}, None, _DECIDERS,
         "Decided by another than the asker."),
    _row(returning.Returned, {S.HANDLE}, S.DISPATCH, _DECIDERS,
         "Decided by another than the asker."),
    _row(returning.TakenOn, {S.HANDLE}, None, {R.SYSTEM},
         "Silence makes the responsible unit (吕梁: 逾期不退视为责任单位)."),
    _row(returning.ArbitrationCalled, {S.DISPATCH}, S.ARBITRATE, {R.SYSTEM},
         "Returned as often as may be: a meeting ends the passing on."),
    _row(returning.Arbitrated, {S.ARBITRATE}, S.DISPATCH, _DECIDERS,
         "The meeting names a unit, which keeps it."),
    _row(returning.FellBack, {S.ARBITRATE}, S.DISPATCH, {R.SYSTEM},
         "Nobody named in time: the fallback authority takes it (DB11/T 2021: 区政府兜底)."),
    _row(handling.ExtensionRequested, {S.HANDLE}, None, {R.OFFICER},
         "More time is asked for, not taken."),
    _row(handling.ExtensionRefused, {S.HANDLE}, None, _DECIDERS,
         "Approved by another than the handler."),
    _row(handling.ExtensionGranted, {S.HANDLE}, None, _DECIDERS,
         "Approved by another than the handler."),
    _row(waiting.HoldRequested, {S.HANDLE}, None, {R.OFFICER},
         "Long works stand aside with review dates (挂账)."),
    _row(waiting.HoldRefused, {S.HANDLE}, None, _DECIDERS,
         "Approved by another than the handler."),
    _row(waiting.Held, {S.HANDLE}, None, _DECIDERS, "Approved by another than the handler."),
    _row(waiting.Reviewed, {S.HANDLE}, None, {R.OFFICER, *_DECIDERS},
         "A hold is looked at again and again, until it is over."),
    _row(waiting.ReviewMissed, {S.HANDLE}, None, {R.SYSTEM},
         "Nobody looked in time: the next review is set, and the hold does not last for ever."),
    _row(waiting.QuestionAsked, {S.HANDLE}, None, {R.OFFICER},
         "The unit's clock stands still while only the citizen can go on."),
    _row(waiting.Resumed, _WITH_A_PROMISE, None, {R.SYSTEM, R.OFFICER, *_DECIDERS},
         "Answered, silent for too long, or taken from who was paused: the clocks go on."),
    _row(handling.StepDone, {S.HANDLE}, None, {R.OFFICER},
         "Staged limits: stop, punish, demolish, each by its own clock."),
    # --- handle: several units
    _row(joint.Whistled, {S.HANDLE}, None, {R.OFFICER},
         "A street whistles, departments report (吹哨报到)."),
    _row(joint.Released, {S.HANDLE}, None, {R.OFFICER, R.SYSTEM, *_DECIDERS},
         "Who is not needed is let go."),
    _row(joint.Overridden, {S.HANDLE}, S.FEEDBACK, {R.OFFICER, R.SYSTEM, *_DECIDERS},
         "The lead may answer without the last co-handler, and says why."),
    _row(joint.Delegated, {S.HANDLE}, None, {R.OFFICER},
         "The work reaches those who do it; the unit above stays answerable (三级转办)."),
    _row(joint.LevelRaised, {S.HANDLE}, S.DISPATCH, {R.OFFICER, R.SYSTEM, *_DECIDERS},
         "Beyond one's authority: one level up, never two (超事权提级办)."),
    _row(handling.ShareHandled, {S.HANDLE}, None, {R.OFFICER},
         "The answer waits for all who were called."),
    _row(handling.Handled, {S.HANDLE}, S.FEEDBACK, {R.OFFICER},
         "Only a unit's result completes an assignment."),
    _row(handling.HandlingFailed, {S.HANDLE}, S.DISPATCH, {R.OFFICER},
         "A broken department program must not keep a ticket: a person chooses again."),
    # --- feedback and rate
    _row(closing.Replied, {S.FEEDBACK}, S.RATE, {R.SYSTEM},
         "Every outcome is told to the citizen."),
    _row(closing.Rated, {S.RATE}, None, {R.CITIZEN, R.DESK},
         "The citizen judges; on the phone the desk writes it down."),
    _row(closing.RatingRefused, _HEARD, None, set(Role),
         "A rating too early, too late, twice or by a stranger is kept, but does not count."),
    _row(closing.CallBackDue, {S.RATE}, None, {R.SYSTEM}, "Silence is asked about (53号: 回访)."),
    _row(closing.CalledBack, {S.RATE}, None, {R.DESK}, "Attempts are counted, reached or not."),
    _row(closing.Reworked, {S.RATE}, S.DISPATCH, {R.SYSTEM},
         "Dissatisfied or unsolved goes back, as often as the pack says."),
    _row(closing.Supervised, {S.RATE}, S.SUPERVISE, {R.SYSTEM},
         "After the last rework a supervisor looks at it."),
    _row(closing.FinalReplied, {S.SUPERVISE}, S.ENDED, {R.SUPERVISOR},
         "Someone has the last word, and signs for it."),
    _row(closing.Closed, {S.RATE}, S.ENDED, {R.SYSTEM},
         "Rated well; or nobody could be asked, and then it is counted as unrated."),
    # --- aftercare
    _row(aftercare.ClosedOnWatch, {S.RATE}, S.AFTERCARE, {R.SYSTEM},
         "Closed and counted, but somebody will look whether it holds (回头看)."),
    _row(aftercare.Revisited, {S.AFTERCARE}, None, {R.OFFICER, *_STAFF},
         "What comes back is seen by going there again."),
    _row(aftercare.Reopened, {S.AFTERCARE}, S.DISPATCH, {R.CITIZEN, R.OFFICER, *_STAFF},
         "The trouble is back: the same ticket goes on."),
    _row(aftercare.ExclusionRequested, _RATED, None, {R.OFFICER},
         "A mistaken or malicious rating may be contested, with evidence (51号)."),
    _row(aftercare.ExclusionRefused, _RATED, None, {R.SUPERVISOR},
         "Decided by one who does not profit from it."),
    _row(aftercare.ExclusionGranted, _RATED, None, {R.SUPERVISOR},
         "Decided by one who does not profit from it."),
    _row(aftercare.WatchEnded, {S.AFTERCARE}, S.ENDED, {R.SYSTEM},
         "It held, and nothing is contested: this is the end."),
    # --- merged
    _row(merging.Merged, {S.TRIAGE, S.DISPATCH, S.HANDLE}, S.MERGED, {R.SYSTEM, *_STAFF},
         "One handling for many complaints; by itself only where the citizen said that it is one."),
    _row(merging.Unmerged, {S.MERGED}, S.DISPATCH, {R.SYSTEM, *_STAFF},
         "It was another matter, or the other ticket ended without an answer."),
    _row(merging.UnmergedUnclassified, {S.MERGED}, S.TRIAGE, {R.SYSTEM, *_STAFF},
         "It never had a category of its own: the other ticket's was only lent."),
    _row(merging.RepliedWithParent, {S.MERGED}, S.RATE, {R.SYSTEM},
         "Every complainant has an own answer, and rates it."),
    _row(merging.HeldWithParent, {S.MERGED}, None, {R.SYSTEM},
         "One decision on one handling is every waiting citizen's."),
    _row(merging.AskedWithParent, {S.MERGED}, None, {R.SYSTEM},
         "What waits for the one who was asked stands still for everybody who waits for it."),
    _row(merging.ResumedWithParent, {S.MERGED}, None, {R.SYSTEM},
         "What stood still with the other ticket goes on with it, or without it."),
    _row(merging.ExtendedWithParent, {S.MERGED}, None, {R.SYSTEM},
         "One decision on one handling is every waiting citizen's."),
    _row(merging.ReclassifiedWithParent, {S.MERGED}, None, {R.SYSTEM},
         "What is borrowed stays the other ticket's: its correction holds here, too."),
    _row(merging.ComplainantAdded, _ANY, None, {R.SYSTEM},
         "The unit that works hears every citizen who waits for it."),
    _row(merging.ComplainantUrged, _GOING, None, {R.SYSTEM},
         "Urging reaches the unit that works, whichever ticket it came by."),
    _row(merging.ComplainantJoined, _UNANSWERED, None, {R.SYSTEM},
         "How many complain is counted."),
    _row(merging.ComplainantLeft, _ANY, None, {R.SYSTEM}, "How many complain is counted."),
    # --- supervision
    _row(anytime.SeverityRaised, _ANY, None, {R.SYSTEM},
         "Urged, repeated or shared by many: it weighs more."),
    _row(supervising.SupervisionOrdered, {S.DISPATCH, S.HANDLE, S.FEEDBACK, S.RATE}, None,
         {R.SUPERVISOR, R.SYSTEM}, "A supervisor orders; the unit that leads has to answer."),
    _row(supervising.OrderAnswered, _ANY, None, {R.OFFICER}, "An order is answered."),
    _row(supervising.PubliclyNoticed, _ANY, None, {R.SUPERVISOR},
         "What was neglected is named (通报)."),
    # --- any time
    _row(anytime.Appointed, _GOING - {S.MERGED}, None, {R.OFFICER, *_STAFF},
         "A service is promised for a certain time."),
    _row(anytime.MinutesRecorded, _ANY, None, {R.OFFICER, *_STAFF},
         "Where people meet over a ticket, it is written down."),
    _row(anytime.InspectionsOpened, _ANY, None, {R.OFFICER, *_DECIDERS},
         "Found one, settle all of the kind (举一反三)."),
    _row(anytime.FactsAdded, _ANY, None, {R.CITIZEN, R.DESK},
         "New facts are welcome while it is open."),
    _row(anytime.Urged, _GOING, None, {R.CITIZEN, R.DESK}, "Urging is heard and counted."),
    _row(anytime.ContactOpened, _GOING, None, {R.CITIZEN, R.DESK},
         "Who hid from the unit may change their mind; then the unit has to call."),
    _row(anytime.ContactLeft, _ANY, None, {R.CITIZEN, R.DESK},
         "Who left no way to be reached may do so later; nobody is bound to do it at once."),
    _row(anytime.Withdrawn, _GOING, S.ENDED, {R.CITIZEN, R.DESK},
         "It is the citizen's complaint."),
    _row(anytime.CarriedOn, _ANY, None, {R.SYSTEM},
         "Open tickets get what newer ones have: a clock for every promise."),
    _row(anytime.ResultOvertaken, _HEARD, None, {R.OFFICER},
         "What was handed in is kept, also when the share or the ticket had just been ended."),
    _row(anytime.Replanned, _ANY, None, {R.SYSTEM, R.SUPERVISOR},
         "What rested on a year that was not published is set right when it is."),
    _row(anytime.LevelReached, _ANY, None, {R.SYSTEM}, "No deadline passes in silence."),
)  # fmt: skip


class BadFact(TypeError):
    """A fact that lacks a part, or has the kind of another."""


def checked(facts: Iterable[type[FactBase]]) -> tuple[type[FactBase], ...]:
    """Return the facts, if each has words and a kind of its own.

    Raises:
        BadFact: which fact lacks what, or which two have the same kind.
    """
    kinds: dict[str, type[FactBase]] = {}
    listed = tuple(facts)
    for fact in listed:
        name, kind = f"{fact.__module__}.{fact.__name__}", fact.model_fields.get("kind")
        if kind is None or not isinstance(kind.default, str):
            raise BadFact(f"{name} lacks kind")
        if not isinstance(getattr(fact, "words", None), EventWords):
            raise BadFact(f"{name} lacks words")
        other = kinds.setdefault(kind.default, fact)
        if other is not fact:
            named = f"{other.__module__}.{other.__name__} and {name}"
            raise BadFact(f"{named} have the same kind '{kind.default}'")
    return listed


FACTS: tuple[type[FactBase], ...] = checked(row.fact for row in TABLE)
"""Every fact."""

WORDS: dict[str, EventWords] = {row.kind: row.fact.words for row in TABLE}
"""The words of events, by their kind."""

_LOOKUP: dict[tuple[Stage, type[FactBase]], Transition] = {
    (stage, row.fact): row for row in TABLE for stage in row.since
}


_BY_KIND = {(stage, row.kind): row for row in TABLE for stage in row.since}


def may_cause(role: Role, stage: Stage, kind: str) -> bool:
    """Return whether `role` may cause a fact of this kind in `stage`."""
    row = _BY_KIND.get((stage, kind))
    return row is not None and role in row.by


def transition(stage: Stage, fact: FactBase | type[FactBase]) -> Transition:
    """Return the row for `fact` (or its class) in `stage`.

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
