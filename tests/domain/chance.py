"""Reproducible random choices, read from bytes, so that hypothesis can shorten an example."""

from collections.abc import Iterable
from random import Random


class Exhausted(Exception):
    """The end of a random run: all bytes are read."""


class Chance(Random):
    """Random choices made only from the given bytes, one after the other.

    A zero byte is the first choice, the shortest span, and the likely case: the plainest run.
    """

    def __init__(self, seed: Iterable[int]) -> None:
        super().__init__(0)
        self._bytes = iter(seed)

    def random(self) -> float:
        return self._byte() / 256

    def getrandbits(self, k: int, /) -> int:
        return int.from_bytes(bytes(self._byte() for _ in range((k + 7) // 8))) & ((1 << k) - 1)

    def _byte(self) -> int:
        for byte in self._bytes:
            return byte
        raise Exhausted
