"""The rights that machines may have at all, whatever a city's pack says.

Anything that is in none of these sets is forbidden to machines, at every door.
"""

from typing import get_args

from domain.actors import Role
from domain.pack.agents import AgentAct, AgentPolicy
from domain.policy.permissions import Scope

ACTS: frozenset[str] = frozenset(get_args(AgentAct))
"""The commands that a city may allow to machines."""

FILING = frozenset({"file_complaint"})

PROPOSING = frozenset({"propose_reply"})
"""Rights to say something to people, who decide what becomes of it."""

OPEN = frozenset(
    {
        "use_agent_door",
        "list_cities",
        "get_city",
        "get_indicators",
        "get_figures",
        "search_directory",
        "list_answers",
    }
)
"""Rights to read what everybody may read."""

MASKED = frozenset({"get_ticket", "list_events", "list_tickets", "page_desk"})
"""Rights to read through `app.agents` only, which covers every personal datum."""

SCOPES = frozenset({Scope.READ, Scope.ACT, Scope.FILE})
"""The scopes that an agent's token may have: none to see people, to audit, or to administer."""

ROLES = frozenset({Role.DESK, Role.DISPATCHER, Role.OFFICER, Role.SUPERVISOR})
"""The roles that a machine may take."""


def open_to_machines(key: str, *, masked: bool) -> bool:
    """Return whether a machine may use this right, if its city allows it. `masked`: what it is
    shown is covered."""
    if key in MASKED:
        return masked
    return key in OPEN | PROPOSING | FILING | ACTS


def allowed_by(policy: AgentPolicy | None, key: str) -> bool:
    """Return whether the city allows machines this right."""
    if policy is None:
        return False
    if key in ACTS:
        return key in policy.acts
    return key not in FILING or policy.files
