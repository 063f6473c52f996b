"""Fields that several forms have."""

from api.http.i18n import N_
from api.pages.actions import choices
from api.pages.actions.spec import Choices, Field, FieldKind
from domain.ticket.files import Purpose

_KEPT = N_("It is kept with the ticket, and everybody who handles it can read it.")


def reason(label: str = N_("Why"), help: str = _KEPT, *, into: str = "") -> Field:
    return Field("reason", FieldKind.TEXT, label, help, required=True, into=into)


def said(name: str, label: str, help: str = "", *, most: int = 4000) -> Field:
    """Return a required text field."""
    return Field(name, FieldKind.TEXT, label, help, required=True, most=most)


def note(name: str = "note", label: str = N_("Note"), help: str = "") -> Field:
    return Field(name, FieldKind.TEXT, label, help, most=1000)


def unit(
    label: str, found: Choices, help: str = "", *, required: bool = True, name: str = "unit"
) -> Field:
    return Field(name, FieldKind.PICK, label, help, required=required, choices=found)


def ground(label: str, table: str) -> Field:
    return Field("ground", FieldKind.CHOICE, label, required=True, choices=choices.grounds(table))


SHARE = Field(
    "assignment",
    FieldKind.CHOICE,
    N_("Which share"),
    choices=choices.shares,
    when=lambda occasion: len(occasion.own) > 1,
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
