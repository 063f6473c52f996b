"""Only what its citizen let be published is shown, and only as far as that."""

from typing import Any

import pytest

from domain.actors import Role
from domain.policy.permissions import Scope
from tests.api.running_api import Api, Filed
from tests.support.open311_client import FORMATS, LAMP, Client, client_of, errors_of, items

OF_A_LAMP: dict[str, Any] = {
    "title": "路灯不亮",
    "text": "我家3栋501门前的路灯不亮，请致电13800138000。",
    "category": "0204",
    "place": {"address": "新华西街3栋501", "lat": 39.902149, "lon": 116.657351},
}


async def _everything(asker: Client) -> str:
    """Return all that the door tells of many tickets."""
    found = []
    for suffix in FORMATS:
        asker.suffix = suffix
        found.append((await asker.get("requests", extensions="true")).text)
        found.append((await asker.get("servicerequestupdates", api_key=asker.key)).text)
    return "\n".join(found)


async def test_private_tickets_are_never_shown(api: Api) -> None:
    asker = await client_of(api)
    ticket = await api.file(**OF_A_LAMP)
    assert errors_of(await asker.get(f"requests/{ticket.number}"))[0] == 404
    assert items(await asker.get("requests", service_request_id=ticket.number)) == []
    assert ticket.number not in await _everything(asker)


async def test_who_says_no_is_not_shown_and_is_filed(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file(**{"attribute[public]": "no"})
    assert errors_of(await asker.get(f"requests/{number}"))[0] == 404
    assert number not in await _everything(asker)
    agreed = await asker.file(**{"attribute[public]": "yes"})
    assert (await asker.get(f"requests/{agreed}")).status_code == 200


async def test_consent_given_elsewhere_is_not_to_the_place(api: Api) -> None:
    asker = await client_of(api)
    ticket = await api.file(**OF_A_LAMP, public=True)
    (shown,) = items(await asker.get(f"requests/{ticket.number}", extensions="true"))
    assert (shown["lat"], shown["long"]) == (39.902, 116.657)
    assert shown["address"] is None
    assert "501" not in shown["description"]
    assert "13800138000" not in shown["description"]
    assert shown["extended_attributes"] == []
    found = await _everything(asker)
    for secret in ("501", "13800138000", "39.9021", "116.6573"):
        assert secret not in found


async def test_no_box_finds_more_of_a_place_than_is_shown(api: Api) -> None:
    asker = await client_of(api)
    ticket = await api.file(**OF_A_LAMP, public=True)

    async def within(box: str) -> bool:
        found = items(await asker.get("requests", bbox=box))
        return ticket.number in [one["service_request_id"] for one in found]

    assert await within("116.6569,39.9019,116.6571,39.9021")
    assert not await within("116.6573,39.9021,116.6574,39.9022")


async def test_texts_of_what_is_filed_here_are_covered_as_well(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file(
        description="请致电13800138000，我家3栋501。",
        address_string="新华西街3栋501",
        media_url="https://example.org/13800138000.jpg",
        **{"attribute[lamp]": "问13800138000"},
    )
    (shown,) = items(await asker.get(f"requests/{number}", extensions="true"))
    assert shown["media_url"] is None
    assert "13800138000" not in str(shown)
    assert "501" not in str(shown)


async def test_who_files_is_in_the_vault_alone(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file(
        first_name="芳",
        last_name="王",
        phone="13900139000",
        email="wang@example.org",
        device_id="device-77",
        account_id="account-88",
    )
    found = await _everything(asker)
    for secret in ("王芳", "13900139000", "wang@example.org", "device-77", "account-88"):
        assert secret not in found
    desk = await api.token(Role.DESK)
    state = await api.http.get(f"/api/v1/tickets/{number}", headers=desk)
    assert "13900139000" not in state.text
    person = await api.http.post(
        f"/api/v1/tickets/{number}/person", json={"purpose": "回访"}, headers=desk
    )
    assert person.json()["name"] == "王芳"
    assert person.json()["phone"].endswith("13900139000")
    assert person.json()["email"] == "wang@example.org"


async def test_a_report_of_wrongdoing_disappears(api: Api) -> None:
    asker = await client_of(api)
    filed = await api.file(**OF_A_LAMP, public=True, kind="report", channel="web")
    assert filed.number not in await _everything(asker)
    assert errors_of(await asker.get(f"requests/{filed.number}"))[0] == 404


async def test_a_merged_request_says_not_into_which(api: Api) -> None:
    asker = await client_of(api)
    parent = await api.file(**OF_A_LAMP)
    number = await asker.file()
    dispatcher = await api.token(Role.DISPATCHER)
    answer = await api.http.post(
        f"/api/v1/tickets/{number}/merge",
        json={"into": parent.number, "reason": "同一路灯"},
        headers=dispatcher,
    )
    assert answer.status_code == 200, answer.text
    (shown,) = items(await asker.get(f"requests/{number}", extensions="true"))
    assert shown["status"] == "open"
    assert shown["notes"][-1]["type"] == "duplicate"
    assert parent.number not in await _everything(asker)


async def test_an_answer_is_shown_once_it_is_published(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file()
    filed = Filed(api, {"number": number, "access_code": api.context.vault.access_code(number)})
    unit = (await filed.seen_by_staff())["assignments"][0]["unit"]
    reply = {"reply": "路灯已修复，如有疑问请致电13800138000。"}
    assert (await filed.complete(unit=unit, body=reply)).status_code == 200
    await filed.until_stage("rate")
    (shown,) = items(await asker.get(f"requests/{number}"))
    assert shown["status"] == "closed"
    assert shown["status_notes"] == "路灯已修复，如有疑问请致电▇▇▇。"
    assert number in [
        one["service_request_id"] for one in items(await asker.get("requests", status="closed"))
    ]
    updates = items(await asker.get("servicerequestupdates", api_key=asker.key))
    fixed = next(one for one in updates if one["status"] == "FIXED")
    assert fixed["service_request_id"] == number
    assert fixed["description"] == "路灯已修复，如有疑问请致电▇▇▇。"
    # Sent back, the answer is no answer any more.
    bad = {"contacted": True, "resolved": False, "grade": 1}
    assert (await filed.rate(bad)).status_code in (200, 202)
    await filed.until_stage("handle")
    (shown,) = items(await asker.get(f"requests/{number}"))
    assert (shown["status"], shown["status_notes"]) == ("open", None)
    assert "路灯已修复" not in await _everything(asker)


async def test_what_was_withdrawn_says_so(api: Api) -> None:
    asker = await client_of(api)
    number = await asker.file()
    citizen = {"Access-Code": api.context.vault.access_code(number)}
    answer = await api.http.post(f"/api/v1/tickets/{number}/withdraw", json={}, headers=citizen)
    assert answer.status_code == 200, answer.text
    (shown,) = items(await asker.get(f"requests/{number}"))
    assert (shown["status"], shown["status_notes"]) == ("closed", "市民已撤回")


async def test_a_category_that_is_no_service_is_shown_by_no_way(api: Api) -> None:
    asker = await client_of(api)
    ticket = await api.file(public=True)
    await ticket.until_stage("handle")
    assert ticket.number not in await _everything(asker)
    assert items(await asker.get("requests", service_request_id=ticket.number)) == []
    assert errors_of(await asker.get(f"requests/{ticket.number}"))[0] == 404


@pytest.mark.parametrize("suffix", FORMATS)
async def test_a_city_without_the_door_has_none(api: Api, suffix: str) -> None:
    asker = await client_of(api, suffix, city="heping", scopes=tuple(Scope))
    asker.jurisdiction = "heping"
    number = "2603021234560"
    for path in ("services", "services/0204", "requests", f"requests/{number}", "discovery"):
        assert errors_of(await asker.get(path))[0] == 404, path
    assert errors_of(await asker.post("requests", LAMP))[0] == 404
    assert errors_of(await asker.get("servicerequestupdates", api_key=asker.key))[0] == 404


async def test_no_other_door_files_as_this_one(api: Api) -> None:
    """The place of what is filed here is published: others ask their citizens something else."""
    answer = await api.http.post(
        "/api/v1/complaints", json=OF_A_LAMP | {"city": "tongzhou", "channel": "open311"}
    )
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "channel"
