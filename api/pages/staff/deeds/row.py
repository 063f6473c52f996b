"""The rows of the table of deeds: a command with its words, its fields, and when it fits."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic import Field as Limited

from api.assignments import CompletionIn
from api.pages.staff.deeds.occasion import Occasion
from domain.commands.base import CommandBase
from domain.refusals import Refused
from domain.ticket.files import Purpose


class FieldKind(StrEnum):
    """How a field is drawn, and how what comes from it is read."""

    LINE = "line"
    TEXT = "text"
    COUNT = "count"
    YES_NO = "yes_no"
    CHOICE = "choice"  # a short list
    PICK = "pick"  # a long list, to type in: units, categories
    SPAN = "span"  # a number and its unit: `by` and `by_in`
    MOMENT = "moment"  # a day and a time in the city's zone
    UNITS = "units"  # any number of units
    CALLS = "calls"  # units with what each is to do
    PLANS = "plans"  # what was deliberated, with its votes
    FILES = "files"
    RECORDS = "records"  # the unit's own references, one a line


class Choice(NamedTuple):
    """What can be chosen, in the reader's words; `group` is what it is listed under."""

    value: str
    words: str
    group: str = ""


Choices = Callable[[Occasion], list[Choice]]


class Field(NamedTuple):
    """One field of a form. `label`, `help`, `yes` and `no` are messages marked with `N_`.

    `into`: where in the command it goes, "rating.grade" for instance; by default its own name.
    `when`: the form has it only then. `purpose`: what files are taken for.
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
    when: Callable[[Occasion], bool] = lambda _occasion: True

    @property
    def path(self) -> list[str]:
        return (self.into or self.name).split(".")


class Group(StrEnum):
    """Under which heading the page offers it, in this order."""

    WORK = "work"
    ASK = "ask"
    JOINT = "joint"
    DECIDE = "decide"
    CITIZEN = "citizen"
    RECORD = "record"
    END = "end"


class Completion(CompletionIn):
    """The result that is handed in, and of which share."""

    assignment: int | None = Limited(None, ge=1)


Told = dict[str, Any]
Trials = Callable[[Occasion], Iterable[Told]]
"""What somebody might say in the command, for the ticket to be asked whether it would do."""

_NOTHING_SAID: tuple[Told, ...] = ({},)


class Deed(NamedTuple):
    """`command` None: the assignment is completed. `label`, `help` and `done` are messages.

    `shortcut`: the key that opens it. `bar`: why not, where the ticket's own checks do not say.
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
    bar: Callable[[Occasion], Refused | None] = lambda _occasion: None
    instead: bool = False  # `bar` alone says whether; the ticket's checks are not asked

    @property
    def model(self) -> type[BaseModel]:
        """What its form becomes."""
        return self.command or Completion

    def at(self, occasion: Occasion) -> tuple[Field, ...]:
        """The fields that its form has on this occasion."""
        return tuple(field for field in self.fields if field.when(occasion))
