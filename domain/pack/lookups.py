"""The pack's code for typed text: "0204", "0204 路灯" and "路灯" are the same subject.

Fields with suggestions (datalist) accept any text, so the server looks up the code again.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Protocol, TypeVar

from domain.canonical import folded, typed_code
from domain.pack.catalogue import Category, Unit
from domain.pack.pack import Pack


class Coded(Protocol):
    """An entry of a pack with a name in both languages."""

    @property
    def name(self) -> str: ...

    @property
    def name_en(self) -> str: ...


T = TypeVar("T", bound=Coded)


def category_of(pack: Pack, typed: str) -> str | None:
    """Return the code of the subject that is meant; None if there is none, or more than one."""
    return _only(typed, pack.categories, lambda one: one.code)


def area_of(pack: Pack, typed: str) -> str | None:
    """Return the division code of the street or community that is meant."""
    return _only(typed, places(pack), lambda one: one.area or "")


def unit_of(pack: Pack, typed: str) -> str | None:
    """Return the code of the unit that is meant."""
    return _only(typed, pack.units, lambda one: one.code)


def places(pack: Pack) -> list[Unit]:
    """Return the streets and communities that have an area."""
    return [unit for unit in (*pack.streets, *pack.communities) if unit.area]


def matching(pack: Pack, typed: str, most: int = 20) -> Sequence[Category]:
    """Return the subjects whose code, name or keywords match, in this order."""
    text = folded(typed)
    if not text:
        return pack.categories[:most]

    def distance(one: Category) -> int:
        if one.code.startswith(text):
            return 0
        if text in folded(one.name) or text in folded(one.name_en):
            return 1
        keywords = map(folded, one.keywords)
        return 2 if any(text in word or word in text for word in keywords) else 9

    ranked = [(distance(one), one.code, one) for one in pack.categories]
    return [one for far, _, one in sorted(ranked, key=lambda row: row[:2]) if far < 9][:most]


def _only(typed: str, known: Iterable[T], code: Callable[[T], str]) -> str | None:
    text = typed_code(typed)
    if not text:
        return None
    first, _, _ = text.partition(" ")
    exact = [code(one) for one in known if code(one) in (text, first)]
    if exact:
        return exact[0]
    low = folded(text)
    named = {code(one) for one in known if low in (folded(one.name), folded(one.name_en))}
    return named.pop() if len(named) == 1 else None
