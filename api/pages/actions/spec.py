"""The rows of the table of action forms: a command with its texts, fields and conditions."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic import Field as Limited

from api.pages.actions.context import ActionContext
from app.assignments import CompletionIn
from domain.commands.base import CommandBase
from domain.refusals import Refused
from domain.ticket.files import Purpose


class FieldKind(StrEnum):
    """The kind of a field: how it is rendered and its input read."""

    LINE = "line"
    TEXT = "text"
    COUNT = "count"
    YES_NO = "yes_no"
    CHOICE = "choice"  # a short list
    PICK = "pick"  # a long list with search by typing: units, categories
    SPAN = "span"  # a number and its unit: `by` and `by_in`
    MOMENT = "moment"  # a day and a time in the city's zone
    UNITS = "units"  # any number of units
    CALLS = "calls"  # units, each with its task
    PLANS = "plans"  # deliberated plans, with their votes
    FILES = "files"
    RECORDS = "records"  # the unit's own references, one a line


class Choice(NamedTuple):
    """A choice of a field, in the reader's language; `group` is its heading."""

    value: str
    words: str
    group: str = ""


Choices = Callable[[ActionContext], list[Choice]]


class Field(NamedTuple):
    """One field of a form. `label`, `help`, `yes` and `no` are messages marked with `N_`.

    `into`: its path in the command, "rating.grade" for instance; by default its own name.
    `when`: the condition for showing it. `purpose`: that of its files.
    """

    name: str
    kind: FieldKind
    label: str
    help: str = ""
    required: bool = False
    choices: Choices | None = None
    into: str = ""
    preset: str = ""
    most: int = 4000
    yes: str = ""
    no: str = ""
    purpose: Purpose = Purpose.EVIDENCE
    when: Callable[[ActionContext], bool] = lambda _occasion: True

    @property
    def path(self) -> list[str]:
        return (self.into or self.name).split(".")


class Group(StrEnum):
    """The heading under which the page shows a form."""

    WORK = "work"
    ASK = "ask"
    JOINT = "joint"
    DECIDE = "decide"
    CITIZEN = "citizen"
    RECORD = "record"
    END = "end"


class Completion(CompletionIn):
    """The result that is handed in, and its share."""

    assignment: int | None = Limited(None, ge=1)


Told = dict[str, Any]
Trials = Callable[[ActionContext], Iterable[Told]]
"""A function that returns sample payloads to test a command against the ticket's checks."""

_NOTHING_SAID: tuple[Told, ...] = ({},)


class ActionForm(NamedTuple):
    """An action form. `command` None: it completes the assignment. `label`, `help` and `done` are
    messages. `shortcut`: the key that opens it. `bar`: a refusal beyond the ticket's own checks.
    """

    path: str
    command: type[CommandBase] | None
    group: Group
    label: str
    done: str
    help: str = ""
    fields: tuple[Field, ...] = ()
    trials: Trials = lambda _occasion: _NOTHING_SAID
    shortcut: str = ""
    bar: Callable[[ActionContext], Refused | None] = lambda _occasion: None
    instead: bool = False  # only `bar` decides; the ticket's checks are skipped

    @property
    def model(self) -> type[BaseModel]:
        """The model of its input."""
        return self.command or Completion

    def at(self, occasion: ActionContext) -> tuple[Field, ...]:
        """Return the fields of the form in this context."""
        return tuple(field for field in self.fields if field.when(occasion))
