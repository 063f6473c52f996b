"""Feedback (反馈): word the answer to the citizen, and open the rating window."""

from temporalio import activity

from domain.clocks import ClockName
from domain.planning import plan_clocks
from domain.plans import ReplyPlan, ReplyQuestion
from store.packs import PackShelf


class Feedback:
    def __init__(self, packs: PackShelf) -> None:
        self._packs = packs

    @activity.defn(name="prepare_reply")
    async def prepare(self, question: ReplyQuestion) -> ReplyPlan:
        """The unit's answer, word for word, and the clock of the rating."""
        pack = self._packs.get(question.city)
        return ReplyPlan(
            text=question.result.reply,
            clocks=plan_clocks(pack, [ClockName.RATE], question.tier, question.at),
        )
