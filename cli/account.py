"""`jiesu account`: accounts of the people who sign in."""

import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from rich.table import Table

from cli.people import ROLES, role_scope, with_store
from cli.terminal import fail, out, print_json
from runtime.settings import Settings
from store.db.engine import Store
from store.identity import accounts, lockouts, passwords, second_factor, sessions
from store.identity.accounts import Account
from store.identity.sessions import Session
from store.secrets.encryption import Cipher
from store.secrets.key_ring import open_ring
from store.secrets.marks import fingerprint

app = typer.Typer(help="Accounts of the people who sign in.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The name they sign in with.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Stdin = Annotated[
    bool, typer.Option("--stdin", help="Read the password from standard input, one line.")
]
Unit = Annotated[str | None, typer.Option(help="Code of the unit, for officers.")]
City = Annotated[
    str | None,
    typer.Option(
        help="The only city they work for; default: all, for officers that of their unit."
    ),
]


def _root(settings: Settings) -> bytes:
    """Return the root key, which protects sign-in data; rotation does not change it."""
    return open_ring(settings.key_text, settings.key_file).root_key


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List accounts."""
    rows = with_store(accounts.listing)
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    table = Table("name", "display", "role", "unit", "city", "2nd factor", "created", "disabled")
    for row in rows:
        table.add_row(
            row.name,
            row.display,
            row.role,
            row.unit or "",
            row.city or "",
            "yes" if row.second_factor else "",
            f"{row.created_at:%Y-%m-%d}",
            f"{row.disabled_at:%Y-%m-%d}" if row.disabled_at else "",
        )
    out.print(table)


@app.command()
def create(
    name: Name,
    role: Annotated[str, typer.Option(help=f"One of: {', '.join(ROLES)}.")],
    display: Annotated[str, typer.Option(help="Their name as others read it.")] = "",
    unit: Unit = None,
    city: City = None,
    stdin: Stdin = False,
    without_password: Annotated[
        bool, typer.Option("--no-password", help="Sign-in by identity provider only.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Create an account and print its password. It is shown once: only a hash is kept."""
    who = role_scope("account", role, unit, city)
    password = None if without_password else _password(name, stdin)

    async def creating(store: Store) -> Account:
        stored = await passwords.hashed(password) if password else None
        return await accounts.create(
            store,
            name,
            who.role,
            display=display,
            unit=who.unit,
            city=who.city,
            password_hash=stored,
        )

    made = with_store(creating)
    value = None if stdin else password
    if password:
        _to_be_changed()
    if as_json:
        print_json({"id": made.id, "name": made.name, "role": role, "password": value})
    else:
        typer.echo(value or f"created {name}")


@app.command()
def change(
    name: Name,
    role: Annotated[str | None, typer.Option(help=f"One of: {', '.join(ROLES)}.")] = None,
    display: Annotated[str | None, typer.Option(help="Their name as others read it.")] = None,
    unit: Unit = None,
    city: City = None,
) -> None:
    """Change an account; its sessions end. A role without --unit or --city has none."""
    values: dict[str, object] = {}
    if role is not None:
        values = role_scope("account", role, unit, city)._asdict()
    elif unit is not None or city is not None:
        fail("--unit and --city go with --role: give them all")
    if display is not None:
        values["display"] = display
    if not values:
        fail("nothing to change")
    _change(name, **values)
    typer.echo(f"changed {name}")


@app.command()
def disable(name: Name) -> None:
    """Close an account: nobody signs in with it any more, and its sessions end."""
    _change(name, disabled_at=datetime.now(UTC))
    typer.echo(f"disabled {name}")


@app.command()
def enable(name: Name) -> None:
    """Let somebody sign in again: after `disable`, or after too many wrong passwords."""
    settings = Settings()
    key = f"name/{fingerprint(_root(settings), f'name/{name}')}"

    async def enabling(store: Store) -> None:
        await accounts.change(store, await _account_by_name(store, name), disabled_at=None)
        await lockouts.clear(store, key)

    with_store(enabling)
    typer.echo(f"enabled {name}")


@app.command()
def password(name: Name, stdin: Stdin = False) -> None:
    """Give an account a new password and print it once. Its sessions end.

    Whoever it is chooses another at the first sign-in; until then it is good for some days only.
    """
    chosen = _password(name, stdin)

    async def changing(store: Store) -> None:
        account = await _account_by_name(store, name)
        await accounts.set_password(store, account, await passwords.hashed(chosen), own=False)

    with_store(changing)
    _to_be_changed()
    typer.echo(f"changed {name}" if stdin else chosen)


@app.command()
def totp(
    name: Name,
    off: Annotated[bool, typer.Option("--off", help="Remove the second factor.")] = False,
    as_json: Json = False,
) -> None:
    """Ask for a one-time password, too: print what an authenticator app reads, and ten recovery
    codes. Both are shown once. Its sessions end."""
    secret = second_factor.new_secret()
    codes = [] if off else second_factor.new_recovery_codes()
    cipher = Cipher(_root(Settings()), "people")

    async def setting(store: Store) -> None:
        account = await _account_by_name(store, name)
        encrypted = None if off else cipher.encrypt(f"totp/{account.id}", secret)
        digests = [second_factor.recovery_digest(code) for code in codes]
        await accounts.set_second_factor(store, account, encrypted, digests)

    with_store(setting)
    address = second_factor.address(secret, name)
    if off:
        typer.echo(f"no second factor for {name}")
    elif as_json:
        print_json({"address": address, "recovery": codes})
    else:
        typer.echo("\n".join([address, *codes]))


@app.command("sessions")
def sessions_(name: Name, as_json: Json = False) -> None:
    """List the sessions of an account: in what, since when, last used, until when."""
    idle = timedelta(minutes=Settings().session_idle)

    async def listing(store: Store) -> list[Session]:
        account = await _account_by_name(store, name)
        return await sessions.listing(store, account.id, datetime.now(UTC), idle)

    rows = with_store(listing)
    if as_json:
        shown = ("device", "began_at", "seen_at", "ends_at")
        print_json([{field: getattr(row, field) for field in shown} for row in rows])
        return
    table = Table("device", "since", "last used", "until")
    for row in rows:
        times = (row.began_at, row.seen_at, row.ends_at)
        table.add_row(row.device, *(f"{at:%Y-%m-%d %H:%M} UTC" for at in times))
    out.print(table)


@app.command()
def logout(name: Name) -> None:
    """End all sessions of an account."""

    async def ending(store: Store) -> int:
        return await sessions.end_all(store, (await _account_by_name(store, name)).id)

    typer.echo(f"ended {with_store(ending)} sessions of {name}")


def _to_be_changed() -> None:
    """Print the deadline on stderr: scripts read stdout."""
    days = Settings().first_password_days
    typer.echo(f"To be changed at the first sign-in, within {days} days.", err=True)


def _change(name: str, **values: object) -> None:
    async def changing(store: Store) -> None:
        await accounts.change(store, await _account_by_name(store, name), **values)

    with_store(changing)


async def _account_by_name(store: Store, name: str) -> Account:
    account = await accounts.by_name(store, name)
    if account is None:
        fail(f"no account '{name}'", 1)
    return account


def _password(name: str, stdin: bool) -> str:
    """Return a typed, strong enough password, or a random one."""
    if not stdin:
        return passwords.random_password()
    typed = sys.stdin.readline().rstrip("\n")
    try:
        passwords.check_password(typed, name)
    except passwords.WeakPassword as error:
        fail(str(error))
    return typed
