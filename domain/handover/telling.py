"""Words and states of a ticket for the other city, and for the citizen of the first one."""

from datetime import datetime

from domain.deadlines.registry import ClockName
from domain.handover.handover import RemoteStatus
from domain.pack.pack import Pack, UnknownInPack
from domain.ticket.complaint import Complaint
from domain.ticket.stages import Stage
from domain.ticket.ticket import Ticket

_TOLD = (
    "您反映的问题属于{name}管辖，已移交{name}办理（移交编号 {reference}）。"
    "您的工单编号不变，办理进展和答复仍在这里查询。"
)


def reference(handover: str) -> str:
    """Return a hand-over's id as people read it out."""
    return handover[:8].upper()


def ending_text(name: str, handover: str) -> str:
    """Return what the citizen is told when the ticket ends here, and goes on in the other city."""
    return _TOLD.format(name=name, reference=reference(handover))


def status_of(ticket: Ticket, pack: Pack, version: int) -> RemoteStatus:
    """Return the status of a ticket that is handled here, as its citizen may know it."""
    rates = ticket.stage is Stage.RATE and ticket.verdict is None
    return RemoteStatus(
        version=version,
        number=ticket.complaint.number,
        stage=ticket.stage,
        outcome=ticket.outcome,
        unit=_unit(pack, ticket.unit),
        due_at=ticket.answer_due_at,
        rate_by=_rate_by(ticket) if rates else None,
        ended_at=ticket.ended_at,
        updated_at=ticket.updated_at,
        can_rate=rates,
        reply=ticket.answer,
        rated=ticket.verdict is not None,
    )


def status_of_filed(complaint: Complaint, version: int) -> RemoteStatus:
    """Return the status of a ticket that is registered, and not started yet."""
    return RemoteStatus(
        version=version,
        number=complaint.number,
        stage=Stage.ACCEPT,
        updated_at=complaint.filed_at,
    )


def further(onward: RemoteStatus, reply: str, own: str, name: str, version: int) -> RemoteStatus:
    """Return the status of a ticket that went on to yet another city, by the status there."""
    return onward.model_copy(
        update={
            "version": version,
            "number": own,
            "reply": reply or None,
            "further": onward.further or name,
        }
    )


def _rate_by(ticket: Ticket) -> datetime | None:
    return next((c.due_at for c in ticket.clocks if c.name is ClockName.RATE and c.running), None)


def _unit(pack: Pack, code: str | None) -> str | None:
    try:
        return pack.unit(code).name if code else None
    except UnknownInPack:
        return code
