"""A ticket's stages and outcomes."""

from enum import StrEnum


class Stage(StrEnum):
    ACCEPT = "accept"  # 受理
    TRIAGE = "triage"  # 分类
    DISPATCH = "dispatch"  # 派单
    VERIFY = "verify"  # 核查: verification on the spot, before filing or before closing
    ARBITRATE = "arbitrate"  # 协调: returned too often, a meeting decides which unit gets it
    HANDLE = "handle"  # 办理
    FEEDBACK = "feedback"  # 反馈
    RATE = "rate"  # 评价
    SUPERVISE = "supervise"  # 督办: reworks used up, a supervisor decides
    MERGED = "merged"  # 并单: waits for the answer of the ticket it was merged into
    AFTERCARE = "aftercare"  # 回头看: closed and counted, watched for a while
    ENDED = "ended"  # 办结


OPEN = frozenset(Stage) - {Stage.ENDED}

BACKLOG = OPEN - {Stage.AFTERCARE}
"""The stages at which something is still to be done; in aftercare a ticket is only watched."""

CITY_ACTS = BACKLOG - {Stage.RATE}
"""The stages at which the city, not the citizen, has to act, and so can be late.

Merged tickets are among them: their citizens have a promise of their own.
"""

WITH_UNITS = frozenset({Stage.VERIFY, Stage.HANDLE})
"""The stages at which a unit has the ticket and has not answered."""

ANSWERED = frozenset({Stage.RATE, Stage.SUPERVISE, Stage.AFTERCARE})
"""The stages of an open ticket whose citizen has the answer of the present round.

From there a ticket goes back to work only by a fact that begins another round.
"""


class Outcome(StrEnum):
    CLOSED = "closed"  # handled, and rated well enough
    UNRATED = "unrated"  # handled, nobody rated: counted as such, never as satisfied
    ANSWERED = "answered"  # answered at once, without a unit
    DECLINED = "declined"  # 不予受理
    REFERRED = "referred"  # another authority's business: 110, 119, 120, a court
    UNFOUNDED = "unfounded"  # 不予立案: verified on the spot, and not found
    WITHDRAWN = "withdrawn"  # the citizen took it back
    FINAL_REPLY = "final_reply"  # 最终答复: rework did not satisfy, the matter is concluded
