"""Forms: what was typed, shown again beside what is wrong with it; sent twice, done once."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import ValidationError
from starlette.datastructures import FormData
from starlette.requests import Request

from api.problems import CODES, Problem
from api.translation import N_
from domain.pack.pack import UnknownInPack
from domain.refusals import Refused
from packs.registry import UnknownCity
from store.db.errors import KeyReused, StoreError

REFUSALS = (Problem, Refused, StoreError, UnknownInPack, UnknownCity)
"""What the door, the rules, the store and the pack refuse: each has a `code`."""

KEY = "key"
"""The hidden field that makes a form sent twice one: an idempotency key."""

_MESSAGES = {
    # what pydantic calls it: what people are told
    "missing": N_("Please fill this in."),
    "string_too_short": N_("Please fill this in."),
    "string_too_long": N_("At most %(max_length)s characters, please."),
    "enum": N_("Please choose one."),
    "literal_error": N_("Please choose one."),
    "int_parsing": N_("A number is needed here."),
    "float_parsing": N_("A number is needed here."),
    "bool_parsing": N_("Please choose one."),
    "datetime_from_date_parsing": N_("This is not a date."),
    "date_from_datetime_parsing": N_("This is not a date."),
}
_OTHER = N_("Please check this.")
_SHOWN = ("max_length",)


class Fault(NamedTuple):
    """A message with the values of its placeholders."""

    message: str
    values: Mapping[str, Any] = {}


@dataclass
class Form:
    """One form, as it is drawn by the macros of shared/forms.html.

    `typed` has every field of the form, empty ones too. `faults` belong to fields; `problem` is
    the code of a refusal of the whole (see `api.pages.labels`).
    """

    typed: dict[str, str]
    key: str = field(default_factory=lambda: secrets.token_hex(16))
    faults: dict[str, Fault] = field(default_factory=dict)
    problem: str | None = None

    @classmethod
    def blank(cls, *names: str, **typed: str) -> "Form":
        """A form nobody has typed in; `typed` are fields that are filled in already."""
        return cls(dict.fromkeys(names, "") | typed)

    @classmethod
    async def read(cls, request: Request, *names: str) -> "Form":
        """What was sent; a field that was not is empty. Files are the caller's to read."""
        return cls.of(await request.form(), *names)

    @classmethod
    def of(cls, sent: FormData, *names: str) -> "Form":
        form = cls({name: _text(sent, name) for name in names})
        form.key = _text(sent, KEY)[:64] or form.key
        return form

    @property
    def wrong(self) -> bool:
        return bool(self.faults or self.problem)

    def given(self, *names: str) -> dict[str, str]:
        """What was typed into these fields, without the empty ones."""
        return {name: self.typed[name] for name in names if self.typed[name]}

    def fail(self, name: str, message: str, **values: Any) -> None:
        """Say of a field that it is wrong; what was said first stays."""
        self.faults.setdefault(name, Fault(message, values))

    def refuse(self, error: Exception, words: Mapping[str, str] | None = None) -> int:
        """Take in why it was refused, and tell the HTTP status for the page that says so.

        Of a ValidationError every fault goes to its field; `words` are messages for fields of
        which pydantic cannot say what people need to hear ("not a phone number").
        """
        if isinstance(error, ValidationError):
            for one in error.errors(include_url=False, include_input=False):
                self._place(one, words or {})
            self.problem = "invalid_request"
            return 422
        self.problem = str(getattr(error, "code", "internal_error"))
        if isinstance(error, KeyReused):  # back, changed, and sent again: another one
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
    return value.strip() if isinstance(value, str) else ""
