"""Tests of over a hundred hostile files: none is stored as it came, none harms the system."""

import io
import resource
import time
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image

from app.errors import CODES
from store.db.engine import Store
from tests.api.running_api import Api, problem, serve_api
from tests.support.hostile import MARK, Hostile
from tests.support.hostile_others import others
from tests.support.hostile_pictures import dear_pictures, pictures
from tests.support.media import a_photo

UPLOAD = "/api/v1/files"
SECONDS = 30
"""The limit for one file on a busy machine; the system itself gives up after 20."""

MB = 1024


@pytest.mark.timeout(900)
async def test_none_is_kept_as_it_came_and_none_hurts_the_system(
    tmp_path: Path, sqlite_store: Store
) -> None:
    files = [*pictures(), *dear_pictures(), *others()]
    assert len(files) >= 100
    assert len({file.name for file in files}) == len(files)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    became: Counter[str] = Counter()
    async with serve_api(
        tmp_path, sqlite_store, None, temporal_address="127.0.0.1:1", uploads_per_hour=1000
    ) as api:
        for file in files:
            began = time.monotonic()
            became[await _became(api, file)] += 1
            assert time.monotonic() - began < SECONDS, file.name
    # Decoding took place in child processes, within their memory limit.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * MB
    # The largest child of this process so far may be another test's.
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss < max(1100 * MB, largest + 1)
    count = became.pop("kept")
    assert became.keys() <= CODES.keys()
    assert count >= 20
    assert sum(became.values()) >= 80
    assert list((tmp_path / "uploads").iterdir()) == []
    for path in (tmp_path / "files").rglob("*"):
        assert not path.is_file() or MARK not in path.read_bytes()


async def _became(api: Api, file: Hostile) -> str:
    """Upload the file, and return its refusal code, or "kept" if it is stored and harmless."""
    declared = {"Content-Type": file.declared} if file.declared else {}
    answer = await api.http.post(UPLOAD, content=file.content, headers=declared)
    if answer.status_code != 201:
        code = problem(answer)[1]
        assert code in file.codes, (file.name, answer.text)
        return code
    assert file.kept, (file.name, answer.text)
    payload = answer.json()
    content = (await api.http.get(payload["url"])).content
    assert MARK not in content, file.name
    assert content != file.content, file.name
    if payload["kind"] == "photo":
        with Image.open(io.BytesIO(content)) as photo:
            assert (photo.format, getattr(photo, "n_frames", 1)) == ("JPEG", 1)
            assert photo.getexif() == {}
            assert photo.info.keys() <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    return "kept"


NAMES = {
    "a way up": "../../../etc/passwd",
    "a way up, elsewhere": "..\\..\\windows\\win.ini",
    "an end in the middle": "photo.jpg\0.html",
    "a direction": "photo\u202egpj.exe",
    "a script": "<script>alert(1)</script>.jpg",
    "a page": "page.html",
    "another host": "//evil.example/x.svg",
    "a device": "CON",
    "nothing": "",
    "much": "x" * 3000,
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES.keys())
async def test_no_name_leads_anywhere(name: str, engineless_api: Api, tmp_path: Path) -> None:
    body = _form(name.encode(), a_photo())
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    answer = await engineless_api.http.post(UPLOAD, content=body, headers=headers)
    assert answer.status_code == 201, answer.text
    names = [path.name for path in (tmp_path / "files").rglob("*") if path.is_file()]
    assert len(names) == 2
    for key in names:
        assert set(key.removesuffix("-small")) <= set("0123456789abcdef")
    if name:
        assert name not in answer.text


async def test_a_name_without_end_is_no_form(engineless_api: Api) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    body = _form(b"x" * 50_000, a_photo())
    answer = await engineless_api.http.post(UPLOAD, content=body, headers=headers)
    assert problem(answer) == (400, "malformed_upload")


def _form(name: bytes, content: bytes) -> bytes:
    data = b'--b\r\nContent-Disposition: form-data; name="file"; filename="' + name + b'"'
    return data + b"\r\nContent-Type: image/jpeg\r\n\r\n" + content + b"\r\n--b--\r\n"
