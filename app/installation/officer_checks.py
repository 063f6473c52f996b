"""Findings of the doctor on officers, by account or token, who are stored without a city."""

from datetime import UTC, datetime

from app.access.role_scope import cities_of
from app.installation.findings import Finding, Part
from domain.actors import Role
from domain.words import N_, Phrase, clauses, listed, phrase
from packs.registry import PackRegistry
from store.db.engine import Store
from store.identity import accounts, tokens

_CHANGE = "`jiesu account change NAME --role officer --unit … --city …`"
_ISSUE = "`jiesu token create --role officer --unit … --city …`"


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
    another = phrase(N_("issue another: %(command)s"), command=_ISSUE)
    return [
        *(_named(packs, Part.ACCOUNT, name, unit, _CHANGE) for name, unit in of_accounts),
        *(_named(packs, Part.TOKEN, name, unit, another) for name, unit in of_tokens),
    ]


def _named(
    packs: PackRegistry, part: Part, name: str, unit: str | None, mend: str | Phrase
) -> Finding:
    having = cities_of(packs, unit) if unit else []
    whose = phrase(N_("an officer of '%(unit)s' without a city"), unit=unit)
    if len(having) == 1:
        message = N_("counts for %(city)s, which alone has such a unit. To store it: %(command)s")
        says = phrase(message, city=having[0], command=mend)
        return Finding(part, "note", clauses([whose, says]), name)
    if having:
        message = N_(
            "%(cities)s have such a unit, so everything is refused. To name the city: %(command)s"
        )
        says = phrase(message, cities=listed(having), command=mend)
    else:
        message = N_(
            "no city has such a unit, so everything is refused. To name the city: %(command)s"
        )
        says = phrase(message, command=mend)
    return Finding(part, "wrong", clauses([whose, says]), name)
