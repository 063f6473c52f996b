"""The texts on a ticket's present stage and its next one."""

from typing import NamedTuple

from app.tickets.citizen_view import CitizenTicket
from domain.ticket.stages import Outcome, Stage
from domain.words import N_

STEPS = (
    (N_("Received"), {Stage.ACCEPT}),
    (N_("Passed on"), {Stage.TRIAGE, Stage.DISPATCH, Stage.ARBITRATE}),
    (N_("Handling"), {Stage.VERIFY, Stage.HANDLE, Stage.SUPERVISE, Stage.MERGED}),
    (N_("Answer"), {Stage.FEEDBACK, Stage.RATE}),
    (N_("Ended"), {Stage.AFTERCARE, Stage.ENDED}),
)
"""The steps of a ticket as shown to its citizen, and their stages."""


class Next(NamedTuple):
    """Two messages; `now` may contain %(unit)s."""

    now: str
    then: str


STAGES: dict[Stage, Next] = {
    Stage.ACCEPT: Next(
        N_("Your complaint is registered and starts in a moment."),
        N_("Then we find out whose task it is."),
    ),
    Stage.TRIAGE: Next(
        N_("We are finding out whose task it is."),
        N_("Then it goes to the unit that answers for it."),
    ),
    Stage.DISPATCH: Next(
        N_("It is on its way to the unit that answers for it."),
        N_("The unit then works on it."),
    ),
    Stage.ARBITRATE: Next(
        N_("A meeting decides which unit takes it."),
        N_("That unit then has to keep it."),
    ),
    Stage.VERIFY: Next(
        N_("Somebody is looking at it on the spot."),
        N_("Then you hear what was found."),
    ),
    Stage.HANDLE: Next(
        N_("%(unit)s is working on it."),
        N_("Then you get an answer, and rate it."),
    ),
    Stage.FEEDBACK: Next(
        N_("The work is done; the answer is on its way to you."),
        N_("Then we ask you to rate it."),
    ),
    Stage.RATE: Next(
        N_("You have the answer. Please rate it: two taps."),
        N_("If you do not, the hotline calls you, or it is closed as not rated."),
    ),
    Stage.SUPERVISE: Next(
        N_("A supervisor looks into it, because the answers did not satisfy you."),
        N_("Then you get the last word on it."),
    ),
    Stage.MERGED: Next(
        N_("Several people reported the same; it is handled together."),
        N_("You get an answer of your own, and rate it yourself."),
    ),
    Stage.AFTERCARE: Next(
        N_("It is closed. We look again later whether it holds."),
        N_("If the trouble comes back, tell us here, and it is handled again."),
    ),
}

OUTCOMES: dict[Outcome, str] = {
    Outcome.CLOSED: N_("It is closed. Thank you for your rating."),
    Outcome.UNRATED: N_("It is closed; nobody rated the answer."),
    Outcome.ANSWERED: N_("Your question was answered."),
    Outcome.DECLINED: N_("We cannot take it on. The reason is below."),
    Outcome.REFERRED: N_("It is another authority's business. Where to turn is below."),
    Outcome.UNFOUNDED: N_("Somebody looked on the spot and did not find it."),
    Outcome.WITHDRAWN: N_("You took it back."),
    Outcome.FINAL_REPLY: N_("This was the last word on it."),
}


_QUESTIONS = ("citizen_asked", "asked_with_parent")
_QUESTION_OVER = (
    "resumed",
    "resumed_with_parent",
    "held_with_parent",
    "facts_added",
    "replied",
    "replied_with_parent",
)


def step_of(ticket: CitizenTicket) -> int:
    """Return the ticket's index in `STEPS`."""
    return next(index for index, (_, stages) in enumerate(STEPS) if ticket.stage in stages)


def open_question(ticket: CitizenTicket) -> str | None:
    """Return the unit's unanswered question, if there is one."""
    for entry in reversed(ticket.timeline):
        if entry.kind in _QUESTION_OVER:
            return None
        if entry.kind in _QUESTIONS:
            return entry.text  # None where a merged ticket's citizen was not asked
    return None
