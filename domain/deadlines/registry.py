"""The registry of deadlines: all that is said of a clock by its name, in one table."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from domain.deadlines.clocks import ClockName


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


@dataclass(frozen=True, kw_only=True)
class DeadlineSpec:
    """The specification of a deadline.

    label, label_zh: its name on pages and in stories
    shares: the kinds of assignment that start it (`domain.ticket.assignment.Share`)
    pausable: it stands still with its assignment
    cards: its warning is a yellow card for the unit, and its due level a red one
    within_handling: it runs beside the handling, and may not be longer
    limit_of: the clock whose limit it has; itself, if None
    """

    label: str
    label_zh: str
    owner: Owner
    nature: Nature = Nature.DUTY
    shares: tuple[str, ...] = ()
    pausable: bool = False
    cards: bool = False
    within_handling: bool = False
    limit_of: ClockName | None = None


_LEAD, _CO, _DELEGATE, _VERIFY = "lead", "co", "delegate", "verify"

DEADLINES: dict[ClockName, DeadlineSpec] = {
    ClockName.PROMISE: DeadlineSpec(
        label="Promise to the citizen",
        label_zh="对群众承诺",
        owner=Owner.SYSTEM,
        limit_of=ClockName.HANDLE,
    ),
    ClockName.TRIAGE: DeadlineSpec(label="Triage", label_zh="分类", owner=Owner.CENTRE),
    ClockName.DISPATCH: DeadlineSpec(label="Dispatch", label_zh="派单", owner=Owner.CENTRE),
    ClockName.SIGN: DeadlineSpec(
        label="Sign",
        label_zh="签收",
        owner=Owner.UNIT,
        shares=(_LEAD, _CO, _DELEGATE, _VERIFY),
        cards=True,
        within_handling=True,
    ),
    ClockName.RETURN_WINDOW: DeadlineSpec(
        label="Time to return",
        label_zh="退单时限",
        owner=Owner.UNIT,
        nature=Nature.RIGHT,
        shares=(_LEAD,),
        within_handling=True,
    ),
    ClockName.CONTACT: DeadlineSpec(
        label="First contact",
        label_zh="首次联系",
        owner=Owner.UNIT,
        shares=(_LEAD, _CO),
        cards=True,
        within_handling=True,
    ),
    ClockName.MEET: DeadlineSpec(
        label="Meeting on the spot",
        label_zh="现场会",
        owner=Owner.UNIT,
        shares=(_CO,),
        within_handling=True,
    ),
    ClockName.HANDLE: DeadlineSpec(
        label="Handling",
        label_zh="办理",
        owner=Owner.UNIT,
        shares=(_LEAD, _CO, _DELEGATE),
        pausable=True,
        cards=True,
    ),
    ClockName.STEP: DeadlineSpec(label="Step", label_zh="阶段", owner=Owner.UNIT, pausable=True),
    ClockName.DECIDE: DeadlineSpec(label="Decision", label_zh="审批", owner=Owner.CENTRE),
    ClockName.ARBITRATE: DeadlineSpec(label="Arbitration", label_zh="协调", owner=Owner.CENTRE),
    ClockName.REVIEW: DeadlineSpec(label="Hold review", label_zh="挂账复核", owner=Owner.UNIT),
    ClockName.HOLD: DeadlineSpec(
        label="End of the hold", label_zh="挂账到期", owner=Owner.SYSTEM, nature=Nature.DATE
    ),
    ClockName.CITIZEN: DeadlineSpec(
        label="Citizen's answer", label_zh="群众补充", owner=Owner.CITIZEN, nature=Nature.RIGHT
    ),
    ClockName.VERIFY: DeadlineSpec(
        label="Verification on the spot", label_zh="现场核查", owner=Owner.UNIT, shares=(_VERIFY,)
    ),
    ClockName.ORDER: DeadlineSpec(
        label="Answer to an order", label_zh="督办反馈", owner=Owner.UNIT
    ),
    ClockName.APPOINTMENT: DeadlineSpec(
        label="Appointment", label_zh="预约", owner=Owner.UNIT, nature=Nature.DATE
    ),
    ClockName.FEEDBACK: DeadlineSpec(label="Feedback", label_zh="反馈", owner=Owner.SYSTEM),
    ClockName.RATE: DeadlineSpec(
        label="Rating", label_zh="评价", owner=Owner.CITIZEN, nature=Nature.RIGHT
    ),
    ClockName.CALL_BACK: DeadlineSpec(
        label="Call-back", label_zh="回访", owner=Owner.CENTRE, nature=Nature.DATE
    ),
    ClockName.SUPERVISE: DeadlineSpec(label="Supervision", label_zh="督办", owner=Owner.CENTRE),
    ClockName.REVISIT: DeadlineSpec(
        label="Revisit", label_zh="回头看", owner=Owner.CENTRE, nature=Nature.DATE
    ),
    ClockName.AFTERCARE: DeadlineSpec(
        label="Aftercare", label_zh="观察期", owner=Owner.SYSTEM, nature=Nature.DATE
    ),
}
"""Every deadline. The clocks of a share are planned in this order."""


def _names(found: Iterator[ClockName]) -> tuple[ClockName, ...]:
    return tuple(found)


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

WITHIN_HANDLING = _names(name for name, one in DEADLINES.items() if one.within_handling)
"""The clocks of a unit that run beside its handling and may not outlast it. The steps of a category
are not among them: a step may be due after the answer."""


def clocks_of(share: str) -> list[ClockName]:
    """Return the clocks that an assignment of this kind starts."""
    return [name for name, one in DEADLINES.items() if share in one.shares]


def limit_name(clock: ClockName) -> ClockName:
    """Return the clock whose limit this one has."""
    return DEADLINES[clock].limit_of or clock
