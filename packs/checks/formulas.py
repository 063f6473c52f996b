"""Checks of conditions and scoring rules: every formula compiles, every event kind exists."""

from collections.abc import Iterator
from functools import cache

from domain.facts.transitions import FACTS
from packs.conditions import (
    OF_EVENTS,
    OF_RESULTS,
    OF_TICKETS,
    ConditionError,
    Vocabulary,
    compile_condition,
)
from packs.parsed_pack import ASSESSMENT, CATEGORIES, REWARDS, SCORING, ParsedPack
from packs.problems import PackFault


@cache
def event_kinds() -> frozenset[str]:
    """Return the kinds of all events of a ticket."""
    return frozenset(str(fact.model_fields["kind"].default) for fact in FACTS)


def check_conditions(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that every condition is CEL, uses known fields, and is true or false."""
    if parsed.city.value is not None:
        verify = parsed.city.value.verify
        for name, condition in (("filing", verify.filing), ("closing", verify.closing)):
            for fault in _faults(condition, OF_TICKETS):
                yield parsed.city.problem(("verify", name), f"{name}: {fault}")
    for row in parsed.categories.rows:
        for fault in _faults(row.value.filing, OF_TICKETS):
            yield PackFault(CATEGORIES, row.line, f"filing: {fault}")
        for fault in _faults(row.value.closing, OF_RESULTS):
            yield PackFault(CATEGORIES, row.line, f"closing: {fault}")
    figures = parsed.indicators.value.indicators if parsed.indicators.value else ()
    for index, figure in enumerate(figures):
        for name, condition in (("over", figure.over), ("counts", figure.counts)):
            for fault in _faults(condition, OF_TICKETS):
                where = ("indicators", index, name)
                yield parsed.indicators.problem(where, f"{figure.id}: {name}: {fault}")
    for rule in parsed.scoring.rows:
        for fault in _faults(rule.value.when, OF_EVENTS):
            yield PackFault(SCORING, rule.line, f"when: {fault}")
    for criterion in parsed.assessment.rows:
        for fault in _faults(criterion.value.when, OF_EVENTS):
            yield PackFault(ASSESSMENT, criterion.line, f"when: {fault}")
    for reward in parsed.rewards.rows:
        for fault in _faults(reward.value.when, OF_TICKETS):
            yield PackFault(REWARDS, reward.line, f"when: {fault}")


def _faults(condition: str | None, vocabulary: Vocabulary) -> Iterator[str]:
    if condition is None:
        return
    try:
        compile_condition(condition, vocabulary)
    except ConditionError as error:
        yield str(error)


_GIVEN = ("version", "by", "source")


def check_figures(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that every indicator says its version, the month it belongs to, and its source.

    They have defaults for packs of before this check, which are still read.
    """
    figures = parsed.indicators.value.indicators if parsed.indicators.value else ()
    for index, figure in enumerate(figures):
        lacking = [name for name in _GIVEN if name not in figure.model_fields_set]
        if lacking:
            message = f"{figure.id} lacks {', '.join(lacking)}"
            yield parsed.indicators.problem(("indicators", index), message)


def check_events(parsed: ParsedPack) -> Iterator[PackFault]:
    """Check that every scoring rule names a known kind of event."""
    scoring = [(SCORING, row.line, row.value.on) for row in parsed.scoring.rows]
    criteria = [(ASSESSMENT, row.line, row.value.on) for row in parsed.assessment.rows]
    for file, line, kind in (*scoring, *criteria):
        if kind not in event_kinds():
            yield PackFault(file, line, f"nothing that happens is called {kind!r}")
