"""The messages to citizens: their names and the placeholders of their texts."""

from collections.abc import Iterator
from string import Formatter

TEMPLATE_NAMES = (
    "accepted",
    "answered",
    "declined",
    "referred",
    "assigned",
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

PLACEHOLDERS = ("number", "city", "title", "unit", "category", "due", "text")
"""`{number}` and so on. `due` is in local time; `text` is the reply, question or reason."""


def template_faults(text: str) -> Iterator[str]:
    """Yield the faults of a message's text."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        yield f"{error}; a brace itself is written {{{{ or }}}}"
        return
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in PLACEHOLDERS or form or conversion:
            known = ", ".join(f"{{{known}}}" for known in PLACEHOLDERS)
            shown = f"{name}{f'!{conversion}' if conversion else ''}{f':{form}' if form else ''}"
            yield f"unknown placeholder {{{shown}}}; known: {known}"
