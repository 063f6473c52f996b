"""Offline use: the service worker, and the page it shows without a network."""

from typing import Annotated

from fastapi import APIRouter, Header, Request, Response

from api.http.access import public
from api.http.assets import Assets
from api.pages.shared.page import page

router = APIRouter(include_in_schema=False, dependencies=[public("page_citizen")])


@router.get("/sw.js")
def service_worker(request: Request, accept_encoding: Annotated[str, Header()] = "") -> Response:
    """Return the service worker. Under /assets it would govern only that path."""
    assets: Assets = request.app.state.assets
    answer = assets.own("sw.js").answer(accept_encoding, cache="no-cache")
    # A worker has the policy of its own script: that of other responses would forbid every fetch.
    answer.headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    return answer


@router.get("/offline")
async def offline(request: Request) -> Response:
    """Show the service worker's page for a failed request."""
    return page(request, "citizen/offline.html")
