"""Tests of appointments over HTTP: residents book, move and cancel; the centre sees its day."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import select

from domain.actors import Role
from store.db.booking_tables import booking
from tests.api.running_api import Api, another_code, problem
from tests.support.bookings import CITY, book, free, let_pass, wanted

CENTRE = "services-harbour"


async def own(api: Api, made: httpx.Response, what: str = "", body: Any = None) -> httpx.Response:
    """Open, or change, an appointment with its number and code."""
    receipt = made.json()
    path = f"/api/v1/appointments/{receipt['appointment']['number']}{what}"
    headers = {"Appointment-Code": receipt["code"]}
    if not what:
        return await api.http.get(path, headers=headers)
    return await api.http.post(path, json=body or {}, headers=headers)


async def at_counter(api: Api, unit: str = CENTRE) -> dict[str, str]:
    return await api.token(Role.OFFICER, unit, "huangpu")


async def booked(api: Api, **changes: Any) -> httpx.Response:
    made = await book(api, await wanted(api, **changes))
    assert made.status_code == 201, made.text
    return made


async def test_services_and_the_nearest_competent_places(api: Api) -> None:
    listed = (await api.http.get(f"{CITY}/services")).json()["services"]
    assert listed[0]["code"] == "social-insurance"
    near = await free(api)
    away = [one["place"]["distance"] for one in near]
    assert near[0]["place"]["code"] == "centre-harbour"
    assert away == sorted(away)
    assert {one["place"]["kind"] for one in near} == {"centre"}
    by_area = await api.http.get(
        f"{CITY}/services/social-insurance/times", params={"area": "440112017"}
    )
    assert by_area.json()["places"][0]["place"]["code"] == "centre-changzhou"
    elsewhere = [one["place"]["code"] for one in await free(api, "marriage")]
    assert set(elsewhere) == {"centre-science-city", "centre-knowledge-city"}


@pytest.mark.must_work("huangpu", "service-appointment")
async def test_an_appointment_is_booked_moved_and_cancelled(api: Api) -> None:
    body = await wanted(api)
    made = await book(api, body, "one-key")
    assert made.status_code == 201, made.text
    again = await book(api, body, "one-key")
    assert again.json() == made.json(), "booking twice with one key is booking once"
    other = await book(api, body | {"name": "王先生"}, "one-key")
    assert problem(other) == (422, "idempotency_key_reused")
    seen = (await own(api, made)).json()
    assert (seen["state"], seen["moves_left"], seen["reminder"]) == ("booked", 2, False)
    assert seen["starts_at"] == body["starts_at"]
    for nth in (-2, -3):
        to = {"starts_at": (await wanted(api, nth))["starts_at"]}
        assert (await own(api, made, "/move", to)).status_code == 200
    third = {"starts_at": (await wanted(api, -4))["starts_at"]}
    assert problem(await own(api, made, "/move", third)) == (409, "move_cap")
    gone = await own(api, made, "/cancel")
    assert gone.json()["state"] == "cancelled"
    assert problem(await own(api, made, "/move", third)) == (409, "appointment_over")
    acts = [one["act"] for one in gone.json()["happened"]]
    assert acts == ["booked", "moved", "moved", "cancelled"]
    rows = await api.store.rows(select(booking.c.sealed, booking.c.phone))
    assert all("陈女士".encode() not in row.sealed for row in rows)
    assert all("13800138000" not in row.phone for row in rows)


async def test_of_those_who_want_the_last_place_at_a_time_one_gets_it(api: Api) -> None:
    body = await wanted(api)
    wants = [book(api, body | {"phone": f"1380013800{n}"}) for n in range(6)]
    codes = [answer.status_code for answer in await asyncio.gather(*wants)]
    assert sorted(codes) == [201] * 3 + [409] * 3, "three windows are open at once"
    days = (await free(api))[0]["days"]
    [near, *_] = await free(api, day=days[-1])
    assert body["starts_at"] not in near["times"]


@pytest.mark.parametrize(
    ("changes", "refused"),
    [
        ({"starts_at": "2020-03-02T01:00:00Z"}, (422, "in_the_past")),
        ({"starts_at": "9999-12-31T23:59:59Z"}, (422, "too_far")),
        ({"place": "centre-nowhere"}, (422, "not_offered_there")),
        ({"place": "toilet-harbour-1"}, (422, "not_offered_there")),
        ({"service": "haircut"}, (422, "unknown_service")),
        ({"service": "marriage"}, (422, "not_offered_there")),
        ({"phone": "call me"}, (422, "invalid_request")),
        ({"name": "\u200b"}, (422, "invalid_request")),
        ({"starts_at": "tomorrow"}, (422, "invalid_request")),
        ({"ticket": "12"}, (422, "bad_number")),
    ],
)
async def test_what_cannot_be_booked(
    api: Api, changes: dict[str, Any], refused: tuple[int, str]
) -> None:
    assert problem(await book(api, await wanted(api) | changes)) == refused


async def test_outside_hours_on_a_day_off_and_too_far_nothing_begins(api: Api) -> None:
    """Look for a day that is worked and one that is off at the place, within a week."""
    pack = api.context.packs.get("huangpu")
    place = next(
        one for one in api.context.packs.places("huangpu") if one.code == "centre-changzhou"
    )
    assert place.opening is not None
    tz, today = pack.calendar.tz, datetime.now(pack.calendar.tz).date()
    days = [today + timedelta(days=n) for n in range(1, 13)]
    off = next(day for day in days if not place.opening.on(pack.calendar, day))
    worked = next(day for day in days if place.opening.on(pack.calendar, day))
    body = await wanted(api, place=place.code)

    async def tried(day: date, clock: str) -> tuple[int, str]:
        at = datetime.combine(day, time.fromisoformat(clock), tz)
        return problem(await book(api, body | {"starts_at": at.isoformat()}))

    for clock in ("02:00", "08:10", "08:35", "11:50", "12:30", "17:30", "23:50"):
        assert await tried(worked, clock) == (422, "not_open_then"), clock
    assert await tried(off, "09:10") == (422, "not_open_then")
    assert await tried(today + timedelta(days=30), "09:10") == (422, "too_far")
    at = datetime.combine(worked, time(8, 30), tz)
    assert (await book(api, body | {"starts_at": at.isoformat()})).status_code == 201


async def test_a_city_without_services_books_nothing(api: Api) -> None:
    path = "/api/v1/cities/tongzhou"
    assert (await api.http.get(f"{path}/services")).json()["services"] == []
    times = await api.http.get(f"{path}/services/any/times")
    assert problem(times) == (409, "not_in_this_city")
    refused = await api.http.post(f"{path}/appointments", json=await wanted(api))
    assert problem(refused) == (409, "not_in_this_city")


async def test_codes_are_not_guessed(api: Api) -> None:
    made = await booked(api)
    number = made.json()["appointment"]["number"]
    stranger = api.at("203.0.113.9")

    async def tried(code: str, of: str = number) -> httpx.Response:
        headers = {"Appointment-Code": code}
        return await stranger.get(f"/api/v1/appointments/{of}", headers=headers)

    assert problem(await tried(made.json()["code"], "AAAAA-AAAAA")) == (
        404,
        "appointment_not_found",
    )
    for n in range(59):
        assert problem(await tried(f"AAAA-AAAA-AA{n:02}")) == (404, "appointment_not_found")
    assert problem(await tried("AAAA-AAAA-AAAA")) == (429, "too_many_attempts")
    typed = made.json()["code"].lower().replace("-", " ")
    assert (await tried(typed)).status_code == 200, "who has the code is not kept out by others"


async def test_the_reminder_and_the_day_that_passes_need_nobody(api: Api) -> None:
    made = await booked(api)
    starts = datetime.fromisoformat(made.json()["appointment"]["starts_at"])
    left = (starts - datetime.now(UTC)).total_seconds()
    await let_pass(api.store, seconds=left - 3600)
    assert (await own(api, made)).json()["reminder"]
    await let_pass(api.store, days=2)
    over = (await own(api, made)).json()
    assert (over["state"], over["reminder"], over["can_change"]) == ("missed", False, False)
    assert problem(await own(api, made, "/cancel")) == (409, "appointment_over")


async def test_a_centre_sees_its_day_and_says_who_came(api: Api) -> None:
    made = await booked(api)
    number = made.json()["appointment"]["number"]
    starts = datetime.fromisoformat(made.json()["appointment"]["starts_at"])
    day = (starts + timedelta(hours=8)).date().isoformat()
    who, path = await at_counter(api), f"{CITY}/appointments"
    [line] = (await api.http.get(path, params={"day": day}, headers=who)).json()["items"]
    assert (line["number"], line["name"], line["phone"]) == (number, "陈女士", "138****8000")
    to = (await wanted(api, -2))["starts_at"]
    moving = {"starts_at": to, "reason": "窗口停电，请改期。"}
    moved = await api.http.post(f"{path}/{number}/move", json=moving, headers=who)
    assert moved.status_code == 200, moved.text
    seen = (await own(api, made)).json()
    assert (seen["starts_at"], seen["moves_left"]) == (to, 2)
    assert seen["happened"][-1]["reason"] == "窗口停电，请改期。"
    visit = {"visit": "arrived"}
    early = await api.http.post(f"{path}/{number}/visit", json=visit, headers=who)
    assert problem(early) == (409, "appointment_not_yet")
    await let_pass(api.store, seconds=(starts - datetime.now(UTC)).total_seconds() + 3600)
    for what in ("missed", "arrived", "done"):
        done = await api.http.post(f"{path}/{number}/visit", json={"visit": what}, headers=who)
        assert (done.status_code, done.json()["state"]) == (200, what)
    no_reason = moving | {"reason": " "}
    refused = await api.http.post(f"{path}/{number}/move", json=no_reason, headers=who)
    assert problem(refused) == (422, "invalid_request")


async def test_another_centre_sees_none_of_it(api: Api) -> None:
    made = await booked(api)
    number = made.json()["appointment"]["number"]
    starts = datetime.fromisoformat(made.json()["appointment"]["starts_at"])
    day = (starts + timedelta(hours=8)).date().isoformat()
    path = f"{CITY}/appointments"
    for unit, seen in (("services-nangang", 0), ("government-services", 1), (CENTRE, 1)):
        who = await at_counter(api, unit)
        answer = await api.http.get(path, params={"day": day}, headers=who)
        assert len(answer.json()["items"]) == seen, unit
    who = await at_counter(api, "services-nangang")
    body = {"visit": "arrived"}
    refused = await api.http.post(f"{path}/{number}/visit", json=body, headers=who)
    assert problem(refused) == (404, "appointment_not_found")
    other_city = await api.token(Role.OFFICER, "water", "tongzhou")
    refused = await api.http.get(path, headers=other_city)
    assert problem(refused) == (403, "not_your_city")
    assert (await api.http.get(path)).status_code == 401
    far = await api.http.get(path, params={"day": "9999-12-31"}, headers=await at_counter(api))
    assert problem(far) == (422, "too_far")


async def test_an_appointment_of_a_ticket_stands_on_its_timeline(api: Api) -> None:
    filed = await api.file(
        city="huangpu", text="想预约办理社保转移。", category="0901", title="社保"
    )
    await filed.until_stage("handle")
    receipt = {"ticket": filed.number, "access_code": filed.receipt["access_code"]}
    body = await wanted(api)
    wrong = body | receipt | {"access_code": another_code(receipt["access_code"])}
    assert problem(await book(api, wrong)) == (404, "ticket_not_found")
    made = await book(api, body | receipt)
    assert made.status_code == 201, made.text
    view = (await api.http.get(filed.path, headers=filed.citizen)).json()
    [told] = [one for one in view["timeline"] if one["kind"] == "appointment_booked"]
    assert told["text"].startswith("社保业务")
    assert "陈女士" not in str(view)
    day = (datetime.fromisoformat(body["starts_at"]) + timedelta(hours=8)).date().isoformat()
    path = f"{CITY}/appointments"
    seen = []
    for who in (await api.token(Role.SUPERVISOR), await at_counter(api)):
        [line] = (await api.http.get(path, params={"day": day}, headers=who)).json()["items"]
        seen.append(line["ticket"])
    mine = (await api.http.get(filed.path, headers=await at_counter(api))).status_code == 200
    assert seen == [filed.number, filed.number if mine else None]
    assert (await own(api, made, "/cancel")).status_code == 200
    view = (await api.http.get(filed.path, headers=filed.citizen)).json()
    assert [one["kind"] for one in view["timeline"]].count("appointment_cancelled") == 1


async def test_a_report_of_wrongdoing_has_no_appointment(api: Api) -> None:
    filed = await api.file(
        city="huangpu", text="举报工作人员收受红包。", category=None, kind="report", title="举报"
    )
    stated = {"ticket": filed.number, "access_code": filed.receipt["access_code"]}
    body = await wanted(api) | stated
    for _ in range(600):  # the record follows the acceptance
        answer = await book(api, body)
        if problem(answer) != (409, "not_started_yet"):
            break
        await asyncio.sleep(0.1)
    assert problem(answer) == (409, "appointment_of_report")


async def test_a_stranger_does_not_use_up_somebodys_appointments(api: Api) -> None:
    """A phone that somebody else books with stays its owner's to book with."""
    days = (await free(api))[0]["days"]
    # Of today there may be only its evening, and on some days a centre is open for an hour.
    open_long = [one for day in days for one in await free(api, day=day) if len(one["times"]) > 4]
    first, times = open_long[-1], open_long[-1]["times"][:5]
    body = await wanted(api)
    stranger = api.at("203.0.113.9")

    async def with_their_phone(time: str) -> httpx.Response:
        wants = body | {"starts_at": time, "place": first["place"]["code"]}
        return await stranger.post(f"{CITY}/appointments", json=wants)

    for when in times[:3]:
        assert (await with_their_phone(when)).status_code == 201
    assert problem(await with_their_phone(times[3])) == (409, "appointment_cap")
    mine = await book(api, body | {"starts_at": times[4], "place": first["place"]["code"]})
    assert mine.status_code == 201, "nor are they paused for what they never missed"
