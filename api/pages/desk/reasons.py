"""The reasons for the machine's suggestions, in words for people.

Triage and dispatch give them briefly and in English, because they go into the ticket's history.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from domain.words import N_


class ReasonMessage(NamedTuple):
    """A message with the values of its placeholders."""

    message: str
    values: Mapping[str, str] = {}


_SAYINGS: tuple[tuple[str, str], ...] = (
    (r"named by the complainant", N_("It was filed under this subject.")),
    (r"no keyword found", N_("None of the catalogue's keywords was said.")),
    (r"keywords (?P<words>.+)", N_("Said: %(words)s")),
    (r"also (?P<code>\S+): (?P<words>.+)", N_("But also %(code)s: %(words)s")),
    (r"kept for a person", N_("The desk keeps it for a person.")),
    (r"a report waits for a person", N_("Whom a report accuses, only a person can tell.")),
    (
        r"the filing condition does not hold: (?P<condition>.+)",
        N_("The filing condition does not hold yet: %(condition)s"),
    ),
    (r"(chosen|named) by hand", N_("Chosen by a person.")),
    (
        r"[^/]+/responsibilities\.csv:(?P<line>\d+) \((?P<row>.+)\)",
        N_("Line %(line)s of the responsibilities: %(row)s"),
    ),
    (
        r"[^/]+/city\.toml#city\.fallback .+",
        N_("Nobody answers for it here, so the fallback unit takes it."),
    ),
    (
        r"not (?P<unit>\S+): the report is about (?P<accused>\S+)",
        N_("Not %(unit)s, because the report is about %(accused)s."),
    ),
)


def in_words(why: str) -> list[ReasonMessage]:
    """Put each reason into words; an unknown one stays as it is."""
    return [_said(part) for part in why.split("; ") if part]


def _said(part: str) -> ReasonMessage:
    for pattern, message in _SAYINGS:
        found = re.fullmatch(pattern, part)
        if found:
            return ReasonMessage(message, found.groupdict())
    return ReasonMessage("%(text)s", {"text": part})
