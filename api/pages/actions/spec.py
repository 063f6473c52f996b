"""The rows of the table of action forms: a command, or handing in a result, and its form."""

from typing import Any, NamedTuple

from pydantic import BaseModel
from pydantic import Field as Limited

from app.tickets.assignments import CompletionIn
from app.tickets.leaving_contacts import LeftContact
from domain.commands.base import CommandBase
from domain.commands.citizens.leave_contact import LeaveContact
from domain.commands.forms import CommandForm, Field, FormContext


class Choice(NamedTuple):
    """A choice of a field, in the reader's language; `group` is its heading."""

    value: str
    words: str
    group: str = ""


class Completion(CompletionIn):
    """The result that is handed in, and its share."""

    assignment: int | None = Limited(None, ge=1)


FormValues = dict[str, Any]
"""The values of a form, by the fields of its model."""


class ActionForm(NamedTuple):
    """A form on the staff's page of a ticket. `command` None: it completes the assignment."""

    path: str
    command: type[CommandBase] | None
    form: CommandForm

    @property
    def model(self) -> type[BaseModel]:
        """The model of its input: the command's, but what goes to the vault is in no command."""
        if self.command is LeaveContact:
            return LeftContact
        return self.command or Completion

    def at(self, form_context: FormContext) -> tuple[Field, ...]:
        """Return the fields of the form in this context."""
        return tuple(field for field in self.form.fields if field.when(form_context))
