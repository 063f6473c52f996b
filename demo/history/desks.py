"""The activities that plan a ticket's stages, called without an engine."""

from collections.abc import Coroutine
from typing import Any, TypeVar, cast

from temporalio.exceptions import ApplicationError

from activities.accept import Accept
from activities.clocks import Clocks
from activities.dispatch import Dispatch
from activities.feedback import Feedback
from activities.triage import TriageActivities
from domain.deadlines.calendar import WorkCalendar
from domain.pack.pack import Pack
from domain.refusals import Refused
from packs.registry import PackRegistry
from store.db.engine import Store
from store.packs.archive import ArchivedPacks

A = TypeVar("A")


class OnlyPack(ArchivedPacks):
    """An archive with one pack, which needs no database."""

    def __init__(self, pack: Pack) -> None:
        self._pack = pack

    async def of(self, city: str, version: str | None) -> Pack:
        return self._pack

    async def calendar(self, version: str) -> WorkCalendar | None:
        return self._pack.calendar if version == self._pack.calendar.version else None


class CityDesks:
    """The activities of one city.

    Triage looks for earlier tickets in a store only where a city counts repeats, and for a model
    only where a city has turned that on; the pack given here does neither (`without_store`).
    """

    def __init__(self, pack: Pack, registry: PackRegistry) -> None:
        self.pack = pack
        archive = OnlyPack(without_store(pack))
        self.accept = Accept(OnlyPack(pack))
        self.triage = TriageActivities(archive, registry, cast(Store, None))
        self.dispatch = Dispatch(archive)
        self.clocks = Clocks(archive)
        self.feedback = Feedback(archive)


def without_store(pack: Pack) -> Pack:
    """Return the pack without the rules that have triage ask the store."""
    from domain.pack.triage import Learned

    severity = pack.severity.model_copy(update={"repeats": 0})
    triage = pack.triage.model_copy(update={"learned": Learned.OFF})
    return pack.model_copy(update={"severity": severity, "triage": triage})


def settled(asking: Coroutine[Any, Any, A]) -> A:
    """Return the result of an activity that waits for nothing.

    Raises:
        Refused: as the activity refuses.
        RuntimeError: the activity waits for something, which is a defect here.
    """
    try:
        asking.send(None)
    except StopIteration as answer:
        return cast(A, answer.value)
    except ApplicationError as error:
        raise Refused(error.type or "", error.message) from None
    raise RuntimeError("an activity waits for something")
