"""The forms of commands, as data: groups, fields, and the conditions for showing them.

The texts are messages marked with `N_`; the staff's pages render them in the reader's language.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple, Protocol

from domain.actors import Actor
from domain.pack.pack import Pack
from domain.refusals import Refused
from domain.ticket.assignment import Assignment
from domain.ticket.files import Purpose
from domain.ticket.ticket import Ticket
from domain.words import N_


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
    DAY = "day"
    UNITS = "units"  # any number of units
    CALLS = "calls"  # units, each with its task
    PLANS = "plans"  # deliberated plans, with their votes
    FILES = "files"
    RECORDS = "records"  # the unit's own references, one a line


class Choices(StrEnum):
    """The lists that a field may choose from; the pages fill them for a ticket and a caller."""

    CATEGORIES = "categories"
    TIERS = "tiers"
    AREAS = "areas"
    KINDS = "kinds"
    GRADES = "grades"
    MEETINGS = "meetings"
    OUTCOMES = "outcomes"
    EVERY_UNIT = "every_unit"
    OTHER_UNITS = "other_units"
    UNITS_TO_ACCUSE = "units_to_accuse"
    UNITS_TO_CALL = "units_to_call"
    UNITS_BELOW = "units_below"
    UNITS_ALIKE = "units_alike"
    INVOLVED_UNITS = "involved_units"
    SHARES = "shares"
    HELPERS = "helpers"
    ORDERS = "orders"
    STEPS = "steps"
    RETURN_GROUNDS = "return_grounds"
    HOLD_GROUNDS = "hold_grounds"
    WHISTLE_GROUNDS = "whistle_grounds"
    EXCLUDE_GROUNDS = "exclude_grounds"
    CONCLUDE_REASONS = "conclude_reasons"


class FormContext(Protocol):
    """A ticket and a caller, on which the conditions of a form depend."""

    @property
    def ticket(self) -> Ticket: ...

    @property
    def actor(self) -> Actor: ...

    @property
    def pack(self) -> Pack: ...

    @property
    def own(self) -> list[Assignment]:
        """The open shares that the caller may act on."""


def always(_context: FormContext) -> bool:
    """Return True: the field is always shown."""
    return True


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
    when: Callable[[FormContext], bool] = always

    @property
    def path(self) -> list[str]:
        return (self.into or self.name).split(".")


class Group(StrEnum):
    """The heading under which the page shows a form."""

    WORK = "work"
    DECIDE = "decide"
    ASK = "ask"
    JOINT = "joint"
    CITIZEN = "citizen"
    RECORD = "record"
    END = "end"


def never_barred(_context: FormContext) -> Refused | None:
    """Return None: the ticket's own checks decide alone."""
    return None


class CommandForm(NamedTuple):
    """The form of a command. `label`, `help` and `done` are messages marked with `N_`.

    `done`: the confirmation. `shortcut`: the key that opens it. `bar`: a refusal beyond the
    ticket's own checks. `instead`: `bar` alone decides, and the ticket's checks are skipped.
    """

    group: Group
    label: str
    done: str
    help: str = ""
    fields: tuple[Field, ...] = ()
    shortcut: str = ""
    bar: Callable[[FormContext], Refused | None] = never_barred
    instead: bool = False


# --- fields that several forms have ---------------------------------------------------------------

_RETENTION_HELP = N_("It is kept with the ticket, and everybody who handles it can read it.")


def reason(label: str = N_("Why"), help: str = _RETENTION_HELP, *, into: str = "") -> Field:
    return Field("reason", FieldKind.TEXT, label, help, required=True, into=into)


def required_text(name: str, label: str, help: str = "", *, most: int = 4000) -> Field:
    """Return a required text field."""
    return Field(name, FieldKind.TEXT, label, help, required=True, most=most)


def note(name: str = "note", label: str = N_("Note"), help: str = "") -> Field:
    return Field(name, FieldKind.TEXT, label, help, most=1000)


def unit(
    label: str, choices: Choices, help: str = "", *, required: bool = True, name: str = "unit"
) -> Field:
    return Field(name, FieldKind.PICK, label, help, required=required, choices=choices)


def ground(label: str, choices: Choices) -> Field:
    return Field("ground", FieldKind.CHOICE, label, required=True, choices=choices)


def _several_shares(context: FormContext) -> bool:
    return len(context.own) > 1


NOBODY = Field(
    "nobody",
    FieldKind.YES_NO,
    N_("It accuses none of our units"),
    yes=N_("It accuses none of our units"),
    no=N_("It accuses those named above"),
)
"""The statement that a report accuses nobody, which is never made by leaving a field empty."""

SHARE = Field(
    "assignment",
    FieldKind.CHOICE,
    N_("Which share"),
    choices=Choices.SHARES,
    when=_several_shares,
)
"""The choice of a share, shown if the caller may act on more than one."""

LIMIT = Field(
    "limit",
    FieldKind.SPAN,
    N_("Its own limit"),
    N_("Left empty, the limit of the city's rules holds."),
)


def files(
    label: str,
    help: str = "",
    *,
    name: str = "evidence",
    purpose: Purpose = Purpose.EVIDENCE,
    required: bool = False,
) -> Field:
    return Field(name, FieldKind.FILES, label, help, purpose=purpose, required=required)


RECORDS = Field(
    "records",
    FieldKind.RECORDS,
    N_("References of your own records"),
    N_("One a line: the number of a recorded call, of a document."),
    into="evidence",
)
