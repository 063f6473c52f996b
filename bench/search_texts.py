"""The texts that the search is measured in: made of words as often as words of a language are.

The lengths are those of messages to a city and its answers: half are shorter than 200 characters,
one of ten has more than 700. No sentence means anything.
"""

import random
from collections.abc import Sequence
from itertools import accumulate

OFTEN, ALSO_OFTEN, SELDOM, NEVER = "小区", "物业", "石拱桥", "没有这样的词"
PHRASE = f"{OFTEN}{ALSO_OFTEN}"

_FIRST_CHARACTER, _CHARACTERS, _WORDS = 0x4E00, 2500, 30_000
_MEDIAN, _SPREAD, _LONGEST = 5.3, 0.9, 3000
"""Of the logarithm of the length, as of a log-normal distribution."""


class Writer:
    """A writer of texts; the same seed writes the same."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        characters = [chr(_FIRST_CHARACTER + 8 * n) for n in range(_CHARACTERS)]
        often = list(accumulate(1 / (n + 10) for n in range(_CHARACTERS)))
        made = [
            "".join(self._random.choices(characters, cum_weights=often, k=size))
            for size in self._random.choices((1, 2, 3, 4), (10, 65, 15, 10), k=_WORDS)
        ]
        self._words: Sequence[str] = [OFTEN, ALSO_OFTEN, *made]
        self._often = list(accumulate(1 / (n + 5) for n in range(len(self._words))))

    def text(self, least: int = 20) -> str:
        """Return a text of words, with punctuation."""
        length = min(_LONGEST, max(least, self._random.lognormvariate(_MEDIAN, _SPREAD)))
        words = self._random.choices(self._words, cum_weights=self._often, k=int(length / 2) + 1)
        parts = ["，".join("".join(words[n : n + 6]) for n in range(0, len(words), 6)), "。"]
        return "".join(parts)[: int(length)]

    def chance(self, share: float) -> bool:
        """Return whether something happens that happens with this share."""
        return self._random.random() < share
