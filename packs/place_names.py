"""The names of places in a text: streets, communities and the known places of a pack.

A text of 2,000 characters is searched for 5,000 names within milliseconds: names as they stand by a
tree of their characters, misspelled ones by pairs of characters that they share with the text.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import nlargest
from itertools import islice
from operator import add
from typing import Any, NamedTuple

from rapidfuzz.distance import Levenshtein

from domain.pack.catalogue import Unit, UnitKind
from domain.pack.gazetteer import SiteKind
from domain.pack.pack import Pack
from packs.place_text import PlainText, part_after, plain_name, plain_text

DISTRICT, STREET, COMMUNITY = 6, 9, 12
"""The digits of the codes of divisions."""

_SHORTEST = 2  # characters of a short name
_SHORTEST_MISSPELLED = 3  # characters of a name's core, so that one wrong leaves enough
_LONG = 8  # characters of a name's core of which two may be wrong
_USUAL = 12  # names that share a pair of characters, above which the pair tells nothing
_MOST_COMPARED = 60
_MOST_FOUND = 50  # names, after which a text is read no further: it means none of them
_ENDS_OF_STREETS = re.compile(r"(街道|镇|(?:(?:回|满|蒙古)族)?乡)$")
_ENDS_OF_COMMUNITIES = re.compile(r"(社区|村)?(居民委员会|村民委员会|居委会|村委会)$|(社区|村)$")
_ENDS_OF_ESTATES = re.compile(r"(小区|家属院|社区)$")
_GOVERNMENT = re.compile(r"(人民)?政府.*$")
_A_ROAD = re.compile(r"[东西南北中]?(?:大街|路|街|桥|站)")


class NamedPlace(NamedTuple):
    """A place that has a name. `site`: its code, of a known place. `short`: half a name only."""

    area: str
    site: str | None
    kind: SiteKind | UnitKind
    short: bool


@dataclass(frozen=True, slots=True)
class NameInText:
    """A name in a text, and all places that have it.

    `words`: as written. `likeness`: 1 where it is the name as it is. `part`: the number behind it.
    """

    places: tuple[NamedPlace, ...]
    words: str
    likeness: float
    part: str | None = None


class PlaceNames:
    """The names of places of one pack."""

    def __init__(self, pack: Pack) -> None:
        self._named: dict[str, list[NamedPlace]] = defaultdict(list)
        for name, place in _names_of(pack):
            if len(name) >= _SHORTEST and place not in self._named[name]:
                self._named[name].append(place)
        self._tree: dict[str, Any] = {}
        for name in self._named:
            branch = self._tree
            for one in name:
                branch = branch.setdefault(one, {})
            branch[""] = name
        whole = (name for name, places in self._named.items() if not all(p.short for p in places))
        cores = {name: len(_core(name)) for name in whole}
        self._cores = {name: core for name, core in cores.items() if core >= _SHORTEST_MISSPELLED}
        self._pairs = _telling_pairs(self._cores)

    def find(self, text: str, *, short: bool = True, misspelled: bool = True) -> list[NameInText]:
        """Return the names in a text, from left to right.

        `short`: take halves of names ("北苑"); not of a road. `misspelled`: take names with one
        wrong character, or two of a long one.
        """
        plain = plain_text(text)
        found: dict[int, NameInText] = {}
        taken = bytearray(len(plain.text))
        for start, name in islice(self._as_they_stand(plain.text), _MOST_FOUND):
            places = tuple(p for p in self._named[name] if short or not p.short)
            end = start + len(name)
            if not places or (all(p.short for p in places) and _A_ROAD.match(plain.text, end)):
                continue
            found[start] = _heard(text, plain, start, end, places, 1.0)
            taken[start:end] = b"\1" * len(name)
        if misspelled and len(found) < _MOST_FOUND:
            for start, end, name, likeness in self._misspelled(plain.text, taken):
                places = tuple(p for p in self._named[name] if not p.short)
                found[start] = _heard(text, plain, start, end, places, likeness)
        return [found[start] for start in sorted(found)]

    def _as_they_stand(self, text: str) -> Iterator[tuple[int, str]]:
        """Yield the longest name at each place, without names inside names."""
        at, tree = 0, self._tree
        while at < len(text):
            branch, longest, on = tree, "", at
            while on < len(text) and (deeper := branch.get(text[on])) is not None:
                branch, on = deeper, on + 1
                longest = branch.get("", longest)
            if longest:
                yield at, longest
            at += len(longest) or 1

    def _misspelled(self, text: str, taken: bytearray) -> Iterator[tuple[int, int, str, float]]:
        """Yield the start, the end, the name and the likeness of names with wrong characters."""
        shared: dict[tuple[str, int], int] = defaultdict(int)
        for gap, named in self._pairs.items():
            pairs = list(map(add, text, text[gap:]))
            telling = named.keys() & set(pairs)
            if not telling:
                continue
            for at, pair in enumerate(pairs):
                if pair in telling and not taken[at]:
                    for name, offset in named[pair]:
                        shared[name, at - offset] += 1
        likely = nlargest(_MOST_COMPARED, shared, key=lambda one: (shared[one], -one[1]))
        best: dict[tuple[int, int], tuple[float, str]] = {}
        for name, start in likely:
            telling_part = self._cores[name]
            wrong = 1 if telling_part < _LONG else 2
            for begin, end in _windows(start, len(name), len(text)):
                off = Levenshtein.distance(text[begin:end], name, score_cutoff=wrong)
                if 0 < off <= wrong and taken.find(1, begin, end) < 0:
                    found = 1 - off / telling_part, name
                    best[begin, end] = max(best.get((begin, end), (0.0, "")), found)
                    break
        for (begin, end), (likeness, name) in sorted(best.items(), key=lambda one: -one[1][0]):
            if taken.find(1, begin, end) < 0:
                taken[begin:end] = b"\1" * (end - begin)
                yield begin, end, name, likeness


def _heard(
    text: str,
    plain: PlainText,
    start: int,
    end: int,
    places: tuple[NamedPlace, ...],
    likeness: float,
) -> NameInText:
    part = part_after(plain.text, end)
    return NameInText(places, plain.written(text, start, end), likeness, part)


def _windows(start: int, length: int, most: int) -> Iterator[tuple[int, int]]:
    """Yield the pieces in which a name may stand: as long as it, or one character off."""
    for begin, size in ((start, length), (start, length - 1), (start, length + 1),
                        (start - 1, length + 1), (start + 1, length - 1)):  # fmt: skip
        if begin >= 0 and begin + size <= most:
            yield begin, begin + size


def _core(name: str) -> str:
    """Return what tells a name from others of its kind."""
    for ends in (_ENDS_OF_STREETS, _ENDS_OF_COMMUNITIES, _ENDS_OF_ESTATES):
        short = ends.sub("", name)
        if short != name and short:
            return short
    return name


_Pairs = dict[int, dict[str, list[tuple[str, int]]]]
"""By their distance, pairs of characters with the names that have them, and where."""


def _telling_pairs(named: Iterable[str]) -> _Pairs:
    """Return pairs of characters with the names that have them: neighbours, or one apart.

    Pairs of many names, such as of 小区, tell none of them.
    """
    pairs: _Pairs = {}
    for gap in (1, 2):
        each: dict[str, list[tuple[str, int]]] = defaultdict(list)
        for name in named:
            for at, pair in enumerate(map(add, name, name[gap:])):
                each[pair].append((name, at))
        pairs[gap] = {pair: names for pair, names in each.items() if len(names) <= _USUAL}
    return pairs


def _names_of(pack: Pack) -> Iterator[tuple[str, NamedPlace]]:
    for unit in pack.units:
        yield from _names_of_unit(unit)
    for place in pack.known_places:
        for name in place.names:
            full = plain_name(name)
            yield full, NamedPlace(place.parent, place.code, place.kind, False)
            short = _ENDS_OF_ESTATES.sub("", full)
            if place.kind is SiteKind.ESTATE and len(short) > _SHORTEST and short != full:
                yield short, NamedPlace(place.parent, place.code, place.kind, True)


def _names_of_unit(unit: Unit) -> Iterator[tuple[str, NamedPlace]]:
    """Yield the names of a street, community or district: whole, and without its ending."""
    full, area = plain_name(unit.name), unit.area
    if area is None:
        return
    if unit.kind is UnitKind.STREET:
        yield full, NamedPlace(area, None, unit.kind, False)
        short = _ENDS_OF_STREETS.sub("", full)
        if short != full:
            yield short, NamedPlace(area, None, unit.kind, True)
    elif unit.kind is UnitKind.COMMUNITY:
        core = _ENDS_OF_COMMUNITIES.sub("", full)
        yield full, NamedPlace(area, None, unit.kind, False)
        if core != full:
            for ending in ("社区", "村"):
                if ending in full:
                    yield core + ending, NamedPlace(area, None, unit.kind, False)
    elif unit.kind is UnitKind.DISTRICT and len(area) == DISTRICT:
        yield _GOVERNMENT.sub("", full), NamedPlace(area, None, unit.kind, False)


_RECENT: list[tuple[Pack, PlaceNames]] = []
_KEPT = 8


def names_of(pack: Pack) -> PlaceNames:
    """Return the names of a pack's places; those of the packs last asked for are kept."""
    for of, names in _RECENT:
        if of is pack:
            return names
    names = PlaceNames(pack)
    _RECENT[:] = [(pack, names), *_RECENT[: _KEPT - 1]]
    return names
