"""The errors of GeoReport v2: each in both formats, whoever refuses."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.actors import Role
from domain.policy.permissions import Scope
from media.upload_service import limit_of_body
from store.db.engine import Store
from store.identity import tokens
from tests.api.running_api import Api, serve_api
from tests.support.open311_client import FORMATS, LAMP, V2, Client, client_of, errors_of, items


@pytest.fixture(params=FORMATS)
async def asker(api: Api, request: pytest.FixtureRequest) -> Client:
    return await client_of(api, request.param)


@pytest.fixture(params=FORMATS)
def suffix(request: pytest.FixtureRequest) -> str:
    return str(request.param)


AWAY: dict[str, Any] = {"temporal_address": "127.0.0.1:1", "engine_timeout": 1}
PATHS = (
    "services", "services/0204", "requests", "requests/2603021234560", "discovery",
    "servicerequestupdates",
)  # fmt: skip


async def test_an_unknown_jurisdiction_is_404(asker: Client) -> None:
    for city in ("nowhere", "heping", "通州\x00"):
        asker.jurisdiction = city
        for path in PATHS:
            answer = await asker.get(path, api_key=asker.key)
            # The key is for Tongzhou, and says so first.
            expected = (403, 404) if path == "servicerequestupdates" else (404,)
            assert errors_of(answer)[0] in expected, (path, city)


async def test_where_several_have_the_door_one_is_named(api: Api, suffix: str) -> None:
    asker = await client_of(api, suffix, city=None)
    asker.jurisdiction = None
    for path in ("services", "services/0204", "requests"):
        status, said = errors_of(await asker.get(path))
        assert status == 400
        assert "jurisdiction_id" in said
        assert "jinan, tongzhou" in said
    assert errors_of(await asker.post("requests", LAMP))[0] == 400


async def test_the_installation_may_say_which_is_meant(
    engineless_api: Api, tmp_path: Path, suffix: str
) -> None:
    async with serve_api(
        tmp_path / "preset", engineless_api.store, None, open311_city="jinan", **AWAY
    ) as preset:
        asker = Client(preset, suffix=suffix, jurisdiction=None)
        assert "0109" in [one["service_code"] for one in items(await asker.get("services"))]
        asker.jurisdiction = "tongzhou"
        assert "0109" not in [one["service_code"] for one in items(await asker.get("services"))]


async def test_a_key_of_one_city_says_which_is_meant(api: Api, suffix: str) -> None:
    asker = await client_of(api, suffix)
    asker.jurisdiction = None
    number = await asker.file()
    (shown,) = items(await asker.get(f"requests/{number}"))
    assert shown["service_request_id"] == number


async def test_unknown_things_are_404(asker: Client) -> None:
    number = "2603021234560"
    for path in (
        "services/9999",
        "services/%00",
        f"requests/{number}",
        "requests/nonsense",
        "requests/2603021234561",
        "tokens/nonsense",
        f"tokens/{number}-{'0' * 24}",
        "nothing",
        "services/0204/more",
        "requests/1/2/3",
    ):
        assert errors_of(await asker.get(path))[0] == 404, path
    answer = await asker.api.http.get(f"/open311/v3/services.{asker.suffix}")
    assert errors_of(answer)[0] == 404
    for bare in ("/open311", "/open311/", "/open311/v2", "/open311/v2/"):
        assert errors_of(await asker.api.http.get(bare))[0] == 404, bare
    answer = await asker.post("requests", LAMP | {"service_code": "9999"})
    assert errors_of(answer)[0] == 404


async def test_other_methods_are_405(asker: Client) -> None:
    for method in ("PUT", "DELETE", "PATCH"):
        for path in ("services", "requests", "discovery", "tokens/x", "servicerequestupdates"):
            answer = await asker.api.http.request(method, f"{V2}/{path}.{asker.suffix}")
            assert errors_of(answer)[0] == 405, (method, path)
            assert "GET" in answer.headers["allow"]
    assert errors_of(await asker.post("services", {}))[0] == 405


@pytest.mark.parametrize(
    "parameters",
    [
        {"start_date": "yesterday"},
        {"start_date": "2026-13-01"},
        {"end_date": "2026-01-01T25:00:00Z"},
        {"start_date": "0001-01-01"},
        {"end_date": "9999-12-31T23:59:59-12:00"},
        {"start_date": "2026-03-02", "end_date": "2026-03-01"},
        {"start_date": "2026-01-01", "end_date": "2026-04-02"},
        {"updated_after": "\x00"},
        {"updated_after": "2026-03-02", "updated_before": "2026-03-01"},
        {"status": "maybe"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "one"},
        {"page": "9" * 30},
        {"page_size": "0"},
        {"page_size": "1001"},
        {"page_size": str(10**9)},
        {"page_size": "1.5"},
        {"extensions": "maybe"},
        {"bbox": "1,2,3"},
        {"bbox": "a,b,c,d"},
        {"bbox": "nan,nan,nan,nan"},
        {"bbox": "0,0,inf,inf"},
        {"bbox": "10,10,5,5"},
        {"bbox": "-200,0,0,0"},
        {"bbox": "0,0,1,1", "lat": "0", "long": "0"},
        {"lat": "north", "long": "0"},
        {"lat": "91", "long": "0"},
        {"lat": "0", "long": "nan"},
        {"lat": "0", "long": "", "radius": "10"},
        {"lat": "0", "long": "0", "radius": "0"},
        {"lat": "0", "long": "0", "radius": "inf"},
        {"service_request_id": ",".join(["2603021234560"] * 1001)},
    ],
    ids=str,
)
async def test_malformed_parameters_of_the_list_are_400(
    asker: Client, parameters: dict[str, str]
) -> None:
    status, said = errors_of(await asker.get("requests", **parameters))
    assert status == 400
    assert said.split(":")[0] in parameters


async def test_ninety_days_are_allowed(asker: Client) -> None:
    for dates in (("2026-01-01", "2026-04-01"), ("2026-01-01T00:00:00Z", "2026-04-01T00:00:00Z")):
        answer = await asker.get("requests", start_date=dates[0], end_date=dates[1])
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"service_code": ""}, "service_code"),
        ({"lat": ""}, "lat"),
        ({"long": ""}, "long"),
        ({"lat": "", "long": ""}, "lat"),
        ({"lat": "", "long": "", "address_id": "#NOTPINPOINTED#"}, "lat"),
        ({"lat": "north"}, "lat"),
        ({"lat": "91"}, "lat"),
        ({"lat": "nan"}, "lat"),
        ({"long": "-180.5"}, "long"),
        ({"long": "1e400"}, "long"),
        ({"address_id": "999999999"}, ""),
        ({"address_id": "北苑街道"}, "address_id"),
        ({"address_string": "长" * 201}, "address_string"),
        ({"description": "长" * 4001}, "description"),
        ({"description": "长" * 4000, "attribute[lamp]": "A-17"}, "description"),
        ({"description": "\u200b\x00"}, "description"),
        ({"email": "nobody"}, "email"),
        ({"phone": "call me"}, "phone"),
        ({"first_name": "长" * 201}, "first_name"),
        ({"media_url": "ftp://example.org/a.jpg"}, "media_url"),
        ({"media_url": "javascript:alert(1)"}, "media_url"),
        ({"media_url": "https://[::1"}, "media_url"),
        ({"media_url": ["https://example.org/a.jpg"] * 11}, "media_url"),
        ({"attribute[fault]": "exploded"}, "attribute[fault]"),
        ({"attribute[fault][]": ["off", "day"]}, "attribute[fault]"),
        ({"attribute[public]": "maybe"}, "attribute[public]"),
        ({"attribute[lamp]": "长" * 1001}, "attribute[lamp]"),
        ({"service_code": "0201"}, "attribute[hazard]"),
        (
            {"service_code": "0201", "attribute[hazard]": "no", "attribute[size]": "large"},
            "attribute[size]",
        ),
    ],
    ids=str,
)
async def test_malformed_requests_are_400(
    asker: Client, changes: dict[str, Any], named: str
) -> None:
    status, said = errors_of(await asker.post("requests", LAMP | changes))
    assert status == 400
    assert said.startswith(named)
    assert "长" not in said, "what was sent is not repeated"


_PARTS = "multipart/form-data; boundary=x"


async def test_forms_that_cannot_be_read_are_400(asker: Client) -> None:
    path = f"{V2}/requests.{asker.suffix}"
    for content, declared in (
        (b"{}", "application/json"),
        (b"<request/>", "text/xml"),
        (b"no parts", _PARTS),
        (b"no boundary", "multipart/form-data"),
        (
            b"--x\r\nContent-Disposition: form-data\r\n\r\n1\r\n--x--",
            "multipart/form-data; boundary=x",
        ),
        (b"&".join(b"a%d=1" % n for n in range(1000)), "application/x-www-form-urlencoded"),
    ):
        answer = await asker.api.http.post(
            path,
            content=content,
            headers={"Content-Type": declared},
            params={"api_key": asker.key, "jurisdiction_id": "tongzhou"},
        )
        assert errors_of(answer)[0] == 400, (content[:20], declared)


async def test_a_missing_or_wrong_key_is_403(asker: Client) -> None:
    right = asker.key
    for key in (
        "",
        "nonsense",
        "jsu_0123456789ab_" + "0" * 48,
        right[:-1],
        f"{right} x",
        "钥匙\x00",
    ):
        asker.key = key
        assert errors_of(await asker.post("requests", LAMP))[0] == 403, key
        assert errors_of(await asker.get("servicerequestupdates", api_key=key))[0] == 403, key
    wrong = {"api_key": "nonsense"}  # pragma: allowlist secret
    answer = await asker.post("requests", LAMP, params=wrong)
    assert "www-authenticate" not in answer.headers


async def test_a_key_opens_only_what_it_is_for(api: Api, suffix: str) -> None:
    elsewhere = await client_of(api, suffix, city="jinan")
    assert errors_of(await elsewhere.post("requests", LAMP))[0] == 403
    assert errors_of(await elsewhere.get("servicerequestupdates", api_key=elsewhere.key))[0] == 403
    for scopes in ((Scope.READ,), (Scope.ACT,), (Scope.ADMIN, Scope.AUDIT)):
        reader = await client_of(api, suffix, scopes=scopes)
        assert errors_of(await reader.post("requests", LAMP))[0] == 403, scopes
    for role in (Role.AUDITOR, Role.ADMIN):
        other = await client_of(api, suffix, role=role, scopes=tuple(Scope))
        assert errors_of(await other.post("requests", LAMP))[0] == 403, role


async def test_an_expired_or_revoked_key_is_403(api: Api, suffix: str) -> None:
    asker, now = await client_of(api, suffix), datetime.now(UTC)
    assert (await asker.post("requests", LAMP)).status_code == 200
    await tokens.revoke(api.store, asker.key.split("_")[1], now)
    assert errors_of(await asker.post("requests", LAMP))[0] == 403
    _, asker.key = await tokens.issue(
        api.store, Role.DESK, None, "", now - timedelta(days=1), now - timedelta(days=2)
    )
    assert errors_of(await asker.post("requests", LAMP))[0] == 403


async def test_a_body_that_is_too_large_is_413(asker: Client) -> None:
    huge = "长" * (10 * 1024 * 1024 // 3)
    assert errors_of(await asker.post("requests", LAMP | {"description": huge}))[0] == 413
    assert errors_of(await asker.post("servicerequestupdates", {"description": huge}))[0] == 413
    too_much = str(limit_of_body(asker.api.context.settings) + 1)
    answer = await asker.api.http.post(
        f"{V2}/requests.{asker.suffix}",
        content=b"",
        headers={"Content-Type": "multipart/form-data; boundary=x", "Content-Length": too_much},
    )
    assert errors_of(answer)[0] == 413
    field = {"description": (None, "x" * (100 * 1024))}
    answer = await asker.post("requests", LAMP, files=field)
    assert errors_of(answer)[0] == 400


async def test_who_sends_too_often_is_told_when_to_come_again(
    engineless_api: Api, tmp_path: Path, suffix: str
) -> None:
    async with serve_api(
        tmp_path / "limited",
        engineless_api.store,
        None,
        **AWAY,
        limit_commands="2/hour",
        limits_exempt=[],
    ) as limited:
        asker = await client_of(limited, suffix)
        for _ in range(2):
            assert errors_of(await asker.post("requests", LAMP | {"lat": "x"}))[0] == 400
        answer = await asker.post("requests", LAMP)
        assert errors_of(answer)[0] == 429
        assert int(answer.headers["retry-after"]) > 0


@pytest.fixture
async def storeless_api(tmp_path: Path) -> AsyncIterator[Api]:
    store = Store.open(f"sqlite+aiosqlite:///{tmp_path}/nowhere/jiesu.db")
    async with serve_api(tmp_path, store, None, **AWAY) as opened:
        yield opened
    await store.close()


async def test_while_the_store_is_away_the_errors_have_their_form(
    storeless_api: Api, suffix: str
) -> None:
    asker = Client(storeless_api, "jsu_0123456789ab_" + "0" * 48, suffix)
    assert (await asker.get("services")).status_code == 200
    asked: list[httpx.Response] = [
        await asker.get("requests"),
        await asker.get("requests/2603021234560"),
        await asker.post("requests", LAMP),
        await asker.get("servicerequestupdates", api_key=asker.key),
    ]
    assert {errors_of(answer)[0] for answer in asked} <= {500, 503}


async def test_an_error_nobody_foresaw_has_the_form_as_well(
    api: Api, suffix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asker = await client_of(api, suffix)
    monkeypatch.setattr(
        "app.open311.requests.shown", lambda *_: (_ for _ in ()).throw(RuntimeError("x"))
    )
    await asker.file()
    assert errors_of(await asker.get("requests"))[0] == 500


async def test_who_reads_too_often_is_told_when_to_come_again(
    engineless_api: Api, tmp_path: Path, suffix: str
) -> None:
    limits: dict[str, Any] = {"limits_exempt": [], "limit_directory": "3/hour"}
    async with serve_api(
        tmp_path / "read", engineless_api.store, None, **AWAY, **limits
    ) as limited:
        asker = Client(limited, suffix=suffix)
        answers = [await asker.get("services") for _ in range(4)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
        assert errors_of(answers[-1])[0] == 429
        assert int(answers[-1].headers["retry-after"]) > 0
