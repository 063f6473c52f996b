"""`jiesu token`: bearer tokens for staff and programs."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from cli.terminal import fail, out, print_json, run
from domain.actors import Role
from runtime.settings import Settings
from store import tokens
from store.engine import Store

app = typer.Typer(help="Bearer tokens for staff and programs.", no_args_is_help=True)

_STAFF = [role.value for role in Role if role not in (Role.CITIZEN, Role.SYSTEM)]


@app.command()
def create(
    role: Annotated[str, typer.Option(help=f"One of: {', '.join(_STAFF)}.")],
    name: Annotated[str, typer.Option(help="Whose it is; shown in lists.")] = "",
    unit: Annotated[str | None, typer.Option(help="Code of the unit, for officers.")] = None,
    days: Annotated[
        int | None, typer.Option(min=1, help="Days it is valid; default: always.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Create a token and print its secret. It is shown once: only a hash is kept."""
    if role not in _STAFF:
        fail(f"unknown role '{role}'; known: {', '.join(_STAFF)}")
    if role == Role.OFFICER and not unit:
        fail("an officer's token needs --unit")
    if role != Role.OFFICER and unit:
        fail("only an officer's token has a --unit")
    if unit is not None:
        _check_unit(unit)
    expires = datetime.now(UTC) + timedelta(days=days) if days else None

    async def issue() -> tuple[str, str]:
        store = Store.open(Settings().store)
        try:
            return await tokens.issue(store, Role(role), unit, name, expires)
        finally:
            await store.close()

    token_id, secret = run(issue())
    if as_json:
        print_json({"id": token_id, "secret": secret, "role": role, "unit": unit})
    else:
        typer.echo(secret)


def _check_unit(code: str) -> None:
    """A token for a unit that no pack has would never work: refuse it now."""
    from domain.pack import UnknownUnit
    from store.packs import PackShelf, default_root

    shelf = PackShelf(Settings().cities or default_root())
    for city in shelf.ids():
        try:
            shelf.get(city).unit(code)
        except UnknownUnit:
            continue
        return
    fail(f"no city pack has a unit '{code}'")


@app.command("list")
def list_(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """List tokens, without their secrets."""

    async def listing() -> list[tokens.TokenRow]:
        store = Store.open(Settings().store)
        try:
            return await tokens.listing(store)
        finally:
            await store.close()

    rows = run(listing())
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    table = Table("id", "role", "unit", "name", "created", "expires", "revoked")
    for row in rows:
        table.add_row(
            row.id,
            row.role,
            row.unit or "",
            row.name,
            f"{row.created_at:%Y-%m-%d}",
            f"{row.expires_at:%Y-%m-%d}",
            f"{row.revoked_at:%Y-%m-%d}" if row.revoked_at else "",
        )
    out.print(table)


@app.command()
def revoke(token_id: str) -> None:
    """Revoke a token: it stops working at once."""

    async def revoking() -> bool:
        store = Store.open(Settings().store)
        try:
            return await tokens.revoke(store, token_id, datetime.now(UTC))
        finally:
            await store.close()

    if not run(revoking()):
        fail(f"no token '{token_id}' that could be revoked", 1)
    typer.echo(f"revoked {token_id}")
