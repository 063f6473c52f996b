"""Triage (分类): the category of a complaint, from a person or from the pack's keywords."""

from temporalio import activity

from activities.errors import refusal, ticket_activity
from domain.activity_io import AccusePlan, AccuseQuestion, TriagePlan, TriageQuestion
from domain.commands.may_have import covered, within
from domain.deadlines.registry import ClockName
from domain.insight.suggesting import suggested_by
from domain.insight.suggestion import LearnedSuggestion
from domain.pack.pack import Pack, UnknownCategory, UnknownUnit
from domain.pack.planning import plan_clocks
from domain.pack.routing import CategorySuggestion
from domain.pack.triage import Learned
from domain.ticket.because import Because, ReasonCode, because, sentence
from domain.ticket.complaint import Complaint
from packs.grids import Grid
from packs.locating import locate
from packs.registry import PackRegistry
from store.db.engine import Store
from store.db.errors import StoreUnavailable
from store.learning.models import ActiveModels
from store.packs.archive import ArchivedPacks
from store.tickets.repeats import Where, find_repeats
from store.tickets.suggestions import doubted, filing_holds, holds, place_doubt, suggest_at


class TriageActivities:
    def __init__(self, packs: ArchivedPacks, registry: PackRegistry, store: Store) -> None:
        self._packs = packs
        self._registry = registry
        self._store = store
        self._models = ActiveModels(store)

    @ticket_activity("triage_complaint")
    async def triage(self, question: TriageQuestion) -> TriagePlan:
        """Return category, tier and dispatch clock; or only a suggestion when unsure.

        Raises:
            ApplicationError: `unknown_category` or `unknown_unit`, when a person chose one that
                the pack does not have.
        """
        pack = await self._packs.of(question.complaint.city, question.pack)
        if question.category is None:
            return await self._suggest(pack, question)
        accusing = question.accusing
        try:
            pack.category(question.category)
            for unit in (question.unit, question.accused, *(accusing or ())):
                if unit is not None:
                    pack.unit(unit)
        except (UnknownCategory, UnknownUnit) as error:
            raise refusal(error.code, str(error)) from error
        kept_from = covered(pack, accusing) if accusing is not None else None
        if question.unit is not None and within(
            pack, question.unit, question.kept_from if kept_from is None else kept_from
        ):
            raise refusal("accused_unit", "The report is about that unit: choose another.")
        complaint = question.complaint
        by_hand = because(ReasonCode.CLASSIFIED_BY_HAND)
        at = locate(pack, self._grid(pack, complaint), complaint, question.area)
        where = Where(question.area or at.area, at.site, at.part)
        plan = await self._plan(pack, question, question.category, where, [by_hand])
        return plan.model_copy(update={"covered": kept_from})

    @ticket_activity("name_accused")
    async def accuse(self, question: AccuseQuestion) -> AccusePlan:
        """Return the units that may not have the ticket any more.

        Raises:
            ApplicationError: `unknown_unit`
        """
        pack = await self._packs.of(question.city, question.pack)
        try:
            for unit in question.accused:
                pack.unit(unit)
        except UnknownUnit as error:
            raise refusal(error.code, str(error)) from error
        return AccusePlan(covered=covered(pack, question.accused))

    async def _suggest(self, pack: Pack, question: TriageQuestion) -> TriagePlan:
        complaint = question.complaint
        located = locate(pack, self._grid(pack, complaint), complaint)
        suggestion = suggest_at(pack, located, complaint)
        learned = await self._learned(pack, complaint, suggestion)
        if learned is not None and _may_decide(pack, complaint, suggestion):
            suggestion = _by_model(suggestion, learned)
            doubt = place_doubt(pack, suggestion.category, located, complaint)
            suggestion = suggestion if doubt is None else doubted(suggestion, doubt)
        if learned is not None:
            followed = suggestion.confident and suggestion.category == learned.category
            decided = followed and pack.triage.learned is Learned.ON and learned.sure
            learned = learned.model_copy(update={"decided": decided})
        plan = await self._decide(pack, question, suggestion)
        return plan.model_copy(update={"learned": learned})

    async def _decide(
        self, pack: Pack, question: TriageQuestion, suggestion: CategorySuggestion
    ) -> TriagePlan:
        complaint = question.complaint
        if suggestion.category is None or not suggestion.confident:
            return _unsure(suggestion, suggestion.because)
        where = Where(suggestion.area, suggestion.site, suggestion.site_part)
        plan = await self._plan(pack, question, suggestion.category, where, suggestion.because)
        if not filing_holds(
            pack, complaint, suggestion.category, suggestion.area, len(plan.repeats)
        ):
            condition = pack.category(suggestion.category).filing or ""
            return _unsure(suggestion, [because(ReasonCode.FILING_CONDITION, condition=condition)])
        return plan

    async def _plan(
        self,
        pack: Pack,
        question: TriageQuestion,
        category: str,
        where: Where,
        reasons: list[Because],
    ) -> TriagePlan:
        area = where.area
        tier = pack.category(category).tier
        plan = TriagePlan(
            category=category,
            tier=tier,
            area=area,
            site=where.site,
            site_part=where.part,
            repeats=await self._repeats(pack, question, category, where),
            why=sentence(reasons),
            because=reasons,
            clocks=plan_clocks(pack, [ClockName.DISPATCH], tier, question.at),
        )
        wanted = pack.verify.filing
        if wanted is not None and holds(
            wanted, pack, question.complaint, category, area, len(plan.repeats)
        ):
            plan.verify_by = pack.verify.unit
        return plan

    async def _learned(
        self, pack: Pack, complaint: Complaint, suggestion: CategorySuggestion
    ) -> LearnedSuggestion | None:
        """Return what the city's model suggests; None without one, which delays no ticket."""
        if pack.triage.learned is Learned.OFF:
            return None
        try:
            model = await self._models.of(pack.city.id)
        except StoreUnavailable:
            activity.logger.warning("the model of triage could not be read")
            return None
        problem = self._models.problems.get(pack.city.id)
        if problem is not None:
            activity.logger.warning("the model of triage is not used: %s", problem)
        return suggested_by(model, pack, complaint, suggestion.area) if model else None

    def _grid(self, pack: Pack, complaint: Complaint) -> Grid | None:
        """Return the city's grid if the complaint has a point, as it takes a while to read."""
        place = complaint.place
        located = place.lat is not None and place.lon is not None
        return self._registry.grid(pack.city.id) if located else None

    async def _repeats(
        self, pack: Pack, question: TriageQuestion, category: str, where: Where
    ) -> list[str]:
        if not pack.severity.repeats:
            return []
        complaint, rules = question.complaint, pack.severity
        since = complaint.filed_at - rules.repeats_within.length
        try:
            return await find_repeats(self._store, complaint, category, where, rules, since)
        except StoreUnavailable:  # a comparison must not delay a ticket
            activity.logger.warning("earlier tickets could not be compared")
            return []


def _unsure(suggestion: CategorySuggestion, reasons: list[Because]) -> TriagePlan:
    return TriagePlan(
        suggestion=suggestion.category,
        area=suggestion.area,
        site=suggestion.site,
        site_part=suggestion.site_part,
        why=sentence(reasons),
        because=reasons,
    )


def _may_decide(pack: Pack, complaint: Complaint, suggestion: CategorySuggestion) -> bool:
    """Return whether the model decides: never over an emergency, a person or a named subject."""
    return (
        pack.triage.learned is Learned.ON
        and not suggestion.urgent
        and not pack.knows(complaint.category)
        and not complaint.by_hand
        and not complaint.of_wrongdoing
    )


def _by_model(suggestion: CategorySuggestion, learned: LearnedSuggestion) -> CategorySuggestion:
    code = ReasonCode.LEARNED if learned.sure else ReasonCode.LEARNED_UNSURE
    percent = round(learned.probability * 100)
    return suggestion.model_copy(
        update={
            "category": learned.category,
            "confident": learned.sure,
            "because": [because(code, percent=percent)],
        }
    )
