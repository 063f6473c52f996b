"""The caps and switches of a city's pack that apply to a ticket, recorded at accept."""

from enum import StrEnum

from pydantic import Field

from domain.model import Recorded
from domain.ticket.complaint import Kind


class ReworkTo(StrEnum):
    """The handler of a rework."""

    SAME = "same"
    OTHER = "other"
    ABOVE = "above"
    SUPERVISOR = "supervisor"


class Escalation(StrEnum):
    """The automatic escalation above the severity threshold."""

    SUPERVISE = "supervise"  # a supervision order
    RAISE = "raise"  # one level up


class Rules(Recorded):
    """Caps, thresholds and switches. A ticket keeps those it was accepted under.

    The defaults apply to tickets accepted before a switch existed: off.
    """

    pack: str
    pack_version: str
    returns: int = Field(2, ge=0, description="Granted returns per ticket; 0: no returns here.")
    extensions: int = Field(1, ge=0, description="Granted extensions per assignment.")
    questions: int = Field(2, ge=0, description="Questions to the citizen that pause a clock.")
    holds: int = Field(0, ge=0, description="Granted holds (挂账) per assignment.")
    reworks: int = Field(2, ge=0, description="Reworks before the ticket goes to supervision.")
    rework_to: ReworkTo = ReworkTo.SAME
    call_backs: int = Field(3, ge=1, description="Attempts to reach the citizen by phone.")
    urges_per_day: int = Field(3, ge=1)
    facts_per_day: int = Field(0, ge=0, description="Additions by the citizen; 0: no cap.")
    satisfied_from: int = Field(3, ge=1, le=5, description="Lowest grade that counts satisfied.")
    delegations: int = Field(0, ge=0, description="Levels down a ticket may be delegated.")
    co_handlers: int = Field(0, ge=0, description="Units a whistle may call; 0: no whistle.")
    fallback: str = Field("", description="The unit that takes what nobody owns (区政府兜底).")
    arbitration: bool = Field(False, description="The last return is followed by a meeting.")
    aftercare: bool = Field(False, description="A closed ticket is watched for a while.")
    raise_level: bool = False
    ask_citizen: bool = False
    merge: bool = False
    exclude: bool = False
    intervene: bool = False
    appoint: bool = False
    settle_all: bool = False
    desk_answers: list[Kind] = Field(default_factory=lambda: list(Kind))
    severity_urges: int = 0
    severity_complainants: int = 0
    severity_repeats: int = 0
    escalate_at: int = 0
    escalate: Escalation = Escalation.SUPERVISE
    reason_codes: bool = Field(
        False,
        description="The workflow records the codes of its own reasons; false if it was accepted "
        "before there were any, so that its history still gives what was recorded.",
    )
    preconditions: bool = Field(
        False,
        description="Clocks start only if their precondition holds; false if it was accepted "
        "before there were any, so that its history still gives what was recorded.",
    )
    ends_resume: bool = Field(
        False,
        description="What a share paused resumes when that share ended; false if it was accepted "
        "before that, when it could resume at an earlier level that was recorded late.",
    )
    rounds: bool = Field(
        False,
        description="Answer, rating and exclusion end with their round; false if it was accepted "
        "before that, so that its history still gives what was recorded.",
    )
    traces: bool = Field(
        False,
        description="Every result leaves a trace in the engine's history (ADR 0026); false if it "
        "was accepted before that.",
    )
    one_asked: bool = Field(
        False,
        description="A question is put to the ticket's own citizen, whose answer alone ends the "
        "pause; false if it was accepted when those of merged tickets were asked as well.",
    )
    incidents: bool = Field(
        False,
        description="It may be merged as a member of an incident, without telling the ticket that "
        "is handled (ADR 0055); false if it was accepted before that, or where there are none.",
    )
