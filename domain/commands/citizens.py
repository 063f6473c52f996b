"""Commands of citizens, and of the desk on their behalf."""

from typing import Literal

from pydantic import Field

from domain.commands.base import CommandBase, Note
from domain.facts import aftercare, anytime, closing
from domain.ticket.complaint import Text
from domain.ticket.files import Files
from domain.ticket.rating import Rating


class AddFacts(CommandBase):
    leads_to = anytime.FactsAdded
    do: Literal["add_facts"] = "add_facts"
    text: Text
    files: Files = Field(default_factory=list)


class Urge(CommandBase):
    """催办."""

    leads_to = anytime.Urged
    do: Literal["urge"] = "urge"
    text: Note = ""


class Withdraw(CommandBase):
    leads_to = anytime.Withdrawn
    do: Literal["withdraw"] = "withdraw"
    reason: Note = ""


class Recur(CommandBase):
    """The problem is back."""

    leads_to = aftercare.Reopened
    do: Literal["recur"] = "recur"
    text: Text


class CallBack(CommandBase):
    """回访: one attempt; when the citizen was reached, with what they said."""

    leads_to = closing.CalledBack
    do: Literal["call_back"] = "call_back"
    reached: bool
    rating: Rating | None = None
    note: Note = ""
