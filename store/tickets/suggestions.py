"""The suggested category and area of a complaint, and the filing condition of its category.

Triage decides by them, and the desk sees them during the call.
"""

from typing import TYPE_CHECKING

from domain.pack.pack import Pack
from domain.pack.routing import CategorySuggestion, classify, route
from domain.policy.condition_inputs import case_of_complaint
from domain.ticket.because import Because, ReasonCode, because
from domain.ticket.complaint import Complaint
from packs.conditions import OF_TICKETS, compile_condition
from packs.locating import Located, locate

if TYPE_CHECKING:
    from packs.grids import Grid


def suggest(pack: Pack, grid: "Grid | None", complaint: Complaint) -> CategorySuggestion:
    """Suggest category and finest known area; confident only if no person has to decide.

    The category's filing condition is not checked here: see `filing_holds`.
    """
    return suggest_at(pack, locate(pack, grid, complaint), complaint)


def suggest_at(pack: Pack, located: Located, complaint: Complaint) -> CategorySuggestion:
    """Suggest the category of a complaint whose place is known as far as it is."""
    suggestion = classify(pack, complaint).model_copy(
        update={"area": located.area, "site": located.site, "site_part": located.part}
    )
    doubt = _for_a_person(complaint) or place_doubt(pack, suggestion.category, located, complaint)
    return suggestion if doubt is None else doubted(suggestion, doubt)


def doubted(suggestion: CategorySuggestion, doubt: Because) -> CategorySuggestion:
    """Return the suggestion, left to a person for this reason."""
    reasons = [doubt, *suggestion.because]
    return suggestion.model_copy(update={"confident": False, "because": reasons})


def place_doubt(
    pack: Pack, category: str | None, located: Located, complaint: Complaint
) -> Because | None:
    """Return why a person has to say where it is; None where that is clear, or makes no difference.

    A point on a border, outside the city, or against the words always needs one; words that fit
    several places only where another unit would get it.
    """
    if located.doubt is None or located.always or category is None:
        return located.doubt
    areas = {None, *(candidate.area for candidate in located.candidates)}
    units = {route(pack, category, area, complaint.place).unit for area in areas}
    return located.doubt if len(units) > 1 else None


def _for_a_person(complaint: Complaint) -> Because | None:
    """Return why a person has to decide, however clear the text is; None if none has to."""
    if complaint.by_hand:
        return because(ReasonCode.NEEDS_A_PERSON)
    if complaint.of_wrongdoing:
        # Only a person can find out whom it accuses, and the accused must never receive it.
        return because(ReasonCode.REPORT_FOR_A_PERSON)
    return None


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
