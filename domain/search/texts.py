"""The texts of a ticket that are searched: the complaint, its place, the answers, the notes.

Which texts of which facts is a table: a fact that is not in it is not searched. A text is nobody's
secret here who may see the ticket. Facts of merging are left out: what they say is of another
ticket, which not everybody may know who sees this one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from domain.canonical import folded


class SearchField(StrEnum):
    """A part of a ticket that is searched."""

    SAID = "said"  # what the citizen said: the complaint and what was added
    PLACE = "place"
    REPLY = "reply"
    NOTE = "note"  # what staff and units wrote for each other


SAID_BY_CITIZENS = {
    "facts_added": ("text",),
    "urged": ("text",),
    "reopened": ("text",),
    "rated": ("rating.words",),
    "withdrawn": ("reason",),
}
REPLIES = {
    "answered": ("text",),
    "declined": ("text",),
    "referred": ("text",),
    "replied": ("text",),
    "final_replied": ("text",),
    "handled": ("result.reply",),
    "publicly_noticed": ("text",),
}
NOTES = {
    "appointed": ("text",),
    "arbitrated": ("minutes.text", "minutes.decision"),
    "assigned": ("task",),
    "called_back": ("note",),
    "citizen_asked": ("text",),
    "closed_on_watch": ("reason",),
    "closing_confirmed": ("result.reply",),
    "closing_refuted": ("reason", "result.reply"),
    "contacted": ("note",),
    "delegated": ("reason",),
    "exclusion_asked": ("reason",),
    "exclusion_granted": ("reason",),
    "exclusion_refused": ("reason",),
    "extension_asked": ("reason",),
    "extension_granted": ("reason",),
    "extension_refused": ("reason",),
    "filing_confirmed": ("result.reply",),
    "filing_refuted": ("text", "result.reply"),
    "held": ("reason",),
    "hold_asked": ("reason",),
    "hold_refused": ("reason",),
    "inspections_opened": ("text",),
    "intervened": ("reason",),
    "level_raised": ("reason",),
    "minutes_kept": ("minutes.text", "minutes.decision"),
    "order_answered": ("answer",),
    "overridden": ("reason",),
    "reassigned": ("reason",),
    "reclassified": ("reason",),
    "released": ("reason",),
    "result_overtaken": ("result.reply",),
    "return_asked": ("reason",),
    "return_barred": ("reason",),
    "return_refused": ("reason",),
    "returned": ("reason",),
    "reviewed": ("note",),
    "revisited": ("note",),
    "share_handled": ("result.reply",),
    "step_done": ("note",),
    "supervision_ordered": ("text",),
    "whistled": ("reason",),
}

LEFT_OUT = frozenset(
    {
        # Why a unit is accused is told to those alone who open the ticket.
        "accused",
        # Their reason is a code.
        "closed", "reworked", "supervised",
        # They tell of another ticket, or are the words of its citizen.
        "asked_with_parent", "complainant_added", "complainant_joined", "complainant_urged",
        "extended_with_parent", "held_with_parent", "merged", "replied_with_parent", "unmerged",
        "unmerged_unclassified",
    }
)  # fmt: skip
"""The facts with a text that is not searched."""

_FIELDS = (
    (SearchField.SAID, SAID_BY_CITIZENS),
    (SearchField.REPLY, REPLIES),
    (SearchField.NOTE, NOTES),
)
SEARCHED = {kind: (field, paths) for field, table in _FIELDS for kind, paths in table.items()}
"""By kind of fact, the field it belongs to and the paths of its texts."""


@dataclass(frozen=True)
class RecordedFact:
    """A fact as it is recorded; `by_system`: no person did it."""

    kind: str
    by_system: bool
    values: Mapping[str, Any]


Texts = dict[SearchField, list[str]]
"""The searched texts of a ticket by field, as they were written."""


def texts_of(complaint: Mapping[str, Any], facts: Iterable[RecordedFact]) -> Texts:
    """Return the searched texts of a ticket: of its complaint, and of its facts in order.

    A text that is there already is not repeated: an answer is often given word for word again. The
    system's own sentences are no notes.
    """
    found: dict[SearchField, dict[str, None]] = {field: {} for field in SearchField}
    found[SearchField.SAID] |= dict.fromkeys((complaint["title"], complaint["text"]))
    found[SearchField.PLACE][complaint["place"]["address"]] = None
    for fact in facts:
        if (searched := SEARCHED.get(fact.kind)) is None:
            continue
        field, paths = searched
        if field is SearchField.NOTE and (fact.by_system or fact.values.get("because")):
            continue
        found[field] |= dict.fromkeys(_at(fact.values, path) for path in paths)
    return {field: [text for text in texts if text] for field, texts in found.items()}


def folded_texts(texts: Texts) -> dict[SearchField, str]:
    """Return the texts in the form in which they are searched, each on a line of its own."""
    return {field: "\n".join(map(folded, each)) for field, each in texts.items()}


def _at(values: Any, path: str) -> str:
    for name in path.split("."):
        values = values.get(name) if isinstance(values, Mapping) else None
    return values if isinstance(values, str) else ""
