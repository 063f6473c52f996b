"""The application: its routes, wiring, and the resources opened and closed with it."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import cache
from pathlib import Path

import structlog
from fastapi import APIRouter, FastAPI, Request
from starlette.routing import BaseRoute
from temporalio.client import Client

from api.http import assets, browser_sessions, openapi, problem_responses, route_permissions
from api.http.assets import Assets
from api.http.body_limit import BodyLimit, is_below
from api.http.early_refusal import EarlyRefusal
from api.http.gone import CancelledWhenGone
from api.http.head_requests import HeadRequests
from api.http.proxies import Proxies
from api.http.security_headers import SecurityHeaders
from api.http.slow_bodies import SlowBodies
from api.http.telemetry import Telemetry
from api.mcp import door
from api.open311 import routes as open311
from api.open311.bodies import MULTIPART
from api.open311.dialect import ROOT, V2, Open311Dialect
from api.pages.account.sign_in import AGAIN, CARRIED, SIGN_IN
from api.pages.all_pages import PAGES
from api.pages.citizen import maps, photos
from api.pages.desk import batches
from api.pages.desk.call import CALL
from api.pages.desk.register import LARGEST, REGISTER
from api.pages.shared.navigation import GRID, ROUNDS, TICKETS
from api.pages.shared.page import Drawing
from api.pages.shared.refused import refused
from api.rest import (
    access_codes,
    accounts,
    agents,
    appointments,
    assignments,
    audits,
    backlog,
    board,
    calendars,
    changes,
    cities,
    cloud_events,
    codec,
    commands,
    contractors,
    council_topics,
    councils,
    directory,
    exports,
    figures,
    files,
    grid,
    handover,
    health,
    hearings,
    imports,
    incidents,
    installation,
    intake,
    leaving_contacts,
    mediations,
    message_receipts,
    packs,
    patrols,
    people,
    phone_lookup,
    places,
    precedents,
    promises,
    publications,
    rating,
    reopen,
    report_cards,
    rewards,
    satisfaction,
    scores,
    sensors,
    session,
    supervision,
    tickets,
    tokens,
    topics,
    uploads,
    waiting,
    webhooks,
    work_queues,
)
from app.access import oidc
from app.access.rate_limits import RateLimits
from app.context import AppContext
from app.exports.scratch import folder_of, sweep
from app.filing.proof_of_work import Challenge, NoChallenge, ProofOfWork
from app.installation.page_packages import default_packages
from app.reporting.board_feed import BoardFeeds
from app.sending.engine_gateway import Engine
from app.sending.read_your_writes import Watch
from app.simulated import SimulatedCities
from audit.archive import HistoryArchive
from media.upload_service import Uploads, limit_of_body
from packs.registry import PackRegistry, default_root
from runtime.engine import connect, encrypting, with_converter
from runtime.release import release
from runtime.settings import Settings
from runtime.trusted_proxies import parse_networks
from store.db.engine import Store
from store.files.objects import Objects
from store.secrets.key_ring import open_ring
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault

logger = structlog.stdlib.get_logger("jiesu.api")

ROUTERS = (
    # First, because routes are tried in their order: devices send hundreds of events a second.
    cloud_events,
    intake,
    uploads,
    waiting,
    tickets,
    files,
    rating,
    report_cards,
    commands,
    reopen,
    leaving_contacts,
    mediations,
    handover,
    access_codes,
    council_topics,
    councils,
    grid,
    promises,
    hearings,
    incidents,
    assignments,
    work_queues,
    audits,
    people,
    session,
    phone_lookup,
    cities,
    figures,
    scores,
    directory,
    appointments,
    publications,
    board,
    accounts,
    agents,
    tokens,
    topics,
    packs,
    patrols,
    calendars,
    backlog,
    installation,
    places,
    precedents,
    rewards,
    satisfaction,
    supervision,
    contractors,
    sensors,
    open311,
    changes,
    webhooks,
    exports,
    imports,
    health,
    codec,
    message_receipts,
)


def create_app(
    settings: Settings,
    *,
    store: Store | None = None,
    engine_client: Client | None = None,
    packs: PackRegistry | None = None,
    objects: Objects | None = None,
    challenge: Challenge | None = None,
) -> FastAPI:
    """Create the API of one installation. The caller closes what it passes in.

    A client that is passed in is used with this installation's keys.

    The application starts without engine and store, and serves what it can until they are
    available. A city pack with problems, however, is refused at startup (PackError), and so is a
    route without a permission (RouteWithoutPermission).
    """
    app = FastAPI(
        title="Jiesu 接诉",
        version=release(),
        lifespan=_lifespan(settings, store, engine_client, packs, objects, challenge),
        docs_url=None,  # these pages load scripts from other hosts
        redoc_url=None,
    )
    app.router.routes.extend(_routes())
    route_permissions.check_routes(app)
    oidc.parse_role_mapping(settings.oidc_roles)
    app.state.drawing = _drawing(settings.assets or default_packages())
    app.state.assets = app.state.drawing.assets
    app.state.settings = settings
    app.state.outlines = maps.Outlines()
    app.state.boards = BoardFeeds()
    problem_responses.install(app, refused)
    filing = (f"{V2}/requests.xml", f"{V2}/requests.json")
    with_files = (uploads.PATH, *photos.FORMS, CALL, f"{TICKETS}/", GRID, f"{ROUNDS}/", *filing)
    app.add_middleware(EarlyRefusal)
    app.add_middleware(
        SlowBodies,
        settings=settings,
        with_files=lambda path: is_below(path, with_files) is not None,
    )
    app.add_middleware(
        BodyLimit,
        refuse=problem_responses.refusing(refused),
        larger=dict.fromkeys(with_files, limit_of_body(settings))
        | {REGISTER: LARGEST, batches.BATCHES: batches.LARGEST}
        | {cloud_events.BELOW: cloud_events.LARGEST}
        | dict.fromkeys((SIGN_IN, AGAIN), CARRIED),
        may_send_more=_may_send_more,
    )
    app.add_middleware(CancelledWhenGone)
    app.add_middleware(Telemetry)
    app.add_middleware(Open311Dialect)
    app.add_middleware(HeadRequests)
    app.add_middleware(SecurityHeaders, https=settings.public_url.startswith("https://"))
    app.add_middleware(Proxies, trusted=parse_networks(settings.trusted_proxies))
    app.openapi = openapi.document(app)  # type: ignore[method-assign]
    return app


@cache
def _routes() -> list[BaseRoute]:
    """Return all routes, built once per process: they do not depend on the installation."""
    router = APIRouter()
    for one in (*(module.router for module in ROUTERS), door.router, assets.router, *PAGES):
        router.include_router(one)
    return router.routes


@cache
def _drawing(packages: Path) -> Drawing:
    """Return the templates, compiled once per process, and the assets they refer to."""
    return Drawing(Assets(packages))


def _may_send_more(request: Request) -> bool:
    """Return whether files may be sent: to staff pages only with a signed session cookie."""
    if request.url.path.startswith(f"{ROOT}/"):
        return request.headers.get("content-type", "").lower().startswith(MULTIPART)
    if not request.url.path.startswith("/staff/") or request.url.path in (SIGN_IN, AGAIN):
        return True
    return browser_sessions.seems_signed_in(request, request.app.state.context)


def _lifespan(
    settings: Settings,
    store: Store | None,
    client: Client | None,
    packs: PackRegistry | None,
    objects: Objects | None,
    challenge: Challenge | None,
) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        registry = packs or PackRegistry(settings.cities or default_root())
        registry.load_all()
        opened = store or Store.open(settings.store)
        ring = open_ring(settings.key_text, settings.key_file)
        keys = TicketKeys(opened, ring)
        converter = encrypting(keys)
        engine = (
            with_converter(client, converter)
            if client
            else await connect(settings, converter, lazy=True)
        )
        limits = RateLimits(settings, opened)
        app.state.context = AppContext(
            settings=settings,
            store=opened,
            engine=Engine(engine, timeout=settings.engine_timeout),
            packs=registry,
            vault=Vault(ring),
            keys=keys,
            uploads=Uploads(
                settings, opened, objects or Objects.open(settings.files), ring.root_key
            ),
            archive=HistoryArchive(opened, Objects.open(settings.archive), keys),
            record=Watch(settings.record_wait),
            limits=limits,
            challenge=challenge or _challenge(settings),
        )
        await asyncio.to_thread(sweep, folder_of(settings.home))
        logger.info("api ready", cities=registry.ids(), store=opened.dialect)
        comparing = asyncio.create_task(app.state.context.engine.compare_clocks())
        simulated: SimulatedCities = app.state.context.simulated
        await simulated.look(opened)
        following = asyncio.create_task(simulated.follow(opened))
        try:
            yield
        finally:
            comparing.cancel()
            following.cancel()
            await asyncio.gather(comparing, following, return_exceptions=True)
            await app.state.boards.close()
            await limits.close()
            if store is None:
                await opened.close()

    return lifespan


def _challenge(settings: Settings) -> Challenge:
    return ProofOfWork(settings.work_bits) if settings.work_bits else NoChallenge()
