"""Triage (分类): what the complaint is about, by a person's word or by the pack's keywords."""

from temporalio import activity

from activities.errors import refusal
from domain.clocks import ClockName
from domain.pack import Pack, UnknownCategory, UnknownUnit
from domain.planning import plan_clocks
from domain.plans import TriagePlan, TriageQuestion
from domain.routing import classify
from store.packs import PackShelf


class Triage:
    def __init__(self, packs: PackShelf) -> None:
        self._packs = packs

    @activity.defn(name="triage_complaint")
    async def triage(self, question: TriageQuestion) -> TriagePlan:
        """Category, tier and the dispatch clock; or a mere suggestion when unsure.

        Raises:
            ApplicationError: `unknown_category` or `unknown_unit`, when a person chose one that
                the pack does not have.
        """
        pack = self._packs.get(question.complaint.city)
        if question.category is None:
            return self._suggest(pack, question)
        try:
            tier = pack.category(question.category).tier
            if question.unit is not None:
                pack.unit(question.unit)
        except (UnknownCategory, UnknownUnit) as error:
            raise refusal(error.code, str(error)) from error
        return TriagePlan(
            category=question.category,
            tier=tier,
            area=question.area,
            why="chosen by hand",
            clocks=plan_clocks(pack, [ClockName.DISPATCH], tier, question.at),
        )

    def _suggest(self, pack: Pack, question: TriageQuestion) -> TriagePlan:
        found = classify(pack, question.complaint)
        if found.category is None or not found.confident:
            return TriagePlan(suggestion=found.category, area=found.area, why=found.why)
        tier = pack.category(found.category).tier
        return TriagePlan(
            category=found.category,
            tier=tier,
            area=found.area,
            why=found.why,
            clocks=plan_clocks(pack, [ClockName.DISPATCH], tier, question.at),
        )
