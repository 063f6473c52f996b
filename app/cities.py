"""Cities, their catalogues and published indicators."""

from pydantic import Field

from domain.model import Instant, Recorded
from domain.pack.catalogue import Category, Reasons, Unit
from domain.pack.pack import Pack
from domain.ticket.stages import Outcome
from store.reporting.indicators import Ratio


class CityLine(Recorded):
    id: str = Field(examples=["tongzhou"])
    name: str = Field(examples=["北京城市副中心(通州)"])
    name_en: str
    zone: str = Field(examples=["Asia/Shanghai"])


class CategoryLine(Recorded):
    code: str
    name: str
    name_en: str
    tier: str


class StreetLine(Recorded):
    """A street or township; `area` is its division code, as `place.area` takes it."""

    code: str
    name: str
    name_en: str
    area: str | None


class CityPage(CityLine):
    """A city's catalogue. `version` identifies exactly this content."""

    version: str
    categories: list[CategoryLine]
    streets: list[StreetLine]
    reasons: Reasons


class Fraction(Recorded):
    """The share `part` of `of`; `value` is null if `of` is zero."""

    part: int
    of: int
    value: float | None


class Indicators(Recorded):
    """The three rates (三率) of tickets that ended in the period; unrated is never satisfied."""

    city: str
    since: Instant
    until: Instant
    response: Fraction
    resolution: Fraction
    satisfaction: Fraction
    accepted: int
    ended: int
    outcomes: dict[Outcome, int]
    rated: int
    unrated: int
    yellow_cards: int
    red_cards: int


def _line(pack: Pack) -> CityLine:
    city = pack.city
    return CityLine(id=city.id, name=city.name, name_en=city.name_en, zone=city.zone)


def _category(category: Category) -> CategoryLine:
    return CategoryLine(
        code=category.code, name=category.name, name_en=category.name_en, tier=category.tier
    )


def _street(unit: Unit) -> StreetLine:
    return StreetLine(code=unit.code, name=unit.name, name_en=unit.name_en, area=unit.area)


def share(ratio: Ratio) -> Fraction:
    return Fraction(part=ratio.part, of=ratio.of, value=ratio.value)
