"""Deny by default: a route that names no row of the permission table is not served at all."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from domain.policy.permissions import RIGHTS

BY_PATH = {"/openapi.json": "openapi"}
"""What is no route of ours, and so cannot name its row itself."""


class RouteWithoutPermission(RuntimeError):
    """A route that everybody could reach because nobody said who may."""


def key_of(route: BaseRoute) -> str | None:
    """The key of the row that a route names; None when it names none, or more than one."""
    if isinstance(route, APIRoute):
        keys = set(_keys(route.dependant))
        return keys.pop() if len(keys) == 1 else None
    return BY_PATH.get(getattr(route, "path", ""))


def check_routes(app: FastAPI) -> None:
    """Refuse to serve `app` unless every route names exactly one row of the table.

    Raises:
        RouteWithoutPermission
    """
    for route in routes_of(app):
        if key_of(route) not in RIGHTS:
            path = getattr(route, "path", repr(route))
            raise RouteWithoutPermission(f"{path} names no row of domain.policy.permissions")


def routes_of(app: FastAPI) -> list[BaseRoute]:
    """All routes, those of included routers among them."""
    return [found.original_route for found in iter_route_contexts(app.routes)]


def _keys(dependant: Dependant) -> Iterator[str]:
    for below in dependant.dependencies:
        key = getattr(below.call, "permission", None)
        if key is not None:
            yield key
        yield from _keys(below)
