"""Metrics and logs of requests: route, status, duration. No personal data, text or number."""

from time import perf_counter
from traceback import extract_tb

import structlog
from prometheus_client import Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.http.problem_responses import answer
from app.metrics import REGISTRY

logger = structlog.stdlib.get_logger("jiesu.api")


requests = Counter(
    "jiesu_http_requests", "Requests answered.", ["method", "route", "status"], registry=REGISTRY
)
seconds = Histogram(
    "jiesu_http_seconds",
    "Seconds until the answer began.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=REGISTRY,
)
engine_ahead = Gauge(
    "jiesu_engine_clock_ahead_seconds",
    "By how much the engine's clock is ahead of this machine's, where that is worth saying.",
    registry=REGISTRY,
)
stuck = Gauge(
    "jiesu_stuck",
    "Tickets that wait for more than a minute although no person is waited for, by what they wait"
    " for; NaN while the store cannot be asked. The same from every process.",
    ["waits"],
    registry=REGISTRY,
)

unarchived = Gauge(
    "jiesu_unarchived",
    "Ended tickets whose history is not archived yet; NaN while the store cannot be asked. The same"
    " from every process.",
    registry=REGISTRY,
)
unarchived_seconds = Gauge(
    "jiesu_unarchived_seconds",
    "Seconds since the first of them ended; it has to stay far below the engine's retention.",
    registry=REGISTRY,
)

_FRAMES = 8
_METHODS = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS"})


class Telemetry:
    """ASGI middleware that counts requests; unhandled errors are logged and answered with 500.

    Only the type and place of an error are logged: its message may quote what was sent, and a
    database's quotes it in full.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, started = perf_counter(), False

        async def observed(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _count(scope, message["status"], perf_counter() - began)
            await send(message)

        try:
            await self.app(scope, receive, observed)
        except Exception as error:
            logger.error("unhandled", route=_route(scope), error=_name(error), at=_where(error))
            if started:
                raise
            await answer("internal_error")(scope, receive, observed)


def _count(scope: Scope, status: int, took: float) -> None:
    route = _route(scope)
    method = scope["method"] if scope["method"] in _METHODS else "other"
    requests.labels(method, route, status).inc()
    seconds.labels(method, route).observe(took)
    if status >= 500:
        logger.warning("failed", method=method, route=route, status=status, seconds=round(took, 3))


def _route(scope: Scope) -> str:
    # The template, not the path: a number per label would be a series per ticket.
    return getattr(scope.get("route"), "path", "none")


def _name(error: BaseException) -> str:
    causes = [error]
    # An error may be raised from itself, or from one that was raised from it.
    while (cause := causes[-1].__cause__) is not None and cause not in causes:
        causes.append(cause)
    return " from ".join(type(one).__qualname__ for one in causes)


def _where(error: BaseException) -> list[str]:
    frames = extract_tb(error.__traceback__)[-_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
