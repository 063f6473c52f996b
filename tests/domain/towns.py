"""Cities for random ticket histories: Tongzhou with more features on, or off."""

from collections.abc import Mapping

from domain.deadlines.clocks import LevelKind
from domain.deadlines.limits import Limit, Percent
from domain.deadlines.registry import ClockName
from domain.pack.catalogue import Reason
from domain.pack.pack import Pack
from domain.pack.policies import (
    Aftercare,
    Caps,
    EscalationPolicy,
    Features,
    LevelRule,
    Limits,
    Reworking,
    Severity,
    Verification,
)
from domain.ticket.rules_snapshot import Escalation, ReworkTo
from tests.domain.planned import TONGZHOU

UNITS = (
    "water", "environment", "transport", "gov", "110112001", "river-station",
    "community-zhongcang-1", "enforcement-zhongcang",
)  # fmt: skip
"""The codes of units of three levels, some below others."""

CATEGORIES = ("0302", "0109", "0301", "0202")
"""The codes of categories: general, with steps and a closing condition, complex, urgent."""

_RAISED = (
    LevelRule(kind=LevelKind.WARN, offset=Percent(20)),
    LevelRule(kind=LevelKind.DUE),
    LevelRule(kind=LevelKind.SUPERVISE, offset=Percent(20), raises=True),
)


def _limits(written: Mapping[str, str]) -> Limits:
    own = {name: Limit.parse(limit) for name, limit in written.items()}
    return TONGZHOU.limits.model_copy(update=own)


def _policy(handle: EscalationPolicy) -> dict[ClockName, EscalationPolicy]:
    return {**TONGZHOU.ladder, ClockName.HANDLE: handle}


_ALL = _limits(
    {"return_window": "1wd", "arbitrate": "2wd", "verify": "4wh", "feedback": "1d",
     "revisit": "3d", "aftercare": "30d", "appointment": "1d", "review": "3d"}
)  # fmt: skip

_ON = Features(
    raise_level=True, ask_citizen=True, merge=True, exclude=True,
    intervene=True, appoint=True, settle_all=True,
)  # fmt: skip

_REASONS = TONGZHOU.reasons.model_copy(
    update={"exclude": (Reason(code="mistaken_rating", zh="误评", en="Rated by mistake"),)}
)

_WATCHED = Aftercare(revisits=(Limit.parse("7d"), Limit.parse("14d")))

BUSY = TONGZHOU.model_copy(
    update={
        "limits": _ALL,
        "ladder": _policy(_RAISED),
        "caps": TONGZHOU.caps.model_copy(
            update={
                "delegations": 2,
                "extensions": 2,
                "extension": Limit.parse("3d"),
                "co_handlers": 3,
            }
        ),
        "features": _ON,
        "reasons": _REASONS,
        "rework": Reworking(to=ReworkTo.ABOVE),
        "severity": Severity(urges=2, complainants=1, escalate_at=1, escalate=Escalation.RAISE),
        "aftercare": _WATCHED,
    }
)
"""The pack in which units share, delegate and raise; severe tickets are raised automatically."""

WATCHFUL = TONGZHOU.model_copy(
    update={
        "limits": _ALL,
        "caps": TONGZHOU.caps.model_copy(update={"hold": Limit.parse("30d")}),
        "features": _ON,
        "reasons": _REASONS,
        "rework": Reworking(to=ReworkTo.OTHER),
        "severity": Severity(urges=1, complainants=2, escalate_at=2),
        "verify": Verification(filing="t.lot < 30", closing="t.lot > 60", unit="water"),
        "aftercare": _WATCHED,
    }
)
"""The pack with verification before filing and before closing, and revisits afterwards."""

STRICT = TONGZHOU.model_copy(
    update={
        "limits": _ALL.model_copy(update={"aftercare": None}),
        "caps": Caps(
            returns=1, extensions=0, holds=1, hold=Limit.parse("90d"), reworks=1,
            call_backs=1, questions=1, urges_per_day=1, facts_per_day=2, delegations=1,
            co_handlers=1,
        ),
        "features": Features(ask_citizen=True, intervene=True),
        "rework": Reworking(to=ReworkTo.SUPERVISOR),
    }
)  # fmt: skip
"""The pack in which everything is allowed once, and a closed ticket has ended."""

PLAIN = TONGZHOU.model_copy(
    update={
        "caps": Caps(returns=0, extensions=1, reworks=0, call_backs=2, urges_per_day=3),
        "features": Features(),
        "severity": Severity(),
    }
)
"""The pack without returns, rework or co-handlers."""

TOWNS: dict[str, Pack] = {"busy": BUSY, "watchful": WATCHFUL, "strict": STRICT, "plain": PLAIN}
