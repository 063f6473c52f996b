"""What `jiesu account` and `jiesu token` share: who somebody can be, and the store at hand."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.terminal import fail, run
from domain.actors import Role
from domain.pack.pack import UnknownUnit
from domain.policy.permissions import STAFF
from packs.registry import PackShelf, default_root
from runtime.settings import Settings
from store.db.engine import Store
from store.db.errors import StoreError

Result = TypeVar("Result")

ROLES = [role.value for role in Role if role in STAFF]


def with_store(work: Callable[[Store], Awaitable[Result]]) -> Result:
    """What `work` returns; what the store refuses is said in a line."""

    async def working() -> Result:
        store = Store.open(Settings().store)
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return run(working())
    except StoreError as error:
        fail(str(error))


def check_who(what: str, role: str, unit: str | None, city: str | None) -> None:
    """Refuse a role, a unit or a city that could never work; `what`: whose they are."""
    if role not in ROLES:
        fail(f"unknown role '{role}'; known: {', '.join(ROLES)}")
    if role == Role.OFFICER and not unit:
        fail(f"an officer's {what} needs --unit")
    if role != Role.OFFICER and unit:
        fail(f"only an officer's {what} has a --unit")
    shelf = PackShelf(Settings().cities or default_root())
    if city is not None and city not in shelf.ids():
        fail(f"unknown city '{city}'; served: {', '.join(shelf.ids())}")
    if unit is not None and not cities_of(unit, city):
        fail(f"no city pack has a unit '{unit}'")


def cities_of(unit: str, city: str | None = None) -> list[str]:
    """The cities that have a unit of this code; of those, only `city` if it is named."""
    shelf = PackShelf(Settings().cities or default_root())
    return [each for each in shelf.ids() if city in (None, each) and _has(shelf, each, unit)]


def _has(shelf: PackShelf, city: str, unit: str) -> bool:
    try:
        shelf.get(city).unit(unit)
    except UnknownUnit:
        return False
    return True
