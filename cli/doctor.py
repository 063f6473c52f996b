"""`jiesu doctor`: checks of this installation."""

import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

import httpx
import typer
from pydantic import TypeAdapter
from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.service import RPCError

from app.installation.clock_checks import clock_of, record_of
from app.installation.findings import Finding, Part
from app.installation.health_checks import (
    assets_of,
    connection_of,
    home_of,
    packs_on,
    proxies_of,
)
from app.installation.history_checks import ahead_of, carried_on_of, missing_of
from app.installation.incident_checks import incidents_of
from app.installation.model_checks import models_of
from app.installation.neighbour_checks import neighbours_of
from app.installation.officer_checks import officers_of
from app.installation.store_checks import store_of, unusable
from cli.terminal import one_line, out, print_json, run, styled
from domain.words import N_, phrase
from packs.registry import PackError, PackRegistry, default_root
from runtime.engine import connect, retention_of
from runtime.engine_clock import EngineClock, look
from runtime.names import RETENTION
from runtime.ports import port_taken
from runtime.settings import Settings
from store.db.engine import Store
from store.db.errors import StoreError
from store.db.schema import SchemaState, inspect
from workers.stack import engine_binary, engine_port
from workers.supervisor import StackError


def doctor(
    home: Annotated[Path | None, typer.Option(envvar="JIESU_HOME", help="Home folder.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Look at this installation and say what is there and what is wrong.

    Changes nothing. Exit code 1 when something is wrong.
    """
    settings = Settings(home=home) if home else Settings()

    async def look() -> list[Finding]:
        return [finding async for finding in _findings(settings)]

    findings = run(look())
    if as_json:
        print_json(TypeAdapter(list[Finding]).dump_python(findings, mode="json"))
    else:
        colours = {"ok": "green", "note": "yellow", "wrong": "red"}
        for check in findings:
            state = styled(f"{check.state:5}", colours[check.state])
            out.print(state, "", one_line(f"{check.what}: {check.says}"))
    if any(finding.state == "wrong" for finding in findings):
        raise typer.Exit(1)


async def _findings(settings: Settings) -> AsyncIterator[Finding]:
    version = phrase(N_("version %(version)s"), version=sys.version.split()[0])
    yield Finding(Part.PYTHON, "ok", version)
    yield _binary()
    yield home_of(settings.home)
    for pack in packs_on(PackRegistry(_cities(settings))):
        yield pack
    yield assets_of(settings)
    yield proxies_of(settings)
    clock = EngineClock()
    engine = await _engine(settings, clock)
    yield engine
    for finding in connection_of(settings):
        yield finding
    if engine.state == "ok":
        yield clock_of(clock)
    retention = await _retention(settings) if engine.state == "ok" else RETENTION
    async for finding in store_of(settings, clock.now(), retention=retention):
        yield finding
    async for finding in _record(settings, clock.now(), retention):
        yield finding
    if engine.state == "note":
        for port, whose in ((settings.api_port, "api"), (engine_port(settings), "engine")):
            if port_taken(port):
                yield Finding(Part.PORT, "note", phrase(_TAKEN[whose]), str(port))


_TAKEN = {
    "api": N_("taken by something else; the API's"),
    "engine": N_("taken by something else; the engine's"),
}


async def _retention(settings: Settings) -> timedelta:
    """Return how long the engine keeps a closed run."""
    try:
        return await retention_of(await connect(settings))
    except (RuntimeError, RPCError):  # the namespace is not there yet
        return RETENTION


async def _record(
    settings: Settings, now: datetime, retention: timedelta
) -> AsyncIterator[Finding]:
    with suppress(StoreError, ValueError):  # already reported by `store_of`
        if await inspect(settings.store) is SchemaState.CURRENT:
            store = Store.open(settings.store)
            try:
                yield await record_of(store)
                with suppress(RuntimeError, RPCError):  # already reported by `_engine`
                    client = await connect(settings)
                    yield await carried_on_of(client, store, now - retention / 2)
                    yield await missing_of(client, store)
                    yield await ahead_of(client, store, now)
                for neighbour in await neighbours_of(store):
                    yield neighbour
                for incident in await incidents_of(store, now):
                    yield incident
                for model in await models_of(store, PackRegistry(_cities(settings)), now):
                    yield model
                with suppress(PackError):  # already reported by `packs_on`
                    for officer in await officers_of(store, PackRegistry(_cities(settings))):
                        yield officer
            finally:
                await store.close()


def _cities(settings: Settings) -> Path:
    return settings.cities or default_root()


def _binary() -> Finding:
    try:
        return Finding(Part.BINARY, "ok", phrase(N_("at %(path)s"), path=engine_binary()))
    except StackError as error:
        return Finding(Part.BINARY, "wrong", unusable(error))


async def _engine(settings: Settings, clock: EngineClock) -> Finding:
    """Look for the engine, and read its clock. Its absence is wrong only if the API is there."""
    address = settings.temporal_address
    try:
        client = await connect(settings)
    except OSError as error:
        says = phrase(N_("a certificate cannot be read: %(file)s"), file=error.filename)
        return Finding(Part.ENGINE, "wrong", says)
    except RuntimeError:
        if await _api_answers(settings):
            message = N_(
                "nothing answers at %(address)s, and the API runs: it is down, or elsewhere"
            )
            return Finding(Part.ENGINE, "wrong", phrase(message, address=address))
        says = phrase(N_("nothing answers at %(address)s"), address=address)
        return Finding(Part.ENGINE, "note", says)
    info = await client.workflow_service.get_system_info(GetSystemInfoRequest())
    with suppress(RPCError):  # the namespace is not there yet
        await look(client, clock)
    message = N_("version %(version)s at %(address)s")
    says = phrase(message, version=info.server_version, address=address)
    return Finding(Part.ENGINE, "ok", says)


async def _api_answers(settings: Settings) -> bool:
    """Return whether an API of ours answers at this installation's address."""
    host = settings.api_host
    with suppress(ValueError):  # a name
        host = "127.0.0.1" if ip_address(host).is_unspecified else host
    try:
        async with httpx.AsyncClient(timeout=2, trust_env=False) as http:
            answer = await http.get(f"http://{host}:{settings.api_port}/healthz")
        return bool(answer.json() == {"status": "ok"})
    except (httpx.HTTPError, ValueError):
        return False
