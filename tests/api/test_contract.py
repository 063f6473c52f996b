"""Tests of the OpenAPI document: every answer is one that it describes, never a 5xx."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import schemathesis
import uvicorn
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from pydantic import SecretStr
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from api.http.app import create_app
from domain.actors import Role
from runtime.ports import free_port
from runtime.settings import Settings
from store.db.engine import Store
from store.identity import tokens
from tests.api.running_api import COMPLAINT
from tests.support.engine import RING, connect_to, platform
from tests.support.media import a_photo

CHECKS = [
    not_a_server_error,
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
]

BOUNDED = examples(
    max_examples=12,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Running:
    """The product on a port, in a thread of its own."""

    url: str
    token: str = ""
    ticket: Any = None
    file: Any = None


@pytest.fixture
def running(engine_address: str, sqlite_url: str, tmp_path: Path) -> Iterator[Running]:
    site = Running(f"http://127.0.0.1:{free_port()}")
    server: list[uvicorn.Server] = []

    async def serve() -> None:
        store, client = Store.open(sqlite_url), await connect_to(engine_address)
        _, site.token = await tokens.issue(store, Role.DISPATCHER, None, "contract")
        app = create_app(
            Settings(home=tmp_path, keys=SecretStr(RING.text())), store=store, engine_client=client
        )
        server.append(uvicorn.Server(_config(app, site.url)))
        async with platform(client, store):
            await server[0].serve()
        await store.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    _until_up(site.url)
    site.file = httpx.post(f"{site.url}/api/v1/files", content=a_photo()).json()
    body = COMPLAINT | {"files": [site.file["reference"]]}
    site.ticket = httpx.post(f"{site.url}/api/v1/complaints", json=body).json()
    yield site
    server[0].should_exit = True
    thread.join(30)


def _until_up(url: str) -> None:
    for _ in range(600):
        with suppress(httpx.ConnectError):
            httpx.get(f"{url}/healthz")
            return
        time.sleep(0.05)
    raise RuntimeError("the API did not start")


def _config(app: Any, url: str) -> uvicorn.Config:
    port = int(url.rpartition(":")[2])
    return uvicorn.Config(app, port=port, log_config=None, access_log=False)


@pytest.fixture
def schema(running: Running) -> Any:
    loaded = schemathesis.openapi.from_url(f"{running.url}/openapi.json")

    @loaded.hook
    def map_path_parameters(_context: Any, path_parameters: Any) -> Any:
        # Half of the requests name an existing ticket, or none would ever be found.
        if path_parameters and len(str(path_parameters)) % 2:
            fields = {"number": running.ticket["number"], "n": 1, "city": "tongzhou"}
            fields |= {"file": running.file["id"]}
            return path_parameters | {k: v for k, v in fields.items() if k in path_parameters}
        return path_parameters

    @loaded.hook
    def map_query(_context: Any, query: Any) -> Any:
        # Half of the links are validly signed, or no file would ever be served.
        if query and "signature" in query and len(str(query)) % 2:
            link = urlsplit(running.file["url"])
            return query | dict(parse_qsl(link.query))
        return query

    return loaded


@pytest.mark.timeout(600)
@pytest.mark.parametrize("known", [True, False], ids=["with credentials", "without"])
def test_no_request_breaks_the_contract(known: bool, running: Running, schema: Any) -> None:
    headers = {"Authorization": f"Bearer {running.token}"} if known else {}
    for value in schema.get_all_operations():
        operation = value.ok()

        @BOUNDED
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS)

        ask()
