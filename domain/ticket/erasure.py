"""Erasure: what of a ticket is words and places, and goes; what is record, and stays.

After it, statistics still know category, area, times, outcomes and grades; nobody knows what was
said, where exactly, or by whom. A test holds every text field of state and facts to one of the two
tables, so that a new one cannot be forgotten.
"""

from typing import Any

GONE = "〔已清除〕"
"""What stands where words were."""

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
"""Fields that people write into, and that may so hold anything."""

POINTERS = frozenset({"person", "lat", "lon"})
"""Fields that lead to a person or to a door."""

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
"""Texts that are codes, names of units, numbers of tickets, accounts of staff, or made by us."""

CODED = frozenset({"closed", "declined", "referred", "reopened", "reworked", "supervised"})
"""Facts whose reason is a code: outcomes are counted by it."""


def without_words(told: Any) -> Any:
    """The same JSON value without what is personal; it still reads as what it was."""
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
