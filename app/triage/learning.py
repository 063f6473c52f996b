"""Learning: from labelled messages to the file of a model. Needs the extra `insight`."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags
from scipy.special import log_softmax, softmax
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.preprocessing import normalize
from sklearn.svm import LinearSVC

from app.triage.matrix import TITLE_WEIGHT, Labelled, Matrix
from domain.insight.learning_limits import (
    LEAST_CATEGORIES,
    LEAST_OF_CATEGORY,
    LEAST_TICKETS,
    WANTED_PRECISION,
    TooFewTickets,
)
from domain.insight.model import SIGNATURE, ModelHead, write_model

_BODY_BYTES = 4_400_000
KIND_BYTES = 250_000
"""The most bytes of the model of kinds, of which there are few."""
_STEPS = 2.0
"""Steps of the squared weight of an n-gram in one unit."""
_FOLDS = 3
_ALIKE = 4000
_NOWHERE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Linear:
    """Linear weights over n-grams: `columns` of the matrix, `weights` by column and category."""

    columns: np.ndarray
    weights: np.ndarray
    squares: np.ndarray
    biases: np.ndarray
    scales: np.ndarray

    def scores(self, counts: csr_matrix) -> np.ndarray:
        """Return the scores of messages, exactly as the file of the model gives them."""
        part = counts[:, self.columns]
        total = part @ (self.weights * self.scales)
        length = np.sqrt(np.maximum(part.power(2) @ self.squares, 1.0))
        return np.asarray(total / length[:, None] + self.biases)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Slope and offset of each category's score, and the threshold for the wanted precision."""

    slopes: np.ndarray
    offsets: np.ndarray
    threshold: float

    def probabilities(self, scores: np.ndarray) -> np.ndarray:
        """Return the probabilities of scores."""
        return np.asarray(softmax(scores * self.slopes + self.offsets, axis=1))


@dataclass(frozen=True, slots=True)
class Learnt:
    """A model in memory, with what it was made from."""

    linear: Linear
    calibration: Calibration
    categories: list[str]
    matrix: Matrix
    kept: list[int] = field(default_factory=list)


def usable(messages: Sequence[Labelled]) -> list[int]:
    """Return which messages are of a category with enough of them.

    Raises:
        TooFewTickets: a model of them would say less than keywords.
    """
    counts: dict[str, int] = {}
    for message in messages:
        counts[message.category] = counts.get(message.category, 0) + 1
    known = {category for category, count in counts.items() if count >= LEAST_OF_CATEGORY}
    kept = [at for at, message in enumerate(messages) if message.category in known]
    if len(kept) < LEAST_TICKETS or len(known) < LEAST_CATEGORIES:
        raise TooFewTickets(len(kept), len(known))
    return kept


def fit(
    counts: csr_matrix, labels: np.ndarray, classes: int, most_bytes: int = _BODY_BYTES
) -> Linear:
    """Fit a linear model over n-grams, and make it as small as the file may be."""
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    columns = np.flatnonzero(seen >= (2 if len(labels) < 3000 else 3))
    idf = np.log((len(labels) + 1) / (1 + seen[columns])) + 1
    squares = np.clip(np.round(idf**2 * _STEPS), 1, 255)
    idf = np.sqrt(squares / _STEPS)
    part = normalize((counts[:, columns] @ diags(idf)).tocsr())
    plain, bias = _plain(part, labels, classes)
    return _small(columns, plain * (idf * np.sqrt(_STEPS))[:, None], squares, bias, most_bytes)


def _plain(part: csr_matrix, labels: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    machine = LinearSVC(C=1.0, tol=0.02, max_iter=60, random_state=0)
    machine.fit(part, labels)
    if classes == 2:
        both = np.vstack([-machine.coef_[0], machine.coef_[0]]).T
        return both, np.array([-machine.intercept_[0], machine.intercept_[0]])
    return machine.coef_.T, machine.intercept_


def _small(
    columns: np.ndarray,
    weights: np.ndarray,
    squares: np.ndarray,
    biases: np.ndarray,
    most_bytes: int,
) -> Linear:
    """Keep as many n-grams as the file may have, the telling ones, in steps of a byte."""
    most = most_bytes // (5 + weights.shape[1])
    if len(columns) > most:
        told = np.abs(weights).max(axis=1)
        chosen = np.sort(np.argpartition(-told, most)[:most])
        columns, weights, squares = columns[chosen], weights[chosen], squares[chosen]
    scales = np.maximum(np.abs(weights).max(axis=0), 1e-9) / 127
    # A few n-grams tell so much that one step for all of them would round the others away.
    scales = np.minimum(scales, np.maximum(np.quantile(np.abs(weights), 0.9995, axis=0), 1e-9) / 60)
    steps = np.clip(np.round(weights / scales), -128, 127)
    return Linear(columns, steps, squares, biases, scales)


def calibrate(scores: np.ndarray, labels: np.ndarray) -> Calibration:
    """Fit slopes and offsets on scores of messages that were kept back, and choose the threshold.

    The threshold is the lowest from which on the wanted precision holds.
    """
    classes = scores.shape[1]
    pull = 5.0 / max(len(labels), 1)
    # As Platt did: of so many messages, the next one might be the first to be judged wrongly.
    doubt = classes / (np.bincount(labels, minlength=classes)[labels] + classes)
    wanted = np.eye(classes)[labels] * (1 - doubt)[:, None] + doubt[:, None] / classes

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        slopes, offsets = parameters[:classes], parameters[classes:]
        raised = log_softmax(scores * slopes + offsets, axis=1)
        error = np.exp(raised) - wanted
        away = slopes - slopes.mean()
        gradient = np.concatenate([(error * scores).mean(axis=0), error.mean(axis=0)])
        gradient[:classes] += 2 * pull * away
        gradient[classes:] += 2 * pull * offsets
        value = -(wanted * raised).sum(axis=1).mean() + pull * (
            (away**2).sum() + (offsets**2).sum()
        )
        return float(value), gradient

    start = np.concatenate([np.full(classes, 3.0), np.zeros(classes)])
    found = minimize(loss, start, jac=True, method="L-BFGS-B").x
    fitted = Calibration(found[:classes], found[classes:], 1.0)
    sure = fitted.probabilities(scores)
    return Calibration(
        fitted.slopes,
        fitted.offsets,
        threshold_for(sure.max(axis=1), sure.argmax(axis=1) == labels, WANTED_PRECISION),
    )


def threshold_for(sure: np.ndarray, right: np.ndarray, wanted: float) -> float:
    """Return the lowest probability from which on the share of right ones is the wanted one."""
    order = np.argsort(-sure, kind="stable")
    precision = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(precision >= wanted)
    good = good[good >= min(19, len(order) - 1)]
    return float(sure[order[good[-1]]]) if len(good) else 1.0


def learn(
    matrix: Matrix,
    rows: np.ndarray,
    messages: Sequence[Labelled],
    most_bytes: int = _BODY_BYTES,
) -> Learnt:
    """Learn from some messages of a matrix; calibrate on parts that were kept back in turn."""
    names = [messages[at].category for at in rows]
    categories = sorted(set(names))
    labels = np.array([categories.index(name) for name in names])
    groups = np.array([messages[at].group or str(at) for at in rows])
    counts = matrix.counts[rows]
    scores = np.zeros((len(rows), len(categories)))
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=1)
    for inside, outside in folds.split(rows, labels, groups):
        part = fit(counts[inside], labels[inside], len(categories), most_bytes)
        scores[outside] = part.scores(counts[outside])
    asked = np.array([messages[at].validate for at in rows])
    asked = asked if asked.sum() >= LEAST_TICKETS else np.ones(len(rows), dtype=bool)
    calibration = calibrate(scores[asked], labels[asked])
    linear = fit(counts, labels, len(categories), most_bytes)
    return Learnt(linear, calibration, categories, matrix, [int(at) for at in rows])


def file_of(
    learnt: Learnt,
    messages: Sequence[Labelled],
    city: str,
    now: datetime,
    measured: dict[str, float],
    kinds: bytes = b"",
) -> bytes:
    """Return the file of a model, with that of its model of kinds."""
    linear, calibration = learnt.linear, learnt.calibration
    past = [at for at in learnt.kept if messages[at].number][-_ALIKE:]
    head = ModelHead(
        city=city,
        categories=learnt.categories,
        features=len(linear.columns),
        scales=linear.scales.tolist(),
        biases=linear.biases.tolist(),
        slopes=calibration.slopes.tolist(),
        offsets=calibration.offsets.tolist(),
        title_weight=TITLE_WEIGHT,
        numbers=[messages[at].number for at in past],
        tickets=len(learnt.kept),
        made_at=now,
        threshold=calibration.threshold,
        measured=measured,
    )
    rows = np.hstack([linear.weights + 128, linear.squares[:, None]]).astype(np.uint8)
    numbers = learnt.matrix.numbers[linear.columns].tolist()
    return write_model(head, numbers, rows.tobytes(), _signatures(learnt, messages, past), kinds)


def _signatures(learnt: Learnt, messages: Sequence[Labelled], past: list[int]) -> list[int]:
    """Return the telling n-grams of each past ticket, as rows of the model."""
    linear = learnt.linear
    signed: list[int] = []
    counts = learnt.matrix.counts[past][:, linear.columns].tocsr()
    for at, ticket in enumerate(past):
        category = learnt.categories.index(messages[ticket].category)
        found = counts.indices[counts.indptr[at] : counts.indptr[at + 1]]
        told = (linear.weights * linear.scales)[found, category] if len(found) else np.array([])
        best = found[np.argsort(-told)[:SIGNATURE]].tolist()
        signed += best + [_NOWHERE] * (SIGNATURE - len(best))
    return signed
