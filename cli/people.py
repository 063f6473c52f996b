"""Store access and checks of roles, units and cities for `jiesu account` and `jiesu token`."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from cli.terminal import fail, run
from domain.actors import Role
from domain.pack.pack import UnknownUnit
from domain.policy.permissions import STAFF
from packs.registry import PackRegistry, default_root
from runtime.settings import Settings
from store.db.engine import Store
from store.db.errors import StoreError

Result = TypeVar("Result")

ROLES = [role.value for role in Role if role in STAFF]


def with_store(work: Callable[[Store], Awaitable[Result]]) -> Result:
    """Run `work` on the store; exit with one line on a store error."""

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
    """Reject an invalid role, unit or city; `what`: account or token, for the message."""
    if role not in ROLES:
        fail(f"unknown role '{role}'; known: {', '.join(ROLES)}")
    if role == Role.OFFICER and not unit:
        fail(f"an officer's {what} needs --unit")
    if role != Role.OFFICER and unit:
        fail(f"only an officer's {what} has a --unit")
    registry = PackRegistry(Settings().cities or default_root())
    if city is not None and city not in registry.ids():
        fail(f"unknown city '{city}'; served: {', '.join(registry.ids())}")
    if unit is not None and not cities_of(unit, city):
        fail(f"no city pack has a unit '{unit}'")


def cities_of(unit: str, city: str | None = None) -> list[str]:
    """Return the cities that have a unit of this code; only `city` if it is given."""
    registry = PackRegistry(Settings().cities or default_root())
    return [each for each in registry.ids() if city in (None, each) and _has(registry, each, unit)]


def _has(registry: PackRegistry, city: str, unit: str) -> bool:
    try:
        registry.get(city).unit(unit)
    except UnknownUnit:
        return False
    return True
