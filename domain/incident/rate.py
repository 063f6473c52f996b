"""The proposal of an incident: many alike reports, far more than usual."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.canonical import folded
from domain.incident.judging import places_in
from domain.pack.incidents import IncidentPolicy

_SHARE = 0.15
"""The share of a crowd's reports that has to name a place, for it to be one of the incident's."""

_SAME = 0.8
"""The number of reports that have to write a longer name as such, for it to be the whole one."""

_AT_LEAST = 3
"""And the least number of them."""

_LEAST = 3
"""The fewest characters of a place: fewer are in too many names."""

_COVERED = 0.6
"""The share of a crowd's reports that such places have to cover; else it is the whole area."""


class Crowd(NamedTuple):
    """The reports of one category in one street within the window, and how many are usual."""

    category: str
    area: str
    size: int
    usual: float


def unusual(policy: IncidentPolicy, crowds: Iterable[Crowd]) -> list[Crowd]:
    """Return the crowds that are proposed as incidents, the largest first."""
    large = [
        one for one in crowds if one.size >= policy.reports and one.size >= policy.times * one.usual
    ]
    return sorted(large, key=lambda one: -one.size)


def common_places(texts: Sequence[str], most: int = 5) -> list[str]:
    """Return the places that most reports of a crowd name; none if they name different ones."""
    named = [_endings(places_in(folded(text))) for text in texts]
    counts = Counter(name for names in named for name in names)
    often: list[str] = []
    for name, count in counts.most_common():
        if count < max(_SHARE * len(texts), _AT_LEAST) or len(often) == most:
            break
        whole = _whole(name, counts)
        known = any(one.endswith(whole) or whole.endswith(one) for one in often)
        if len(whole) >= _LEAST and not known:
            often.append(whole)
    covered = sum(any(one in names for one in often) for names in named)
    return often if often and covered >= _COVERED * len(texts) else []


def _endings(names: Iterable[str]) -> set[str]:
    """Return each name with its first characters left out: words before it are no part of it."""
    return {name[n:] for name in names for n in range(len(name) - 1)}


def _whole(name: str, counts: Counter[str]) -> str:
    """Return the longest name with this ending that is about as frequent: 西街 is 新华西街."""
    while True:
        longer = [one for one in counts if len(one) == len(name) + 1 and one.endswith(name)]
        best = max(longer, key=lambda one: counts[one], default=None)
        if best is None or counts[best] < _SAME * counts[name]:
            return name
        name = best


def common_words(texts: Sequence[str], words: Iterable[str]) -> list[str]:
    """Return those of the words that any report of a crowd has, the most frequent first."""
    folds = [folded(text) for text in texts]
    counts = {word: sum(folded(word) in text for text in folds) for word in words}
    return [word for word in sorted(counts, key=lambda one: -counts[one]) if counts[word]]
