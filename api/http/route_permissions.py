"""Deny by default: a route that names no row of the permission table is not served at all."""

from collections.abc import Iterator

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from domain.policy.permissions import RIGHTS

BY_PATH = {"/openapi.json": "openapi"}
"""Routes of the framework, which cannot name their row themselves."""


class RouteWithoutPermission(RuntimeError):
    """A route without a permission, which everybody could reach."""


def key_of(route: BaseRoute) -> str | None:
    """Return the key of the row that a route names; None if it names none, or more than one."""
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
    """Return all routes, with those of included routers."""
    return [route_context.original_route for route_context in iter_route_contexts(app.routes)]


def _keys(dependant: Dependant) -> Iterator[str]:
    for below in dependant.dependencies:
        key = getattr(below.call, "permission", None)
        if key is not None:
            yield key
        yield from _keys(below)
