"""Unannounced checks (暗访抽查): a draw that anybody can repeat who has its seed.

The order is that of the hashes of the seed with each member, and the first ones are drawn. Nothing
else goes in: not a library's generator, whose numbers may change with its version.
"""

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

ALGORITHM = "sha256-order/1"
"""The algorithm that new draws are made with. A changed one gets another name."""
SEED_BYTES = 32


class UnknownAlgorithm(ValueError):
    """A draw of an algorithm that this program does not know."""


def in_order(algorithm: str, seed: str, population: Collection[str]) -> list[str]:
    """Return the members of a population in the order in which the seed draws them.

    Raises:
        UnknownAlgorithm
    """
    if algorithm != ALGORITHM:
        raise UnknownAlgorithm(algorithm)
    return sorted(set(population), key=lambda member: (_hash(seed, member), member))


def _hash(seed: str, member: str) -> str:
    return hashlib.sha256(f"{seed}\n{member}".encode()).hexdigest()


@dataclass(frozen=True)
class Redraw:
    """A draw that was repeated. `drawn`: what comes out now.

    `same`: that it is what is recorded, from a population in the recorded order, which is the one
    that the record of rounds has. `gone` and `new`: members that only the draw, or only the
    record, has.
    """

    drawn: list[str]
    same: bool
    in_order: bool
    gone: list[str]
    new: list[str]


def redraw(
    algorithm: str,
    seed: str,
    recorded: Sequence[str],
    drawn: Sequence[str],
    population: Collection[str],
) -> Redraw:
    """Repeat a draw. `recorded`: its population in its order; `population`: as it is known now.

    Raises:
        UnknownAlgorithm
    """
    again = in_order(algorithm, seed, recorded)
    ordered = again == list(recorded)
    result = again[: len(drawn)]
    gone, new = sorted(set(recorded) - set(population)), sorted(set(population) - set(recorded))
    same = ordered and result == list(drawn) and not gone and not new
    return Redraw(result, same, ordered, gone, new)
