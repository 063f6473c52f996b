"""Tests of every answer's headers: restrictions for the browser, and the system's name."""

import re
from pathlib import Path
from typing import Any

import pytest

from store.db.engine import Store
from tests.api.running_api import Api, serve_api

ASSET = "/assets/jiesu/x/jiesu.css"
PLACES = [
    "/", "/staff/sign-in", "/staff/me", ASSET, "/healthz", "/api/v1/tickets", "/nowhere",
    "/open311/v2/discovery.json", "/open311/v2/nowhere.xml", "/mcp",
]  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
async def test_every_answer_is_guarded(engineless_api: Api, path: str) -> None:
    headers = (await engineless_api.http.get(path)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] in ("no-referrer", "same-origin")
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "microphone=()" in headers["Permissions-Policy"]
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe-inline" not in policy
    assert "Strict-Transport-Security" not in headers
    assert headers["Served-By"] == "jiesu", "a page on a phone would take it for somebody else's"


async def test_only_what_is_public_may_be_read_from_another_site(engineless_api: Api) -> None:
    origin = {"Origin": "https://elsewhere.example"}
    for path in PLACES:
        headers = (await engineless_api.http.get(path, headers=origin)).headers
        public = path.startswith("/open311/")
        assert headers.get("Access-Control-Allow-Origin") == ("*" if public else None), path
        assert "Access-Control-Allow-Credentials" not in headers, path


async def test_what_is_too_large_is_guarded_too(engineless_api: Api) -> None:
    answer = await engineless_api.http.post("/api/v1/complaints", content=b"x" * 70_000)
    assert answer.status_code == 413
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Served-By"] == "jiesu"


async def test_behind_https_browsers_stay_with_https(sqlite_store: Store, tmp_path: Path) -> None:
    public: dict[str, Any] = {
        "public_url": "https://12345.example.org",
        "temporal_address": "127.0.0.1:1",
    }
    async with serve_api(tmp_path, sqlite_store, None, **public) as api:
        headers = (await api.http.get("/")).headers
        assert headers["Strict-Transport-Security"].startswith("max-age=31536000")


async def test_pages_hold_no_script_and_no_style_of_their_own(engineless_api: Api) -> None:
    for path in ("/", "/staff/sign-in"):
        page = (await engineless_api.http.get(path)).text
        assert not re.search(r"<script(?![^>]* src=)", page)
        assert "style=" not in page
        assert " on" + "click=" not in page
