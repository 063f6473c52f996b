"""Commands for decisions, orders, minutes and revisits."""

from typing import Literal

from pydantic import Field

from domain.commands.base import CommandBase, Note
from domain.facts import aftercare, anytime, handling, intake, returning, supervising, waiting
from domain.model import Instant
from domain.ticket.assignment import Evidence
from domain.ticket.complaint import Code, Text
from domain.ticket.minutes import Minutes


class Decide(CommandBase):
    """Grant or refuse what the unit asked for. `unit`: whom to send a returned ticket to."""

    leads_to = intake.Reassigned  # while no request is pending; see `domain.policy.guards.leads_to`
    ends = {  # noqa: RUF012 - declared a ClassVar in the base
        "return": returning.Returned,
        "extension": handling.ExtensionGranted,
        "hold": waiting.Held,
        "exclusion": aftercare.ExclusionGranted,
    }
    do: Literal["decide"] = "decide"
    approve: bool
    reason: Text
    unit: Code | None = None


class Supervise(CommandBase):
    """督办: order the unit that leads; it has to answer."""

    leads_to = supervising.SupervisionOrdered
    do: Literal["supervise"] = "supervise"
    text: Text


class Notice(CommandBase):
    """通报: name what was neglected."""

    leads_to = supervising.PubliclyNoticed
    do: Literal["notice"] = "notice"
    text: Text


class KeepMinutes(CommandBase):
    """Write down a meeting: on the spot, a mediation, a deliberation with residents."""

    leads_to = anytime.MinutesKept
    do: Literal["keep_minutes"] = "keep_minutes"
    minutes: Minutes


class SettleAll(CommandBase):
    """举一反三: open an inspection at every unit of the lead's kind, or at those that are named."""

    leads_to = anytime.InspectionsOpened
    do: Literal["settle_all"] = "settle_all"
    text: Text
    units: list[Code] = Field(default_factory=list, max_length=60)


class Appoint(CommandBase):
    """预约: promise the service for a certain time; a later promise replaces it."""

    leads_to = anytime.Appointed
    do: Literal["appoint"] = "appoint"
    starts_at: Instant
    text: Note = ""


class Replan(CommandBase):
    """Plan provisional due times again, now that a year's working calendar is published."""

    leads_to = anytime.Replanned
    do: Literal["replan"] = "replan"


class Revisit(CommandBase):
    """回头看: say whether the effect holds. Where it does not, the ticket goes on."""

    leads_to = aftercare.Revisited
    do: Literal["revisit"] = "revisit"
    holds: bool
    note: Text
    evidence: Evidence = Field(default_factory=list)
