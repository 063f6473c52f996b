"""Reasons of events from before their codes were recorded, read from their English sentences.

Only for such events: a reason that is recorded today has its code (`domain.ticket.because`).
"""

import re
from collections.abc import Collection

from domain.ticket.because import CATALOGUE, Because, ParameterKind, ReasonWords

_VALUES = {
    ParameterKind.NUMBER: r"\d+",
    ParameterKind.CLOCK: r"[a-z_]+",
    ParameterKind.UNIT: r"\S+",
    ParameterKind.CATEGORY: r"\S+",
    ParameterKind.AREA: r"\S+",
    ParameterKind.CITY: r"[^\s/]+",
    ParameterKind.ROW: r"\S+",
    ParameterKind.KEYWORDS: r".+",
    ParameterKind.CONDITION: r".+",
}


def reason_before(text: str, codes: Collection[str]) -> Because | None:
    """Return the one of these reasons that a sentence stands for; None for any other text."""
    for code, pattern in _PATTERNS:
        match = pattern.fullmatch(text) if code in codes else None
        if match:
            return Because(code=code, parameters=dict(match.groupdict()))
    return None


def _pattern(words: ReasonWords) -> re.Pattern[str]:
    pattern = re.escape(words.sentence)
    for name, kind in words.parameters.items():
        pattern = pattern.replace(re.escape(f"{{{name}}}"), f"(?P<{name}>{_VALUES[kind]})")
    return re.compile(pattern)


def _fixed(code: str) -> int:
    """Return the length of the fixed text of a sentence."""
    return len(re.sub(r"\{\w+\}", "", CATALOGUE[code].sentence))


_PATTERNS = [
    (code, _pattern(CATALOGUE[code]))
    for code in sorted(CATALOGUE, key=_fixed, reverse=True)
    if _fixed(code)
]
"""The pattern of each sentence with a fixed text; those with the most of it come first."""
