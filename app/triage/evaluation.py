"""Honest evaluation: every message is judged by a model that has not seen it.

In each fold the model, its calibration and its threshold come from the other folds alone.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import process_time

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support
from sklearn.model_selection import StratifiedGroupKFold

from app.triage.learning import Learnt, file_of, learn, usable
from app.triage.matrix import Labelled, Matrix
from domain.insight.model import read_model

_FOLDS = 5
_BINS = 15
_TIMED = 300
CURVE = (100, 200, 500, 1000, 2000)
"""The sizes of the learning curve."""


@dataclass(frozen=True, slots=True)
class CategoryRow:
    """The measures of one category."""

    category: str
    messages: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The measures of an evaluation. `automatic`: the share above the threshold of its fold, and
    `precision`: of those, the right ones. `milliseconds`: of one message, by the file of a model.
    """

    messages: int
    accuracy: float
    macro_f1: float
    calibration_error: float
    automatic: float
    precision: float
    rows: list[CategoryRow]
    confusion: list[list[int]]
    milliseconds: float = 0.0
    size: int = 0
    curve: list[tuple[int, float, float]] = field(default_factory=list)

    def measured(self) -> dict[str, float]:
        """Return the measures that a model keeps."""
        return {
            "messages": self.messages,
            "accuracy": self.accuracy,
            "macro_f1": self.macro_f1,
            "calibration_error": self.calibration_error,
            "automatic": self.automatic,
            "precision": self.precision,
        }


@dataclass(frozen=True, slots=True)
class JudgedMessages:
    """Every message that was validated: its category, the one given, how surely, and whether
    that was above the threshold of its fold."""

    at: np.ndarray
    labels: np.ndarray
    given: np.ndarray
    sure: np.ndarray
    above: np.ndarray
    categories: list[str]

    def measure(self, only: Callable[[int], bool] = lambda _: True) -> Evaluation:
        """Return the measures over the messages that `only` wants."""
        chosen = np.array([only(int(at)) for at in self.at], dtype=bool)
        labels, given = self.labels[chosen], self.given[chosen]
        sure, above = self.sure[chosen], self.above[chosen]
        right = labels == given
        every = range(len(self.categories))
        precision, recall, f1, count = precision_recall_fscore_support(
            labels, given, labels=every, zero_division=0
        )
        there = count > 0
        return Evaluation(
            messages=len(labels),
            accuracy=float(right.mean()),
            macro_f1=float(f1[there].mean()),
            calibration_error=calibration_error(sure, right),
            automatic=float(above.mean()),
            precision=float(right[above].mean()) if above.any() else 1.0,
            rows=[
                CategoryRow(self.categories[k], int(count[k]), precision[k], recall[k], f1[k])
                for k in every
            ],
            confusion=confusion_matrix(labels, given, labels=every).tolist(),
        )


def calibration_error(sure: np.ndarray, right: np.ndarray) -> float:
    """Return the expected calibration error: the mean gap of probability and truth, in bins."""
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [
        abs(sure[bins == one].mean() - right[bins == one].mean()) * (bins == one).sum()
        for one in np.unique(bins)
    ]
    return float(sum(gaps) / max(len(sure), 1))


def cross_validate(messages: Sequence[Labelled], matrix: Matrix) -> JudgedMessages:
    """Judge every message that may be validated by a model of the other folds.

    Raises:
        TooFewTickets
    """
    kept = np.array(usable(messages))
    categories = sorted({messages[at].category for at in kept})
    labels = np.array([categories.index(messages[at].category) for at in kept])
    groups = np.array([messages[at].group or str(at) for at in kept])
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=7)
    parts = []
    for inside, outside in folds.split(kept, labels, groups):
        learnt = learn(matrix, kept[inside], messages)
        asked = np.array([at for at in outside if messages[kept[at]].validate], dtype=int)
        if not len(asked):
            continue
        scores = learnt.linear.scores(matrix.counts[kept[asked]])
        sure = learnt.calibration.probabilities(scores)
        names = np.array([categories.index(name) for name in learnt.categories])
        best = sure.max(axis=1)
        above = best >= learnt.calibration.threshold
        parts.append((kept[asked], labels[asked], names[sure.argmax(axis=1)], best, above))
    at, truth, given, sure, above = (np.concatenate(part) for part in zip(*parts, strict=True))
    return JudgedMessages(at, truth, given, sure, above, categories)


def timed(
    learnt: Learnt, messages: Sequence[Labelled], city: str, now: datetime
) -> tuple[float, int]:
    """Return the milliseconds of a message in its second round, and the bytes of the file."""
    file = file_of(learnt, messages, city, now, {})
    model = read_model(file, city)
    some = messages[:_TIMED]
    for one in some:
        model.probabilities(one.title, one.text)
    begun = process_time()
    for one in messages[: 2 * _TIMED]:
        model.probabilities(one.title, one.text)
    return (process_time() - begun) * 1000 / min(len(messages), 2 * _TIMED), len(file)


def learning_curve(
    messages: Sequence[Labelled], matrix: Matrix, sizes: Sequence[int] = CURVE
) -> list[tuple[int, float, float]]:
    """Return accuracy and automatic share after so many tickets, on a fifth that was kept back."""
    kept = np.array(usable(messages))
    rng = np.random.default_rng(5)
    rng.shuffle(kept)
    groups = [messages[at].group or str(at) for at in kept]
    cut = len(kept) // 5
    held = set(groups[:cut])
    tested = np.array([at for at in kept[:cut] if messages[at].validate])
    rest = np.array([at for at, group in zip(kept, groups, strict=True) if group not in held])
    curve = []
    for size in sizes:
        if size > len(rest) or not len(tested):
            break
        part = rest[:size]
        enough = usable([messages[at] for at in part])
        learnt = learn(matrix, part[enough], messages)
        sure = learnt.calibration.probabilities(learnt.linear.scores(matrix.counts[tested]))
        given = [learnt.categories[at] for at in sure.argmax(axis=1)]
        right = np.array(
            [messages[at].category == name for at, name in zip(tested, given, strict=True)]
        )
        above = sure.max(axis=1) >= learnt.calibration.threshold
        curve.append((size, float(right.mean()), float(above.mean())))
    return curve
