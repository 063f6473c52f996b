"""Erasure of a ticket's texts and places; its record stays.

Afterwards statistics still have category, area, times, outcomes and grades, but not what was said,
where exactly, or by whom. A test requires every text field of state and facts to be in one of the
two tables, so that a new one cannot be forgotten.
"""

from typing import Any

from domain.ticket.because import CATALOGUE, Because, sentence
from domain.ticket.reasons_before import reason_before

GONE = "〔已清除〕"
"""The replacement of erased text."""

WORDS = frozenset(
    {
        "address",
        "answer",
        "cons",
        "decision",
        "evidence",
        "files",
        "note",
        "pros",
        "reason",
        "reply",
        "task",
        "text",
        "title",
        "words",
    }
)
"""Free-text fields, which may contain anything."""

POINTERS = frozenset({"person", "lat", "lon", "site", "site_part"})
"""Fields that identify a person or an exact place."""

RECORD = frozenset(
    {
        "above",
        "account",
        "alike",
        "model",
        "accused",
        "covered",
        "activity_id",
        "apart",
        "area",
        "barred",
        "by",
        "calendar_version",
        "category",
        "city",
        "code",
        "complainants",
        "fallback",
        "follows",
        "ground",
        "id",
        "inspections",
        "kind",
        "kept_from",
        "kind_of_unit",
        "label",
        "level",
        "limit",
        "next_unit",
        "number",
        "pack",
        "pack_version",
        "parameters",
        "parent",
        "queue",
        "rating_apart",
        "repeats",
        "rule_id",
        "step",
        "suggestion",
        "tickets",
        "tier",
        "topic",
        "unit",
        "units",
        "verify_by",
        "verifying",
        "waiting",
        "was_category",
        "was_tier",
        "why",
    }
)
"""Texts that are codes, unit names, ticket numbers, staff accounts, or generated.

`why` may be a note of who classified the ticket: then it goes, too. `parameters` are those of the
system's reasons, which no person writes.
"""

CODED = frozenset({"closed", "declined", "referred", "reopened", "reworked", "supervised"})
"""Facts whose reason is a code, by which outcomes are counted."""


def without_words(values: Any) -> Any:
    """Return the JSON value without personal data, still valid for its model."""
    if isinstance(values, list):
        return [without_words(one) for one in values]
    if not isinstance(values, dict):
        return values
    coded = values.get("kind") in CODED
    fields = {name: _retained(name, value, coded) for name, value in values.items()}
    if values.get("kind") == "classified" and not _is_sentence(values):
        fields["why"] = GONE
    return fields


def _is_sentence(classified: dict[str, Any]) -> bool:
    """Return whether its `why` is the system's sentence, and no note of who classified it."""
    why = classified.get("why", "")
    reasons = [Because.model_validate(one) for one in classified.get("because", [])]
    if reasons:
        return bool(why == sentence(reasons))
    return all(reason_before(part, CATALOGUE) is not None for part in why.split("; "))


def _retained(name: str, value: Any, coded: bool) -> Any:
    if name in POINTERS:
        return None
    if name == "public":
        return False
    if name not in WORDS or (coded and name == "reason"):
        return without_words(value)
    if isinstance(value, list):
        return []
    return GONE if value else value
