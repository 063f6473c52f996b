"""A complaint as it is judged: what its words, its place and the city's rules say of it."""

from domain.incident.judging import NAMED, ReportSaid
from domain.pack.coordinates import in_wgs84
from domain.pack.pack import Pack
from domain.pack.routing import CategorySuggestion, classify
from domain.ticket.because import ReasonCode
from domain.ticket.complaint import Channel, Complaint


def report_of(
    pack: Pack, complaint: Complaint, guess: CategorySuggestion | None = None
) -> ReportSaid:
    """Return what a complaint says, as it is judged."""
    guess = guess or classify(pack, complaint)
    place = complaint.place
    point: tuple[float | None, float | None] = (place.lat, place.lon)
    if place.lat is not None and place.lon is not None:
        point = in_wgs84(place.lat, place.lon, place.crs)
    known = guess.category is not None
    return ReportSaid(
        title=complaint.title,
        text=complaint.text,
        address=place.address,
        area=place.area or guess.area,
        categories=_weighed(pack, complaint, guess),
        kind=complaint.kind,
        filed_at=complaint.filed_at,
        urgent=known and pack.tier(pack.category(guess.category or "").tier).urgent,
        divisions=tuple(unit.name for unit in pack.streets),
        device=complaint.channel is Channel.SENSOR,
        lat=point[0],
        lon=point[1],
    )


def _weighed(pack: Pack, complaint: Complaint, guess: CategorySuggestion) -> dict[str, int]:
    """Return the category suggested and the next one, by the length of their words."""
    if pack.knows(complaint.category):
        return {str(complaint.category): NAMED}
    weights: dict[str, int] = {}
    for one in guess.because:
        words = str(one.parameters.get("keywords", "")).replace(", ", "")
        if one.code == ReasonCode.KEYWORDS and guess.category is not None:
            weights[guess.category] = len(words)
        elif one.code == ReasonCode.OTHER_KEYWORDS:
            weights[str(one.parameters["category"])] = len(words)
    return weights
