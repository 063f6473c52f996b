"""Forms: redisplay the input with its errors; execute a form sent twice only once."""

import secrets
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from typing import Any, NamedTuple, TypeVar

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request

from api.http.forms import form_of
from app.errors import CODES, Problem
from domain.canonical import says_nothing
from domain.pack.pack import UnknownInPack
from domain.refusals import Refused
from domain.words import N_
from packs.registry import UnknownCity
from store.db.errors import KeyReused, StoreError

REFUSALS = (Problem, Refused, StoreError, UnknownInPack, UnknownCity)
"""The refusals of the API, the rules, the store and the pack: each has a `code`."""

KEY = "key"
"""The hidden field with the idempotency key of a form."""

_NOT_A_DATE = N_("This is not a date.")
_MESSAGES = {
    # pydantic's error type: the message shown
    "missing": N_("Please fill this in."),
    "string_too_short": N_("Please fill this in."),
    "string_too_long": N_("At most %(max_length)s characters, please."),
    "enum": N_("Please choose one."),
    "literal_error": N_("Please choose one."),
    "int_parsing": N_("A number is needed here."),
    "float_parsing": N_("A number is needed here."),
    "bool_parsing": N_("Please choose one."),
    "datetime_from_date_parsing": _NOT_A_DATE,
    "date_from_datetime_parsing": _NOT_A_DATE,
}
_OTHER = N_("Please check this.")
_SHOWN = ("max_length",)


Parsed = TypeVar("Parsed")


class Fault(NamedTuple):
    """A message with the values of its placeholders."""

    message: str
    values: Mapping[str, Any] = {}


@dataclass
class Form:
    """A form, as rendered by the macros of shared/forms.html.

    `typed` has every field of the form, empty ones too. `faults` belong to fields; `problem` is
    the code of a refusal of the whole form (see `api.pages.shared.labels`). `at`: which one it is
    of several alike on a page, as the end of its fields' ids; "" is the one of the page itself.
    """

    typed: dict[str, str]
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    faults: dict[str, Fault] = field(default_factory=dict)
    problem: str | None = None
    at: str = ""

    @classmethod
    def blank(cls, *names: str, **typed: str) -> "Form":
        """Return a form without user input; `typed` are the prefilled fields."""
        return cls(dict.fromkeys(names, "") | typed)

    @classmethod
    async def read(cls, request: Request, *names: str, at: str = "") -> "Form":
        """Read the submitted fields; a missing one is empty. Files are left to the caller."""
        return cls.of(await form_of(request), *names, at=at)

    @classmethod
    def of(cls, sent: FormData, *names: str, at: str = "") -> "Form":
        form = cls({name: _text(sent, name) for name in names}, at=at)
        form.key = _text(sent, KEY)[:64] or form.key
        return form

    def part(self, at: str) -> "Form":
        """Return the form at this place of the page: this one, if it was sent from there."""
        return self if at == self.at else Form(defaultdict(str), key=self.key, at=at)

    @property
    def wrong(self) -> bool:
        return bool(self.faults or self.problem)

    def filled(self, *names: str) -> dict[str, str]:
        """Return the values of these fields, without the empty ones."""
        return {name: self.typed[name] for name in names if self.typed[name]}

    def fail(self, name: str, message: str, **values: Any) -> None:
        """Mark a field as wrong; the first message of a field stays."""
        self.faults.setdefault(name, Fault(message, values))

    def day(self, name: str, *, needed: bool = False) -> date | str | None:
        """Return a typed day. What is none is marked, and stays as typed, to be refused with the
        others; of an empty field it is None, unless a day is `needed`."""
        return self._parsed(name, date.fromisoformat, needed)

    def moment(self, name: str, zone: tzinfo) -> datetime | str | None:
        """Return a typed moment by the clocks of `zone`; None of an empty field, else as `day`."""

        def parse(text: str) -> datetime:
            at = datetime.fromisoformat(text)
            return at.replace(tzinfo=at.tzinfo or zone)

        return self._parsed(name, parse, needed=False)

    def _parsed(
        self, name: str, parse: Callable[[str], Parsed], needed: bool
    ) -> Parsed | str | None:
        text = self.typed[name]
        if not text and not needed:
            return None
        try:
            return parse(text)
        except ValueError:
            self.fail(name, _NOT_A_DATE if text else _MESSAGES["missing"])
            return text

    def refuse(self, error: Exception, words: Mapping[str, str] | None = None) -> int:
        """Record the refusal in the form and return the HTTP status of the page that shows it.

        Each error of a ValidationError goes to its field; `words` are messages for fields whose
        pydantic error is too general for people ("not a phone number").
        """
        if isinstance(error, ValidationError):
            for one in error.errors(include_url=False, include_input=False):
                self._place(one, words or {})
            self.problem = "invalid_request"
            return 422
        self.problem = str(getattr(error, "code", "internal_error"))
        if isinstance(error, KeyReused):  # a changed form sent again is a new request
            self.key = secrets.token_hex(16)
        known = CODES.get(self.problem)
        return known.status if known else 409

    def _place(self, one: Mapping[str, Any], words: Mapping[str, str]) -> None:
        path = [str(part) for part in one["loc"] if str(part) in self.typed]
        if not path:
            return
        values = {k: v for k, v in (one.get("ctx") or {}).items() if k in _SHOWN}
        known = _MESSAGES.get(one["type"])
        self.fail(path[-1], known or words.get(path[-1], _OTHER), **values if known else {})


def _text(sent: FormData, name: str) -> str:
    value = sent.get(name, "")
    return filled_in(value) if isinstance(value, str) else ""


def filled_in(value: str) -> str:
    """Return a submitted value without blanks around it; empty if nobody would see anything."""
    return "" if says_nothing(value) else value.strip()
