"""Feedback (反馈): word the answer to the citizen, and open the rating window."""

from activities.errors import ticket_activity
from domain.activity_io import ReplyPlan, ReplyQuestion
from domain.deadlines.registry import ClockName
from domain.pack.planning import plan_clocks
from domain.policy.condition_inputs import result_case
from domain.ticket.because import ReasonCode, because
from packs.conditions import OF_RESULTS, OF_TICKETS, compile_condition
from store.packs.archive import ArchivedPacks


class Feedback:
    def __init__(self, packs: ArchivedPacks) -> None:
        self._packs = packs

    @ticket_activity("prepare_reply")
    async def prepare(self, question: ReplyQuestion) -> ReplyPlan:
        """Return the unit's answer, word for word, and the rating clock.

        The category's closing condition and the need for a verification are checked first.
        """
        pack = await self._packs.of(question.city, question.pack)
        case, result = question.case.model_dump(), question.result
        closing = (
            pack.category(question.case.category).closing
            if pack.knows(question.case.category)
            else None
        )
        if closing is not None:
            values = result_case(result.reply, result.resolved, result.evidence).model_dump()
            if not compile_condition(closing, OF_RESULTS).holds(t=case, result=values):
                again = plan_clocks(pack, [ClockName.DISPATCH], question.tier, question.at)
                return ReplyPlan(
                    text=result.reply,
                    refuted=closing,
                    because=[because(ReasonCode.CLOSING_CONDITION, condition=closing)],
                    clocks=again,
                )
        looked_at = None if question.verified or not result.resolved else pack.verify.closing
        if looked_at is not None and compile_condition(looked_at, OF_TICKETS).holds(t=case):
            meanwhile = plan_clocks(pack, [ClockName.FEEDBACK], question.tier, question.at)
            return ReplyPlan(text=result.reply, verify_by=pack.verify.unit, clocks=meanwhile)
        return ReplyPlan(
            text=result.reply,
            clocks=plan_clocks(pack, [ClockName.RATE], question.tier, question.at),
        )
