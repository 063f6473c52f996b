"""Forms as programs send them: in other charsets, unescaped, packed; and HEAD and OPTIONS."""

from urllib.parse import quote_from_bytes

import pytest

from api.open311.bodies import pairs_of_query
from tests.api.running_api import Api
from tests.support.open311_client import LAMP, V2, Client, client_of, errors_of, items

SAID = "新华西街路灯不亮"
FORM = "application/x-www-form-urlencoded"


def _form(asker: Client, described: bytes) -> bytes:
    known = {"api_key": asker.key, "jurisdiction_id": "tongzhou"} | LAMP
    del known["description"]
    pairs = [f"{name}={value}".encode() for name, value in known.items()]
    return b"&".join([*pairs, b"description=" + described])


async def _posted(asker: Client, content: bytes, kind: str, **headers: str) -> str:
    answer = await asker.api.http.post(
        f"{V2}/requests.json", content=content, headers={"Content-Type": kind} | headers
    )
    (shown,) = items(await asker.get(f"requests/{await asker.number_in(answer)}"))
    return str(shown["description"])


async def test_utf8_that_is_not_escaped_is_read(api: Api) -> None:
    """So sends `curl -d`; the framework reads it as Latin-1."""
    asker = await client_of(api)
    assert await _posted(asker, _form(asker, SAID.encode()), FORM) == SAID
    assert dict(pairs_of_query(b"q=" + SAID.encode())) == {"q": SAID}


@pytest.mark.parametrize("charset", ["GBK", '"gb2312"', "GB18030"])
async def test_a_form_in_the_charset_that_it_names_is_read(api: Api, charset: str) -> None:
    asker = await client_of(api)
    raw = SAID.encode("gb18030")
    escaped = quote_from_bytes(raw).encode()
    kind = f"{FORM}; charset={charset}"
    assert await _posted(asker, _form(asker, escaped), kind) == SAID
    assert await _posted(asker, _form(asker, raw), kind) == SAID


def _multipart(asker: Client, described: bytes) -> bytes:
    known = {"api_key": asker.key, "jurisdiction_id": "tongzhou"} | LAMP
    fields = {name: str(value).encode() for name, value in known.items()}
    fields["description"] = described
    return (
        b"".join(
            f'--b\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode()
            + value
            + b"\r\n"
            for name, value in fields.items()
        )
        + b"--b--\r\n"
    )


async def test_a_text_in_no_charset_is_refused_and_never_guessed(api: Api) -> None:
    """GBK that is not named would become signs that nobody can read, without a word."""
    asker = await client_of(api)
    raw = SAID.encode("gbk")
    multipart = "multipart/form-data; boundary=b"
    for content, kind in (
        (_form(asker, raw), FORM),
        (_form(asker, quote_from_bytes(raw).encode()), f"{FORM}; charset=utf-8"),
        (_multipart(asker, raw), multipart),
    ):
        answer = await api.http.post(
            f"{V2}/requests.json", content=content, headers={"Content-Type": kind}
        )
        status, said = errors_of(answer)
        assert status == 400
        assert said.startswith("description: is not UTF-8")
    assert await _posted(asker, _multipart(asker, raw), f"{multipart}; charset=gbk") == SAID
    assert await _posted(asker, _multipart(asker, SAID.encode()), multipart) == SAID


async def test_a_packed_body_is_refused_by_its_name(api: Api) -> None:
    asker = await client_of(api)
    answer = await api.http.post(
        f"{V2}/requests.json",
        content=b"\x1f\x8b\x08",
        headers={"Content-Type": FORM, "Content-Encoding": "gzip"},
    )
    assert errors_of(answer)[0] == 400
    assert "Content-Encoding" in errors_of(answer)[1]
    same = _form(asker, SAID.encode())
    assert await _posted(asker, same, FORM, **{"Content-Encoding": "identity"}) == SAID


async def test_zero_and_zero_is_no_point(api: Api) -> None:
    asker = await client_of(api)
    nowhere = LAMP | {"lat": "0", "long": "0.0"}
    status, said = errors_of(await asker.post("requests", nowhere))
    assert status == 400
    assert "location is needed" in said
    named = await asker.post("requests", nowhere | {"address_string": "新华西街"})
    (shown,) = items(await asker.get(f"requests/{await asker.number_in(named)}"))
    assert (shown["lat"], shown["long"], shown["address"]) == (None, None, "新华西街")


async def test_an_end_that_is_to_come_leaves_nothing_out(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file()
    found = items(await asker.get("requests", end_date="2999-01-01"))
    assert number in [one["service_request_id"] for one in found]


async def test_head_is_answered_as_get_without_a_body(api: Api) -> None:
    city = {"jurisdiction_id": "tongzhou"}
    for path in (f"{V2}/services.json", f"{V2}/services.xml/", "/healthz", "/", "/api/v1/cities"):
        got = await api.http.get(path, params=city)
        head = await api.http.head(path, params=city)
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == got.headers["content-type"]
    assert (await api.http.head("/api/v1/tickets")).status_code == 401
    assert (await api.http.head(f"{V2}/services/nothing.json", params=city)).status_code == 404


async def test_pages_of_other_origins_may_ask_first(api: Api) -> None:
    for path, methods in (
        ("requests", "GET, HEAD, OPTIONS, POST"),
        ("servicerequestupdates", "GET, HEAD, OPTIONS, POST"),
        ("services", "GET, HEAD, OPTIONS"),
    ):
        asked = await api.http.request(
            "OPTIONS",
            f"{V2}/{path}.json",
            headers={"Origin": "https://a.example", "Access-Control-Request-Method": "POST"},
        )
        assert (asked.status_code, asked.content) == (204, b"")
        assert asked.headers["access-control-allow-origin"] == "*"
        assert asked.headers["access-control-allow-methods"] == methods
        refused = await api.http.put(f"{V2}/{path}.json")
        assert errors_of(refused)[0] == 405
        assert refused.headers["allow"] == methods
