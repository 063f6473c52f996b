"""Training and evaluation: from files or past tickets to a model with its own measures."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np

from app.triage.evaluation import Evaluation, cross_validate, learning_curve, timed
from app.triage.learning import file_of, learn, usable
from app.triage.matrix import Labelled, matrix_of
from app.triage.rows import grouped, mirrored, read_rows
from domain.pack.pack import Pack
from store.learning.past import PastTicket


def learn_from_tickets(past: Sequence[PastTicket], pack: Pack, now: datetime) -> bytes:
    """Return the file of a model that past tickets made.

    Tickets of a category that the pack does not have any more teach nothing.

    Raises:
        TooFewTickets
    """
    messages = [
        Labelled(one.title, one.text, one.category, one.number)
        for one in past
        if pack.knows(one.category)
    ]
    return _learnt(messages, pack.city.id, now)


def learn_from_file(source: Path, pack: Pack, now: datetime) -> bytes:
    """Return the file of a model that the labelled messages of a CSV file made.

    Raises:
        TooFewTickets, UnreadableRows, OSError
    """
    return _learnt(read_rows(source), pack.city.id, now)


def _learnt(messages: list[Labelled], city: str, now: datetime) -> bytes:
    """Return the file of a model; it keeps how models of its kind fared in cross-validation."""
    kept = usable(messages)
    messages = grouped(messages)
    matrix = matrix_of(messages)
    measured = cross_validate(messages, matrix).measure().measured()
    learnt = learn(matrix, np.array(kept), messages)
    return file_of(learnt, messages, city, now, measured)


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
    if also is None:
        return [(file.name, whole)]
    alone = judged.measure(lambda at: at < len(first))
    return [(f"{file.name} + {also.name}", whole), (file.name, alone)]
