"""Merge (并单): whether one ticket may be handled with another."""

from activities.errors import refusal, ticket_activity
from domain.activity_io import MergePlan, MergeQuestion
from domain.ticket.stages import Stage
from store.db.engine import Store
from store.tickets import tickets

_JOINABLE = {Stage.DISPATCH, Stage.VERIFY, Stage.ARBITRATE, Stage.HANDLE, Stage.FEEDBACK}


class Merging:
    def __init__(self, store: Store) -> None:
        self._store = store

    @ticket_activity("check_merge")
    async def check(self, question: MergeQuestion) -> MergePlan:
        """Return the category and tier of the other ticket.

        Raises:
            ApplicationError: `merge_target_unknown`, `merge_target_elsewhere` (another city),
                `merge_target_merged`, `merge_target_unclassified`, `merge_target_answered`;
                `report_not_merged`: one of the two is a report of wrongdoing. Its words would come
                to whoever sees the other one, and it may accuse the unit that has that.
        """
        if question.of_wrongdoing:
            raise refusal("report_not_merged", "A report of wrongdoing is handled on its own.")
        row = await tickets.get(self._store, question.into)
        if row is None:
            raise refusal("merge_target_unknown", "There is no such ticket to merge into.")
        if row.city != question.city:
            raise refusal("merge_target_elsewhere", "The other ticket is another city's.")
        if row.of_wrongdoing:
            raise refusal("report_not_merged", "A report of wrongdoing is handled on its own.")
        stage = Stage(row.stage)
        if stage is Stage.MERGED:
            raise refusal("merge_target_merged", "The other ticket is merged itself.")
        if row.category is None or row.tier is None:
            raise refusal("merge_target_unclassified", "Classify the other ticket first.")
        if stage not in _JOINABLE and not question.member:
            raise refusal("merge_target_answered", "The other ticket has its answer already.")
        return MergePlan(category=row.category, tier=row.tier)
