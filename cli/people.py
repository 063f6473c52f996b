"""Store access, roles, units and cities for `jiesu account` and `jiesu token`."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from app.access.role_scope import RoleScope, scope_of
from app.errors import Problem
from cli.store import open_store
from cli.terminal import fail, run
from domain.actors import Role
from domain.pack.pack import UnknownUnit
from domain.policy.permissions import ACCOUNTS
from packs.registry import PackError, PackRegistry, UnknownCity, default_root
from runtime.settings import Settings
from store.db.engine import Store
from store.db.errors import StoreError

Result = TypeVar("Result")

ROLES = [role.value for role in Role if role in ACCOUNTS]


def with_store(work: Callable[[Store], Awaitable[Result]]) -> Result:
    """Run `work` on the store; exit with one line on a store error."""

    async def working() -> Result:
        async with open_store(Settings().store) as store:
            return await work(store)

    try:
        return run(working())
    except StoreError as error:
        fail(str(error))


def role_scope(what: str, role: str, unit: str | None, city: str | None) -> RoleScope:
    """Return the role scope to store; exit with one line if there is none.

    `what`: account or token, for the message.
    """
    if role not in ROLES:
        fail(f"unknown role '{role}'; known: {', '.join(ROLES)}")
    packs = PackRegistry(Settings().cities or default_root())
    try:
        return scope_of(packs, Role(role), unit, city)
    except UnknownCity as error:
        fail(f"unknown city '{error.city}'; served: {', '.join(error.known)}")
    except UnknownUnit:
        fail(
            f"no city pack has a unit '{unit}'" if city is None else f"{city} has no unit '{unit}'"
        )
    except PackError as error:
        fail(str(error))
    except Problem as error:
        says = {
            "unit_missing": (
                f"the {what} of an officer or a grid worker needs --unit, and no other has one"
            ),
            "city_missing": f"several cities have a unit '{unit}': say --city. {error.detail}",
        }
        fail(says.get(error.code, error.detail))
