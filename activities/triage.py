"""Triage (分类): what the complaint is about, by a person's word or by the pack's keywords."""

from temporalio import activity

from activities.errors import refusal
from domain.casting import case_of_complaint
from domain.clocks import ClockName
from domain.complaint import Kind
from domain.pack import Pack, UnknownCategory, UnknownUnit
from domain.planning import plan_clocks
from domain.plans import TriagePlan, TriageQuestion
from domain.routing import classify
from store.conditions import OF_TICKETS, compile_condition
from store.engine import Store
from store.errors import StoreUnavailable
from store.grids import Grid
from store.pack_book import PinnedPacks
from store.packs import PackShelf
from store.repeats import find_repeats


class Triage:
    def __init__(self, packs: PinnedPacks, shelf: PackShelf, store: Store) -> None:
        self._packs = packs
        self._shelf = shelf
        self._store = store

    @activity.defn(name="triage_complaint")
    async def triage(self, question: TriageQuestion) -> TriagePlan:
        """Category, tier and the dispatch clock; or a mere suggestion when unsure.

        Raises:
            ApplicationError: `unknown_category` or `unknown_unit`, when a person chose one that
                the pack does not have.
        """
        pack = await self._packs.of(question.complaint.city, question.pack)
        if question.category is None:
            return await self._suggest(pack, question)
        try:
            pack.category(question.category)
            for unit in (question.unit, question.accused):
                if unit is not None:
                    pack.unit(unit)
        except (UnknownCategory, UnknownUnit) as error:
            raise refusal(error.code, str(error)) from error
        area = question.area or self._cell(pack, question)
        return await self._plan(pack, question, question.category, area, "chosen by hand")

    async def _suggest(self, pack: Pack, question: TriageQuestion) -> TriagePlan:
        found = classify(pack, question.complaint)
        if question.complaint.kind is Kind.REPORT and pack.reports.unit is not None:
            # Whom it accuses only a person can tell, and the accused is never to have it.
            why = f"a report waits for a person; {found.why}"
            found = found.model_copy(update={"confident": False, "why": why})
        area = self._cell(pack, question) or _finer(question.complaint.place.area, found.area)
        if found.category is None or not found.confident:
            return TriagePlan(suggestion=found.category, area=area, why=found.why)
        plan = await self._plan(pack, question, found.category, area, found.why)
        filing = pack.category(found.category).filing
        if filing is not None and not _holds(filing, question, plan):
            why = f"the filing condition does not hold: {filing}"
            return TriagePlan(suggestion=found.category, area=area, why=why)
        return plan

    async def _plan(
        self, pack: Pack, question: TriageQuestion, category: str, area: str | None, why: str
    ) -> TriagePlan:
        tier = pack.category(category).tier
        plan = TriagePlan(
            category=category,
            tier=tier,
            area=area,
            repeats=await self._repeats(pack, question, category, area),
            why=why,
            clocks=plan_clocks(pack, [ClockName.DISPATCH], tier, question.at),
        )
        wanted = pack.verify.filing
        if wanted is not None and _holds(wanted, question, plan):
            plan.verify_by = pack.verify.unit
        return plan

    def _cell(self, pack: Pack, question: TriageQuestion) -> str | None:
        """The grid cell of the place, where the complaint says no finer area itself."""
        place = question.complaint.place
        if place.lat is None or place.lon is None:
            return None
        grid: Grid | None = self._shelf.grid(pack.city.id)
        cell = grid.cell_at(place.lat, place.lon, place.crs) if grid else None
        told = place.area
        return told if told is not None and not (cell or "").startswith(told) else cell

    async def _repeats(
        self, pack: Pack, question: TriageQuestion, category: str, area: str | None
    ) -> list[str]:
        if not pack.severity.repeats:
            return []
        complaint, rules = question.complaint, pack.severity
        since = complaint.filed_at - rules.repeats_within.length
        try:
            return await find_repeats(self._store, complaint, category, area, rules, since)
        except StoreUnavailable:  # a ticket is not kept waiting for a comparison
            activity.logger.warning("earlier tickets could not be compared")
            return []


def _finer(told: str | None, street: str | None) -> str | None:
    """The community or cell that was told, where it lies in `street`; else the street."""
    return told if told is not None and street is not None and told.startswith(street) else street


def _holds(condition: str, question: TriageQuestion, plan: TriagePlan) -> bool:
    case = case_of_complaint(
        question.complaint,
        category=plan.category or "",
        tier=plan.tier or "",
        area=plan.area or "",
    )
    case.repeats = len(plan.repeats)
    return compile_condition(condition, OF_TICKETS).holds(t=case.model_dump())
