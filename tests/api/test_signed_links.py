"""Tests of links to files: they expire, cannot be forged, and their files run nowhere."""

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from sqlalchemy import delete, update

from store.db import tables
from tests.api.running_api import Api, problem
from tests.support.media import a_pdf, a_photo, a_video, a_voice


async def _uploaded(api: Api, content: bytes) -> dict[str, Any]:
    answer = await api.http.post("/api/v1/files", content=content)
    assert answer.status_code == 201, answer.text
    payload: dict[str, Any] = answer.json()
    return payload


def _changed(url: str, **changes: Any) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{urlencode(dict(parse_qsl(parts.query)) | changes)}"


@pytest.mark.parametrize("content", [a_photo(), a_video(), a_voice(), a_pdf()])
async def test_a_browser_is_told_to_run_nothing(content: bytes, engineless_api: Api) -> None:
    values = await _uploaded(engineless_api, content)
    answer = await engineless_api.http.get(values["url"])
    assert answer.headers["Content-Type"] == values["media_type"]
    assert int(answer.headers["Content-Length"]) == values["bytes"] == len(answer.content)
    assert answer.headers["Content-Disposition"].startswith(
        f'attachment; filename="{values["id"]}.'
    )
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer.headers["Cache-Control"].startswith("private")


async def test_a_link_ends(engineless_api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    values = await _uploaded(engineless_api, a_photo())
    ends = int(dict(parse_qsl(urlsplit(values["url"]).query))["ends"])
    in_minutes = (datetime.fromtimestamp(ends, UTC) - datetime.now(UTC)) / timedelta(minutes=1)
    assert 14 < in_minutes < 21
    later = datetime.fromtimestamp(ends + 1, UTC)

    class Later(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return later

    monkeypatch.setattr("app.filing.files.datetime", Later)
    for url in (values["url"], values["thumbnail_url"]):
        assert problem(await engineless_api.http.get(url)) == (403, "link_expired")


async def test_a_link_cannot_be_made_up(engineless_api: Api) -> None:
    values, other = [await _uploaded(engineless_api, a_photo()) for _ in range(2)]
    ends = dict(parse_qsl(urlsplit(values["url"]).query))["ends"]
    for url in (
        _changed(values["url"], ends=int(ends) + 3600),
        _changed(values["url"], signature="0" * 32),
        _changed(values["url"], signature="\u00e9"),
        values["url"].replace(values["id"], other["id"]),
        # A thumbnail's link does not open the large picture.
        values["thumbnail_url"].replace("/thumbnail", ""),
    ):
        assert problem(await engineless_api.http.get(url)) == (404, "file_not_found")


async def test_only_photos_are_shown_small(engineless_api: Api) -> None:
    values = await _uploaded(engineless_api, a_voice())
    assert values["thumbnail_url"] is None


async def test_a_file_that_is_gone_is_not_found(engineless_api: Api) -> None:
    values = await _uploaded(engineless_api, a_photo())
    past = datetime.now(UTC) - timedelta(seconds=1)
    await engineless_api.store.change(update(tables.file).values(expires_at=past))
    for url in (values["url"], values["thumbnail_url"]):
        assert problem(await engineless_api.http.get(url)) == (404, "file_not_found")
    await engineless_api.store.change(delete(tables.file))
    assert problem(await engineless_api.http.get(values["url"])) == (404, "file_not_found")


@pytest.mark.parametrize(
    ("requested", "start", "end"),
    [
        ("bytes=0-99", 0, 100),
        ("bytes=100-", 100, None),
        ("bytes=-50", -50, None),
        ("bytes=10-999999999", 10, None),
    ],
)
async def test_a_player_may_ask_for_a_part(
    requested: str, start: int, end: int | None, engineless_api: Api
) -> None:
    values = await _uploaded(engineless_api, a_video())
    whole = (await engineless_api.http.get(values["url"])).content
    answer = await engineless_api.http.get(values["url"], headers={"Range": requested})
    assert answer.status_code == 206
    assert answer.content == whole[start:end]
    at = start % len(whole)
    last = at + len(answer.content) - 1
    assert answer.headers["Content-Range"] == f"bytes {at}-{last}/{len(whole)}"


@pytest.mark.parametrize("requested", ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=9-3"])
async def test_what_is_not_one_range_gets_the_whole(requested: str, engineless_api: Api) -> None:
    values = await _uploaded(engineless_api, a_video())
    answer = await engineless_api.http.get(values["url"], headers={"Range": requested})
    assert (answer.status_code, len(answer.content)) == (200, values["bytes"])


async def test_a_part_behind_the_end_is_not_there(engineless_api: Api) -> None:
    values = await _uploaded(engineless_api, a_video())
    answer = await engineless_api.http.get(values["url"], headers={"Range": "bytes=9999999-"})
    assert problem(answer) == (416, "bad_range")
    assert answer.headers["Content-Range"] == f"bytes */{values['bytes']}"
