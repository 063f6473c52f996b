"""All pages: every module below this folder that has a router."""

from collections.abc import Iterator
from importlib import import_module
from pkgutil import walk_packages

from fastapi import APIRouter

import api.pages


def _routers() -> Iterator[APIRouter]:
    """Yield the routers by the names of their modules: `search` comes before `ticket`."""
    for module in walk_packages(api.pages.__path__, f"{api.pages.__name__}."):
        router = getattr(import_module(module.name), "router", None)
        if isinstance(router, APIRouter):
            yield router


PAGES: tuple[APIRouter, ...] = tuple(_routers())
