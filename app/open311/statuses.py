"""The way of a ticket as clients are told of it: its status, and events in public words.

The words of the citizen's own timeline speak to the citizen ("you"); these are read by anybody.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from domain.ticket.stages import Outcome

Status = Literal["open", "closed"]


class ToldStatus(NamedTuple):
    """The status after an event, and its words. `answer`: the published answer is said with it."""

    status: str
    words: str
    answer: bool = False


EVENTS: Mapping[str, ToldStatus] = {
    "accepted": ToldStatus("OPEN", "已受理"),
    "assigned": ToldStatus("IN_PROGRESS", "已派给承办单位"),
    "reassigned": ToldStatus("INTERNAL_REFERRAL", "已改派其他单位"),
    "held": ToldStatus("ACTION_SCHEDULED", "需较长时间办理，已挂账并定期复核"),
    "held_with_parent": ToldStatus("ACTION_SCHEDULED", "需较长时间办理，已挂账并定期复核"),
    "resumed": ToldStatus("IN_PROGRESS", "继续办理"),
    "resumed_with_parent": ToldStatus("IN_PROGRESS", "继续办理"),
    "merged": ToldStatus("DUPLICATE", "与同一问题的其他诉求合并办理"),
    "unmerged": ToldStatus("IN_PROGRESS", "恢复单独办理"),
    "unmerged_unclassified": ToldStatus("FOR_TRIAGE", "恢复单独办理"),
    "replied": ToldStatus("FIXED", "已答复", answer=True),
    "replied_with_parent": ToldStatus("FIXED", "已答复", answer=True),
    "answered": ToldStatus("CLOSED", "已答复", answer=True),
    "final_replied": ToldStatus("CLOSED", "最终答复", answer=True),
    "closed": ToldStatus("CLOSED", "已办结"),
    "closed_on_watch": ToldStatus("CLOSED", "已办结，继续回头看效果"),
    "reworked": ToldStatus("REOPEN", "已退回重办"),
    "supervised": ToldStatus("INVESTIGATING", "已转督办"),
    "reopened": ToldStatus("REOPEN", "问题复发，重新办理"),
    "declined": ToldStatus("NO_FURTHER_ACTION", "不予受理"),
    "referred": ToldStatus("NOT_COUNCILS_RESPONSIBILITY", "已告知其他受理途径"),
    "filing_refuted": ToldStatus("NO_FURTHER_ACTION", "经现场核实，问题不存在"),
    "withdrawn": ToldStatus("CANCELLED", "市民已撤回"),
}
"""The events that a client is told of; no other tells anything to outsiders."""

ENDED_OTHERWISE: Mapping[Outcome, str] = {
    Outcome.DECLINED: EVENTS["declined"].words,
    Outcome.REFERRED: EVENTS["referred"].words,
    Outcome.UNFOUNDED: EVENTS["filing_refuted"].words,
    Outcome.WITHDRAWN: EVENTS["withdrawn"].words,
}
"""The words for a request that ended without an answer that is published."""
