"""All checks."""

from collections.abc import Callable, Iterator

from packs.checks.catalogue import check_categories, check_codes, check_units
from packs.checks.cells import check_cells
from packs.checks.contractors import check_contractors
from packs.checks.formulas import check_conditions, check_events, check_figures
from packs.checks.gazetteer import check_gazetteer
from packs.checks.law import check_law
from packs.checks.limits import check_calendar, check_joint, check_limits, check_order
from packs.checks.messages import check_messages
from packs.checks.open311 import check_open311
from packs.checks.owners import check_city, check_responsibilities
from packs.checks.patrols import check_patrols
from packs.checks.phrases import check_phrases
from packs.checks.places import check_kinds, check_places
from packs.checks.rewards import check_rewards
from packs.checks.sensors import check_devices, check_sensors
from packs.checks.services import check_services
from packs.checks.supervision import check_supervision
from packs.checks.switches import check_needs
from packs.checks.unused import check_unused
from packs.parsed_pack import ParsedPack
from packs.problems import PackFault

CHECKS: tuple[Callable[[ParsedPack], Iterator[PackFault]], ...] = (
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
    check_figures,
    check_events,
    check_rewards,
    check_supervision,
    check_contractors,
    check_messages,
    check_phrases,
    check_law,
    check_cells,
    check_patrols,
    check_kinds,
    check_places,
    check_gazetteer,
    check_sensors,
    check_devices,
    check_services,
    check_open311,
)
