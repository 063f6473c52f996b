"""A complaint as it is judged: what its words, its place and the city's rules say of it."""

from domain.incident.judging import Report
from domain.pack.gcj02 import to_wgs84
from domain.pack.pack import Pack
from domain.pack.routing import CategorySuggestion, classify
from domain.ticket.because import ReasonCode
from domain.ticket.complaint import Channel, Complaint, Crs


def report_of(pack: Pack, complaint: Complaint, guess: CategorySuggestion | None = None) -> Report:
    """Return what a complaint says, as it is judged."""
    guess = guess or classify(pack, complaint)
    place = complaint.place
    point: tuple[float | None, float | None] = (place.lat, place.lon)
    if place.lat is not None and place.lon is not None and place.crs is Crs.GCJ02:
        point = to_wgs84(place.lat, place.lon)
    known = guess.category is not None
    return Report(
        title=complaint.title,
        text=complaint.text,
        address=place.address,
        area=place.area or guess.area,
        category=guess.category,
        kind=complaint.kind,
        filed_at=complaint.filed_at,
        rival=any(one.code is ReasonCode.OTHER_KEYWORDS for one in guess.because),
        urgent=known and pack.tier(pack.category(guess.category or "").tier).urgent,
        device=complaint.channel is Channel.SENSOR,
        lat=point[0],
        lon=point[1],
    )
