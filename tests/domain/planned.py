"""Small packs to plan clocks with: Tongzhou, with one tier and one escalation policy."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.deadlines.clocks import Clock
from domain.deadlines.registry import ClockName
from domain.pack.pack import Pack
from domain.pack.planning import plan_clock
from domain.pack.policies import LevelRule, Limits, Tier
from packs.registry import default_root, load_pack

TONGZHOU = load_pack(default_root() / "tongzhou")
BEIJING = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 3, 2, 10, tzinfo=BEIJING)


def pack_with(
    limits: dict[str, str],
    ladder: Sequence[Mapping[str, object]],
    *,
    clock_scale: float = 1.0,
    **more: object,
) -> Pack:
    """Return Tongzhou with only the tier "only", one escalation policy and `more` of its parts."""
    tier = Tier.model_validate({"name": "唯一", "name_en": "Only"} | limits)
    rules = tuple(LevelRule.model_validate(level) for level in ladder)
    return TONGZHOU.model_copy(
        update={
            "city": TONGZHOU.city.model_copy(update={"clock_scale": clock_scale, "tier": "only"}),
            "tiers": {"only": tier},
            "limits": Limits(),
            "ladder": dict.fromkeys(ClockName, rules) if rules else {},
            **more,
        }
    )


def handle(pack: Pack, started_at: datetime = MONDAY) -> Clock:
    """Plan the handling clock, the one limit most tests set."""
    clock = plan_clock(pack, ClockName.HANDLE, "only", started_at)
    assert clock is not None
    return clock


def at(text: str) -> datetime:
    """Parse a moment of 2026 such as "03-02 10:00" in Beijing's time."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=BEIJING)


def beijing(moment: datetime) -> str:
    return f"{moment.astimezone(BEIJING):%m-%d %H:%M}"


def rungs(clock: Clock) -> dict[str, str]:
    return {level.kind.value: beijing(level.at) for level in clock.rungs}
