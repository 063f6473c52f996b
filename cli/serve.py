"""`jiesu worker`, `jiesu api`, `jiesu migrate`: one process each, for production."""

from typing import Annotated

import typer

from cli.city import usable_packs
from cli.terminal import fail, out, run
from runtime.logs import set_up_logs
from runtime.settings import Settings
from runtime.trusted_proxies import unsafe
from store.db.errors import StoreError


def worker(
    unit: Annotated[
        str | None,
        typer.Option(help="Serve only this unit's own queue (code as in the city pack)."),
    ] = None,
) -> None:
    """Run a worker: all tickets, or with --unit one unit's queue. Start as many as you like."""
    from workers.serve import serve_platform, serve_unit

    settings = Settings()
    usable_packs(settings)
    set_up_logs(settings.log_format, settings.log_level)
    try:
        run(serve_unit(settings, unit) if unit else serve_platform(settings))
    except RuntimeError as error:
        fail(f"cannot reach the engine at {settings.temporal_address}: {error}", 1)


def api() -> None:
    """Run the API and the pages. Start as many as you like behind a proxy."""
    from api.http.serving import serve

    settings = Settings()
    if (problem := unsafe(settings)) is not None:
        fail(problem.text())
    usable_packs(settings)
    set_up_logs(settings.log_format, settings.log_level)
    serve(settings)


def migrate() -> None:
    """Create or upgrade the store's tables. Safe to repeat, and at any number of places at once."""
    from store.db.schema import upgrade

    settings = Settings()
    try:
        run(upgrade(settings.store))
    except StoreError as error:
        fail(str(error))
    out.print("the store is up to date")
