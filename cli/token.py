"""`jiesu token`: bearer tokens for staff and programs."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from app.access.role_scope import RoleScope, agent_scopes, check_agent, granted_scopes
from app.errors import Problem
from cli.people import ROLES, role_scope, with_store
from cli.terminal import fail, out, print_json
from domain.actors import Role
from domain.policy.permissions import Scope
from packs.registry import PackRegistry, default_root
from runtime.settings import Settings
from store.identity import tokens

app = typer.Typer(help="Bearer tokens for staff and programs.", no_args_is_help=True)


@app.command()
def create(
    role: Annotated[str, typer.Option(help=f"One of: {', '.join(ROLES)}.")],
    name: Annotated[str, typer.Option(help="Whose it is; shown in lists.")] = "",
    unit: Annotated[str | None, typer.Option(help="Code of the unit, for officers.")] = None,
    city: Annotated[
        str | None,
        typer.Option(
            help="The only city it is good for; default: all, for officers that of their unit."
        ),
    ] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help=f"What it is for: {', '.join(Scope)}; may be repeated. Default: all."),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=tokens.LONGEST.days, help="Days it is valid.")] = (
        tokens.VALID.days
    ),
    agent: Annotated[
        bool, typer.Option("--agent", help="For a machine: at /mcp, without personal data.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Create a token and print its secret. It is shown once: only a hash is kept."""
    who = role_scope("token", role, unit, city)
    if agent:
        _check_agent(who)
    scopes = _scopes(who.role, scope, agent=agent)
    expires = datetime.now(UTC) + timedelta(days=days)
    token_id, secret = with_store(
        lambda store: tokens.issue(
            store, who.role, who.unit, name, expires, scopes=scopes, city=who.city, agent=agent
        )
    )
    if as_json:
        print_json(
            {"id": token_id, "secret": secret}
            | who._asdict()
            | {"scopes": scopes, "expires_at": expires, "agent": agent}
        )
    else:
        typer.echo(secret)


def _check_agent(who: RoleScope) -> None:
    """Reject a token of a machine that would open nothing."""
    try:
        check_agent(PackRegistry(Settings().cities or default_root()), who)
    except Problem as error:
        fail("; ".join(one.message for one in error.errors) or error.detail)


def _scopes(role: Role, requested: list[str] | None, *, agent: bool) -> list[Scope]:
    """Return the requested scopes; reject one that permits nothing to this role."""
    for word in requested or ():
        if word not in tuple(Scope):
            fail(f"unknown scope '{word}'; known: {', '.join(Scope)}")
    try:
        wanted = None if requested is None else list(map(Scope, requested))
        return agent_scopes(role, wanted) if agent else granted_scopes(role, wanted)
    except Problem as error:
        fail(f"this scope gives the role '{role}' no permission. {error.detail}")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List tokens, without their secrets."""
    rows = with_store(tokens.listing)
    if as_json:
        print_json([asdict(row) | {"scopes": sorted(row.scopes)} for row in rows])
        return
    table = Table(
        "id", "role", "unit", "city", "scopes", "name", "created", "expires", "last used", "revoked"
    )
    for row in rows:
        table.add_row(
            row.id,
            f"{row.role} (agent)" if row.agent else row.role,
            row.unit or "",
            row.city or "",
            " ".join(sorted(row.scopes)),
            row.name,
            *(_day(at) for at in (row.created_at, row.expires_at, row.last_used_at)),
            _day(row.revoked_at),
        )
    out.print(table)


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else ""


@app.command()
def revoke(token_id: str) -> None:
    """Revoke a token: it stops working at once."""
    if not with_store(lambda store: tokens.revoke(store, token_id, datetime.now(UTC))):
        fail(f"no token '{token_id}' that could be revoked", 1)
    typer.echo(f"revoked {token_id}")
