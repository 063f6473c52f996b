"""The activities that need only a pack, called without an engine."""

from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from temporalio.exceptions import ApplicationError

from activities.accept import Accept
from activities.clocks import Clocks
from activities.dispatch import Dispatch
from activities.feedback import Feedback
from activities.reasons import ReasonActivities
from activities.triage import TriageActivities
from domain.deadlines.calendar import WorkCalendar
from domain.pack.pack import Pack
from domain.refusals import Refused
from packs.registry import PackRegistry, default_root
from store.db.engine import Store
from store.packs.archive import ArchivedPacks

A = TypeVar("A")

LIVED = 2026
"""The year of all random ticket histories."""


class OnePack(ArchivedPacks):
    """An archive with one pack, whose calendar year can be published later."""

    def __init__(self, pack: Pack) -> None:
        self._published = pack
        calendar = pack.calendar
        self._older = calendar.model_copy(
            update={"version": "older", "years": tuple(y for y in calendar.years if y < LIVED)}
        )
        self._pack = pack.model_copy(update={"calendar": self._older})

    def publish(self) -> None:
        self._pack = self._published

    async def of(self, city: str, version: str | None) -> Pack:
        return self._pack

    async def calendar(self, version: str) -> WorkCalendar | None:
        return self._older if version == self._older.version else None


class Desks:
    """The activities that need only the pack."""

    def __init__(self, pack: Pack) -> None:
        archive = OnePack(pack)
        self.pack, self.publish = pack, archive.publish
        self.accept = Accept(archive)
        # The grid and earlier tickets are requested only for a complaint with a point, or where
        # repeats count; neither is the case here.
        self.triage = TriageActivities(archive, PackRegistry(default_root()), cast(Store, None))
        self.dispatch = Dispatch(archive)
        self.clocks = Clocks(archive)
        self.feedback = Feedback(archive)
        self.reasons = ReasonActivities(archive)


def settled(asking: Coroutine[Any, Any, A]) -> A:
    """Return the result of an activity that does not wait. Raises Refused like the activity."""
    try:
        asking.send(None)
    except StopIteration as answer:
        return cast(A, answer.value)
    except ApplicationError as error:
        raise Refused(error.type or "", error.message) from None
    raise AssertionError("an activity waits for something")
