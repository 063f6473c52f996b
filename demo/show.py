"""The demonstration: start the system, play the complaints, and audit the tickets."""

import asyncio
import math
from collections import Counter
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Protocol, TypeVar

import httpx

from audit.verdicts import AuditVerdict, judge_all
from cli.installation import installation
from demo.cast import Behaviour, cast
from demo.complaints import own_filing
from demo.filing import Filing
from demo.people import Badges, People, Refusal
from demo.play import PlayedComplaint, UnfinishedTicket
from demo.words import DemoTexts
from domain.pack.pack import Pack
from runtime.names import NAMESPACE
from runtime.ports import free_ports
from runtime.settings import Settings
from store.db.engine import Store
from store.reporting.indicators import Rates, three_rates
from workers.stack import Stack

T = TypeVar("T")

_TIMEOUT = httpx.Timeout(15.0)
_GOLDEN = (math.sqrt(5) - 1) / 2
"""Its multiples, modulo 1, are evenly spread from 0 to 1, however many there are."""


class Watching(Protocol):
    """An observer of the progress."""

    def says(self, line: str) -> None: ...
    def accepted(self) -> None: ...
    def ended(self) -> None: ...
    def replayed(self) -> None: ...


@dataclass(frozen=True)
class PlannedFiling:
    """One complaint to be filed under an idempotency key, and its people's script."""

    key: str
    dice: Random
    filing: Filing
    script: Behaviour


@dataclass(frozen=True)
class Programme:
    """The parameters of a demonstration. `filings` empty: invented complaints."""

    pack: Pack
    cities: Path
    home: Path
    tickets: int
    clients: int
    seed: int
    filings: Sequence[Filing] = ()

    def settings(self) -> Settings:
        """Return settings of a separate installation, independent of the environment."""
        api, engine = free_ports(2)
        return Settings(
            home=self.home,
            store_url=f"sqlite:///{self.home / 'jiesu.db'}",
            temporal_address=f"127.0.0.1:{engine}",
            temporal_namespace=NAMESPACE,
            api_host="127.0.0.1",
            api_port=api,
            cities=self.cities,
        )

    def scenes(self) -> Iterator[PlannedFiling]:
        """Draw every complaint and its script, from nothing but the seed."""
        start = Random(self.seed).random()  # noqa: S311  # nosec B311
        for index in range(self.tickets):
            dice = Random(f"{self.seed}/{index}")  # noqa: S311  # nosec B311
            if self.filings:
                filing = self.filings[index % len(self.filings)]
            else:
                filing = own_filing(self.pack, index, dice)
            script = cast(dice, filing, (start + index * _GOLDEN) % 1)
            yield PlannedFiling(f"demonstration-{index}", dice, filing, script)


@dataclass
class Showing:
    """The result. `stuck`: tickets that did not end, and why; `refusals`: codes, counted."""

    stuck: list[str] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)
    rates: Rates | None = None
    verdicts: list[AuditVerdict] = field(default_factory=list)

    @property
    def disagreeing(self) -> list[AuditVerdict]:
        return [verdict for verdict in self.verdicts if not verdict.agrees]

    def whole(self, tickets: int) -> bool:
        """Return whether all were accepted, have ended, and agree with their histories."""
        rates = self.rates
        return (
            rates is not None
            and rates.accepted == rates.ended == len(self.verdicts) == tickets
            and not self.stuck
            and not self.disagreeing
        )


async def show(programme: Programme, watching: Watching) -> Showing:
    """Run the demonstration.

    Raises:
        StackError: the system cannot start, or cannot be kept alive.
    """
    settings = programme.settings()
    stack = Stack(settings, say=watching.says)
    async with stack.running():
        return await beside(stack, _perform(programme, settings, stack.url, watching))


async def beside(stack: Stack, playing: Coroutine[Any, Any, T]) -> T:
    """Return the result of `playing` while the stack runs.

    Raises:
        StackError: the stack cannot be kept alive.
    """
    played = asyncio.create_task(playing)
    following = asyncio.create_task(stack.until_stopped())
    try:
        await asyncio.wait({played, following}, return_when=asyncio.FIRST_COMPLETED)
        if following.done():
            await following
        return await played
    finally:
        for task in (played, following):
            task.cancel()
        await asyncio.gather(played, following, return_exceptions=True)


async def _perform(
    programme: Programme, settings: Settings, url: str, watching: Watching
) -> Showing:
    store = Store.open(settings.store)
    showing = Showing()
    since = datetime.now(UTC)
    try:
        badges = await Badges.issue(store, programme.pack)
        limits = httpx.Limits(max_connections=programme.clients)
        async with httpx.AsyncClient(
            base_url=f"{url}/api/v1", limits=limits, timeout=_TIMEOUT, trust_env=False
        ) as http:
            await _play_all(programme, People(http, badges), showing, watching)
        until = datetime.now(UTC) + timedelta(seconds=1)
        showing.rates = await three_rates(store, programme.pack.city.id, since, until)
        async with installation(settings) as here:
            async for verdict in judge_all(here.engine, here.store, here.archive):
                showing.verdicts.append(verdict)
                watching.replayed()
    finally:
        await store.close()
    return showing


async def _play_all(
    programme: Programme, people: People, showing: Showing, watching: Watching
) -> None:
    """File one complaint after the other; at most `clients` of them are active at a time.

    A ticket that waits for a clock is not active.
    """
    places = asyncio.Semaphore(programme.clients)
    async with asyncio.TaskGroup() as group:
        for scene in programme.scenes():
            await places.acquire()
            free = _once(places)
            case = PlayedComplaint(
                people=people,
                pack=programme.pack,
                filing=scene.filing,
                script=scene.script,
                dice=scene.dice,
                words=DemoTexts(scene.dice),
                rest=free.close,
            )
            group.create_task(_play(case, scene.key, free, showing, watching))


async def _play(
    case: PlayedComplaint, key: str, free: ExitStack, showing: Showing, watching: Watching
) -> None:
    with free:
        try:
            await case.file(key)
            watching.accepted()
            await case.play()
            watching.ended()
        except Refusal as refusal:
            showing.stuck.append(f"{key}: {refusal}")
        except UnfinishedTicket as stuck:
            showing.stuck.append(str(stuck))
        showing.refusals += case.refusals


def _once(places: asyncio.Semaphore) -> ExitStack:
    """Return a stack that releases the place on its first close only."""
    free = ExitStack()
    free.callback(places.release)
    return free
