"""Chance that can be told: what happens is read from bytes, so that hypothesis can shorten it."""

from collections.abc import Iterable
from random import Random


class Told(Exception):
    """All bytes are read: this is how far the story goes."""


class Chance(Random):
    """Random choices that are nothing but the bytes they are made from, one after the other.

    A zero is the first choice, the shortest span, and what is likely: the plainest story.
    """

    def __init__(self, told: Iterable[int]) -> None:
        super().__init__(0)
        self._told = iter(told)

    def random(self) -> float:
        return self._byte() / 256

    def getrandbits(self, k: int, /) -> int:
        return int.from_bytes(bytes(self._byte() for _ in range((k + 7) // 8))) & ((1 << k) - 1)

    def _byte(self) -> int:
        for byte in self._told:
            return byte
        raise Told
