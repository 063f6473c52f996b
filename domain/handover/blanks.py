"""Letters without their words: what is still sent of a ticket that was erased meanwhile.

Letters are numbered, so that none may be left out: the other city would wait for it for ever.
"""

from datetime import datetime

from domain.handover.envelopes import (
    Cancel,
    CitizenNote,
    Confirm,
    Content,
    Offer,
    Refuse,
    StatusNote,
    TakingOn,
)
from domain.handover.handover import Handover, HandoverState, HandoverWords
from domain.ticket.erasure import GONE

_ERASED = HandoverWords(title=GONE, text=GONE)


def blank(of: Handover, kind: str, mark: str | None, made_at: datetime) -> Content:
    """Return the content of a letter of this kind, with nothing that anybody said.

    Raises:
        ValueError: there is no such kind, or the record has no status to tell.
    """
    match kind:
        case "offer":
            return Offer(
                number=of.number or "",
                of=of.kind,
                filed_at=of.filed_at,
                promised_until=of.promised_until,
                offered_at=of.offered_at,
                due_at=of.due_at,
                hops=of.hops,
                words=_ERASED,
            )
        case "accept":
            return TakingOn()
        case "refuse":
            return Refuse(reason=GONE)
        case "confirm":
            return Confirm()
        case "cancel":
            withdrawn = of.state is HandoverState.WITHDRAWN
            return Cancel(state="withdrawn" if withdrawn else "lapsed")
        case "status" if of.status is not None:
            return StatusNote(status=of.status.model_copy(update={"reply": None}))
        case "note":
            return CitizenNote(id=mark or "", what="facts", text=GONE, at=made_at)
        case _:
            raise ValueError(f"no letter of kind {kind!r}")
