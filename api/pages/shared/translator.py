"""Texts of a page that code composes, in the reader's language."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta, tzinfo
from typing import Any

from api.http.i18n import ENGLISH, translations
from api.pages.shared import formatting
from api.pages.shared.formatting import BilingualName
from api.pages.shared.labels import Labels
from domain.facts.base import FactBase
from domain.facts.machine_reasons import order_in_words, reasons_of
from domain.pack.names import names_of
from domain.pack.pack import Pack
from domain.ticket.because import Because, in_words
from domain.ticket.minutes import Order
from domain.words import N_

LENGTHS = {
    "m": N_("%(n)s min"),
    "h": N_("%(n)s h"),
    "d": N_("%(n)s days"),
    "wh": N_("%(n)s working hours"),
    "wd": N_("%(n)s working days"),
}
"""The words for the time spans of packs, by their unit."""


class Translator:
    """Texts in one language for one city; `say` takes messages marked with `N_`."""

    def __init__(self, language: str, pack: Pack) -> None:
        self.language, self.pack = language, pack
        self._words = translations(language)
        self._filters: Mapping[str, Callable[..., Any]] = formatting.filters(language)
        self._names = names_of(pack, language)
        labels = Labels(language)
        self.label, self.problem = labels.label, labels.problem

    @property
    def zone(self) -> tzinfo:
        return self.pack.calendar.tz

    def say(self, message: str, **values: Any) -> str:
        text = self._words.gettext(message)
        return text % values if values else text

    def named(self, thing: BilingualName) -> str:
        return str(self._filters["named"](thing))

    def moment(self, at: datetime) -> str:
        return str(self._filters["moment"](at, self.zone))

    def span(self, length: timedelta) -> str:
        return str(self._filters["span"](length))

    # --- names of the pack's codes; a code that it no longer has is returned as it is ------------

    def unit(self, code: str) -> str:
        return self.named(self.pack.unit(code)) if self.pack.has_unit(code) else code

    def category(self, code: str) -> str:
        return self.named(self.pack.category(code)) if self.pack.knows(code) else code

    def tier(self, code: str) -> str:
        tier = self.pack.tiers.get(code)
        return self.named(tier) if tier else code

    def area(self, code: str) -> str:
        """Return the name of the community, else the street, of a division code."""
        unit = self.pack.community_of(code) or self.pack.street_of(code)
        return self.named(unit) if unit else code

    def reason(self, table: str, code: str) -> str:
        """Return a reason's words; `table`: decline, refer, returns, whistle, hold, exclude."""
        for reason in getattr(self.pack.reasons, table):
            if reason.code == code:
                return str(reason.en if self.language == ENGLISH else reason.zh)
        return code

    def grade(self, grade: int) -> str:
        for one in self.pack.rating.grades:
            if one.grade == grade:
                return str(one.en if self.language == ENGLISH else one.zh)
        return self.label("grade", grade)

    def because(self, reasons: Iterable[Because]) -> list[str]:
        """Put the system's reasons into words."""
        return [in_words(one, self.language, self._names) for one in reasons]

    def reasons(self, fact: FactBase) -> list[str]:
        """Put the system's reasons for a fact into words."""
        return reasons_of(fact, self.language, self._names)

    def order(self, order: Order) -> str:
        """Return the text of an order, by a supervisor or by the system."""
        return order_in_words(order, self.language, self._names)

    def length(self, written: str) -> str:
        """Put a span in the packs' notation into words: 3d, 4wh, 30m."""
        count = written.rstrip("smhdw")
        message = LENGTHS.get(written[len(count) :])
        return self.say(message, n=count) if message else written
