"""Incidents of a city: when many reports at once are proposed as one, and how members go on."""

from pydantic import Field

from domain.pack.policies import PackPart, Words

DANGER = (
    "救命", "生命危险", "被困", "困在电梯", "电梯困人", "晕倒", "昏迷", "呼吸机", "制氧机",
    "吸氧", "透析", "触电", "漏电", "着火", "起火", "冒烟", "爆炸", "煤气味", "燃气味", "流血",
    "受伤", "急救",
)  # fmt: skip
"""Words of persons in danger: whoever says one of them is never a member of an incident unseen."""


class IncidentPolicy(PackPart):
    """突发事件. The rules of incidents; a city without them has none, and nothing is proposed.

    An incident is proposed where at least `reports` about one category in one street came within
    `minutes`, and at least `times` as many as usual. Its members start as tickets at `starts` a
    second, after everything else. `danger`: the words by which a report is never a member unseen.
    """

    minutes: int = Field(10, ge=1, le=120)
    reports: int = Field(20, ge=2, le=10_000)
    times: float = Field(5, ge=1, le=1000)
    starts: int = Field(10, ge=1, le=100)
    danger: tuple[Words, ...] = DANGER
