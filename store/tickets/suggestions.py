"""The suggested category and area of a complaint, and the filing condition of its category.

Triage decides by them, and the desk sees them during the call.
"""

from typing import TYPE_CHECKING

from domain.pack.pack import Pack
from domain.pack.routing import CategorySuggestion, classify
from domain.policy.condition_inputs import case_of_complaint
from domain.ticket.because import Because, ReasonCode, because
from domain.ticket.complaint import Complaint
from packs.conditions import OF_TICKETS, compile_condition

if TYPE_CHECKING:
    from packs.grids import Grid


def suggest(pack: Pack, grid: "Grid | None", complaint: Complaint) -> CategorySuggestion:
    """Suggest category and finest known area; confident only if no person has to decide.

    The category's filing condition is not checked here: see `filing_holds`.
    """
    suggestion = classify(pack, complaint)
    doubt = _for_a_person(complaint)
    area = cell_of(grid, complaint) or _finer(complaint.place.area, suggestion.area)
    values = {"confident": False, "because": [doubt, *suggestion.because]} if doubt else {}
    return suggestion.model_copy(update={**values, "area": area})


def _for_a_person(complaint: Complaint) -> Because | None:
    """Return why a person has to decide, however clear the text is; None if none has to."""
    if complaint.by_hand:
        return because(ReasonCode.NEEDS_A_PERSON)
    if complaint.of_wrongdoing:
        # Only a person can find out whom it accuses, and the accused must never receive it.
        return because(ReasonCode.REPORT_FOR_A_PERSON)
    return None


def cell_of(grid: "Grid | None", complaint: Complaint) -> str | None:
    """Return the grid cell of the place, or the complaint's area if the cell is not in it."""
    place = complaint.place
    if place.lat is None or place.lon is None:
        return None
    cell = grid.cell_at(place.lat, place.lon, place.crs) if grid else None
    value = place.area
    return value if value is not None and not (cell or "").startswith(value) else cell


def _finer(value: str | None, street: str | None) -> str | None:
    """Return the given community or cell if it lies in `street`; else the street."""
    return (
        value if value is not None and street is not None and value.startswith(street) else street
    )


def filing_holds(
    pack: Pack, complaint: Complaint, category: str, area: str | None, repeats: int
) -> bool:
    """Return whether the category's filing condition (立案条件) holds; without one it does."""
    condition = pack.category(category).filing
    return condition is None or holds(condition, pack, complaint, category, area, repeats)


def holds(
    condition: str,
    pack: Pack,
    complaint: Complaint,
    category: str,
    area: str | None,
    repeats: int,
) -> bool:
    """Return whether a condition holds for a complaint of this category in this area."""
    case = case_of_complaint(
        complaint, category=category, tier=pack.category(category).tier, area=area or ""
    )
    case.repeats = repeats
    return compile_condition(condition, OF_TICKETS).holds(t=case.model_dump())
