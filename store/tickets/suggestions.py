"""What a complaint seems to be about: its words, its place, and what the city asks of it first.

Triage decides by it, and whoever takes a call sees it while the citizen still speaks.
"""

from typing import TYPE_CHECKING

from domain.pack.pack import Pack
from domain.pack.routing import Suggestion, classify
from domain.policy.condition_inputs import case_of_complaint
from domain.ticket.complaint import Complaint, Kind
from packs.conditions import OF_TICKETS, compile_condition

if TYPE_CHECKING:
    from packs.grids import Grid


def suggest(pack: Pack, grid: "Grid | None", complaint: Complaint) -> Suggestion:
    """Category and area, the finest that is known; sure only where no person has to look.

    What the category's filing condition says is not asked here: see `filing_holds`.
    """
    found = classify(pack, complaint)
    doubt = _for_a_person(pack, complaint)
    area = cell_of(grid, complaint) or _finer(complaint.place.area, found.area)
    told = {"confident": False, "why": f"{doubt}; {found.why}"} if doubt else {}
    return found.model_copy(update={**told, "area": area})


def _for_a_person(pack: Pack, complaint: Complaint) -> str | None:
    """Why a person has to look, however clear the words are."""
    if complaint.by_hand:
        return "kept for a person"
    if complaint.kind is Kind.REPORT and pack.reports.unit is not None:
        # Whom it accuses only a person can tell, and the accused is never to have it.
        return "a report waits for a person"
    return None


def cell_of(grid: "Grid | None", complaint: Complaint) -> str | None:
    """The grid cell of the place, where the complaint says no finer area itself."""
    place = complaint.place
    if place.lat is None or place.lon is None:
        return None
    cell = grid.cell_at(place.lat, place.lon, place.crs) if grid else None
    told = place.area
    return told if told is not None and not (cell or "").startswith(told) else cell


def _finer(told: str | None, street: str | None) -> str | None:
    """The community or cell that was told, where it lies in `street`; else the street."""
    return told if told is not None and street is not None and told.startswith(street) else street


def filing_holds(
    pack: Pack, complaint: Complaint, category: str, area: str | None, repeats: int
) -> bool:
    """Whether the category's filing condition (立案条件) holds; without one it does."""
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
    """Whether a condition holds of a complaint that is about this category, in this area."""
    case = case_of_complaint(
        complaint, category=category, tier=pack.category(category).tier, area=area or ""
    )
    case.repeats = repeats
    return compile_condition(condition, OF_TICKETS).holds(t=case.model_dump())
