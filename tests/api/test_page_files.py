"""Tests that the files of a page lie together: routes, templates and scripts."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from fastapi.routing import APIRoute

from api.pages.all_pages import PAGES as ROUTERS
from api.pages.shared.page import template_loader
from api.pages.supervision.board import PARTS

API = Path(__file__).parents[2] / "api"
PAGES = API / "pages"
USED_BY_OTHERS = {"shared", "actions"}
"""The page packages that other page packages use."""

_SCRIPT = re.compile(r"""(?:asset\('jiesu/|\.own\(")([\w.]+)""")
_TEMPLATE = re.compile(r'"([a-z_]+/[a-z_{}]+\.html)"')


def _sources() -> Iterator[tuple[str, str]]:
    """Yield the path in api/pages and the text of every module and every template."""
    for path in sorted((*PAGES.rglob("*.py"), *PAGES.rglob("*.html"))):
        yield path.relative_to(PAGES).as_posix(), path.read_text("utf-8")


def _users(name: re.Pattern[str]) -> dict[str, set[str]]:
    """Return the names that the pattern finds, each with the files that have it."""
    names: dict[str, set[str]] = defaultdict(set)
    for path, text in _sources():
        # The only names that are put together: the parts of the board.
        for each in name.findall(text.replace('" ~ part ~ "', "{part}")):
            for part in (*PARTS, "at") if "{part}" in each else ("",):
                names[each.replace("{part}", part)].add(path)
    return names


def _package(path: str) -> str:
    return path.split("/", 1)[0]


def _misplaced(package: str, users: set[str]) -> bool:
    """Return whether a file of this package belongs to another one, by who uses it."""
    packages = {_package(path) for path in users}
    if package == "shared":
        return len(packages) == 1 and "shared" not in packages
    return package not in USED_BY_OTHERS and packages != {package}


def test_every_template_is_used_and_every_name_leads_to_one() -> None:
    assert set(_users(_TEMPLATE)) == set(template_loader().list_templates())


def test_a_template_lies_with_the_page_that_uses_it_and_a_shared_one_with_none() -> None:
    users = _users(_TEMPLATE)
    assert {name: users[name] for name in users if _misplaced(_package(name), users[name])} == {}


def test_a_template_that_one_module_draws_is_called_after_a_module_beside_it() -> None:
    other = {}
    for name, users in _users(_TEMPLATE).items():
        modules = [path.stem for path in (PAGES / _package(name)).glob("*.py")]
        stem = name.split("/")[1].removesuffix(".html")
        drawn_by = [path for path in users if path.endswith(".py")]
        called = any(stem == module or stem.startswith(f"{module}_") for module in modules)
        if len(drawn_by) == 1 and not called:
            other[name] = drawn_by
    # The frames are shared by all pages; the style guide draws itself in two of them.
    assert other.keys() <= {"shared/base_staff.html", "shared/base_citizen.html"}


def _own_files() -> dict[str, list[str]]:
    """Return the page packages that have a static file, by its name."""
    values: dict[str, list[str]] = defaultdict(list)
    for path in PAGES.glob("*/static/*"):
        values[path.name].append(_package(path.relative_to(PAGES).as_posix()))
    return values


def test_every_static_file_is_used_and_every_name_leads_to_one() -> None:
    assert set(_users(_SCRIPT)) == set(_own_files())


def test_a_static_file_lies_with_the_page_that_uses_it_and_its_name_is_given_once() -> None:
    users = _users(_SCRIPT)
    assert {
        name: (packages, users[name])
        for name, packages in _own_files().items()
        if len(packages) > 1 or _misplaced(packages[0], users[name])
    } == {}


def test_no_file_of_the_api_lies_flat() -> None:
    def files(folder: Path) -> set[str]:
        return {path.name for path in folder.iterdir() if path.is_file()}

    assert files(API) == {"__init__.py"}
    assert files(PAGES) == {"__init__.py", "all_pages.py"}
    beside = [path for path in API.rglob("*") if path.suffix in {".html", ".css", ".js", ".svg"}]
    assert beside
    assert [
        path.relative_to(API).as_posix()
        for path in beside
        if path.parents[2] != PAGES
        or path.parent.name != ("templates" if path.suffix == ".html" else "static")
    ] == []


def test_the_page_of_documents_names_the_module_of_every_address() -> None:
    text = (API.parent / "docs" / "reference" / "pages.md").read_text("utf-8")
    rows = re.findall(r"^\| `(api/pages/[\w/]+\.py)` \| (.+) \|$", text, re.MULTILINE)
    named = {address: module for module, cell in rows for address in re.findall(r"`(.+?)`", cell)}
    served = {
        route.path: f"{route.endpoint.__module__.replace('.', '/')}.py"
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute) and "GET" in (route.methods or ())
    }
    assert named == served
