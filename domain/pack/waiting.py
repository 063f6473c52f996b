"""`[waiting]`: from which tickets a waiting time is told, and with how few it is not."""

from pydantic import Field

from domain.deadlines.limits import Limit
from domain.pack.policies import PackPart, RetentionLimit


class WaitingPolicy(PackPart):
    """The city's rules of waiting times. `least`: the fewest tickets that came to an end.

    `window`: how far back tickets are taken. `recent`: the last part of it, by which the rest is
    calibrated. `told`: citizens read them; else the desk alone.
    """

    least: int = Field(50, ge=20, le=100_000)
    window: RetentionLimit = Limit.parse("365d")
    recent: RetentionLimit = Limit.parse("60d")
    told: bool = True
