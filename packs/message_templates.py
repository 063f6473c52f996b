"""The messages to citizens: their names and the placeholders of their texts."""

from collections.abc import Iterator
from string import Formatter

TEMPLATE_NAMES = (
    "accepted",
    "answered",
    "declined",
    "referred",
    "assigned",
    "reclassified",
    "citizen_asked",
    "extension_granted",
    "held",
    "resumed",
    "replanned",
    "appointed",
    "appointment_warn",
    "citizen_warn",
    "level_raised",
    "filing_refuted",
    "replied",
    "rate_warn",
    "call_back_due",
    "reworked",
    "supervised",
    "final_replied",
    "closed",
    "reopened",
    "merged",
    "unmerged",
    "replied_with_parent",
)
"""Every message, in the order of a ticket's stages. That of an escalation level is called
`<clock>_<rung>`."""

WITH_A_DAY = frozenset(
    {
        "assigned",
        "reclassified",
        "citizen_asked",
        "citizen_warn",
        "extension_granted",
        "resumed",
        "replanned",
        "appointed",
        "appointment_warn",
        "level_raised",
        "rate_warn",
        "unmerged",
    }
)
"""The messages that may name a day, `{due}`: when the answer is promised, or until when the citizen
can answer or rate, or the appointment. At the others no day is promised: what else is due then is a
limit of the unit or of the centre, and not the citizen's."""

PLACEHOLDERS = ("number", "city", "title", "unit", "category", "due", "text")
"""`{number}` and so on. `due` is in local time; `text` is the reply, question or reason."""


def template_faults(text: str, name: str | None = None) -> Iterator[str]:
    """Yield the faults of a message's text; with its `name`, also a day that nobody promises."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        yield f"{error}; a brace itself is written {{{{ or }}}}"
        return
    for _, field, form, conversion in parts:
        if field is None:
            continue
        if field == "due" and name is not None and name not in WITH_A_DAY:
            yield "{due} is not known here: no day is promised with this message"
        if field not in PLACEHOLDERS or form or conversion:
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            shown = f"{field}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}"
            yield f"unknown placeholder {{{shown}}}; known: {known}"
