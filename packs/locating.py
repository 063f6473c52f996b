"""The place of a complaint, by its point and its words: its division, and the known place it names.

Nothing is chosen in silence: a point on a border, a point and words that disagree, and words that
fit several places give candidates and a doubt, which a person resolves.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from domain.pack.catalogue import UnitKind
from domain.pack.gazetteer import SiteKind
from domain.pack.pack import Pack
from domain.ticket.because import Because, ReasonCode, because
from domain.ticket.complaint import Complaint, Place
from packs.place_names import COMMUNITY, DISTRICT, STREET, NamedPlace, NameInText, names_of

if TYPE_CHECKING:
    from packs.grids import Grid

_ALIKE = 0.95
"""The confidence in a name in the address as the pack has it."""

_SHORT, _IN_TEXT = 0.9, 0.9
"""The factors for half a name, and for one in title or text, which may be another place's."""

_MOST = 5
_FINEST = {SiteKind.ESTATE: 5, SiteKind.LANDMARK: 4, SiteKind.ROAD: 3, SiteKind.COMMUNITY: 2}


@dataclass(frozen=True, slots=True)
class PlaceCandidate:
    """A place that is meant, perhaps. `words`: those that led to it; none: the point did."""

    area: str
    site: str | None
    confidence: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Located:
    """The place of a complaint. `area`, `site`: as far as they are clear.

    `part`: the house or building number. `doubt`: why a person has to decide; `always`: whichever
    unit answers for its subject.
    """

    area: str | None = None
    site: str | None = None
    part: str | None = None
    doubt: Because | None = None
    always: bool = False
    candidates: tuple[PlaceCandidate, ...] = ()


@dataclass(frozen=True, slots=True)
class _Words:
    """The result of the words alone."""

    area: str | None = None
    site: str | None = None
    part: str | None = None
    candidates: tuple[PlaceCandidate, ...] = ()


def locate(
    pack: Pack, grid: "Grid | None", complaint: Complaint, given: str | None = None
) -> Located:
    """Return the place of a complaint. `given`: the division that a person chose, if any.

    A division that was chosen holds. Otherwise the point decides, and where there is none the
    words: the address, or title and text where it names no place.
    """
    place = complaint.place
    given = given or place.area
    if given is not None and pack.street_of(given) is not None:
        words = _words(pack, complaint, [given])
        cell = _single(_cells(pack, grid, place))
        finer = cell if cell is not None and cell.startswith(given) else None
        area = finer or _finer(given, words.area)
        return Located(area, words.site, words.part, candidates=words.candidates)
    cells = _cells(pack, grid, place)
    if cells is None:
        return _by_words(_words(pack, complaint, [given] if given else []))
    if not cells:
        words = _words(pack, complaint, [])
        doubt = because(ReasonCode.POINT_OUTSIDE)
        return Located(doubt=doubt, always=True, candidates=words.candidates)
    return _by_point(pack, cells, _words(pack, complaint, cells), complaint)


def _cells(pack: Pack, grid: "Grid | None", place: Place) -> Sequence[str] | None:
    """Return the cells in which a point may lie; None without point or grid."""
    if place.lat is None or place.lon is None or grid is None:
        return None
    return grid.cells_at(place.lat, place.lon, place.crs, pack.gazetteer.border)


def _single(cells: Sequence[str] | None) -> str | None:
    return cells[0] if cells and len(cells) == 1 else None


def _finer(given: str, heard: str | None) -> str:
    return heard if heard is not None and heard.startswith(given) else given


def _by_words(words: _Words) -> Located:
    doubt = None
    if words.area is None and len(words.candidates) > 1:
        one, other = words.candidates[0].area, words.candidates[1].area
        doubt = because(ReasonCode.SEVERAL_PLACES, one=one, other=other)
    elif words.area is None and words.candidates:
        doubt = because(ReasonCode.PLACE_UNSURE, area=words.candidates[0].area)
    return Located(words.area, words.site, words.part, doubt, candidates=words.candidates)


def _by_point(pack: Pack, cells: Sequence[str], words: _Words, complaint: Complaint) -> Located:
    """Return the place of a point in one cell, or on the border of several."""
    if words.area is not None and len(words.area) >= STREET:
        agreeing = [cell for cell in cells if _related(cell[:STREET], words.area)]
        if not agreeing and _said_in_address(pack, complaint):
            return Located(
                doubt=because(ReasonCode.POINT_AGAINST_WORDS, there=cells[0], named=words.area),
                always=True,
                candidates=(*_of_cells(cells), *words.candidates)[:_MOST],
            )
        cells = agreeing or cells
        if not agreeing:
            words = _Words()
    owners = {_owner(pack, cell) for cell in cells}
    if len(cells) > 1 and len(owners) > 1:
        return Located(
            doubt=because(ReasonCode.ON_BORDER, one=cells[0], other=cells[1]),
            always=True,
            candidates=_of_cells(cells),
        )
    area = cells[0] if len(cells) == 1 else _common(cells)
    if words.area is not None and words.area.startswith(area):
        area = words.area
    return Located(area, words.site, words.part, candidates=words.candidates)


def _said_in_address(pack: Pack, complaint: Complaint) -> bool:
    return bool(names_of(pack).find(complaint.place.address, misspelled=False))


def _of_cells(cells: Sequence[str]) -> tuple[PlaceCandidate, ...]:
    share = round(1 / len(cells), 2)
    return tuple(PlaceCandidate(cell, None, share) for cell in cells[:_MOST])


def _owner(pack: Pack, area: str) -> str | None:
    """Return the community or street that a cell belongs to: the units by which work is given."""
    unit = pack.community_of(area) or pack.street_of(area)
    return unit.code if unit else area[:STREET]


def _common(cells: Sequence[str]) -> str:
    """Return the finest division that holds all cells."""
    held = (cells[0][:digits] for digits in (COMMUNITY, STREET, DISTRICT))
    return next((one for one in held if all(cell.startswith(one) for cell in cells)), "")


def _related(one: str, other: str) -> bool:
    """Return whether one division holds the other, or both are the same."""
    return one.startswith(other) or other.startswith(one)


# --- words --------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Group:
    """A name that was found, with the places that it may still mean."""

    heard: NameInText
    places: list[NamedPlace]
    factor: float
    sure: bool = field(init=False)

    def __post_init__(self) -> None:
        self.sure = len(self.places) == 1

    def confidence(self, place: NamedPlace) -> float:
        factor = self.factor * (_SHORT if place.short and place.site else 1.0)
        return round(_ALIKE * self.heard.likeness * factor / len(self.places), 2)


def _words(pack: Pack, complaint: Complaint, within: Sequence[str]) -> _Words:
    """Return the place that the words name. `within`: divisions one of which it lies in, if known.

    What lies elsewhere is kept only where nothing else is meant: it may contradict the point.
    """
    names = names_of(pack)
    groups = [_Group(one, list(one.places), 1.0) for one in names.find(complaint.place.address)]
    if not any(group.heard.likeness == 1 for group in groups):
        told = f"{complaint.title}\n{complaint.text}"
        found = names.find(told, short=False, misspelled=False)
        groups += [_Group(one, list(one.places), _IN_TEXT) for one in found]
    for _ in range(2):  # a name that is narrowed down may narrow down another
        known = [group.places[0].area for group in groups if group.sure and _finest(group) < 3]
        for group in groups:
            _narrow(group, within)
            _narrow(group, [area for area in known if len(area) >= DISTRICT])
            group.sure = len(group.places) == 1
    return _settled(pack, groups)


def _narrow(group: _Group, areas: Sequence[str]) -> None:
    """Leave the places of a name that lie in one of the areas, if any does."""
    fitting = [one for one in group.places if any(_related(one.area, area) for area in areas)]
    if fitting:
        group.places = fitting


def _finest(group: _Group) -> int:
    return max(_fineness(place) for place in group.places)


def _fineness(place: NamedPlace) -> int:
    if isinstance(place.kind, SiteKind):
        return _FINEST[place.kind]
    return {UnitKind.COMMUNITY: 2, UnitKind.STREET: 1}.get(place.kind, 0)


def _settled(pack: Pack, groups: list[_Group]) -> _Words:
    clear_from = pack.gazetteer.clear_from
    candidates = _candidates(groups)
    clear = [
        (group, group.places[0])
        for group in groups
        if group.sure and group.confidence(group.places[0]) >= clear_from
    ]
    areas = [place.area for _, place in clear]
    if any(not _related(one, other) for one in areas for other in areas):
        same = _common(areas)
        return _Words(same if len(same) >= STREET else None, candidates=candidates)
    area = max(areas, key=len, default="")
    group, site = _site(clear)
    return _Words(
        area if len(area) >= STREET else None,
        site.site if site else None,
        group.heard.part if group else None,
        candidates,
    )


def _site(clear: Iterable[tuple[_Group, NamedPlace]]) -> tuple[_Group | None, NamedPlace | None]:
    """Return the finest known place; none where several are as fine, or a road has no number."""
    sites = [
        (group, place)
        for group, place in clear
        if place.site is not None and (place.kind is not SiteKind.ROAD or group.heard.part)
    ]
    finest = max((_fineness(place) for _, place in sites), default=0)
    best = [(group, place) for group, place in sites if _fineness(place) == finest]
    if len({place.site for _, place in best}) != 1:
        return None, None
    return next((one for one in best if one[0].heard.part), best[0])


def _candidates(groups: Iterable[_Group]) -> tuple[PlaceCandidate, ...]:
    """Return the places that are named, the most confident and finest first, each once."""
    best: dict[tuple[str, str | None], tuple[float, int, str]] = {}
    for area, site, value in _valued(groups):
        best[area, site] = max(best.get((area, site), (0.0, 0, "")), value)
    ranked = sorted(best.items(), key=lambda one: (-one[1][0], -one[1][1], one[0][0]))
    return tuple(
        PlaceCandidate(area, site, confidence, (words,))
        for (area, site), (confidence, _, words) in ranked[:_MOST]
    )


def _valued(
    groups: Iterable[_Group],
) -> Iterator[tuple[str, str | None, tuple[float, int, str]]]:
    for group in groups:
        for place in group.places:
            if len(place.area) >= STREET or place.site is not None:
                value = (group.confidence(place), _fineness(place), group.heard.words)
                yield place.area, place.site, value
