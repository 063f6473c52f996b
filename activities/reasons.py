"""Reasons: the pack's codes for declining, returning, whistling and the like."""

from activities.errors import refusal, ticket_activity
from domain.activity_io import ReasonQuestion
from store.packs.archive import ArchivedPacks


class ReasonActivities:
    def __init__(self, packs: ArchivedPacks) -> None:
        self._packs = packs

    @ticket_activity("check_reason")
    async def check(self, question: ReasonQuestion) -> None:
        """Raise ApplicationError `unknown_reason` when the pack has no such code."""
        pack = await self._packs.of(question.city, question.pack)
        known = pack.reason_codes(question.kind)
        if question.code not in known:
            raise refusal(
                "unknown_reason", f"Unknown code '{question.code}'; known: {', '.join(known)}."
            )
