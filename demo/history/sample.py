"""The sample home: a city with some months behind it, open tickets, an account for each role."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import httpx

from demo.filing import Filing
from demo.history.filling import HistoryFilling, check_free, fill
from demo.history.longer_texts import LONGER
from demo.history.texts import details, places, told
from demo.people import Badges, People
from demo.words import DemoTexts
from domain.actors import Role
from domain.pack.pack import Pack
from domain.ticket.complaint import Channel, Kind
from domain.ticket.stages import Stage
from packs.registry import PackRegistry, default_root
from runtime.settings import Settings
from store.db.engine import Store
from store.identity import accounts, passwords, tokens
from store.secrets.key_ring import open_ring
from store.secrets.vault import Vault
from store.tickets import simulated
from store.topics.rebuilding import rebuild

CITY = "tongzhou"
TICKETS, MONTHS, SEED = 900, 4, 1
OPEN = 36
FILE = "sample-accounts.txt"
"""The file with names and passwords, in the home folder, readable by its owner alone."""

_PATIENCE, _MOMENT = 60.0, 0.05
Say = Callable[[str], None]


class SampleAccount(NamedTuple):
    """An account of the sample home."""

    name: str
    role: Role
    unit: str | None
    password: str


async def is_furnished(store: Store) -> bool:
    """Return whether the store is a sample home already.

    Raises:
        NotSimulated: `real_tickets`
    """
    if await simulated.simulations(store):
        return True
    await check_free(store, CITY, SEED)
    return False


async def fill_home(settings: Settings, say: Say) -> bool:
    """Invent the history of a home where nothing runs yet; return False if it has one.

    Raises:
        NotSimulated: the home has real tickets; nothing was changed.
        StoreUnavailable
    """
    root = settings.cities or default_root()
    registry = PackRegistry(root)
    pack = registry.get(CITY)
    store = Store.open(settings.store)
    try:
        if await is_furnished(store):
            return False
        vault = Vault(open_ring(settings.key_text, settings.key_file))
        today = datetime.now(pack.calendar.tz).date()
        filling = HistoryFilling(CITY, TICKETS, MONTHS, SEED, today, closed=True)
        say(f"inventing {MONTHS} months of history")
        await fill(store, vault, registry, root, filling, lambda _: None)
        await rebuild(store, CITY, datetime.now(UTC), lambda _: None)
        return True
    finally:
        await store.close()


async def furnish(settings: Settings, url: str, admin: str | None, say: Say) -> Path:
    """Give a running sample home its accounts and open tickets; return the file of the accounts.

    `admin`: the first administrator's password, which goes into the file, too.

    Raises:
        StoreUnavailable
    """
    pack = PackRegistry(settings.cities or default_root()).get(CITY)
    store = Store.open(settings.store)
    try:
        say("creating an account for each role")
        made = await _accounts(store, pack, admin)
        file = settings.home / FILE
        _write(file, made, url)
        say(f"filing {OPEN} complaints, and acting on them")
        await _open_tickets(store, pack, url, say)
        return file
    finally:
        await store.close()


async def _accounts(store: Store, pack: Pack, admin: str | None) -> list[SampleAccount]:
    """Create the accounts; officers for a bureau and for a street."""
    streets = [unit.code for unit in pack.streets[:1]]
    wanted: list[tuple[str, Role, str | None]] = [
        ("desk", Role.DESK, None),
        ("dispatcher", Role.DISPATCHER, None),
        ("supervisor", Role.SUPERVISOR, None),
        ("auditor", Role.AUDITOR, None),
        *((f"officer-{unit}", Role.OFFICER, unit) for unit in ("city-management", *streets)),
        *((f"grid-{unit}", Role.GRID_WORKER, unit) for unit in streets),
    ]
    made = [SampleAccount(accounts.FIRST, Role.ADMIN, None, admin)] if admin else []
    for name, role, unit in wanted:
        password = passwords.random_password()
        hashed = await passwords.hashed(password)
        await accounts.create(
            store, name, role, unit=unit, city=pack.city.id, password_hash=hashed, own=True
        )
        made.append(SampleAccount(name, role, unit, password))
    return made


def _write(file: Path, made: Sequence[SampleAccount], url: str) -> None:
    lines = [f"Sign in at {url}/staff. These accounts are for this sample home only.", ""]
    lines += [f"{one.name:<28} {one.password}  {one.role.value}" for one in made]
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as opened:
        opened.write("\n".join(lines) + "\n")


# --- open tickets --------------------------------------------------------------------------------


async def _open_tickets(store: Store, pack: Pack, url: str, say: Say) -> None:
    badges = await Badges.issue(store, pack)
    try:
        async with httpx.AsyncClient(
            base_url=f"{url}/api/v1", timeout=_PATIENCE, trust_env=False
        ) as http:
            players = [_SampleTicket(People(http, badges), pack, n) for n in range(OPEN)]
            for player in players:
                await player.play(players, say)
    finally:
        for token in await tokens.listing(store):
            if token.name == "demonstration":
                await tokens.revoke(store, token.id)


_WAYS = (
    "new", "unclear", "signed", "contacted", "return", "extend", "answered", "rework", "urged",
    "returned", "supervise", "merged",
)  # fmt: skip
"""The ways of the open tickets, in turn, each to another stage."""

_VAGUE = "就是上次反映的那个情况，现在比原来还严重，希望有人来看看。"


@dataclass
class _SampleTicket:
    """An open ticket, brought as far as its turn says."""

    people: People
    pack: Pack
    n: int
    number: str = ""
    code: str = ""

    async def play(self, others: Sequence["_SampleTicket"], say: Say) -> None:
        way = _WAYS[self.n % len(_WAYS)]
        self.dice = Random(f"sample/{self.n}")  # nosec B311
        self.words = DemoTexts(self.dice)
        self.number, self.code = await self.people.file(self._body(way), f"sample-{self.n}")
        if way in ("new", "unclear"):
            return
        ticket = await self.people.look(self.number)
        if ticket.stage is Stage.TRIAGE:
            category = ticket.suggestion or self.pack.categories[0].code
            note = self.words.note("triage")
            await self._staff(Role.DISPATCHER, "triage", category=category, note=note)
        act: Callable[..., Awaitable[None]] = getattr(self, f"_{way}")
        await act(others) if way == "merged" else await act()

    def _body(self, way: str) -> dict[str, Any]:
        dice, street = self.dice, self.dice.choice(self.pack.streets)
        kinds = (Kind.COMPLAINT, Kind.HELP)
        fitting = [one for one in LONGER if one.kind in kinds]
        text = told(dice.choice(fitting), street.name, dice.choice(places()), details(dice))
        return Filing(
            kind=dice.choice(kinds),
            channel=dice.choice((Channel.HOTLINE, Channel.WECHAT, Channel.APP, Channel.WEB)),
            title="" if way == "unclear" else text.title,
            text=_VAGUE if way == "unclear" else text.text,
            anonymous=False,
            area=street.area,
            address="" if way == "unclear" else text.address,
            phone=f"010-000{dice.randrange(10_000, 100_000)}",
        ).body(self.pack.city.id)

    async def _signed(self) -> None:
        await self._officer("sign")

    async def _contacted(self) -> None:
        await self._signed()
        await self._officer("contact", reached=True, note=self.words.note("contact"))

    async def _urged(self) -> None:
        await self._contacted()
        await self.people.citizen(self.number, self.code, "urge", {"text": self.words.note("urge")})

    async def _return(self) -> None:
        await self._signed()
        ground = self.dice.choice(self.pack.reason_codes("return"))
        await self._officer("return", ground=ground, reason=self.words.note("return"))

    async def _returned(self) -> None:
        await self._return()
        reason = self.words.note("granted")
        await self._staff(Role.DISPATCHER, "decide", approve=True, reason=reason, unit=None)

    async def _extend(self) -> None:
        await self._contacted()
        await self._officer("extend", by="3d", reason=self.words.note("extend"))

    async def _answered(self) -> None:
        await self._contacted()
        await self._complete(resolved=True)

    async def _rework(self) -> None:
        await self._contacted()
        await self._complete(resolved=False)
        await self._rate(1)

    async def _supervise(self) -> None:
        rules = self.pack.rules()
        for _ in range(rules.reworks + 1):
            await self._signed()
            await self._complete(resolved=False)
            await self._rate(2)
            if not await self._until(Stage.HANDLE, Stage.SUPERVISE):
                return

    async def _merged(self, others: Sequence["_SampleTicket"]) -> None:
        other = next(one for one in others if _WAYS[one.n % len(_WAYS)] == "contacted")
        reason = "同一地点同一问题，并案办理。"
        await self._staff(Role.DISPATCHER, "merge", into=other.number, reason=reason)

    async def _complete(self, *, resolved: bool) -> None:
        unit, n, rework = await self._share()
        reply = self.words.answer(self.pack.unit(unit).name, rework, resolved)
        await self.people.complete(unit, self.number, n, reply, resolved, ["现场记录"])

    async def _rate(self, grade: int) -> None:
        await self._until(Stage.RATE)
        rating = {"contacted": True, "resolved": False, "grade": grade}
        words = self.words.note("sorry")
        await self.people.citizen(self.number, self.code, "rating", rating | {"words": words})
        await self._until(Stage.HANDLE, Stage.SUPERVISE)

    async def _until(self, *stages: Stage) -> bool:
        """Wait until the record shows one of the stages; return whether it is the first."""
        for _ in range(200):
            stage = (await self.people.look(self.number)).stage
            if stage in stages:
                return stage is stages[0]
            await asyncio.sleep(_MOMENT)
        raise TimeoutError(f"{self.number} is not at {' or '.join(stages)}")

    async def _share(self) -> tuple[str, int, int]:
        await self._until(Stage.HANDLE)
        current = (await self.people.look(self.number)).current
        if current is None:
            raise TimeoutError(f"{self.number}: no unit has it")
        return current.unit, current.n, current.rework

    async def _staff(self, role: Role, what: str, **body: Any) -> None:
        await self.people.staff(role, self.number, what, body)

    async def _officer(self, what: str, **body: Any) -> None:
        unit, n, _ = await self._share()
        await self.people.staff(Role.OFFICER, self.number, what, body | {"assignment": n}, unit)
