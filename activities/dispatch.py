"""Dispatch (派单): which unit, on which queue, and by when."""

from temporalio import activity

from activities.errors import refusal
from domain.clocks import ClockName
from domain.pack import UnknownUnit
from domain.planning import plan_clocks
from domain.plans import DispatchPlan, DispatchQuestion
from domain.routing import route
from store.packs import PackShelf

UNIT_CLOCKS = [ClockName.SIGN, ClockName.CONTACT, ClockName.HANDLE]


class Dispatch:
    def __init__(self, packs: PackShelf) -> None:
        self._packs = packs

    @activity.defn(name="dispatch_ticket")
    async def dispatch(self, question: DispatchQuestion) -> DispatchPlan:
        """The unit a person named, else the first that the responsibilities name.

        Raises:
            ApplicationError: `unknown_unit`.
        """
        pack = self._packs.get(question.city)
        code, why = question.unit, "named by hand"
        if code is None:
            routing = route(pack, question.category, question.area)
            code, why = routing.unit, routing.why
        try:
            unit = pack.unit(code)
        except UnknownUnit as error:
            if question.unit is None:
                raise  # the pack contradicts itself: wait until it is mended
            raise refusal(error.code, str(error)) from error
        return DispatchPlan(
            unit=unit.code,
            queue=pack.queue_of(unit),
            heartbeats=unit.queue == "program",
            why=why,
            clocks=plan_clocks(
                pack, UNIT_CLOCKS, question.tier, question.at, assignment=question.assignment
            ),
        )
