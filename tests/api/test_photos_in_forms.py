"""Tests of photos in the citizens' forms, as browsers without JavaScript send them."""

import re
from typing import Any

import httpx
import pytest

from domain.actors import Role
from tests.api.running_api import Api
from tests.support.media import a_photo

FORM = {
    "key": "a-form-of-its-own",
    "city": "tongzhou",
    "kind": "complaint",
    "category": "0301",
    "text": "河水发黑发臭，附上照片。",
    "whole": "yes",
}
PHOTO = ("河.jpg", a_photo(), "image/jpeg")


def _receipt(page: httpx.Response) -> dict[str, str]:
    return {
        name: re.findall(f'name="{name}" value="(\\d+)"', page.text)[0]
        for name in ("number", "code")
    }


async def _sent(
    api: Api, *files: tuple[str, bytes, str], path: str = "/report", **fields: str
) -> httpx.Response:
    values = (FORM if path == "/report" else {"whole": "yes"}) | fields
    named = [("photos", file) for file in files]
    return await api.http.post(path, data=values, files=named)


async def _files(api: Api, keep: dict[str, str]) -> list[dict[str, Any]]:
    answer = await api.http.get(
        f"/api/v1/tickets/{keep['number']}/files", headers={"Access-Code": keep["code"]}
    )
    items: list[dict[str, Any]] = answer.json()
    return items


async def test_a_photo_comes_in_the_form_and_is_on_the_ticket(api: Api) -> None:
    filed = await _sent(api, PHOTO)
    keep = _receipt(filed)
    [photo] = await _files(api, keep)
    assert (photo["kind"], photo["purpose"]) == ("photo", "complaint")
    seen = await api.http.post("/follow", data=keep)
    assert f"/api/v1/files/{photo['id']}/thumbnail" in seen.text
    nothing = await _sent(api, ("", b"", "application/octet-stream"), key="none")
    assert await _files(api, _receipt(nothing)) == []


async def test_the_form_with_a_photo_sent_twice_makes_one_ticket(api: Api) -> None:
    first, second = [await _sent(api, PHOTO) for _ in range(2)]
    assert _receipt(first) == _receipt(second)
    assert len(await _files(api, _receipt(first))) == 1
    other = await _sent(api, ("b.jpg", a_photo((64, 64)), "image/jpeg"))
    assert other.status_code == 422  # another photo makes another form: it can be sent again
    assert 'class="codes"' not in other.text


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (("注释.jpg", b"no photo at all " * 90, "image/jpeg"), "注释.jpg"),
        (("空.jpg", b"", "image/jpeg"), "空.jpg"),
        (("半.jpg", a_photo()[:700], "image/jpeg"), "半.jpg"),
        (("<b>.png", a_photo(), "image/png"), "&lt;b&gt;.png"),
    ],
)
async def test_a_photo_that_is_refused_is_said_so_and_the_rest_is_kept(
    api: Api, file: tuple[str, bytes, str], words: str
) -> None:
    page = await _sent(api, PHOTO, file)
    assert page.status_code == 422
    assert words in page.text
    assert 'aria-describedby="h-photos e-photos"' in page.text
    assert "河水发黑发臭，附上照片。" in page.text
    items = re.findall(r'name="photo" value="([^"]+)" checked', page.text)
    assert len(items) == 1
    filed = await api.http.post("/report", data=FORM | {"photo": items})
    assert len(await _files(api, _receipt(filed))) == 1


async def test_a_mistake_elsewhere_keeps_the_photos(api: Api) -> None:
    page = await _sent(api, PHOTO, PHOTO, text="")
    assert page.status_code == 422
    assert len(re.findall(r'name="photo" value="[^"]+" checked', page.text)) == 2


async def test_too_many_photos_are_said_so(api: Api) -> None:
    small = ("a.jpg", a_photo((16, 16)), "image/jpeg")
    page = await _sent(api, *[small] * 10)
    assert page.status_code == 422
    kept = re.findall(r'name="photo" value="([^"]+)" checked', page.text)
    assert len(kept) == 9
    more = await api.http.post("/report", data=FORM | {"photo": [*kept, kept[0]]})
    assert more.status_code == 422
    assert "最多" in more.text


async def test_a_form_that_breaks_off_in_a_photo_is_said_so_and_the_rest_is_kept(
    api: Api,
) -> None:
    request = api.http.build_request(
        "POST", "/report", data=FORM, files=[("photos", PHOTO), ("photos", PHOTO)]
    )
    between = b"--" + request.headers["content-type"].partition("boundary=")[2].encode()
    parts = (await request.aread()).split(between)
    cut = between.join(part for part in parts if b'name="whole"' not in part)
    page = await api.http.post(
        "/report", content=cut[:-400], headers={"Content-Type": request.headers["content-type"]}
    )
    assert page.status_code == 422
    assert "中断" in page.text
    assert "河水发黑发臭，附上照片。" in page.text
    assert len(re.findall(r'name="photo" value="[^"]+" checked', page.text)) == 1
    garbage = await api.http.post(
        "/report", content=b"garbage", headers={"Content-Type": "multipart/form-data; boundary=x"}
    )
    assert garbage.status_code in (400, 422)


async def test_a_rating_may_bring_a_photo(api: Api) -> None:
    ticket = await api.handled()
    keep = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    fields = keep | {"resolved": "no", "grade": "1", "key": "r1"}
    wrong = await _sent(api, PHOTO, path="/follow/rate", **keep, grade="九")
    assert wrong.status_code == 422
    assert await _files(api, keep) == []
    rated = await _sent(api, PHOTO, path="/follow/rate", **fields)
    assert rated.status_code == 200
    assert len(await _files(api, keep)) == 1
    again = await _sent(api, PHOTO, path="/follow/rate", **fields)
    assert len(await _files(api, keep)) == 1
    assert again.status_code in (200, 409)
    kinds = await ticket.kinds()
    assert kinds.index("facts_added") < kinds.index("rated")
    assert kinds.count("facts_added") == 1
    officer = await api.http.get(
        f"/api/v1/tickets/{ticket.number}/files", headers=await api.token(Role.SUPERVISOR)
    )
    assert len(officer.json()) == 1


async def test_facts_may_bring_a_photo_twice_and_have_it_once(api: Api) -> None:
    ticket = await api.file()
    keep = {"number": ticket.number, "code": ticket.receipt["access_code"]}
    for _ in range(2):
        added = await _sent(api, PHOTO, path="/follow/facts", **keep, text="附图。", key="f1")
        assert added.status_code == 200, added.text
    assert len(await _files(api, keep)) == 1
    early = await _sent(api, PHOTO, path="/follow/rate", **keep, resolved="yes", grade="5")
    assert early.status_code == 409
    assert len(await _files(api, keep)) == 1
