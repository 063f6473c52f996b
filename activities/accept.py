"""Accept (受理): fix the rules a ticket will be judged by."""

from activities.errors import ticket_activity
from domain.activity_io import Acceptance
from domain.deadlines.registry import ClockName
from domain.pack.planning import plan_clocks
from domain.ticket.complaint import Complaint
from store.packs.archive import ArchivedPacks


class Accept:
    def __init__(self, packs: ArchivedPacks) -> None:
        self._packs = packs

    @ticket_activity("accept_complaint")
    async def accept(self, complaint: Complaint) -> Acceptance:
        """Return the city's rules, and the triage clock counted from when it was received."""
        pack = await self._packs.of(complaint.city, None)
        return Acceptance(
            rules=pack.rules(),
            clocks=plan_clocks(pack, [ClockName.TRIAGE], None, complaint.received_at),
        )
