"""Conditions of a city pack: CEL expressions that are true or false of a ticket.

    condition = compile_condition("t.tier == 'urgent' && t.returns > 1", OF_TICKETS)
    condition.holds(t=case.model_dump())

The variables of a condition are the models of `domain.pack.condition_vocabulary`. Its grammar is
defined in `packs.condition_types`; a condition that compiles has a result for all values of its
models.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cel
from pydantic import BaseModel

from domain.pack.condition_vocabulary import EventCase, ResultCase, ShareCase, TicketFacts
from packs.condition_text import ConditionError
from packs.condition_types import read

__all__ = [
    "LONGEST",
    "OF_EVENTS",
    "OF_RESULTS",
    "OF_TICKETS",
    "Condition",
    "ConditionError",
    "compile_condition",
]

Vocabulary = Mapping[str, type[BaseModel]]

OF_TICKETS: Vocabulary = {"t": TicketFacts}
"""The variables of filing conditions, indicators, and verification conditions."""
OF_RESULTS: Vocabulary = {"t": TicketFacts, "result": ResultCase}
"""The variables of closing conditions of categories."""
OF_EVENTS: Vocabulary = {"e": EventCase, "a": ShareCase, "t": TicketFacts}
"""The variables of scoring rules."""

LONGEST = 500
"""The most characters a condition may have."""


@dataclass(frozen=True)
class Condition:
    """A compiled condition, safe to share between threads. `fields`: those used, per variable."""

    text: str
    fields: Mapping[str, tuple[str, ...]]
    _program: cel.Program
    _decimals: Mapping[str, frozenset[str]]

    def holds(self, **values: Mapping[str, Any]) -> bool:
        """Return whether it is true for `values`: the `model_dump()` of each variable's model.

        Raises:
            ConditionError: a variable or a field that it uses is not given.
        """
        try:
            looked_at = {
                variable: {
                    # CEL cannot add a whole number to a decimal one.
                    name: float(values[variable][name])
                    if name in decimals
                    else values[variable][name]
                    for name in names
                }
                for variable, names in self.fields.items()
                for decimals in (self._decimals[variable],)
            }
        except KeyError as missing:
            raise ConditionError(f"{self.text!r}: {missing} is not given") from None
        context = cel.Context(looked_at)
        context.add_function("characters", len)
        try:
            return bool(self._program.execute(context))
        except (TypeError, ValueError, ArithmeticError, RuntimeError, KeyError) as error:
            raise ConditionError(f"{self.text!r}: {error}") from error


def compile_condition(text: str, vocabulary: Vocabulary) -> Condition:
    """Compile `text`; the same text is compiled once.

    Raises:
        ConditionError: it is too long or too deep, not of the grammar, uses a name that is not in
            `vocabulary`, compares what cannot be compared, or is not true or false.
    """
    return _compiled(text, tuple(vocabulary.items()))


# Large enough for the conditions of a few large packs.
@lru_cache(maxsize=4096)
def _compiled(text: str, vocabulary: tuple[tuple[str, type[BaseModel]], ...]) -> Condition:
    if len(text) > LONGEST:
        raise ConditionError(f"{len(text)} characters: at most {LONGEST} are possible")
    models = dict(vocabulary)
    reading = read(text, models)
    try:
        program = cel.compile(reading.text)
    except ValueError as error:
        raise ConditionError(str(error).partition("\n")[0]) from None
    decimals = {
        variable: frozenset(
            name for name in names if models[variable].model_fields[name].annotation is float
        )
        for variable, names in reading.fields.items()
    }
    fields = {variable: tuple(names) for variable, names in reading.fields.items()}
    condition = Condition(text, fields, program, decimals)
    # One evaluation makes sure that the library accepts what the type checker accepted.
    condition.holds(**{variable: model().model_dump() for variable, model in models.items()})
    return condition
