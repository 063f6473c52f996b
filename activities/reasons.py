"""Reasons: the codes for declining, referring and returning are the pack's."""

from temporalio import activity

from activities.errors import refusal
from domain.plans import ReasonQuestion
from store.packs import PackShelf


class Reasons:
    def __init__(self, packs: PackShelf) -> None:
        self._packs = packs

    @activity.defn(name="check_reason")
    async def check(self, question: ReasonQuestion) -> None:
        """Raises ApplicationError `unknown_reason` when the pack has no such code."""
        known = self._packs.get(question.city).reason_codes(question.kind)
        if question.code not in known:
            raise refusal(
                "unknown_reason", f"Unknown code '{question.code}'; known: {', '.join(known)}."
            )
