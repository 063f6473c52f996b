"""The evaluation of a learned triage, as tables and as data."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from cli.terminal import one_line, out, printable, table

if TYPE_CHECKING:
    from app.triage.evaluation import Evaluation
    from store.learning.models import StoredModel

_MOST_COLUMNS = 12


def measured(values: Mapping[str, float]) -> Iterator[str]:
    """Return the lines on what a model measured."""
    if not values:
        return
    yield f"messages {values['messages']:.0f}"
    yield f"accuracy {values['accuracy']:.3f}, macro-F1 {values['macro_f1']:.3f}"
    yield f"calibration error {values['calibration_error']:.3f}"
    yield f"automatic {values['automatic']:.1%}, of which right {values['precision']:.1%}"
    if "kind_accuracy" in values:
        accuracy, f1 = values["kind_accuracy"], values["kind_macro_f1"]
        yield f"kind: accuracy {accuracy:.3f}, macro-F1 {f1:.3f}"


def show(name: str, part: "Evaluation") -> None:
    """Print an evaluation."""
    out.print(one_line(name))
    for line in measured(part.measured()):
        out.print(one_line(line))
    if part.size:
        out.print(f"{part.milliseconds:.2f} ms of processor time a message, {part.size} bytes")
    told = table("category", "messages", "precision", "recall", "F1")
    for row in part.rows:
        values = (f"{value:.3f}" for value in (row.precision, row.recall, row.f1))
        told.add_row(printable(row.category), str(row.messages), *values)
    out.print(told)
    names = [printable(row.category) for row in part.rows]
    if len(names) <= _MOST_COLUMNS:
        confusion = table("truth", *names)
        for name_of_row, counts in zip(names, part.confusion, strict=True):
            confusion.add_row(name_of_row, *map(str, counts))
        out.print(confusion)
    for size, accuracy, automatic in part.curve:
        out.print(f"after {size} tickets: accuracy {accuracy:.3f}, automatic {automatic:.1%}")


def as_data(name: str, part: "Evaluation") -> dict[str, Any]:
    """Return an evaluation as data."""
    return {"of": name, **asdict(part)}


def stored_as_data(model: "StoredModel") -> dict[str, Any]:
    """Return a stored model as data."""
    return {**asdict(model), "made_at": model.made_at.isoformat()}
