"""The values that conditions read: a ticket, an event and a share of work, flat, without nulls.

The conditions of a city pack (CEL) know exactly these names. An unknown text is "", an unknown
number -1, so that no condition has to check first whether a value is there.
"""

from domain.model import Recorded


class TicketFacts(Recorded):
    """A ticket, as `t` in a condition. `level` is that of the unit that leads or settled it.

    `lot` is a number from 0 to 99 computed from the ticket's number: `t.lot < 10` is every tenth.
    """

    number: str = ""
    kind: str = ""
    channel: str = ""
    category: str = ""
    tier: str = ""
    area: str = ""
    unit: str = ""
    unit_kind: str = ""
    level: str = ""
    stage: str = ""
    outcome: str = ""
    anonymous: bool = False
    public: bool = False
    has_address: bool = False
    has_point: bool = False
    open: bool = True
    due: bool = False
    answered: bool = False
    handled: bool = False
    replied: bool = False
    on_time: bool = False
    late: bool = False
    rated: bool = False
    rated_apart: bool = False
    asked: bool = False
    contacted: bool = False
    resolved: bool = False
    satisfied: bool = False
    merged: bool = False
    joint: bool = False
    arbitrated: bool = False
    verified: bool = False
    excluded: bool = False
    recurred: bool = False
    supervised: bool = False
    grade: int = -1
    hours: float = -1
    returns: int = 0
    reworks: int = 0
    extensions: int = 0
    holds: int = 0
    urges: int = 0
    repeats: int = 0
    severity: int = 0
    complainants: int = 1
    co_handlers: int = 0
    raised: int = 0
    delegations: int = 0
    yellow: int = 0
    red: int = 0
    orders: int = 0
    notices: int = 0
    revisits: int = 0
    evidence: int = 0
    lot: int = 0


class ResultCase(Recorded):
    """A unit's result, as `result` in a closing condition. `evidence` counts files."""

    reply: str = ""
    resolved: bool = True
    evidence: int = 0


class EventCase(Recorded):
    """An event, as `e` in a scoring rule. `hours` since the ticket was filed."""

    kind: str = ""
    role: str = ""
    unit: str = ""
    clock: str = ""
    rung: str = ""
    code: str = ""
    outcome: str = ""
    reached: bool = False
    resolved: bool = False
    holds: bool = False
    approved: bool = False
    grade: int = -1
    hours: float = -1


class ShareCase(Recorded):
    """A unit's share of the ticket at the time of an event, as `a` in a scoring rule."""

    part: str = ""
    unit: str = ""
    level: str = ""
    ending: str = ""
    on_time: bool = False
    late: bool = False
    resolved: bool = False
    sign_minutes: float = -1
    contact_minutes: float = -1
    handle_hours: float = -1
    extensions: int = 0
    rework: int = 0
