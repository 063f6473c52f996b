"""The reasons of a model for a category: the words of a message that spoke most for it.

They are worked out from the message when somebody looks, and never recorded: a message can be
erased, and its words with it.
"""

from domain.insight.features import LONGEST, pieces
from domain.insight.model import TriageModel

MOST_WORDS = 6
_LONGEST_WORD = 8
_SHARE = 0.35


def telling_words(model: TriageModel, category: str, title: str, text: str) -> list[str]:
    """Return the words that spoke most for `category`, the most telling first.

    N-grams that overlap are one word: each character gets its part of what its n-grams say, and a
    word is a run of characters that say something.
    """
    found: dict[str, float] = {}
    for piece in pieces(f"{title}\n{text}"):
        said = _by_character(model, category, piece)
        for start, end in _runs(said, _SHARE * max(said, default=0.0)):
            if end - start > 1:
                word = piece[start:end]
                found[word] = max(found.get(word, 0.0), sum(said[start:end]))
    ranked = sorted(found, key=lambda word: -found[word])
    chosen: list[str] = []
    for word in ranked:
        if not any(word in other or other in word for other in chosen):
            chosen.append(word)
    return chosen[:MOST_WORDS]


def _by_character(model: TriageModel, category: str, piece: str) -> list[float]:
    said = [0.0] * len(piece)
    for size in range(1, LONGEST + 1):
        for at in range(len(piece) - size + 1):
            value = model.spoke_for(category, piece[at : at + size])
            for place in range(at, at + size):
                said[place] += value / size
    return said


def _runs(said: list[float], least: float) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    start = None
    for at, value in enumerate([*said, 0.0]):
        if value > max(least, 0.0):
            start = at if start is None else start
            if at - start + 1 < _LONGEST_WORD:
                continue
            at += 1
        if start is not None:
            runs.append((start, at))
            start = None
    return runs
