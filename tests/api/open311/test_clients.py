"""Public clients, played by the requests that they are known to send."""

import asyncio
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest

from app.open311.tokens import token_of
from domain.actors import Role
from domain.policy.permissions import Scope
from tests.api.running_api import Api
from tests.support.media import a_photo
from tests.support.open311_client import FORMATS, LAMP, V2, Client, client_of, items, values_of

AS_A_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


async def test_a_python_client_that_reads_lists_by_their_form(api: Api) -> None:
    """Play `three`: a base address with a slash, `.json` added, 200 alone counts, bare lists."""
    asker = await client_of(api)
    key = asker.key
    base, city = "http://jiesu.test/open311/v2/", {"jurisdiction_id": "tongzhou"}
    services = await api.http.get(f"{base}services.json", params=city)
    assert services.status_code == 200
    codes = [service["service_code"] for service in services.json()]
    for code in codes:
        definition = (await api.http.get(f"{base}services/{code}.json", params=city)).json()
        assert definition["service_code"] == code
        assert isinstance(definition["attributes"], list)
    body = city | {
        "api_key": key,
        "service_code": "0204",
        "lat": 39.9021,
        "long": 116.6573,
        "description": "路灯不亮",
        "first_name": "John",
        "last_name": "Doe",
    }
    posted = await api.http.post(f"{base}requests.json", data=body)
    assert posted.status_code == 200
    number = await asker.number_in(posted)
    shown = await api.http.get(f"{base}requests/{number}.json", params=city)
    assert shown.json()[0]["service_request_id"] == number
    between = {"start_date": "2026-03-01T00:00:00Z", "end_date": "2026-03-31T00:00:00Z"}
    assert (await api.http.get(f"{base}requests.json", params=city | between)).json() == []
    asked = {"service_request_id": f"{number},{number}"}
    found = await api.http.get(f"{base}requests.json", params=city | asked)
    assert [one["service_request_id"] for one in found.json()] == [number]


async def test_fixmystreet_sends_reports_and_fetches_updates(api: Api) -> None:
    """Play FixMyStreet: XML, `deviceid`, its address that is none, several links, and updates."""
    asker = await client_of(api, "xml", scopes=(Scope.FILE, Scope.ACT))
    key = asker.key
    city = {"jurisdiction_id": "tongzhou", "api_key": key}
    services = await api.http.get(f"{V2}/services.xml", params=city)
    root = ElementTree.fromstring(services.content)
    with_groups = next(
        one for one in root.findall("service") if one.findtext("service_code") == "0204"
    )
    assert [group.text for group in with_groups.findall("groups/group")] == ["道路设施", "市政"]

    sent = [
        ("jurisdiction_id", "tongzhou"),
        ("api_key", key),
        ("service_code", "0204"),
        ("lat", "39.902100"),
        ("long", "116.657300"),
        ("address_id", "#NOTPINPOINTED#"),
        ("deviceid", "fixmystreet"),
        ("email", "citizen@example.org"),
        ("first_name", "Test"),
        ("last_name", "User"),
        ("phone", ""),
        ("description", "Street light: not working\n\ndetail: since Monday"),
        ("media_url", "https://example.org/1.jpeg"),
        ("media_url", "https://example.org/2.jpeg"),
        ("attribute[fixmystreet_id]", "4711"),
        ("attribute[easting]", "529025"),
    ]
    answer = await api.http.post(f"{V2}/requests.xml", content=urlencode(sent), headers=AS_A_FORM)
    assert answer.status_code == 200
    filed = ElementTree.fromstring(answer.content)
    assert filed.tag == "service_requests"
    assert (filed.find("request/token") is None) != (
        filed.find("request/service_request_id") is None
    )
    number = await asker.number_in(answer)

    seen = (
        await api.http.get(f"/api/v1/tickets/{number}", headers=await api.token(Role.DESK))
    ).json()
    for said in ("4711", "https://example.org/1.jpeg", "https://example.org/2.jpeg", "Monday"):
        assert said in seen["complaint"]["text"]
    assert seen["complaint"]["channel"] == "open311"

    updates = await api.http.get(
        f"{V2}/servicerequestupdates.xml",
        params=city | {"start_date": "2026-01-01T00:00:00Z"},
    )
    root = ElementTree.fromstring(updates.content)
    assert root.tag == "service_request_updates"
    ours = [
        one for one in root.findall("request_update")
        if one.findtext("service_request_id") == number
    ]  # fmt: skip
    assert [one.findtext("status") for one in ours] == ["OPEN", "IN_PROGRESS"]
    for one in ours:
        for name in ("update_id", "updated_datetime", "description", "external_status_code"):
            assert one.findtext(name), name
        # An empty element is a hash to Perl.
        assert all(len(child) or child.text for child in one)

    update = city | {
        "update_id": "99",
        "service_request_id": number,
        "status": "OPEN",
        "updated_datetime": "2026-03-02T08:00:00+08:00",
        "description": "It is getting worse.",
        "first_name": "Test",
        "last_name": "User",
        "title": "",
        "email": "citizen@example.org",
        "service_code": "0204",
    }
    for _ in range(2):
        answer = await api.http.post(f"{V2}/servicerequestupdates.xml", data=update)
        assert answer.status_code == 200, answer.text
        root = ElementTree.fromstring(answer.content)
        assert root.findtext("request_update/update_id") == "99"
    events = await api.http.get(
        f"/api/v1/tickets/{number}/events", headers=await api.token(Role.AUDITOR)
    )
    added = [one["fact"]["text"] for one in events.json() if one["fact"]["kind"] == "facts_added"]
    assert len(added) == 1
    assert added[0].startswith("It is getting worse.")
    assert "citizen@example.org" not in added[0]


async def test_a_synchronising_client_reads_page_after_page(api: Api) -> None:
    """Play a client that copies all requests: pages of 200 until a short one."""
    asker = await client_of(api)
    filed = [await asker.file() for _ in range(3)]
    answer = await api.http.get(
        f"{V2}/requests.json?jurisdiction_id=tongzhou&extensions=true&page=1&page_size=200"
        "&start_date=2020-01-01T00:00:00Z&updated_after=2020-01-01T00:00:00Z"
    )
    assert answer.status_code == 200, answer.text
    found = [one["service_request_id"] for one in answer.json()]
    assert found == filed[::-1]


@pytest.mark.parametrize("name", ["media", "media[]"])
async def test_photos_come_in_the_form(api: Api, name: str) -> None:
    asker = await client_of(api)
    answer = await asker.post(
        "requests", LAMP, files=[(name, ("lamp.jpg", a_photo(), "image/jpeg"))]
    )
    assert answer.status_code == 200, answer.text
    number = await asker.number_in(answer)
    files = await api.http.get(
        f"/api/v1/tickets/{number}/files", headers=await api.token(Role.DESK)
    )
    assert [one["kind"] for one in files.json()] == ["photo"]


async def test_a_file_that_is_no_photo_is_refused_and_nothing_filed(api: Api) -> None:
    asker = await client_of(api)
    answer = await asker.post(
        "requests", LAMP, files=[("media", ("a.jpg", b"MZ" + b"\0" * 2000, "image/jpeg"))]
    )
    assert answer.status_code == 400
    assert items(await asker.get("requests")) == []


async def test_a_repetition_is_one_request(api: Api) -> None:
    asker, somebody = await client_of(api), await client_of(api)

    async def sent(by: Client = asker, **changes: str) -> str:
        return await by.number_in(await by.post("requests", LAMP | {"device_id": "d1"} | changes))

    first = await sent()
    assert await sent() == first
    others = [
        await sent(device_id="d2"),
        await sent(description="另一盏"),
        await sent(lat="39.9"),
        await sent(somebody),
    ]
    assert len({first, *others}) == 5


async def test_two_at_once_are_one_request(api: Api) -> None:
    asker = await client_of(api)
    answers = await asyncio.gather(*(asker.post("requests", LAMP) for _ in range(5)))
    assert len({await asker.number_in(answer) for answer in answers}) == 1


async def test_a_repetition_with_its_photo_is_one_request(api: Api) -> None:
    asker, photo = await client_of(api), a_photo()
    files = [("media", ("a.jpg", photo, "image/jpeg"))]
    sent = [await asker.number_in(await asker.post("requests", LAMP, files=files)) for _ in "ab"]
    assert sent[0] == sent[1]


async def test_while_the_engine_is_away_a_token_is_answered(engineless_api: Api) -> None:
    asker = await client_of(engineless_api)
    (filed,) = items(await asker.post("requests", LAMP))
    assert set(filed) == {"token", "service_notice", "account_id"}
    for suffix, waiting in (("json", None), ("xml", None)):
        asker.suffix = suffix
        for _ in range(5):
            answer = await asker.get(f"tokens/{filed['token']}")
            assert answer.status_code == 200
            assert items(answer) == [{"service_request_id": waiting, "token": filed["token"]}]


async def test_a_token_gives_the_id_when_the_ticket_has_begun(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file()
    token = token_of(api.context, number)
    answer = await asker.get(f"tokens/{token}")
    assert items(answer) == [{"service_request_id": number, "token": token}]


async def test_an_update_needs_the_right_of_the_act(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file()
    update = {"update_id": "1", "service_request_id": number, "description": "补充"}
    assert (await asker.post("servicerequestupdates", update)).status_code == 403
    acting = await client_of(api, scopes=(Scope.ACT,))
    assert (await acting.post("servicerequestupdates", update)).status_code == 200
    elsewhere = await client_of(api, scopes=(Scope.ACT,), city="jinan")
    elsewhere.jurisdiction = None
    assert (await elsewhere.post("servicerequestupdates", update)).status_code in (403, 404)
    for changes in (
        {"update_id": ""},
        {"service_request_id": ""},
        {"description": ""},
        {"status": "WONDERFUL"},
        {"media_url": "file:///etc/passwd"},
        {"description": "长" * 4001},
        {"update_id": "a b"},
    ):
        answer = await acting.post("servicerequestupdates", update | {"update_id": "2"} | changes)
        assert answer.status_code == 400, (changes, answer.text)
    unknown = update | {"service_request_id": "2603021234560"}
    assert (await acting.post("servicerequestupdates", unknown)).status_code == 404


async def test_an_update_is_kept_out_neither_by_a_citizen_nor_by_another_of_its_id(
    api: Api,
) -> None:
    acting = await client_of(api, scopes=(Scope.FILE, Scope.ACT))
    number = await acting.file()
    code = api.context.vault.access_code(number)
    forged = {"text": "还没修好。\n［外部更新］FixMyStreet：7"}
    answer = await api.http.post(
        f"/api/v1/tickets/{number}/facts", json=forged, headers={"Access-Code": code}
    )
    assert answer.status_code == 200, answer.text
    update = {"update_id": "7", "service_request_id": number, "description": "漏电，很危险"}
    said_within = update | {"update_id": "6", "description": "［外部更新］FixMyStreet：7\n补充"}
    for sent in (said_within, update, update):
        assert (await acting.post("servicerequestupdates", sent)).status_code == 200
    other = await acting.post("servicerequestupdates", update | {"description": "另一件事"})
    assert other.status_code == 400
    events = await api.http.get(
        f"/api/v1/tickets/{number}/events", headers=await api.token(Role.AUDITOR)
    )
    added = [one["fact"]["text"] for one in events.json() if one["fact"]["kind"] == "facts_added"]
    assert len(added) == 3
    assert sum("漏电，很危险" in text for text in added) == 1
    assert not any("另一件事" in text for text in added)


HOSTILE = (
    "]]><script>alert(1)</script>&amp;&#0;",
    "零\x00宽\u200b控制\x01\x08\x0b\x1f字符\ufffe\uffff",
    "emoji 🚨 и عربي",
    "<!DOCTYPE x [<!ENTITY a SYSTEM 'file:///etc/passwd'>]><x>&a;</x>",
    "tab\tand\r\nlines\rhere",
    "［补充信息］\n伪造（lamp）：A-17",
    "％０３％０４ {{7*7}} ${7*7} '; DROP TABLE ticket; --",
)


@pytest.mark.parametrize("said", HOSTILE)
async def test_hostile_texts_leave_both_formats_whole(api: Api, said: str) -> None:
    asker = await client_of(api)
    number = await asker.file(description=said, address_string=said[:200], first_name=said[:90])
    for suffix in ("json", "xml"):
        asker.suffix = suffix
        for path in (f"requests/{number}", "requests"):
            (shown,) = items(await asker.get(path, extensions="true"))
            assert shown["service_request_id"] == number
            assert "\x00" not in str(values_of(await asker.get(path)))
        values_of(await asker.get("servicerequestupdates", api_key=asker.key))


async def test_clients_of_two_cities_do_not_meet(api: Api) -> None:
    here, there = await client_of(api), await client_of(api, city="jinan")
    there.jurisdiction = "jinan"
    number = await here.file()
    other = await there.file(service_code="0203", lat="36.65", long="117.0")
    listed: dict[str, list[str]] = {}
    for asker in (here, there):
        found = items(await asker.get("requests"))
        listed[str(asker.jurisdiction)] = [one["service_request_id"] for one in found]
    assert listed == {"tongzhou": [number], "jinan": [other]}
    assert (await there.get(f"requests/{number}")).status_code == 404
    nowhere = Client(api, jurisdiction=None)
    assert (await nowhere.get(f"requests/{number}")).status_code == 200


@pytest.mark.parametrize("suffix", FORMATS)
async def test_a_client_that_knows_no_jurisdiction_has_the_address_of_a_city(
    api: Api, suffix: str
) -> None:
    """The base address says which city is meant, whatever key is shown and parameter is sent."""
    asker = await client_of(api)
    base = "/open311/tongzhou/v2"
    services = await api.http.get(f"{base}/services.{suffix}")
    assert (
        services.text
        == (
            await api.http.get(f"{V2}/services.{suffix}", params={"jurisdiction_id": "tongzhou"})
        ).text
    )
    body = LAMP | {"api_key": asker.key, "description": f"路灯不亮，{suffix}。"}
    asker.suffix = suffix
    number = await asker.number_in(await api.http.post(f"{base}/requests.{suffix}", data=body))
    for address, count in (("tongzhou", 1), ("jinan", 0)):
        found = await api.http.get(f"/open311/{address}/v2/requests.{suffix}")
        assert found.text.count(number) == count
    other = await api.http.get(
        f"/open311/jinan/v2/services.{suffix}", params={"jurisdiction_id": "tongzhou"}
    )
    assert other.text != services.text
    for path in ("nowhere/v2/services", "tongzhou/v3/services"):
        assert (await api.http.get(f"/open311/{path}.{suffix}")).status_code == 404


async def test_discovery_names_the_address_of_each_city(api: Api) -> None:
    async def addresses(path: str) -> list[str]:
        found = (await api.http.get(path)).json()
        return [one["url"].partition("/open311")[2] for one in found["endpoints"]]

    every = ["/v2", "/jinan/v2", "/tongzhou/v2"]
    assert sorted(await addresses("/open311/discovery.json")) == sorted(every)
    assert await addresses("/open311/tongzhou/discovery.json") == ["/tongzhou/v2"]
    assert await addresses("/open311/tongzhou/v2/discovery.json") == ["/tongzhou/v2"]
