"""Labelled messages as a matrix of n-grams, made by the code that judges a message later."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix

from domain.insight.features import grams_of, number_of

TITLE_WEIGHT = 1
"""The additional weight of an n-gram of the title."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """A message and its category. `number`: of its ticket, "" where it is from a file.

    `group`: messages of one group are never on both sides of a split; `validate`: it may be
    asked about in validation. `kind`: of the complaint, "" where nobody says it.
    """

    title: str
    text: str
    category: str
    number: str = ""
    group: str = ""
    validate: bool = True
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Matrix:
    """The count of each n-gram in each message, with the numbers of the n-grams."""

    counts: csr_matrix
    numbers: np.ndarray


def matrix_of(messages: Sequence[Labelled]) -> Matrix:
    """Return the n-grams of messages; those of one message only are left out."""
    rows: list[np.ndarray] = []
    known: dict[str, int] = {}
    for message in messages:
        everything, title = grams_of(message.title, message.text)
        values = [
            (known.setdefault(gram, len(known)), 1 + TITLE_WEIGHT * (gram in title))
            for gram in everything
        ]
        rows.append(np.array(values, dtype=np.int32).reshape(-1, 2))
    starts = np.cumsum([0, *(len(row) for row in rows)])
    cells = np.concatenate(rows)
    counts = csr_matrix(
        (cells[:, 1].astype(np.float32), cells[:, 0], starts), shape=(len(rows), len(known))
    )
    often = np.flatnonzero(np.bincount(counts.indices, minlength=len(known)) > 1)
    names = list(known)
    numbers = np.array([number_of(names[at]) for at in often], dtype=np.uint32)
    return Matrix(counts[:, often].tocsr(), numbers)
