"""What works without a network: the service worker, and the page it shows then."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from api.access import public
from api.assets import Assets
from api.pages.page import page

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])


@router.get("/sw.js")
def service_worker(request: Request, accept_encoding: Annotated[str, Header()] = "") -> Response:
    """Not under /assets: a worker governs only addresses below its own."""
    assets: Assets = request.app.state.assets
    answer = assets.own("sw.js").answer(accept_encoding, cache="no-cache")
    # A worker has the policy of its own script: with that of other answers it could fetch nothing.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    return answer


@router.get("/offline")
async def offline(request: Request) -> Response:
    """Shown by the service worker where it has nothing else."""
    return page(request, "citizen/offline.html")
