"""The registry of deadlines: all that is said of a clock by its name, in one table."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class ClockName(StrEnum):
    """The names of clocks, by what is waited for; also the keys of `[limits]` in city.toml.

    Two have no key: the promise has the limit of the first handling, a hold ends on a day.
    """

    PROMISE = "promise"  # 承诺: when the answer to the citizen is due, whichever unit handles it
    TRIAGE = "triage"
    DISPATCH = "dispatch"
    SIGN = "sign"
    RETURN_WINDOW = "return_window"  # 退单时限: a unit silent until then is responsible
    CONTACT = "contact"
    HANDLE = "handle"
    STEP = "step"  # one stage of a category with staged limits, named by the clock's `label`
    MEET = "meet"  # 吹哨: the called units meet on the spot
    DECIDE = "decide"  # a return, an extension or a hold waits for its decision
    ARBITRATE = "arbitrate"  # returned too often: a meeting decides which unit gets it
    REVIEW = "review"  # 挂账: the next review of long work
    HOLD = "hold"  # 挂账: the day on which the hold is over
    CITIZEN = "citizen"  # the unit waits for the citizen's answer
    VERIFY = "verify"  # 核查, before filing or before closing
    ORDER = "order"  # 督办: a supervisor's order waits for the unit's answer
    APPOINTMENT = "appointment"  # the promised time of a service
    FEEDBACK = "feedback"
    RATE = "rate"
    CALL_BACK = "call_back"
    SUPERVISE = "supervise"
    REVISIT = "revisit"  # 回头看: a check whether the effect holds
    AFTERCARE = "aftercare"  # how long a closed ticket can be reopened, and its rating contested


class Owner(StrEnum):
    """The person or unit who has to act, or may act, before a clock is due."""

    UNIT = "unit"
    CENTRE = "centre"  # desk, dispatchers, supervisors
    CITIZEN = "citizen"
    SYSTEM = "system"


class Nature(StrEnum):
    """The meaning of a due clock."""

    DUTY = "duty"  # somebody is late
    RIGHT = "right"  # it may no longer be done
    DATE = "date"  # the day has come


class Precondition(StrEnum):
    """The condition of a ticket without which a deadline does not start.

    `domain.ticket.preconditions` decides whether it holds.
    """

    NONE = "none"  # whoever has to act can always act
    CONTACT_OPEN = "contact_open"  # the unit may know how the citizen can be reached
    CONTACT_LEFT = "contact_left"  # the hotline knows how the citizen can be reached
    RETURNABLE = "returnable"  # the unit may still return the ticket
    LED = "led"  # a unit leads, and can answer


@dataclass(frozen=True, kw_only=True)
class DeadlineSpec:
    """The specification of a deadline.

    label, label_zh: its name on pages and in stories
    precondition: without it the clock does not start: nobody could meet it
    shares: the kinds of assignment that start it (`domain.ticket.assignment.Share`)
    pausable: it stands still with its assignment
    cards: its warning is a yellow card for the unit, and its due level a red one
    within_handling: it runs beside the handling, and may not be longer
    limit_of: the clock whose limit it has; itself, if None
    limited: packs set its limit; otherwise a person chooses the time, or it is set elsewhere
    needs: the settings of city.toml of which one has to be on for it to start; empty: it always may
    unused: the message for a city that sets a limit and has none of them on
    citizens: it concerns the citizen, who may be told of its levels; of others never
    """

    label: str
    label_zh: str
    owner: Owner
    precondition: Precondition
    nature: Nature = Nature.DUTY
    shares: tuple[str, ...] = ()
    pausable: bool = False
    cards: bool = False
    within_handling: bool = False
    limit_of: ClockName | None = None
    limited: bool = True
    needs: tuple[str, ...] = ()
    unused: str = ""
    citizens: bool = False


_LEAD, _CO, _DELEGATE, _VERIFY = "lead", "co", "delegate", "verify"

DEADLINES: dict[ClockName, DeadlineSpec] = {
    ClockName.PROMISE: DeadlineSpec(
        label="Promise to the citizen",
        label_zh="对市民承诺",
        owner=Owner.SYSTEM,
        precondition=Precondition.NONE,
        limit_of=ClockName.HANDLE,
        limited=False,
        citizens=True,
    ),
    ClockName.TRIAGE: DeadlineSpec(
        label="Triage", label_zh="分类", owner=Owner.CENTRE, precondition=Precondition.NONE
    ),
    ClockName.DISPATCH: DeadlineSpec(
        label="Dispatch", label_zh="派单", owner=Owner.CENTRE, precondition=Precondition.NONE
    ),
    ClockName.SIGN: DeadlineSpec(
        label="Sign",
        label_zh="签收",
        owner=Owner.UNIT,
        precondition=Precondition.NONE,
        shares=(_LEAD, _CO, _DELEGATE, _VERIFY),
        cards=True,
        within_handling=True,
    ),
    ClockName.RETURN_WINDOW: DeadlineSpec(
        label="Time to return",
        label_zh="退单时限",
        owner=Owner.UNIT,
        precondition=Precondition.RETURNABLE,
        nature=Nature.RIGHT,
        shares=(_LEAD,),
        within_handling=True,
        needs=("caps.returns",),
        unused="units do not return",
    ),
    ClockName.CONTACT: DeadlineSpec(
        label="First contact",
        label_zh="首次联系",
        owner=Owner.UNIT,
        precondition=Precondition.CONTACT_OPEN,
        shares=(_LEAD, _CO),
        cards=True,
        within_handling=True,
    ),
    ClockName.MEET: DeadlineSpec(
        label="Meeting on the spot",
        label_zh="现场会",
        owner=Owner.UNIT,
        precondition=Precondition.NONE,
        shares=(_CO,),
        within_handling=True,
        needs=("caps.co_handlers",),
        unused="no unit is called in",
    ),
    ClockName.HANDLE: DeadlineSpec(
        label="Handling",
        label_zh="办理",
        owner=Owner.UNIT,
        precondition=Precondition.NONE,
        shares=(_LEAD, _CO, _DELEGATE),
        pausable=True,
        cards=True,
    ),
    ClockName.STEP: DeadlineSpec(
        label="Step",
        label_zh="阶段",
        owner=Owner.UNIT,
        precondition=Precondition.NONE,
        pausable=True,
        limited=False,
    ),
    ClockName.DECIDE: DeadlineSpec(
        label="Decision",
        label_zh="审批",
        owner=Owner.CENTRE,
        precondition=Precondition.NONE,
        needs=("caps.returns", "caps.extensions", "caps.holds", "features.exclude"),
        unused="units ask for nothing",
    ),
    ClockName.ARBITRATE: DeadlineSpec(
        label="Arbitration",
        label_zh="协调",
        owner=Owner.CENTRE,
        precondition=Precondition.NONE,
        needs=("caps.returns",),
        unused="arbitration follows the last return, and there is none",
    ),
    ClockName.REVIEW: DeadlineSpec(
        label="Hold review",
        label_zh="挂账复核",
        owner=Owner.UNIT,
        precondition=Precondition.NONE,
        needs=("caps.holds",),
        unused="nothing is put aside",
    ),
    ClockName.HOLD: DeadlineSpec(
        label="End of the hold",
        label_zh="挂账到期",
        owner=Owner.SYSTEM,
        precondition=Precondition.NONE,
        nature=Nature.DATE,
        needs=("caps.holds",),
        unused="nothing is put aside",
        limited=False,
    ),
    ClockName.CITIZEN: DeadlineSpec(
        label="Citizen's answer",
        label_zh="市民补充",
        owner=Owner.CITIZEN,
        precondition=Precondition.NONE,
        nature=Nature.RIGHT,
        needs=("features.ask_citizen",),
        unused="citizens are not asked",
        citizens=True,
    ),
    ClockName.VERIFY: DeadlineSpec(
        label="Verification on the spot",
        label_zh="现场核查",
        owner=Owner.UNIT,
        precondition=Precondition.NONE,
        shares=(_VERIFY,),
        needs=("verify.filing", "verify.closing"),
        unused="nothing is verified",
    ),
    ClockName.ORDER: DeadlineSpec(
        label="Answer to an order",
        label_zh="督办回复",
        owner=Owner.UNIT,
        precondition=Precondition.LED,
    ),
    ClockName.APPOINTMENT: DeadlineSpec(
        label="Appointment",
        label_zh="预约",
        owner=Owner.UNIT,
        precondition=Precondition.NONE,
        nature=Nature.DATE,
        needs=("features.appoint",),
        unused="nothing is promised for a time",
        citizens=True,
    ),
    ClockName.FEEDBACK: DeadlineSpec(
        label="Feedback",
        label_zh="反馈",
        owner=Owner.SYSTEM,
        precondition=Precondition.NONE,
        needs=("verify.closing",),
        unused="an answer goes out at once where nobody looks first",
    ),
    ClockName.RATE: DeadlineSpec(
        label="Rating",
        label_zh="评价",
        owner=Owner.CITIZEN,
        precondition=Precondition.NONE,
        nature=Nature.RIGHT,
        citizens=True,
    ),
    ClockName.CALL_BACK: DeadlineSpec(
        label="Call-back",
        label_zh="回访",
        owner=Owner.CENTRE,
        precondition=Precondition.CONTACT_LEFT,
        nature=Nature.DATE,
    ),
    ClockName.SUPERVISE: DeadlineSpec(
        label="Supervision", label_zh="督办", owner=Owner.CENTRE, precondition=Precondition.NONE
    ),
    ClockName.REVISIT: DeadlineSpec(
        label="Revisit",
        label_zh="回头看",
        owner=Owner.CENTRE,
        precondition=Precondition.NONE,
        nature=Nature.DATE,
        needs=("aftercare.revisits",),
        unused="nobody looks back",
    ),
    ClockName.AFTERCARE: DeadlineSpec(
        label="Aftercare period",
        label_zh="观察期",
        owner=Owner.SYSTEM,
        precondition=Precondition.NONE,
        nature=Nature.DATE,
    ),
}
"""Every deadline. The clocks of a share are planned in this order."""


def _names(clock_names: Iterator[ClockName]) -> tuple[ClockName, ...]:
    return tuple(clock_names)


UNIT_CLOCKS = _names(name for name, one in DEADLINES.items() if one.cards)
"""The clocks whose warning is a yellow card for the unit, and whose due level is a red one."""

PAUSABLE = _names(name for name, one in DEADLINES.items() if one.pausable)
"""The clocks that stand still with their assignment."""

UNITS_DUTIES = frozenset(
    name
    for name, one in DEADLINES.items()
    if one.owner is Owner.UNIT and one.nature is not Nature.RIGHT
)
"""The clocks of a unit's own duties: not those of decisions and answers that it waits for."""

LIMITED = _names(name for name, one in DEADLINES.items() if one.limited)
"""The clocks whose limit packs set."""

WITHIN_HANDLING = _names(name for name, one in DEADLINES.items() if one.within_handling)
"""The clocks of a unit that run beside its handling and may not outlast it. The steps of a category
are not among them: a step may be due after the answer."""


def clocks_of(share: str) -> list[ClockName]:
    """Return the clocks that an assignment of this kind starts."""
    return [name for name, one in DEADLINES.items() if share in one.shares]


def limit_name(clock: ClockName) -> ClockName:
    """Return the clock whose limit this one has."""
    return DEADLINES[clock].limit_of or clock
