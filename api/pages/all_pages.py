"""All pages: every module below this folder that has a router."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages
from types import ModuleType

from fastapi import APIRouter

import api.pages
from domain.policy.permissions import UnknownRight


class BadPage(TypeError):
    """A module of a page that cannot be served."""


def _routers() -> Iterator[APIRouter]:
    """Yield the routers by the names of their modules: `search` comes before `ticket`."""
    for module in walk_packages(api.pages.__path__, f"{api.pages.__name__}."):
        if module.name != __name__ and (router := router_of(imported(module.name))) is not None:
            yield router


def imported(module: str) -> ModuleType:
    """Import the module of a page.

    Raises:
        BadPage: it names a right that is not in the table.
    """
    try:
        return import_module(module)
    except UnknownRight as error:
        raise BadPage(f"{module}: {error}") from error


def router_of(module: ModuleType) -> APIRouter | None:
    """Return the router of a page; None of a module that is no page.

    Raises:
        BadPage: it makes a router that is not called `router`, so that nobody would find it.
    """
    router = getattr(module, "router", None)
    others = [
        name
        for name, value in vars(module).items()
        if isinstance(value, APIRouter) and name != "router"
    ]
    if others or (router is None and "APIRouter" in vars(module)):
        called = f"; its router is called '{others[0]}'" if others else ""
        raise BadPage(f"{module.__name__} has no `router` of that name{called}")
    return router


PAGES: tuple[APIRouter, ...] = tuple(_routers())
