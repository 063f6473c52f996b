"""All checks."""

from collections.abc import Callable, Iterator

from store.pack_checks.catalogue import check_categories, check_codes, check_units
from store.pack_checks.cells import check_cells
from store.pack_checks.formulas import check_conditions, check_events
from store.pack_checks.limits import check_calendar, check_joint, check_limits, check_order
from store.pack_checks.messages import check_messages
from store.pack_checks.owners import check_city, check_responsibilities
from store.pack_checks.phrases import check_phrases
from store.pack_checks.switches import check_needs
from store.pack_checks.unused import check_unused
from store.pack_files import Draft
from store.pack_reading import Problem

CHECKS: tuple[Callable[[Draft], Iterator[Problem]], ...] = (
    check_codes,
    check_city,
    check_units,
    check_categories,
    check_responsibilities,
    check_limits,
    check_joint,
    check_order,
    check_calendar,
    check_needs,
    check_unused,
    check_conditions,
    check_events,
    check_messages,
    check_phrases,
    check_cells,
)
