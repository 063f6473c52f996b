"""The rules of a city for machines (agents): they may do nothing, unless its pack says so."""

from typing import Literal

from pydantic import Field

from domain.deadlines.limits import Limit
from domain.pack.policies import PackPart

AgentAct = Literal[
    "add_facts",
    "appoint",
    "delegate",
    "extend",
    "merge",
    "reassign",
    "reclassify",
    "return",
    "sign",
    "step",
    "triage",
    "urge",
    "whistle",
]
"""The commands that a city may allow to machines. Never: to rate, to exclude from the figures, to
answer, to decide what somebody asked for, to end a ticket, to see or open a contact, and anything
on a report of wrongdoing."""


class AgentPolicy(PackPart):
    """`[agents]`. The rules for machines; in a city without them machines can do nothing.

    `acts`: the commands that they may give. `files`: whether they may file complaints for others.
    `answer_within`: how long a person has to answer who asked for one, or contests what a machine
    did; without it there is no limit.
    """

    acts: tuple[AgentAct, ...] = ()
    files: bool = False
    answer_within: Limit | None = Field(None)
