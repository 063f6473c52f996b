"""Training and evaluation: from files or past tickets to a model with its own measures."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from app.triage.evaluation import Evaluation, cross_validate, learning_curve, timed
from app.triage.learning import KIND_BYTES, file_of, learn, usable
from app.triage.matrix import Labelled, Matrix, matrix_of
from app.triage.rows import grouped, mirrored, read_rows
from domain.insight.learning_limits import TooFewTickets
from domain.pack.pack import Pack
from store.learning.past import PastTicket


def learn_from_tickets(past: Sequence[PastTicket], pack: Pack, now: datetime) -> bytes:
    """Return the file of a model that past tickets made.

    Tickets of a category that the pack does not have any more teach nothing.

    Raises:
        TooFewTickets
    """
    messages = [
        Labelled(one.title, one.text, one.category, one.number, kind=one.kind)
        for one in past
        if pack.knows(one.category)
    ]
    return learn_from_messages(messages, pack.city.id, now)


def learn_from_file(source: Path, pack: Pack, now: datetime) -> bytes:
    """Return the file of a model that the labelled messages of a CSV file made.

    Raises:
        TooFewTickets, UnreadableRows, OSError
    """
    return learn_from_messages(read_rows(source), pack.city.id, now)


def learn_from_messages(messages: list[Labelled], city: str, now: datetime) -> bytes:
    """Return the file of a model; it keeps how models made like it fared in cross-validation.

    Raises:
        TooFewTickets
    """
    kept = usable(messages)
    messages = grouped(messages)
    matrix = matrix_of(messages)
    measured = cross_validate(messages, matrix).measure().measured()
    learnt = learn(matrix, np.array(kept), messages)
    told, part = _of_kinds(messages, matrix)
    try:
        judged = cross_validate(told, part).measure().measured()
    except TooFewTickets:  # of all kinds but one: it is the kind that nearly all have
        return file_of(learnt, messages, city, now, measured)
    measured |= {f"kind_{name}": value for name, value in judged.items()}
    rows = np.array(usable(told))
    kinds = file_of(learn(part, rows, told, KIND_BYTES), told, city, now, judged)
    return file_of(learnt, messages, city, now, measured, kinds)


def _evaluation_of_kinds(
    name: str, messages: Sequence[Labelled], matrix: Matrix
) -> list[tuple[str, Evaluation]]:
    """Return the evaluation of kinds; none where too few are known."""
    try:
        return [(f"{name}: kind", cross_validate(*_of_kinds(messages, matrix)).measure())]
    except TooFewTickets:
        return []


def _of_kinds(messages: Sequence[Labelled], matrix: Matrix) -> tuple[list[Labelled], Matrix]:
    """Return the messages of which the kind is known, with it in the place of the category."""
    known = [at for at, one in enumerate(messages) if one.kind]
    told = [replace(messages[at], category=messages[at].kind, number="") for at in known]
    return told, Matrix(matrix.counts[known], matrix.numbers)


def evaluate_file(file: Path, also: Path | None, now: datetime) -> list[tuple[str, Evaluation]]:
    """Return the evaluation of a file's messages, and of all with those of another file.

    Rows of the other file that tell what a row of the first tells are never asked about, and are
    in no model that is asked about that row.

    Raises:
        TooFewTickets, UnreadableRows, OSError
    """
    first = read_rows(file)
    messages = grouped([*first, *(read_rows(also) if also else [])])
    kept = usable(messages)
    matrix = matrix_of(messages)
    for row, told in mirrored(first, matrix).items() if also else ():
        messages[row] = replace(messages[row], group=messages[told].group, validate=False)
    judged = cross_validate(messages, matrix)
    learnt = learn(matrix, np.array(kept), messages)
    milliseconds, size = timed(learnt, messages, "-", now)
    whole = replace(
        judged.measure(),
        milliseconds=milliseconds,
        size=size,
        curve=learning_curve(messages, matrix),
    )
    kinds = _evaluation_of_kinds(file.name, messages, matrix)
    if also is None:
        return [(file.name, whole), *kinds]
    alone = judged.measure(lambda at: at < len(first))
    return [(f"{file.name} + {also.name}", whole), (file.name, alone), *kinds]
