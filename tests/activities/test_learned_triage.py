"""Tests of triage with a learned model: off, as a shadow, and deciding."""

from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.triage import TriageActivities
from domain.activity_io import TriagePlan, TriageQuestion
from domain.facts.intake import Classified, TriageUnsure
from domain.pack.pack import Pack
from domain.pack.triage import Learned, TriagePolicy
from domain.ticket.complaint import Complaint, Place
from packs.registry import PackRegistry, default_root
from store.db.engine import Store
from store.db.model_tables import triage_model
from store.learning.models import activate, keep
from store.packs.archive import ArchivedPacks
from tests.support.learned import CITY, learned_file

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
LAMP = "门口的灯杆倒了，好几天没人管"
PLACE = Place(area="131002100")


class _Chosen(ArchivedPacks):
    """The packs as they are, with the choice of a test for triage."""

    def __init__(self, registry: PackRegistry, store: Store, policy: TriagePolicy) -> None:
        super().__init__(registry, store)
        self._policy = policy

    async def of(self, city: str, version: str | None) -> Pack:
        pack = await super().of(city, version)
        emergencies = pack.triage.emergencies
        policy = self._policy.model_copy(update={"emergencies": emergencies})
        return pack.model_copy(update={"triage": policy})


async def model_in_use(store: Store) -> str:
    version = await keep(store, learned_file(), CITY, NOW, "a")
    await activate(store, CITY, version, NOW, "a", "a test")
    return version


async def triaged(
    store: Store, learned: Learned, text: str, threshold: float | None = None, **values: Any
) -> TriagePlan:
    registry = PackRegistry(default_root())
    fields = {"number": "1", "city": CITY, "text": text, "place": PLACE, "filed_at": NOW}
    complaint = Complaint.model_validate(fields | values)
    policy = TriagePolicy(learned=learned, threshold=threshold)
    triage = TriageActivities(_Chosen(registry, store, policy), registry, store)
    question = TriageQuestion(complaint=complaint, at=NOW)
    return await ActivityEnvironment().run(triage.triage, question)


async def test_a_city_that_wants_none_has_none(sqlite_store: Store) -> None:
    await model_in_use(sqlite_store)
    assert (await triaged(sqlite_store, Learned.OFF, LAMP)).learned is None


async def test_a_shadow_is_recorded_and_decides_nothing(sqlite_store: Store) -> None:
    version = await model_in_use(sqlite_store)
    rules = await triaged(sqlite_store, Learned.OFF, LAMP)
    plan = await triaged(sqlite_store, Learned.SHADOW, LAMP)
    assert plan.model_copy(update={"learned": None}) == rules
    assert plan.learned is not None
    assert (plan.learned.model, plan.learned.category) == (version, "0204")
    assert not plan.learned.decided
    assert plan.learned.alike


async def test_the_kind_that_words_read_like_is_recorded_and_changes_nothing(
    sqlite_store: Store,
) -> None:
    await model_in_use(sqlite_store)
    asked = "楼下路灯不亮，请问该找哪个部门咨询"
    plan = await triaged(sqlite_store, Learned.ON, asked, threshold=0.5, kind="complaint")
    assert plan.learned is not None
    assert plan.learned.kind == "consultation"
    assert plan.learned.kind_probability > 0.5


async def test_a_sure_model_decides_where_it_may(sqlite_store: Store) -> None:
    await model_in_use(sqlite_store)
    plan = await triaged(sqlite_store, Learned.ON, LAMP, threshold=0.5)
    assert (plan.category, plan.because[0].code) == ("0204", "learned")
    assert plan.learned is not None and plan.learned.decided and plan.learned.one_owner


async def test_below_the_threshold_a_person_decides_with_the_suggestion(
    sqlite_store: Store,
) -> None:
    await model_in_use(sqlite_store)
    plan = await triaged(sqlite_store, Learned.ON, LAMP, threshold=1.0)
    assert (plan.category, plan.suggestion) == (None, "0204")
    assert plan.because[0].code == "learned_unsure"
    assert plan.learned is not None and not plan.learned.sure


async def test_no_model_is_asked_about_an_emergency(sqlite_store: Store) -> None:
    await model_in_use(sqlite_store)
    plan = await triaged(sqlite_store, Learned.ON, "路灯旁边着火了，路灯不亮", threshold=0.5)
    assert plan.category == "0801" or plan.suggestion == "0801"


@pytest.mark.parametrize("values", [{"kind": "report"}, {"by_hand": True}])
async def test_what_is_for_a_person_stays_with_one(
    sqlite_store: Store, values: dict[str, Any]
) -> None:
    await model_in_use(sqlite_store)
    plan = await triaged(sqlite_store, Learned.ON, LAMP, threshold=0.5, **values)
    assert plan.category is None
    assert plan.learned is not None and not plan.learned.decided


async def test_without_a_model_the_rules_decide(sqlite_store: Store) -> None:
    plan = await triaged(sqlite_store, Learned.ON, "路灯不亮，没有路灯")
    assert (plan.category, plan.learned) == ("0204", None)


async def test_a_model_that_was_changed_in_the_store_is_not_used(sqlite_store: Store) -> None:
    await model_in_use(sqlite_store)
    await sqlite_store.change(triage_model.update().values(file=learned_file()[:-3] + b"abc"))
    plan = await triaged(sqlite_store, Learned.ON, "路灯不亮，没有路灯")
    assert (plan.category, plan.learned) == ("0204", None)


async def test_events_of_before_have_no_suggestion() -> None:
    before = {"kind": "triage_unsure", "why": "no keyword found"}
    assert TriageUnsure.model_validate(before).learned is None
    classified = {"kind": "classified", "category": "1", "tier": "t", "why": "w"}
    assert Classified.model_validate(classified).learned is None
