"""Tests of stored models: what is in use, what teaches, and how suggestions fared."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from domain.actors import Actor, Role
from domain.facts.intake import TriageUnsure
from domain.insight.model import BadModel
from domain.insight.suggestion import LearnedSuggestion
from store.db import tables
from store.db.engine import Store
from store.learning.models import ActiveModels, UnknownModel, activate, in_use, keep, models
from store.learning.past import fared, read_past
from tests.store.stories import Story, complaint, project
from tests.support.learned import CITY, learned_file

NOW = datetime(2026, 3, 2, 3, tzinfo=UTC)
READER = Actor(role=Role.SUPERVISOR, id="a1")


async def test_a_model_is_used_once_it_was_put_to_use(store: Store) -> None:
    version = await keep(store, learned_file(), CITY, NOW, "a1")
    assert await keep(store, learned_file(), CITY, NOW, "a1") == version
    assert await ActiveModels(store).of(CITY) is None
    await activate(store, CITY, version, NOW, "a1", "a trial")
    found = await ActiveModels(store).of(CITY)
    assert found is not None and found.version == version
    assert [one.active for one in await models(store, CITY)] == [True]
    await activate(store, CITY, None, NOW, "a1", "it was wrong")
    assert await ActiveModels(store).of(CITY) is None
    change = await in_use(store, CITY)
    assert change is not None and (change.by, change.purpose) == ("a1", "it was wrong")


async def test_what_cannot_be_used_is_neither_stored_nor_put_to_use(store: Store) -> None:
    with pytest.raises(BadModel):
        await keep(store, learned_file(), "elsewhere", NOW, "a1")
    with pytest.raises(BadModel):
        await keep(store, learned_file()[:-1], CITY, NOW, "a1")
    with pytest.raises(UnknownModel):
        await activate(store, CITY, "0" * 16, NOW, "a1", "a trial")
    assert await in_use(store, CITY) is None


async def test_ended_tickets_teach_and_each_view_is_logged(store: Store) -> None:
    ended, running = Story(complaint()), Story(complaint())
    await project(store, ended.whole(), running.until_replied())
    past = await read_past(store, "demo", READER, NOW, "learning", 10)
    assert [one.number for one in past] == [ended.number]
    rows = await store.rows(select(tables.view_log))
    assert [(row.number, row.fields, row.actor) for row in rows] == [
        (ended.number, "learning", "a1")
    ]


async def test_reports_of_wrongdoing_teach_nothing(store: Store) -> None:
    await project(store, Story(complaint(kind="report")).whole())
    assert await read_past(store, "demo", READER, NOW, "learning", 10) == []


def _suggested(category: str) -> LearnedSuggestion:
    return LearnedSuggestion(
        model="m1", category=category, probability=0.99, tier="general", tier_probability=1,
        unit="U1", unit_probability=1, one_owner=True, threshold=0.9, sure=True,
    )  # fmt: skip


async def test_suggestions_are_compared_with_what_became_of_their_tickets(store: Store) -> None:
    for category in ("lamp", "water"):
        story = Story(complaint())
        life = [story.accepted(), story.tell(TriageUnsure(why="", learned=_suggested(category)))]
        life += [story.classified(), story.assigned(), story.signed(), story.contacted()]
        life += [story.handled(), story.replied(), story.rated(), story.closed()]
        await project(store, life)
    told = await fared(store, "demo", "m1", NOW - timedelta(days=36500))
    assert (told.suggested, told.right, told.sure, told.sure_right) == (2, 1, 2, 1)
    assert (await fared(store, "demo", "m2", NOW - timedelta(days=36500))).suggested == 0
