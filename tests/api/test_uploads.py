"""Tests of uploading: by whom, how much, for what, and the treatment of photos."""

import io
import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from domain.actors import Role
from store.db.engine import Store
from store.files import files
from tests.api.running_api import Api, problem, serve_api
from tests.support.media import (
    a_pdf,
    a_photo,
    a_video,
    a_voice,
    a_webm,
    an_amr,
    an_mp3,
    an_ogg,
    box,
    located,
)

UPLOAD = "/api/v1/files"


async def _photo_of(api: Api, values: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO((await api.http.get(values["url"])).content))


@pytest.mark.parametrize(
    ("content", "declared", "kind", "media_type"),
    [
        (a_photo(), "image/jpeg", "photo", "image/jpeg"),
        (a_photo(form="PNG"), "image/png", "photo", "image/jpeg"),
        (a_photo(form="WEBP"), "image/webp", "photo", "image/jpeg"),
        (a_photo(form="GIF"), "", "photo", "image/jpeg"),
        (a_video(), "video/mp4", "video", "video/mp4"),
        (a_video(brand=b"qt  "), "video/quicktime", "video", "video/quicktime"),
        (a_video(handler=b"soun"), "audio/x-m4a", "voice", "audio/mp4"),
        (a_webm(), "video/webm;codecs=vp8,opus", "video", "video/webm"),
        (a_webm(track=2), "audio/webm", "voice", "audio/webm"),
        (a_voice(), "audio/x-wav", "voice", "audio/wav"),
        (an_mp3(), "audio/mpeg", "voice", "audio/mpeg"),
        (an_ogg(), "audio/ogg", "voice", "audio/ogg"),
        (an_amr(), "application/octet-stream", "voice", "audio/amr"),
        (a_pdf(), "application/pdf", "document", "application/pdf"),
    ],
)
async def test_what_citizens_send_is_taken(
    content: bytes, declared: str, kind: str, media_type: str, engineless_api: Api
) -> None:
    headers = {"Content-Type": declared} if declared else {}
    answer = await engineless_api.http.post(UPLOAD, content=content, headers=headers)
    assert answer.status_code == 201, answer.text
    payload = answer.json()
    assert (payload["kind"], payload["media_type"]) == (kind, media_type)
    row = await files.get(engineless_api.store, payload["id"])
    assert row is not None
    assert (row.sha256, row.bytes) == (payload["sha256"], payload["bytes"])


async def test_a_photo_is_upright_and_tells_nothing_but_what_it_shows(engineless_api: Api) -> None:
    where = located(((39, 54, 31.3), "N"), ((116, 23, 51), "E"))
    photo = a_photo((600, 400), exif=where)
    answer = await engineless_api.http.post(UPLOAD, content=photo)
    payload = answer.json()
    # The photo was lying on its side: its top left corner is now the top right one.
    image = await _photo_of(engineless_api, payload)
    assert (image.size, (payload["width"], payload["height"])) == ((400, 600), (400, 600))
    corner = image.getpixel((390, 10))
    assert isinstance(corner, tuple)
    assert corner[0] > 200 > 100 > corner[2]
    assert image.getexif() == {}
    # The position is offered to the uploader, and stored nowhere.
    assert payload["location"] == {"lat": 39.908694, "lon": 116.3975, "crs": "wgs84"}
    row = await files.get(engineless_api.store, payload["id"])
    assert "39.908" not in str(row)
    assert "116.39" not in str(row)


@pytest.mark.parametrize(
    ("lat", "lon", "expected"),
    [
        (((33, 51, 0), "S"), ((151, 12, 0), "E"), (-33.85, 151.2)),
        (((40, 0, 0), "N"), ((3, 30, 0), "W"), (40, -3.5)),
        (((0, 0, 0), "N"), ((0, 0, 0), "E"), None),
        (((99, 0, 0), "N"), ((0, 0, 0), "E"), None),
    ],
)
async def test_a_place_is_offered_only_where_there_is_one(
    lat: Any, lon: Any, expected: tuple[float, float] | None, engineless_api: Api
) -> None:
    photo = a_photo(exif=located(lat, lon))
    payload = (await engineless_api.http.post(UPLOAD, content=photo)).json()
    location = payload["location"] and (payload["location"]["lat"], payload["location"]["lon"])
    assert location == expected


async def test_a_video_offers_its_place_and_forgets_it(engineless_api: Api) -> None:
    where = box(b"udta", box(b"\xa9xyz", b"\0\x12\x15\xc7+39.9087+116.3975/"))
    payload = (await engineless_api.http.post(UPLOAD, content=a_video(where))).json()
    assert (payload["location"]["lat"], payload["location"]["lon"]) == (39.9087, 116.3975)
    assert b"+39.9087" not in (await engineless_api.http.get(payload["url"])).content


async def test_a_large_photo_is_made_smaller(engineless_api: Api) -> None:
    payload = (await engineless_api.http.post(UPLOAD, content=a_photo((6000, 3000)))).json()
    assert (payload["width"], payload["height"]) == (4096, 2048)


async def test_what_is_transparent_becomes_white(engineless_api: Api) -> None:
    content = io.BytesIO()
    Image.new("RGBA", (50, 50), (0, 0, 0, 0)).save(content, "PNG")
    payload = (await engineless_api.http.post(UPLOAD, content=content.getvalue())).json()
    assert (await _photo_of(engineless_api, payload)).getpixel((25, 25)) == (255, 255, 255)


async def test_a_form_brings_a_file(engineless_api: Api) -> None:
    answer = await engineless_api.http.post(
        UPLOAD, files={"file": ("photo.jpg", a_photo(), "image/jpeg")}
    )
    assert answer.json()["kind"] == "photo"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--b\r\n",
        b"--b\r\nContent-Disposition: form-data; name=file\r\n\r\nno end",
        b"--b\r\nContent-Disposition: form-data; name=other\r\n\r\nx\r\n--b--\r\n",
        b"--b\r\n\r\nno name\r\n--b--\r\n",
        b"nothing of the sort",
        b"--b--\r\n",
    ],
)
async def test_what_is_no_form_with_a_file_is_told_so(body: bytes, engineless_api: Api) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await engineless_api.http.post(UPLOAD, content=body, headers=headers)
    assert problem(answer)[1] in ("malformed_upload", "empty_file")


async def test_a_form_has_one_file(engineless_api: Api) -> None:
    two = [("file", ("a.jpg", a_photo(), "image/jpeg")) for _ in range(2)]
    answer = await engineless_api.http.post(UPLOAD, files=two)
    assert problem(answer) == (400, "malformed_upload")
    answer = await engineless_api.http.post(
        UPLOAD, content=b"x", headers={"Content-Type": "multipart/form-data"}
    )
    assert problem(answer) == (400, "malformed_upload")


async def test_each_kind_has_its_own_limit(tmp_path: Path, sqlite_store: Store) -> None:
    small: dict[str, Any] = {"photo_mb": 5, "voice_mb": 1, "temporal_address": "127.0.0.1:1"}
    async with serve_api(tmp_path, sqlite_store, None, **small) as api:
        long = a_voice(80)
        assert len(long) > 1024 * 1024
        assert problem(await api.http.post(UPLOAD, content=long)) == (413, "file_too_large")
        assert (await api.http.post(UPLOAD, content=a_voice(60))).status_code == 201


@pytest.mark.parametrize(
    ("role", "purpose", "status"),
    [
        (None, "complaint", 201),
        (None, "after", 403),
        (Role.OFFICER, "after", 201),
        (Role.OFFICER, "complaint", 403),
        (Role.DESK, "complaint", 201),
        (None, "nonsense", 422),
    ],
)
async def test_who_shows_what(
    role: Role | None, purpose: str, status: int, engineless_api: Api
) -> None:
    headers = await engineless_api.token(role, "water") if role else {}
    answer = await engineless_api.http.post(
        UPLOAD, content=a_photo(), headers=headers, params={"purpose": purpose}
    )
    assert answer.status_code == status


async def test_a_refused_purpose_is_answered_with_those_of_the_role(engineless_api: Api) -> None:
    answer = await engineless_api.http.post(
        UPLOAD,
        content=a_photo(),
        headers=await engineless_api.token(Role.OFFICER, "water"),
        params={"purpose": "complaint"},
    )
    assert problem(answer) == (403, "forbidden")
    assert answer.json()["detail"] == (
        "Upload files of your role with the purpose 'after' or 'before' or 'evidence'."
    )


async def test_a_bad_token_uploads_nothing(engineless_api: Api) -> None:
    headers = {"Authorization": "Bearer jsu_nonsense"}
    answer = await engineless_api.http.post(UPLOAD, content=a_photo(), headers=headers)
    assert problem(answer) == (401, "unauthenticated")


async def test_citizens_upload_so_often_and_staff_as_they_need(
    tmp_path: Path, sqlite_store: Store
) -> None:
    few: dict[str, Any] = {"uploads_per_hour": 2, "temporal_address": "127.0.0.1:1"}
    async with serve_api(tmp_path, sqlite_store, None, **few) as api:
        answers = [await api.http.post(UPLOAD, content=a_voice()) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [201, 201, 429]
        assert problem(answers[2]) == (429, "too_many_uploads")
        assert 0 < int(answers[2].headers["Retry-After"]) <= 3600
        desk = await api.token(Role.DESK)
        assert (await api.http.post(UPLOAD, content=a_voice(), headers=desk)).is_success


async def test_files_that_belong_to_nothing_may_not_fill_the_storage(
    tmp_path: Path, sqlite_store: Store
) -> None:
    little: dict[str, Any] = {"unattached_mb": 1, "temporal_address": "127.0.0.1:1"}
    async with serve_api(tmp_path, sqlite_store, None, **little) as api:
        assert (await api.http.post(UPLOAD, content=a_voice(70))).status_code == 201
        answer = await api.http.post(UPLOAD, content=a_voice())
        assert problem(answer) == (503, "uploads_busy")


async def test_nothing_is_kept_when_the_place_of_files_is_away(
    tmp_path: Path, sqlite_store: Store
) -> None:
    away: dict[str, Any] = {
        "files_url": "s3://jiesu?region=x&endpoint=http://127.0.0.1:1&path_style=1"
    }
    async with serve_api(
        tmp_path, sqlite_store, None, temporal_address="127.0.0.1:1", **away
    ) as api:
        answer = await api.http.post(UPLOAD, content=a_voice())
    assert problem(answer) == (503, "file_store_unavailable")
    assert "127.0.0.1:1" not in answer.text
    assert await files.waiting_bytes(sqlite_store) == 0


async def test_what_is_refused_says_what_it_looks_like(engineless_api: Api) -> None:
    answer = await engineless_api.http.post(UPLOAD, content=b"7z\xbc\xaf\x27\x1c" + bytes(200))
    assert "7z" in answer.json()["detail"]


async def test_other_addresses_still_take_little(engineless_api: Api) -> None:
    body = json.dumps({"text": "x" * 70_000}).encode()
    headers = {"Content-Type": "application/json"}
    answer: httpx.Response = await engineless_api.http.post(
        "/api/v1/complaints", content=body, headers=headers
    )
    assert problem(answer) == (413, "body_too_large")
