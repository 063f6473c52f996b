"""Bearer tokens of staff and programs: listed, issued and revoked by those who manage them."""

from datetime import UTC, datetime, timedelta

import structlog
from pydantic import Field

from app.access.accounts import Line
from app.access.caller import Caller
from app.access.permission import permit
from app.access.role_scope import agent_scopes, check_agent, granted_scopes, hand_on, scope_of
from app.context import AppContext
from app.errors import Problem
from domain.actors import Role
from domain.model import Incoming, Instant, Recorded
from domain.policy.permissions import Scope
from domain.ticket.complaint import Code
from store.identity import tokens
from store.identity.tokens import TokenRow

logger = structlog.stdlib.get_logger("jiesu.api")


class TokenIn(Incoming):
    """A token to issue. `scopes`: omitted, all that its role may use. `city`: valid there only."""

    name: Line = Field("", description="Whose it is; shown in lists.")
    role: Role
    unit: Code | None = None
    city: Code | None = None
    scopes: list[Scope] | None = Field(None, max_length=len(Scope))
    agent: bool = Field(
        False, description="A machine uses it: at `/mcp`, in one city, without personal data."
    )
    days: int = Field(tokens.VALID.days, ge=1, le=tokens.LONGEST.days)


class TokenLine(Recorded):
    """A token without its secret. Its last use is recorded to the hour."""

    id: str
    name: str
    role: Role
    unit: str | None
    city: str | None
    scopes: list[Scope]
    created_at: Instant
    expires_at: Instant
    last_used_at: Instant | None
    revoked_at: Instant | None
    agent: bool = Field(False, description="A machine uses it.")

    def valid(self, now: datetime) -> bool:
        return self.revoked_at is None and now < self.expires_at


class TokenList(Recorded):
    items: list[TokenLine]


class IssuedToken(Recorded):
    """An issued token. `secret` is shown only here: only a digest of it is stored."""

    id: str
    secret: str
    expires_at: Instant
    scopes: list[Scope]


async def listed(context: AppContext, caller: Caller) -> list[TokenLine]:
    """Return the tokens this caller manages, the latest first."""
    await permit(context, caller, "manage_tokens")
    rows = [row for row in await tokens.listing(context.store) if _manages(caller, row)]
    return [_line(row) for row in reversed(rows)]


async def issue(
    context: AppContext, caller: Caller, body: TokenIn, key: str | None = None
) -> IssuedToken:
    """Issue a token; the same `key` a second time is refused as already_issued."""
    await permit(context, caller, "manage_tokens")
    who = scope_of(context.packs, body.role, body.unit, body.city, within=caller.city)
    if body.agent:
        check_agent(context.packs, who)
        scopes = agent_scopes(who.role, body.scopes)
    else:
        scopes = granted_scopes(who.role, body.scopes)
    hand_on(caller, scopes)
    now = datetime.now(UTC)
    expires = now + timedelta(days=body.days)
    token_id, secret = await tokens.issue(
        context.store,
        who.role,
        who.unit,
        body.name,
        expires,
        now,
        scopes=scopes,
        city=who.city,
        token_id=context.mark(f"token/{caller.id}/{key}")[:12] if key else None,
        agent=body.agent,
    )
    logger.info("token", what="issued", token=token_id, by=caller.id)
    return IssuedToken(id=token_id, secret=secret, expires_at=expires, scopes=scopes)


async def revoke(context: AppContext, caller: Caller, token_id: str) -> None:
    """Revoke a token; token_not_found, also for one that was revoked before."""
    await permit(context, caller, "manage_tokens")
    mine = {row.id for row in await tokens.listing(context.store) if _manages(caller, row)}
    if token_id not in mine or not await tokens.revoke(context.store, token_id, datetime.now(UTC)):
        raise Problem("token_not_found")
    logger.info("token", what="revoked", token=token_id, by=caller.id)


def _manages(caller: Caller, row: TokenRow) -> bool:
    return caller.city in (None, row.city)


def _line(row: TokenRow) -> TokenLine:
    values = {name: getattr(row, name) for name in TokenLine.model_fields if name != "scopes"}
    return TokenLine(**values, scopes=[scope for scope in Scope if scope in row.scopes])
