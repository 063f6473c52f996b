"""Tests of triage: the area is as precise as the complaint's own information."""

from datetime import UTC, datetime
from typing import Any

import pytest
from temporalio.testing import ActivityEnvironment

from activities.triage import TriageActivities
from domain.activity_io import TriagePlan, TriageQuestion
from domain.ticket.complaint import Complaint, Place
from packs.registry import PackRegistry, default_root
from store.db.engine import Store
from store.packs.archive import ArchivedPacks
from tests.support.cities import SHIPPED


async def triaged(store: Store, place: Place, **values: Any) -> TriagePlan:
    registry = PackRegistry(default_root())
    now = datetime.now(UTC)
    fields = {"number": "1", "city": "langfang", "text": "村里路灯不亮", "category": "0204"}
    complaint = Complaint.model_validate(fields | {"place": place, "filed_at": now} | values)
    triage = TriageActivities(ArchivedPacks(registry, store), registry, store)
    question = TriageQuestion(complaint=complaint, at=now)
    return await ActivityEnvironment().run(triage.triage, question)


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        ("131002100901", "131002100901"),
        ("131002100", "131002100"),
        ("131002", None),
        (None, None),
    ],
)
async def test_a_village_that_was_told_is_not_forgotten(
    sqlite_store: Store, area: str | None, expected: str | None
) -> None:
    assert (await triaged(sqlite_store, Place(area=area))).area == expected


async def test_a_code_is_surer_than_a_name_in_the_address(sqlite_store: Store) -> None:
    elsewhere = Place(area="131002100901", address="码头镇大集")
    assert (await triaged(sqlite_store, elsewhere)).area == "131002100901"


async def test_whom_a_report_accuses_a_person_tells(sqlite_store: Store) -> None:
    plan = await triaged(sqlite_store, Place(), kind="report")
    assert (plan.category, plan.suggestion) == (None, "0204")
    assert plan.why.startswith("a report waits for a person")


@pytest.mark.parametrize("city", SHIPPED.ids())
async def test_a_report_waits_for_a_person_in_every_city(sqlite_store: Store, city: str) -> None:
    category = SHIPPED.get(city).categories[0].code
    plan = await triaged(sqlite_store, Place(), city=city, kind="report", category=category)
    assert (plan.category, plan.suggestion) == (None, category)
