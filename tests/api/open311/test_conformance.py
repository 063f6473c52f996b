"""GeoReport v2, endpoint by endpoint, in both formats: fields, their types, and the lists."""

import re
from datetime import datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.api.running_api import Api
from tests.support.open311_client import (
    FORMATS,
    LAMP,
    MEDIA_TYPES,
    Client,
    client_of,
    items,
    values_of,
)

W3C = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
REQUEST: dict[str, type | tuple[type, ...]] = {
    "service_request_id": str,
    "status": str,
    "status_notes": type(None),
    "service_name": str,
    "service_code": str,
    "description": str,
    "agency_responsible": str,
    "service_notice": str,
    "requested_datetime": str,
    "updated_datetime": str,
    "expected_datetime": str,
    "address": str,
    "address_id": (str, type(None)),
    "zipcode": type(None),
    "lat": float,
    "long": float,
    "media_url": str,
}
"""The fields of an open request with a place, and their types in JSON."""


@pytest.fixture(params=FORMATS)
async def asker(api: Api, request: pytest.FixtureRequest) -> Client:
    return await client_of(api, request.param)


async def test_discovery_says_where_the_door_is(asker: Client) -> None:
    for answer in (
        await asker.get("discovery"),
        await asker.api.http.get(f"/open311/discovery.{asker.suffix}"),
    ):
        assert answer.status_code == 200
        found = values_of(answer)
        assert list(found) == ["changeset", "contact", "key_service", "endpoints"]
        # The client names its city in the first one; where it names none, all doors are listed.
        every = [one["url"].partition("/open311")[2] for one in found["endpoints"]]
        assert every in (["/tongzhou/v2"], ["/v2", "/jinan/v2", "/tongzhou/v2"])
        assert found["endpoints"][0] == {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": f"http://jiesu.test/open311{every[0]}",
            "changeset": found["changeset"],
            "type": "production",
            "formats": ["text/xml", "application/json"],
        }
        assert datetime.fromisoformat(found["changeset"]).tzinfo is not None


async def test_services_say_what_can_be_filed(asker: Client) -> None:
    answer = await asker.get("services")
    found = items(answer)
    lamps = next(one for one in found if one["service_code"] == "0204")
    assert lamps == {
        "service_code": "0204",
        "service_name": "路灯",
        "description": "路灯不亮、闪烁、灯杆破损",
        "metadata": True if asker.suffix == "json" else "true",
        "type": "realtime",
        "keywords": "路灯, 路灯不亮, 没有路灯",
        "group": "道路设施",
        "groups": ["道路设施", "市政"],
    }
    policy = asker.api.context.packs.get("tongzhou").open311
    assert policy is not None
    assert [one["service_code"] for one in found] == [one.code for one in policy.services]


async def test_a_definition_is_one_object_with_its_questions_in_order(asker: Client) -> None:
    found = values_of(await asker.get("services/0201"))
    assert list(found) == ["service_code", "attributes"]
    assert found["service_code"] == "0201"
    hazard, size, public = found["attributes"]
    json = asker.suffix == "json"
    assert hazard == {
        "variable": True if json else "true",
        "code": "hazard",
        "datatype": "singlevaluelist",
        "required": True if json else "true",
        "datatype_description": None,
        "order": 1 if json else "1",
        "description": "是否影响通行",
        "values": [{"key": "yes", "name": "影响通行"}, {"key": "no", "name": "不影响通行"}],
    }
    assert (size["datatype"], size["values"]) == ("number", None)
    assert (public["code"], public["required"]) == ("public", False if json else "false")


async def test_the_xml_has_the_names_of_the_standard(api: Api) -> None:
    asker = await client_of(api, "xml")
    number = await asker.file()
    shapes = {
        "discovery": "discovery/endpoints/endpoint/formats/format",
        "services": "services/service/service_code",
        "services/0201": "service_definition/attributes/attribute/values/value/key",
        "requests": "service_requests/request/service_request_id",
        f"requests/{number}": "service_requests/request/service_request_id",
    }
    for path, shape in shapes.items():
        answer = await asker.get(path)
        assert answer.headers["content-type"] == MEDIA_TYPES["xml"]
        assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
        root = ElementTree.fromstring(answer.content)
        outer, _, inner = shape.partition("/")
        assert root.tag == outer
        assert root.find(inner) is not None, (path, answer.text)


async def test_a_request_has_every_field_in_its_type(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file(
        address_string="新华西街", address_id="110112003", media_url="https://example.org/a.jpg"
    )
    (shown,) = items(await asker.get(f"requests/{number}"))
    assert list(shown) == list(REQUEST)
    for name, types in REQUEST.items():
        assert isinstance(shown[name], types), (name, shown[name])
    assert shown["service_request_id"] == number
    assert (shown["service_code"], shown["service_name"]) == ("0204", "路灯")
    assert (shown["address"], shown["address_id"]) == ("新华西街", "110112003")
    assert shown["media_url"] == "https://example.org/a.jpg"
    for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
        assert W3C.fullmatch(shown[name]), (name, shown[name])
        assert shown[name].endswith("+08:00")


async def test_the_promise_is_when_it_is_expected(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file()
    (shown,) = items(await asker.get(f"requests/{number}"))
    ticket = await api.http.get(
        f"/api/v1/tickets/{number}",
        headers={"Access-Code": api.context.vault.access_code(number)},
    )
    promised = datetime.fromisoformat(ticket.json()["due_at"])
    expected = datetime.fromisoformat(shown["expected_datetime"])
    assert abs(expected - promised) < timedelta(seconds=1)


async def test_both_formats_say_the_same(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file(description="小区 <b>东门</b> & 西门的灯不亮。")
    in_json = items(await asker.get(f"requests/{number}", extensions="true"))[0]
    asker.suffix = "xml"
    in_xml = items(await asker.get(f"requests/{number}", extensions="true"))[0]
    assert in_xml.keys() == in_json.keys()
    for name, value in in_json.items():
        if name in ("lat", "long"):
            assert float(in_xml[name]) == value
        else:
            assert (in_xml[name] or None) == (value or None), name
    assert in_json["description"] == "小区 <b>东门</b> & 西门的灯不亮。"


async def test_extensions_add_answers_and_the_way(asker: Client) -> None:
    number = await asker.file(**{"attribute[fault]": "flicker", "attribute[lamp]": "A-17"})
    (plain,) = items(await asker.get(f"requests/{number}"))
    assert "notes" not in plain
    (shown,) = items(await asker.get(f"requests/{number}", extensions="true"))
    assert shown["extended_attributes"] == [
        {"code": "lamp", "name": "路灯杆号", "value": "A-17"},
        {"code": "fault", "name": "故障现象", "value": "闪烁"},
    ]
    assert [note["type"] for note in shown["notes"]] == ["open", "in_progress"]
    assert shown["notes"][0]["description"] == "已受理"
    assert all(W3C.fullmatch(note["datetime"]) for note in shown["notes"])
    assert "A-17" not in shown["description"]


async def test_a_list_of_ids_overrides_everything_else(asker: Client) -> None:
    first, second = await asker.file(), await asker.file()
    asked = f"{second}, {first},0000000000000,nonsense,{first}"
    found = items(
        await asker.get(
            "requests", service_request_id=asked, status="closed", start_date="2001-01-01"
        )
    )
    assert [one["service_request_id"] for one in found] == [second, first]


async def test_a_list_is_chosen_by_service_status_and_time(asker: Client) -> None:
    lamp = await asker.file()
    road = await asker.file(service_code="0201", **{"attribute[hazard]": "no"})
    bin_ = await asker.file(service_code="0101")

    async def listed(**parameters: Any) -> set[str]:
        found = items(await asker.get("requests", **parameters))
        return {one["service_request_id"] for one in found} & {lamp, road, bin_}

    assert await listed() == {lamp, road, bin_}
    assert await listed(service_code="0204,0201") == {lamp, road}
    assert await listed(service_code="9999") == set()
    assert await listed(status="open") == {lamp, road, bin_}
    assert await listed(status="open,closed") == {lamp, road, bin_}
    assert await listed(status="closed") == set()
    (shown,) = items(await asker.get(f"requests/{lamp}"))
    filed = datetime.fromisoformat(shown["requested_datetime"])
    before, after = filed - timedelta(minutes=5), filed + timedelta(minutes=30)
    assert await listed(start_date=before.isoformat(), end_date=after.isoformat()) == {
        lamp, road, bin_,
    }  # fmt: skip
    assert await listed(end_date=before.isoformat()) == set()
    assert await listed(start_date=after.isoformat()) == set()
    assert await listed(updated_after=before.isoformat()) == {lamp, road, bin_}
    assert await listed(updated_after=after.isoformat()) == set()
    assert await listed(updated_before=before.isoformat()) == set()
    # As clients write them: without an offset, a day alone, a plus that became a blank.
    day = filed.date().isoformat()
    assert await listed(start_date=day, end_date=day) == {lamp, road, bin_}
    naive = before.replace(tzinfo=None).isoformat()
    assert await listed(start_date=naive) == {lamp, road, bin_}
    lost = before.isoformat().replace("+", " ")
    assert await listed(start_date=lost) == {lamp, road, bin_}


async def test_a_box_holds_what_is_shown_within_it(asker: Client) -> None:
    number = await asker.file(lat="39.9021", long="116.6573")

    async def listed(box: str) -> bool:
        found = items(await asker.get("requests", bbox=box))
        return number in [one["service_request_id"] for one in found]

    assert await listed("116.65,39.90,116.66,39.91")
    assert await listed("116.6573,39.9021,116.6573,39.9021")
    assert not await listed("116.66,39.90,116.67,39.91")
    assert not await listed("116.65,39.91,116.66,39.92")


async def test_what_is_near_a_point_is_found_before_it_is_reported_again(asker: Client) -> None:
    number = await asker.file(lat="39.9021", long="116.6573")

    async def near(**asked: str) -> bool:
        found = items(await asker.get("requests", **asked))
        return number in [one["service_request_id"] for one in found]

    assert await near(lat="39.9041", long="116.6593", status="open")
    assert not await near(lat="39.9081", long="116.6573"), "660 metres to the north"
    assert not await near(lat="39.9021", long="116.6643"), "600 metres to the east"
    assert await near(lat="39.9021", long="116.6643", radius="700")
    assert not await near(lat="39.9041", long="116.6593", radius="50")


async def test_pages_come_in_order_and_end_with_a_short_one(asker: Client) -> None:
    filed = [await asker.file() for _ in range(5)]
    pages = []
    for page in (1, 2, 3, 4, 1000):
        found = items(await asker.get("requests", page=page, page_size=2, status="open"))
        pages.append([one["service_request_id"] for one in found])
    assert [number for page in pages for number in page] == filed[::-1]
    assert [len(page) for page in pages] == [2, 2, 1, 0, 0]


async def test_an_empty_parameter_is_an_absent_one(asker: Client) -> None:
    number = await asker.file(email="", media_url="", address_id="", **{"attribute[lamp]": ""})
    empty = dict.fromkeys(
        (
            "service_request_id", "service_code", "start_date", "end_date", "status", "bbox",
            "lat", "long", "radius", "page",
        ),
        "",
    )  # fmt: skip
    found = items(await asker.get("requests", **empty))
    assert number in [one["service_request_id"] for one in found]


async def test_addresses_are_read_as_clients_write_them(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file()
    for path, media_type in (
        ("/open311/v2//services.xml", "xml"),
        ("/open311/v2/services.json/", "json"),
        ("//open311//v2/requests.json", "json"),
        (f"/open311/v2/requests/{number}.xml/", "xml"),
        ("/open311/v2/services", "xml"),
    ):
        answer = await api.http.get(
            f"http://jiesu.test{path}", params={"jurisdiction_id": "tongzhou"}
        )
        assert answer.status_code == 200, (path, answer.text)
        assert answer.headers["content-type"] == MEDIA_TYPES[media_type], path
    only_json = {"Accept": "application/json"}
    answer = await api.http.get(f"/open311/v2/requests/{number}", headers=only_json)
    assert answer.headers["content-type"] == MEDIA_TYPES["json"]


async def test_a_browser_of_another_site_may_read(asker: Client) -> None:
    assert (await asker.get("services")).headers["access-control-allow-origin"] == "*"


async def test_what_is_posted_is_answered_with_its_id(asker: Client) -> None:
    body = LAMP | {"account_id": "u-1"}
    answer = await asker.post("requests", body)
    assert answer.status_code == 200
    (filed,) = items(answer)
    one_of = set(filed) & {"service_request_id", "token"}
    assert len(one_of) == 1
    assert set(filed) - one_of == {"service_notice", "account_id"}
    assert isinstance(filed[one_of.pop()], str)
    assert filed["account_id"] == "u-1"
