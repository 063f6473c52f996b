"""When many alike reports are far more than usual: a proposal of an incident."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from domain.canonical import folded
from domain.incident.judging import places_in
from domain.pack.incidents import IncidentPolicy

_SHARE = 0.15
"""The share of a crowd's reports that has to name a place, for it to be one of the incident's."""

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
    named = [set(places_in(folded(text))) for text in texts]
    counts = Counter(name for names in named for name in names)
    often = [name for name, count in counts.most_common(most) if count >= _SHARE * len(texts)]
    covered = sum(bool(names & set(often)) for names in named)
    return often if often and covered >= _COVERED * len(texts) else []


def common_words(texts: Sequence[str], words: Iterable[str]) -> list[str]:
    """Return those of the words that any report of a crowd has, the most frequent first."""
    folds = [folded(text) for text in texts]
    counts = {word: sum(folded(word) in text for text in folds) for word in words}
    return [word for word in sorted(counts, key=lambda one: -counts[one]) if counts[word]]
