"""The application: routes, wiring, and what is opened and closed with it."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import PackageNotFoundError, version

import structlog
from fastapi import FastAPI
from temporalio.client import Client

from api import (
    assets,
    assignments,
    cities,
    commands,
    health,
    intake,
    openapi,
    problems,
    rating,
    recur,
    tickets,
)
from api.assets import Assets, default_packages
from api.body_limit import BodyLimit
from api.door import Door, master_key
from api.engine import Engine
from api.pages import styleguide
from api.pages.citizen import follow, home, maps, offline, report, results
from api.pages.page import Drawing, refusal_page
from api.telemetry import Telemetry
from runtime.engine import connect
from runtime.settings import Settings
from store.engine import Store
from store.packs import PackShelf, default_root

logger = structlog.stdlib.get_logger("jiesu.api")

ROUTERS = (intake, tickets, rating, commands, recur, assignments, cities, health)
PAGES = (home, report, follow, results, maps, offline, styleguide, assets)
"""What browsers ask for; one module for each person."""


def create_app(
    settings: Settings,
    *,
    store: Store | None = None,
    engine_client: Client | None = None,
    packs: PackShelf | None = None,
) -> FastAPI:
    """The API of one installation. What is passed in stays the caller's to close.

    It starts without engine and without store, and serves what it can until they are there. A
    city pack with problems, however, is told at once: PackError.
    """
    app = FastAPI(
        title="Jiesu 接诉",
        version=_version(),
        lifespan=_lifespan(settings, store, engine_client, packs),
        docs_url=None,  # their pages load scripts from elsewhere
        redoc_url=None,
    )
    for module in (*ROUTERS, *PAGES):
        app.include_router(module.router)
    app.state.assets = Assets(settings.assets or default_packages())
    app.state.drawing = Drawing(app.state.assets)
    app.state.outlines = maps.Outlines()
    problems.install(app, refusal_page)
    app.add_middleware(BodyLimit)
    app.add_middleware(Telemetry)
    app.openapi = openapi.document(app)  # type: ignore[method-assign]
    return app


def _lifespan(
    settings: Settings, store: Store | None, client: Client | None, packs: PackShelf | None
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        shelf = packs or PackShelf(settings.cities or default_root())
        for city in shelf.ids():
            shelf.get(city)
        opened = store or Store.open(settings.store)
        engine = client or await connect(settings, lazy=True)
        app.state.door = Door(
            settings=settings,
            store=opened,
            engine=Engine(engine, timeout=settings.engine_timeout),
            packs=shelf,
            key=master_key(settings),
        )
        logger.info("api ready", cities=shelf.ids(), store=opened.dialect)
        try:
            yield
        finally:
            if store is None:
                await opened.close()

    return lifespan


def _version() -> str:
    try:
        return version("jiesu")
    except PackageNotFoundError:  # run from a folder that is not installed
        return "0"
