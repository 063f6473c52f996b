"""Erasure of a ticket's texts and places; its record stays.

Afterwards statistics still have category, area, times, outcomes and grades, but not what was said,
where exactly, or by whom. A test requires every text field of state and facts to be in one of the
two tables, so that a new one cannot be forgotten.
"""

from typing import Any

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

POINTERS = frozenset({"person", "lat", "lon"})
"""Fields that identify a person or an exact place."""

RECORD = frozenset(
    {
        "above",
        "accused",
        "activity_id",
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
        "why",
    }
)
"""Texts that are codes, unit names, ticket numbers, staff accounts, or generated."""

CODED = frozenset({"closed", "declined", "referred", "reopened", "reworked", "supervised"})
"""Facts whose reason is a code, by which outcomes are counted."""


def without_words(told: Any) -> Any:
    """Return the JSON value without personal data, still valid for its model."""
    if isinstance(told, list):
        return [without_words(one) for one in told]
    if not isinstance(told, dict):
        return told
    coded = told.get("kind") in CODED
    return {name: _kept(name, value, coded) for name, value in told.items()}


def _kept(name: str, value: Any, coded: bool) -> Any:
    if name in POINTERS:
        return None
    if name == "public":
        return False
    if name not in WORDS or (coded and name == "reason"):
        return without_words(value)
    if isinstance(value, list):
        return []
    return GONE if value else value
