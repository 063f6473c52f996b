"""Tests that every page has a router that is found, templates that exist, and a known right."""

import ast
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from fastapi import APIRouter
from jinja2 import Environment
from jinja2.meta import find_referenced_templates

from api.pages.all_pages import BadPage, imported, router_of
from api.pages.shared.navigation import ADMINISTRATION
from domain.policy.permissions import RIGHTS

PAGES = Path(__file__).parents[2] / "api" / "pages"


def _module(**values: object) -> ModuleType:
    module = ModuleType("api.pages.desk.visits")
    vars(module).update(values)
    return module


def test_a_module_without_a_router_is_no_page() -> None:
    assert router_of(_module()) is None
    router = APIRouter()
    assert router_of(_module(router=router, APIRouter=APIRouter)) is router


@pytest.mark.parametrize("values", [{"rooter": APIRouter()}, {"APIRouter": APIRouter}])
def test_a_router_of_another_name_is_named(values: dict[str, object]) -> None:
    with pytest.raises(BadPage, match=r"^api\.pages\.desk\.visits has no `router`"):
        router_of(_module(**values))


def test_a_page_with_an_unknown_right_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'from api.http.access import staff\nVISITOR = staff("list_visits")\n'
    (tmp_path / "visits_page.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(BadPage, match=r"^visits_page: no right 'list_visits' in the table"):
        imported("visits_page")


def _drawn() -> Iterator[tuple[str, str]]:
    """Yield the templates that pages draw: place of the name, and name."""
    for path in sorted(PAGES.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Constant):
                continue
            name = node.value
            if isinstance(name, str) and name.endswith(".html") and "/" in name:
                yield f"{path.relative_to(PAGES)}:{node.lineno}", name
    environment = Environment(extensions=["jinja2.ext.i18n"], autoescape=True)
    for path in sorted(PAGES.rglob("*.html")):
        source = environment.parse(path.read_text(encoding="utf-8"))
        for name in find_referenced_templates(source):
            if name is not None:  # a layout is chosen by the page that draws it
                yield str(path.relative_to(PAGES)), name


def _exists(name: str) -> bool:
    people, _, file = name.partition("/")
    return (PAGES / people / "templates" / file).is_file()


def test_every_template_that_a_page_draws_exists() -> None:
    drawn = list(_drawn())
    assert len(drawn) > 50
    assert [f"{place}: no template {name}" for place, name in drawn if not _exists(name)] == []


def test_every_link_of_the_navigation_has_a_known_right() -> None:
    unknown = [f"{url}: {key}" for _, url, key in ADMINISTRATION if key not in RIGHTS]
    assert unknown == []
