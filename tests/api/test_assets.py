"""Tests of the pages' assets: only listed files are served, compressed, for a year."""

import gzip
import re
from pathlib import Path

import pytest

from api.http.assets import Assets
from app.installation.page_packages import PACKAGE_FILES, default_packages
from tests.api.running_api import Api

STYLE_SHEET = Path(__file__).parents[2] / "api" / "pages" / "shared" / "static" / "jiesu.css"


@pytest.fixture(scope="module")
def assets() -> Assets:
    return Assets(default_packages())


@pytest.mark.parametrize(
    "path", [f"{package}/{name}" for package, (_, names) in PACKAGE_FILES.items() for name in names]
)
def test_everything_listed_is_there_and_says_its_version(assets: Assets, path: str) -> None:
    address = assets.url(path)
    assert "missing" not in address
    assert assets.find(address.removeprefix("/assets/")) is not None


def test_a_page_cannot_name_what_is_not_listed(assets: Assets) -> None:
    with pytest.raises(KeyError):
        assets.url("bootstrap/js/bootstrap.js")


def test_our_own_address_changes_with_the_content(assets: Assets) -> None:
    address, version, name = assets.url("jiesu/jiesu.css").removeprefix("/assets/").split("/")
    assert (address, len(version), name) == ("jiesu", 12, "jiesu.css")


def test_pages_work_where_no_package_is_installed(tmp_path: Path) -> None:
    bare = Assets(tmp_path)
    assert bare.url("bootstrap/css/bootstrap.min.css").startswith("/assets/bootstrap/missing/")
    assert bare.own("jiesu.css").body


async def test_files_are_kept_for_a_year_and_compressed(
    engineless_api: Api, assets: Assets
) -> None:
    address = assets.url("bootstrap/css/bootstrap.min.css")
    answer = await engineless_api.http.get(address, headers={"Accept-Encoding": "gzip"})
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-encoding"] == "gzip"
    assert len(gzip.compress(answer.content, 9)) < 40_000
    plain = await engineless_api.http.get(address, headers={"Accept-Encoding": "identity"})
    assert plain.content == answer.content


@pytest.mark.parametrize(
    "path",
    [
        "bootstrap/5.3.9/package.json",
        "bootstrap/0.0.1/css/bootstrap.min.css",
        "jiesu/../../pyproject.toml",
        "..%2f..%2fpyproject.toml",
    ],
)
async def test_nothing_else_is_served(engineless_api: Api, path: str) -> None:
    assert (await engineless_api.http.get(f"/assets/{path}")).status_code == 404


def test_our_style_sheet_closes_what_it_opens() -> None:
    """An unclosed block silently disables every rule after it."""
    text = re.sub(r"/\*.*?\*/", "", STYLE_SHEET.read_text("utf-8"), flags=re.DOTALL)
    depth, deepest = 0, 0
    for sign in re.findall(r"[{}]", text):
        depth += 1 if sign == "{" else -1
        deepest = max(deepest, depth)
        assert depth >= 0
    assert depth == 0
    assert deepest == 3, "@supports holds a media query, and that rules; a rule holds nothing"
