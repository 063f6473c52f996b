"""Findings of the doctor on officers, by account or token, who are stored without a city."""

from collections.abc import Iterable
from datetime import UTC, datetime

from app.access.role_scope import cities_of
from app.installation.health_checks import Finding
from domain.actors import Role
from packs.registry import PackRegistry
from store.db.engine import Store
from store.identity import accounts, tokens


async def officers_of(store: Store, packs: PackRegistry) -> list[Finding]:
    """Name the accounts and tokens of officers without a city, which only earlier versions made.

    Raises:
        StoreUnavailable
        PackError
    """
    now = datetime.now(UTC)
    of_accounts = [
        (one.name, one.unit)
        for one in await accounts.listing(store)
        if one.role is Role.OFFICER and one.city is None and one.enabled
    ]
    of_tokens = [
        (one.id, one.unit)
        for one in await tokens.listing(store)
        if one.role is Role.OFFICER and one.city is None and one.valid(now)
    ]
    return [
        *_named(packs, "account", of_accounts, "jiesu account change NAME --role officer"),
        *_named(packs, "token", of_tokens, "issue another: jiesu token create --role officer"),
    ]


def _named(
    packs: PackRegistry, what: str, officers: Iterable[tuple[str, str | None]], mend: str
) -> list[Finding]:
    findings = []
    for name, unit in officers:
        having = cities_of(packs, unit) if unit else []
        says = f"an officer of '{unit}' without a city"
        if len(having) == 1:
            says += f"; counts for {having[0]}, which alone has such a unit. To store it: "
        else:
            who = f"{', '.join(having)} have" if having else "no city has"
            says += f"; {who} such a unit, so everything is refused. To name the city: "
        state = "note" if len(having) == 1 else "wrong"
        findings.append(Finding(f"{what} {name}", state, f"{says}{mend} --unit … --city …"))
    return findings
