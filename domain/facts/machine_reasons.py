"""The reasons that the system itself gave for a fact, in words for a reader."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from domain.facts.base import FactBase
from domain.facts.intake import Assigned, Classified, TriageUnsure
from domain.facts.joint import LevelRaised
from domain.facts.merging import Unmerged, UnmergedUnclassified
from domain.facts.supervising import SupervisionOrdered
from domain.facts.verifying import ClosingRefuted, VerificationRequested
from domain.ticket.because import (
    Because,
    Naming,
    ReasonCode,
    as_recorded,
    because,
    in_words,
    sentence,
)
from domain.ticket.minutes import Order
from domain.ticket.reasons_before import reason_before


class RecordedReasons(NamedTuple):
    """The recorded text of a fact's reasons and, if it has them, their codes."""

    text: str
    because: list[Because]


_TRIAGE = frozenset(
    {
        ReasonCode.NAMED_BY_COMPLAINANT,
        ReasonCode.NO_KEYWORD,
        ReasonCode.KEYWORDS,
        ReasonCode.OTHER_KEYWORDS,
        ReasonCode.NEEDS_A_PERSON,
        ReasonCode.REPORT_FOR_A_PERSON,
        ReasonCode.FILING_CONDITION,
        ReasonCode.EMERGENCY,
        ReasonCode.LEARNED,
        ReasonCode.LEARNED_UNSURE,
        ReasonCode.CLASSIFIED_BY_HAND,
        ReasonCode.ON_BORDER,
        ReasonCode.POINT_OUTSIDE,
        ReasonCode.POINT_AGAINST_WORDS,
        ReasonCode.SEVERAL_PLACES,
        ReasonCode.PLACE_UNSURE,
    }
)
_DISPATCH = frozenset(
    {
        ReasonCode.UNIT_NAMED,
        ReasonCode.RESPONSIBILITY,
        ReasonCode.NOBODY_RESPONSIBLE,
        ReasonCode.NOBODY_RESPONSIBLE_NO_AREA,
        ReasonCode.UNIT_ACCUSED,
    }
)

_PARTED = frozenset(
    {
        ReasonCode.PARENT_ENDED,
        ReasonCode.PARENT_ANSWERED,
        ReasonCode.PARENT_APART,
        ReasonCode.ACCUSES,
    }
)

REASONS_OF: Mapping[type[FactBase], Collection[str]] = {
    TriageUnsure: _TRIAGE,
    Classified: _TRIAGE,
    Assigned: _DISPATCH,
    VerificationRequested: _DISPATCH,
    LevelRaised: frozenset({ReasonCode.SEVERITY, ReasonCode.OVERDUE}),
    SupervisionOrdered: frozenset({ReasonCode.SEVERITY}),
    Unmerged: _PARTED,
    UnmergedUnclassified: _PARTED,
    ClosingRefuted: frozenset({ReasonCode.CLOSING_CONDITION}),
}
"""The reasons of the system that a fact may have."""


def reasons_of(fact: FactBase, language: str, named: Naming = as_recorded) -> list[str]:
    """Put the system's reasons for a fact into words; none if a person gave the reason.

    Where a fact has no codes, from before there were any, its text is read; a text that is not one
    of the sentences of that time is returned as it is, if only the system can have written it.
    """
    reasons = _recorded(fact)
    if reasons is None:
        return []
    if reasons.because:
        return [in_words(one, language, named) for one in reasons.because]
    known = REASONS_OF[type(fact)]
    read = [(part, reason_before(part, known)) for part in reasons.text.split("; ")]
    only_ours = isinstance(fact, TriageUnsure | Classified | Assigned | VerificationRequested)
    if not only_ours and any(reason is None for _, reason in read):
        return []
    return [in_words(one, language, named) if one else part for part, one in read if part]


def order_in_words(order: Order, language: str, named: Naming = as_recorded) -> str:
    """Return the text of an order: a supervisor's, or the system's reason in words."""
    fact = SupervisionOrdered(order=order.n, text=order.text, because=order.because)
    reasons = reasons_of(fact, language, named)
    if not reasons:
        return order.text
    if language == "zh":
        return f"{'；'.join(reasons)}，自动督办"
    return f"{'; '.join(reasons)}; ordered automatically"


def is_ours(fact: FactBase, text: str) -> bool:
    """Return whether `text`, a text of the fact, is the system's reason and no person's words."""
    reasons = _recorded(fact)
    return reasons is not None and reasons.text == text and bool(reasons_of(fact, "en"))


def note_of(fact: FactBase) -> str:
    """Return the note of a person who classified a ticket, recorded in place of the sentence."""
    if isinstance(fact, Classified) and fact.because and fact.why != sentence(fact.because):
        return fact.why
    return ""


def _recorded(fact: FactBase) -> RecordedReasons | None:
    match fact:
        case TriageUnsure() | Classified() | Assigned():
            return RecordedReasons(fact.why, fact.because)
        case VerificationRequested():
            return RecordedReasons(fact.share.why, fact.share.because)
        case LevelRaised() | Unmerged() | UnmergedUnclassified():
            return RecordedReasons(fact.reason, fact.because)
        case SupervisionOrdered():
            return RecordedReasons(fact.text, fact.because)
        case ClosingRefuted(assignment=None):
            before = [because(ReasonCode.CLOSING_CONDITION, condition=fact.reason)]
            return RecordedReasons(fact.reason, fact.because or before)
        case _:
            return None
