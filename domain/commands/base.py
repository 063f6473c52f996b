"""The base of every command, and the text types of commands."""

from typing import Annotated, ClassVar

from pydantic import AfterValidator, StringConstraints

from domain.facts.base import FactBase
from domain.model import Incoming
from domain.ticket.complaint import clean_text

Note = Annotated[str, StringConstraints(max_length=1000), AfterValidator(clean_text)]
Length = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,2}(s|m|h|d|wh|wd)$")]
"""A span as packs write it: 30m, 2h, 3d in calendar time; 4wh, 5wd in working time."""
Number = Annotated[str, StringConstraints(pattern=r"^\d{13}$")]
"""A ticket's number."""


class CommandBase(Incoming):
    """The base of commands. `leads_to`: the fact it becomes, for the transition table."""

    leads_to: ClassVar[type[FactBase]]
    ends: ClassVar[dict[str, type[FactBase]]] = {}
    """Facts by the deciding value, if content or a pending request decides among several."""

    @classmethod
    def may_lead_to(cls) -> tuple[type[FactBase], ...]:
        """Return every fact it may become."""
        return tuple(cls.ends.values()) or (cls.leads_to,)
