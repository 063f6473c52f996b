"""The steps of a hand-over: what each act and each letter changes, and which letters follow.

A step is a pure function of the record. The offering side alone leaves `offered` and `accepted` for
good: `taken` with a confirmation, `lapsed` and `withdrawn` with a cancellation. The receiving side
follows what it is told. So a late acceptance that meets a cancellation on its way changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from domain.handover.envelopes import (
    Cancel,
    CitizenNote,
    Confirm,
    Content,
    Offer,
    Refuse,
    StatusNote,
    TakingOn,
)
from domain.handover.handover import Handover, HandoverSide, HandoverState, HandoverWords
from domain.refusals import Refused

S, OUT, IN = HandoverState, HandoverSide.OUT, HandoverSide.IN


class Unexpected(Exception):
    """A letter that a sender which follows the rules does not send: it changes nothing."""


@dataclass(frozen=True)
class HandoverStep:
    """The record after a step, and the letters that it sends. `note`: for the own ticket."""

    handover: Handover
    words: HandoverWords
    letters: Sequence[Content] = ()
    note: CitizenNote | None = None


def _moved(of: Handover, state: HandoverState, **values: object) -> Handover:
    return of.model_copy(update={"state": state, **values})


# --- what people do -------------------------------------------------------------------------------


def accepted(of: Handover, words: HandoverWords, now: datetime) -> HandoverStep:
    """Let the receiver say yes.

    Raises:
        Refused: handover_over, handover_not_now
    """
    _waits_for_us(of, now)
    return HandoverStep(_moved(of, S.ACCEPTED, decided_at=now), words, [TakingOn()])


def refused(of: Handover, words: HandoverWords, now: datetime, reason: str) -> HandoverStep:
    """Let the receiver say no.

    Raises:
        Refused: handover_over, handover_not_now
    """
    _waits_for_us(of, now)
    said = words.model_copy(update={"answer": reason})
    after = _moved(of, S.REFUSED, decided_at=now, ended_at=now)
    return HandoverStep(after, said, [Refuse(reason=reason)])


def withdrawn(of: Handover, words: HandoverWords, now: datetime, reason: str) -> HandoverStep:
    """Take an offer back that nobody has answered.

    Raises:
        Refused: handover_not_now
    """
    if of.side is not OUT or of.state is not S.OFFERED:
        raise Refused("handover_not_now", "The other city has answered already.")
    return _cancelled(of, words, now, S.WITHDRAWN, reason)


def _waits_for_us(of: Handover, now: datetime) -> None:
    if of.side is not IN or of.state is not S.OFFERED:
        raise Refused("handover_not_now", "The hand-over is decided already.")
    if now >= of.due_at:
        raise Refused("handover_over", "The time to answer is over; it stays with the other city.")


# --- what the jobs do -----------------------------------------------------------------------------


def lapsed(of: Handover, words: HandoverWords, now: datetime) -> HandoverStep | None:
    """Give up an offer whose window is over; None if there is nothing to give up."""
    if of.side is not OUT or of.state is not S.OFFERED or now < of.due_at:
        return None
    return _cancelled(of, words, now, S.LAPSED, "")


def confirmed(of: Handover, words: HandoverWords, now: datetime) -> HandoverStep | None:
    """Give the matter away: its ticket has ended here for this hand-over."""
    if of.side is not OUT or of.state is not S.ACCEPTED:
        return None
    return HandoverStep(_moved(of, S.TAKEN, taken_at=now), words, [Confirm()])


def kept(of: Handover, words: HandoverWords, now: datetime, reason: str) -> HandoverStep | None:
    """Keep a matter whose ticket went on here meanwhile, or may not leave any more."""
    if of.side is not OUT or of.state not in (S.OFFERED, S.ACCEPTED):
        return None
    return _cancelled(of, words, now, S.WITHDRAWN, reason)


def _cancelled(
    of: Handover, words: HandoverWords, now: datetime, state: HandoverState, reason: str
) -> HandoverStep:
    said = words.model_copy(update={"answer": reason})
    after = _moved(of, state, ended_at=now)
    if state is S.LAPSED:
        return HandoverStep(after, said, [Cancel(state="lapsed", reason=reason)])
    return HandoverStep(after, said, [Cancel(state="withdrawn", reason=reason)])


# --- what the other city sends --------------------------------------------------------------------


def received(of: Handover, words: HandoverWords, content: Content, now: datetime) -> HandoverStep:
    """Return the record after a letter of the other city.

    Raises:
        Unexpected: a city that follows the rules does not send this now.
    """
    by_offerer = isinstance(content, Offer | Confirm | Cancel | CitizenNote)
    if by_offerer != (of.side is IN):
        raise Unexpected(content.kind)
    match content:
        case TakingOn() if of.state is S.OFFERED:
            return HandoverStep(_moved(of, S.ACCEPTED, decided_at=now), words)
        case Refuse() if of.state is S.OFFERED:
            said = words.model_copy(update={"answer": content.reason})
            return HandoverStep(_moved(of, S.REFUSED, decided_at=now, ended_at=now), said)
        case TakingOn() | Refuse() if of.state in (S.LAPSED, S.WITHDRAWN):
            return HandoverStep(of, words)  # it crossed our cancellation
        case StatusNote() if of.state is S.TAKEN:
            return _told(of, words, content)
        case Confirm() if of.state is S.ACCEPTED:
            return HandoverStep(_moved(of, S.TAKEN, taken_at=now), words)
        case Cancel() if of.state in (S.OFFERED, S.ACCEPTED, S.REFUSED):
            said = words.model_copy(update={"answer": content.reason})
            return HandoverStep(_moved(of, S(content.state), ended_at=now), said)
        case CitizenNote() if of.state is S.TAKEN:
            return HandoverStep(of, words, note=content)
    raise Unexpected(content.kind)


def _told(of: Handover, words: HandoverWords, content: StatusNote) -> HandoverStep:
    status = content.status
    if of.status is not None and status.version <= of.status.version:
        return HandoverStep(of, words)
    after = of.model_copy(
        update={
            "status": status.model_copy(update={"reply": None}),
            "other_number": status.number or of.other_number,
        }
    )
    return HandoverStep(after, words.model_copy(update={"reply": status.reply or ""}))
