"""Endpoints for operators: liveness, readiness and metrics."""

import asyncio
import math
from contextlib import suppress
from time import monotonic

import structlog
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field
from starlette.datastructures import State

from api.http import telemetry
from api.http.access import public
from api.http.dependencies import Context
from api.http.responses import json_of
from api.http.telemetry import engine_ahead
from app.context import AppContext
from app.installation.installation import store_ready
from app.metrics import REGISTRY
from domain.model import Recorded
from store.db.errors import StoreError
from store.tickets import history_archive
from store.tickets.stuck import Waits, stuck

router = APIRouter(tags=["Operation"])
logger = structlog.stdlib.get_logger("jiesu.api")

_SELDOM = 10.0
"""Seconds between two counts of stuck tickets."""


class Health(Recorded):
    status: str = Field(examples=["ok"])


class Readiness(Recorded):
    """The readiness. `missing`: what is unreachable: store, engine."""

    ready: bool
    missing: list[str]


@router.get(
    "/healthz",
    operation_id="health",
    summary="The process is up",
    response_model=Health,
    dependencies=[public("health")],
)
async def health() -> Response:
    return json_of(Health(status="ok"))


@router.get(
    "/readyz",
    operation_id="readiness",
    dependencies=[public("readiness")],
    summary="Store and engine can be reached",
    response_model=Readiness,
    responses={503: {"model": Readiness, "description": "Something is missing."}},
)
async def readiness(context: Context) -> Response:
    store, engine = await asyncio.gather(store_ready(context), context.engine.ready())
    answers = {"store": store, "engine": engine}
    missing = [name for name, ready in answers.items() if not ready]
    return json_of(Readiness(ready=not missing, missing=missing), 503 if missing else 200)


@router.get(
    "/metrics",
    summary="Counters for Prometheus",
    include_in_schema=False,
    dependencies=[public("metrics")],
)
async def metrics(request: Request, context: Context) -> Response:
    engine_ahead.set(context.engine.clock.ahead.total_seconds())
    await _count_stuck(request.app.state, context)
    return Response(generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


async def _count_stuck(state: State, context: AppContext) -> None:
    """Update the gauge of stuck tickets, at most once in `_SELDOM` seconds."""
    last = getattr(state, "stuck_counted", None)
    if last is not None and monotonic() - last < _SELDOM:
        return
    state.stuck_counted = monotonic()
    try:
        async with asyncio.timeout(2):
            values = {
                one.waits: float(one.tickets) for one in await stuck(context.store, context.now())
            }
    except (StoreError, TimeoutError):
        values = dict.fromkeys(Waits, math.nan)
    for waits in Waits:
        telemetry.stuck.labels(waits.value).set(values.get(waits, 0))
    await _count_unarchived(context)


async def _count_unarchived(context: AppContext) -> None:
    count, seconds = math.nan, math.nan
    with suppress(StoreError, TimeoutError):
        async with asyncio.timeout(2):
            behind, since = await history_archive.behind(context.store)
        count = float(behind)
        seconds = (context.now() - since).total_seconds() if since else 0.0
    telemetry.unarchived.set(count)
    telemetry.unarchived_seconds.set(seconds)
