"""The specification of a command, from which all that is said of it is made.

The REST route, the row of the permission table, the form of the staff's pages, the documents and
the generators of the tests are made from it.
"""

from dataclasses import dataclass, fields
from typing import Any

from domain.commands.forms import CommandForm
from domain.commands.relations import Relation

LACKING: Any = object()
"""The value of a part that was not given, for the registry to name with its command."""

OF_A_SHARE = ("not_your_unit", "assignment_ended", "unknown_assignment")
"""The refusals common to every command of a unit on its own share."""


@dataclass(frozen=True, kw_only=True)
class CommandSpec:
    """The specification of a command.

    Path, right, summary, example and form have to be given: `domain.commands.registry` asks.

    path: of its route, below the ticket's, and of its form
    right: what it permits, in the permission table
    summary, example, refusals: of its route; `refusals` names the codes of its own
    near: the relations an officer's unit needs; empty: no officer gives it
    switch: the rule of the city that disables it where it is false or zero
    uncontested: it is refused while a request for exclusion waits
    own_route: its route is written by hand
    """

    path: str = LACKING
    right: str = LACKING
    summary: str = LACKING
    example: dict[str, Any] = LACKING
    form: CommandForm = LACKING
    near: frozenset[Relation] = frozenset()
    switch: str | None = None
    uncontested: bool = False
    own_route: bool = False
    refusals: tuple[str, ...] = ()

    def lacking(self) -> list[str]:
        """Return the parts that were not given."""
        return [part.name for part in fields(self) if getattr(self, part.name) is LACKING]
