"""Due times: read the city's limits and calendar once, so that history can record the answer."""

from temporalio import activity

from activities.errors import refusal
from domain.limits import Limit
from domain.planning import extend_clock, plan_clocks
from domain.plans import ClockPlan, ClockQuestion, ExtensionQuestion
from store.packs import PackShelf


class Clocks:
    def __init__(self, packs: PackShelf) -> None:
        self._packs = packs

    @activity.defn(name="plan_clocks")
    async def plan(self, question: ClockQuestion) -> ClockPlan:
        """The named clocks, started at `question.at`; a clock without a limit is left out."""
        pack = self._packs.get(question.city)
        return ClockPlan(
            clocks=plan_clocks(
                pack,
                question.names,
                question.tier,
                question.at,
                assignment=question.assignment,
            )
        )

    @activity.defn(name="extend_clock")
    async def extend(self, question: ExtensionQuestion) -> ClockPlan:
        """The clock again, due later by the granted length."""
        pack = self._packs.get(question.city)
        try:
            by = Limit.parse(question.by)
        except ValueError as error:
            raise refusal("bad_length", str(error)) from error
        return ClockPlan(clocks=[extend_clock(pack, question.clock, by)])
