"""Tests of tickets handed over between two installations, each with a real engine and store."""

import asyncio
import io
import json
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from sqlalchemy import select
from temporalio.client import Client

from domain.actors import Role
from domain.handover import signing, steps
from domain.handover.envelopes import Confirm, HandoverEnvelope
from domain.handover.handover import (
    FileOffer,
    HandoverKey,
    HandoverSide,
    HandoverState,
    HandoverWords,
    PassedPerson,
)
from domain.refusals import Refused
from domain.ticket.complaint import Kind
from domain.ticket.erasure import GONE
from store.db.engine import Store
from store.db.handover_tables import handover, letter
from store.handover import handovers, letters, neighbours
from store.tickets import erasure
from tests.api.running_api import Filed, problem
from tests.api.test_files import listed, upload
from tests.support.engine import connect_to, end_leftovers, engine_server
from tests.support.media import a_photo
from tests.support.staff_pages import at_desk, says
from tests.support.two_cities import EAST, SECRET, WEST, Side, TwoCities, an_offer, two_cities

REASON = "问题位于潮白河东岸，属燕郊镇。"


@pytest.fixture
async def cities(client: Client, sqlite_template: Path, tmp_path: Path) -> AsyncIterator[TwoCities]:
    """Open two installations with nothing in common but the network between them."""
    stores = []
    for name in ("west", "east"):
        (tmp_path / name).mkdir()
        shutil.copy(sqlite_template, tmp_path / name / "jiesu.db")
        stores.append(Store.open(f"sqlite:///{tmp_path / name / 'jiesu.db'}"))
    with engine_server(tmp_path / "engine.log") as address:
        other = await connect_to(address)
        async with two_cities(tmp_path, (client, other), (stores[0], stores[1])) as both:
            yield both
        await end_leftovers(other)
    for store in stores:
        await store.close()


async def offered(cities: TwoCities, ticket: Filed, **body: Any) -> dict[str, Any]:
    answer = await ticket.by(
        Role.DISPATCHER, "handovers", {"neighbour": EAST, "reason": REASON} | body
    )
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def incoming(side: Side, role: Role = Role.DISPATCHER) -> list[dict[str, Any]]:
    answer = await side.api.http.get("/api/v1/handovers", headers=await side.api.token(role))
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def decided(side: Side, one: dict[str, Any], what: str, body: Any = None) -> httpx.Response:
    return await side.api.http.post(
        f"/api/v1/handovers/{one['neighbour']}/{one['id']}/{what}",
        json=body or {},
        headers=await side.api.token(Role.DISPATCHER),
    )


async def seen(ticket: Filed) -> dict[str, Any]:
    """Return the last hand-over of a ticket as its citizen sees it."""
    answer = await ticket.api.http.get(f"{ticket.path}/handovers", headers=ticket.citizen)
    assert answer.status_code == 200, answer.text
    last: dict[str, Any] = answer.json()["items"][-1]
    return last


async def until(cities: TwoCities, holds: Callable[[], Awaitable[bool]]) -> None:
    """Let both cities work until it holds."""
    async with asyncio.timeout(60):
        while not await holds():
            await cities.west.job.step()
            await cities.east.job.step()
            await asyncio.sleep(0.05)


async def handed_over(cities: TwoCities, ticket: Filed) -> Filed:
    """Hand the ticket over, and return the one that it is in the other city."""
    await offered(cities, ticket)
    await cities.settle()
    (one,) = await incoming(cities.east)
    assert (await decided(cities.east, one, "accept")).status_code == 200

    async def numbered() -> bool:
        return (await seen(ticket))["other_number"] is not None

    await until(cities, numbered)
    number = (await seen(ticket))["other_number"]
    east = Filed(cities.east.api, {"number": number, "access_code": ""})

    async def started() -> bool:
        admin = await cities.east.api.token(Role.ADMIN)
        answer = await cities.east.api.http.get(f"{east.path}/events", headers=admin)
        return answer.status_code == 200 and len(answer.json()) > 1

    await until(cities, started)
    return east


async def test_the_citizen_keeps_one_number_and_reads_the_other_citys_answer(
    cities: TwoCities,
) -> None:
    ticket = await cities.west.api.unclear(kind="consultation", text="燕郊高速出口的窨井盖坏了。")
    east = await handed_over(cities, ticket)

    shown = await ticket.seen()
    assert (shown["stage"], shown["outcome"]) == ("ended", "referred")
    assert "廊坊市" in shown["reply"], "the citizen is told where it went"
    moments = {one["kind"]: one["text"] for one in shown["timeline"]}
    assert moments["handover_offered"] == "廊坊市"
    assert moments["handed_over"] == f"廊坊市 · {east.number}"
    there = await seen(ticket)
    assert (there["state"], there["here"], there["reason"]) == ("taken", False, None)
    assert there["other_number"] != ticket.number
    desk = await at_desk(cities.east.api, Role.DISPATCHER)
    page = says(await desk.ticket(east))
    assert "由外地移交而来" in page and f"通州区 · {ticket.number}" in page

    answered = await east.by(
        Role.DESK,
        "conclude",
        {"outcome": "answered", "text": "井盖已于今日更换。"},
    )
    assert answered.status_code == 200, answered.text

    async def told() -> bool:
        return ((await seen(ticket))["there"] or {}).get("reply") == "井盖已于今日更换。"

    await until(cities, told)
    assert (await seen(ticket))["there"]["stage"] == "ended"


async def test_a_refusal_brings_it_back_with_the_reason(cities: TwoCities) -> None:
    ticket = await cities.west.api.unclear()
    await offered(cities, ticket)
    await cities.settle()
    (one,) = await incoming(cities.east)
    assert one["reason"] == REASON
    body = {"reason": "该路段在通州区界内。"}
    assert (await decided(cities.east, one, "refuse", body)).status_code == 200
    assert problem(await decided(cities.east, one, "accept")) == (409, "handover_not_now")
    await cities.settle()
    answer = await ticket.api.http.get(
        f"{ticket.path}/handovers", headers=await ticket.api.token(Role.DISPATCHER)
    )
    (mine,) = answer.json()["items"]
    assert (mine["state"], mine["here"], mine["answer"]) == ("refused", True, body["reason"])
    assert (await ticket.seen())["stage"] == "triage", "it is where it was"
    assert await incoming(cities.east) == []


async def test_the_citizens_page_says_where_it_is_in_both_languages(cities: TwoCities) -> None:
    ticket = await cities.west.api.unclear(kind="consultation", text="燕郊的公交几点停运？")
    form = {"number": ticket.number, "code": ticket.receipt["access_code"]}

    async def page(path: str = "/follow", language: str = "zh", **more: str) -> str:
        answer = await ticket.api.http.post(
            path, data=form | more, headers={"Accept-Language": language}
        )
        assert answer.status_code == 200, says(answer)
        return says(answer)

    await offered(cities, ticket)
    assert "已商请廊坊市承接" in await page()
    await cities.settle()
    (one,) = await incoming(cities.east)
    assert (await decided(cities.east, one, "accept")).status_code == 200

    async def numbered() -> bool:
        return (await seen(ticket))["other_number"] is not None

    await until(cities, numbered)
    east = Filed(cities.east.api, {"number": (await seen(ticket))["other_number"]})
    assert "现由廊坊市办理。您的工单编号不变" in await page()
    assert "It is with Langfang. Your number stays the same" in await page(language="en")
    assert "已收到，将转给承办城市" in await page("/follow/elsewhere-facts", text="周末也请说明。")
    await page("/follow/elsewhere-urge")

    async def heard() -> bool:
        kinds = await east.kinds()
        return "facts_added" in kinds and "urged" in kinds

    await until(cities, heard)
    assert (await east.kinds()).count("facts_added") == 1


async def test_the_desk_hands_over_and_decides_on_its_pages(cities: TwoCities) -> None:
    ticket = await cities.west.api.unclear(
        text="你们到底管不管？", place={"address": "燕郊镇迎宾路"}
    )
    here = f"/staff/tickets/{ticket.number}/handovers"
    west = await at_desk(cities.west.api, Role.DESK, city="tongzhou")
    shown = says(await west.get(here))
    assert "对方应在" in shown and "前答复。对方承接之前，工单仍在本地" in shown
    assert "Hand it over" in says(
        await (await at_desk(cities.west.api, Role.DISPATCHER, language="en", city="tongzhou")).get(
            here
        )
    )
    wrong = await west.post(here, {"neighbour": EAST, "reason": ""})
    assert wrong.status_code == 422, "a reason is asked for, and what was typed stays"
    sent = await west.post(here, {"neighbour": EAST, "reason": REASON, "contact": ""})
    assert sent.status_code == 303, says(sent)
    assert "待对方答复" in says(await west.get(here))
    await cities.settle()

    east = await at_desk(cities.east.api, Role.DISPATCHER, city="langfang")
    shown = says(await east.get("/staff/handovers"))
    assert "你们到底管不管？" in shown and REASON in shown
    (one,) = await incoming(cities.east)
    refused = await east.post(
        f"/staff/handovers/{one['neighbour']}/{one['id']}/refuse", {"reason": "不在我市。"}
    )
    assert refused.status_code == 303, says(refused)
    assert "目前没有外地移交来件" in says(await east.get("/staff/handovers"))
    await cities.settle()
    assert "对方未承接" in says(await west.get(here)) and "不在我市。" in says(await west.get(here))


async def test_a_city_that_is_down_is_waited_for_and_shown(cities: TwoCities) -> None:
    ticket = await cities.west.api.unclear()
    cities.network.down = {"langfang.test"}
    await offered(cities, ticket)
    await cities.west.job.step()
    admin = await at_desk(cities.west.api, Role.ADMIN)
    assert "待送达的函件：1 件" in says(await admin.get("/staff/admin/neighbours"))
    assert (await ticket.seen())["stage"] == "triage", "it is here until it is taken on"
    answer = await ticket.api.http.get(
        "/api/v1/neighbours", headers=await ticket.api.token(Role.ADMIN)
    )
    (known,) = answer.json()["items"]
    assert (known["waiting"], known["error"], known["unanswered"]) == (1, "no_connection", 1)
    assert "secret" not in answer.text


async def test_forged_old_and_strange_letters_are_refused(cities: TwoCities) -> None:
    """Without the secret nothing is sent; with it, nothing that could not become a ticket."""
    http, now = cities.east.api.http, datetime.now(UTC)

    async def sent(content: object, secret: str = SECRET, **changes: Any) -> tuple[int, str]:
        body = json.dumps(
            {"handover": "a" * 32, "side": "out", "seq": 1, "content": content}
        ).encode()
        at = changes.get("at", now)
        headers = signing.headers(secret, signing.LETTER, "tongzhou", "langfang", at, body)
        body = changes.get("body", body)
        headers |= changes.get("headers", {})
        return problem(await http.post(signing.PATH, content=body, headers=headers))

    offer = {
        "kind": "offer",
        "number": "1",
        "of": "report",
        "filed_at": now.isoformat(),
        "offered_at": now.isoformat(),
        "due_at": (now + timedelta(days=1)).isoformat(),
        "hops": 1,
        "words": {"text": "有人受贿。"},
    }
    assert await sent(offer, "another secret of good length, as it seems") == (
        401,
        "letter_refused",
    )
    assert await sent(offer, body=b"{}") == (401, "letter_refused"), "changed on its way"
    assert await sent(offer, headers={"Jiesu-From": "nobody"}) == (401, "letter_refused")
    assert await sent(offer, headers={"Jiesu-To": "jinan"}) == (401, "letter_refused")
    assert await sent(offer, at=now - timedelta(minutes=6)) == (401, "letter_too_old")
    assert await sent(offer) == (409, "letter_unexpected"), "reports are not handed over"
    assert await sent(offer | {"of": "complaint", "words": {"text": "\u200b"}}) == (
        409,
        "letter_unexpected",
    )
    assert await sent({"kind": "confirm"}) == (409, "letter_out_of_order"), "nothing was offered"
    assert await sent({"kind": "gift"}) == (409, "letter_unexpected")
    assert await incoming(cities.east) == []


async def test_reports_and_tickets_of_units_do_not_leave(cities: TwoCities) -> None:
    report = await cities.west.api.unclear(kind="report")
    body = {"neighbour": EAST, "reason": REASON}
    assert problem(await report.by(Role.DISPATCHER, "handovers", body)) == (
        409,
        "handover_of_report",
    )
    with_unit = await cities.west.api.file()
    assert problem(await with_unit.by(Role.DISPATCHER, "handovers", body)) == (
        409,
        "handover_not_now",
    )
    ticket = await cities.west.api.unclear()
    assert problem(await ticket.by(Role.SUPERVISOR, "handovers", body))[0] == 403
    assert problem(
        await ticket.by(Role.DISPATCHER, "handovers", body | {"neighbour": "atlantis"})
    ) == (404, "neighbour_unknown")
    key = {"Idempotency-Key": "once"}
    desk = await ticket.api.token(Role.DISPATCHER)
    first = (await ticket.act("handovers", desk, body, **key)).json()
    assert (await ticket.act("handovers", desk, body, **key)).json()["id"] == first["id"]
    assert problem(await ticket.by(Role.DISPATCHER, "handovers", body)) == (
        409,
        "handed_over_already",
    )
    assert problem(await ticket.act("handovers/notes", ticket.citizen, {"what": "urge"})) == (
        409,
        "not_handed_over",
    )


async def test_a_ticket_that_went_on_here_stays_here(cities: TwoCities) -> None:
    """The other city said yes, but a dispatcher has sent it to a unit meanwhile."""
    ticket = await cities.west.api.unclear()
    await offered(cities, ticket)
    await cities.settle()
    (one,) = await incoming(cities.east)
    assert (await decided(cities.east, one, "accept")).status_code == 200
    fields = {"category": "0301", "unit": "water"}
    assert (await ticket.by(Role.DISPATCHER, "triage", fields)).status_code == 200
    await ticket.until_stage("handle")
    await cities.settle()
    assert (await seen(ticket))["state"] == "withdrawn"
    assert await incoming(cities.east) == [], "it is with nobody there"
    assert (await ticket.seen())["stage"] == "handle"


async def test_a_city_that_ends_before_it_is_confirmed_has_no_ticket_of_ours(
    cities: TwoCities,
) -> None:
    """Its yes has come, and ours could not reach it any more: the ticket stays here."""
    ticket = await cities.west.api.unclear()
    await offered(cities, ticket)
    await cities.settle()
    (one,) = await incoming(cities.east)
    assert (await decided(cities.east, one, "accept")).status_code == 200
    await cities.east.job.step()
    await neighbours.end(cities.west.api.store, EAST, datetime.now(UTC))
    await cities.west.job.step()
    assert (await seen(ticket))["state"] == "withdrawn"
    assert (await ticket.seen())["stage"] == "triage"


async def test_a_matter_that_comes_back_keeps_its_first_number(cities: TwoCities) -> None:
    """Handed there and back: the citizen's number tells of the last one, in one page."""
    ticket = await cities.west.api.unclear(
        kind="consultation", text="界桥归谁管？", contact={"phone": "13800001234"}
    )
    east = await handed_over(cities, ticket)
    back = await east.by(
        Role.DISPATCHER, "handovers", {"neighbour": "tongzhou", "reason": "桥面属通州区。"}
    )
    assert back.status_code == 201, back.text
    assert back.json()["hops"] == 2
    await cities.settle()
    (one,) = await incoming(cities.west)
    assert (await decided(cities.west, one, "accept")).status_code == 200

    async def came_back() -> bool:
        return (((await seen(ticket))["there"]) or {}).get("further") is not None

    await until(cities, came_back)
    assert (await seen(ticket))["there"]["further"] == "通州区"
    answer = await ticket.api.http.get(
        "/api/v1/handovers/passed-on", headers=await ticket.api.token(Role.SUPERVISOR)
    )
    (shown,) = answer.json()["items"]
    assert (shown["hops"], shown["side"]) == (2, "in")
    third = Filed(cities.west.api, {"number": shown["number"]})
    assert (await third.seen_by_staff())["complaint"]["follows"] == ticket.number
    sent = await ticket.act("handovers/notes", ticket.citizen, {"what": "urge"})
    assert sent.status_code == 202, sent.text

    async def urged() -> bool:
        return "urged" in await third.kinds()

    await until(cities, urged)
    assert (await third.kinds()).count("urged") == 1


async def test_a_rating_goes_to_the_city_that_answered(cities: TwoCities) -> None:
    ticket = await cities.west.api.unclear(text="潮白河东岸垃圾成堆。")
    east = await handed_over(cities, ticket)
    pack = cities.east.api.context.packs.get("langfang")
    category = pack.categories[0].code
    unit = next(one for one in pack.units if one.area and one.kind.value == "street").code
    done = await east.by(Role.DISPATCHER, "triage", {"category": category, "unit": unit})
    assert done.status_code == 200, done.text

    async def assigned() -> bool:
        return bool((await east.seen_by_staff())["assignments"])

    await until(cities, assigned)
    lead = (await east.seen_by_staff())["assignments"][0]
    answer = await east.api.http.post(
        f"/api/v1/assignments/{east.number}-{lead['n']}/complete",
        json={"reply": "垃圾已清运。"},
        headers=await east.api.token(Role.OFFICER, lead["unit"], "langfang"),
    )
    assert answer.status_code == 200, answer.text

    async def can_rate() -> bool:
        return bool(((await seen(ticket))["there"] or {}).get("can_rate"))

    await until(cities, can_rate)
    there = (await seen(ticket))["there"]
    assert (there["reply"], there["rate_by"] is not None) == ("垃圾已清运。", True)
    rating = {"what": "rating", "resolved": True, "grade": 5}
    assert (await ticket.act("handovers/notes", ticket.citizen, rating)).status_code == 202
    assert problem(await ticket.act("handovers/notes", ticket.citizen, rating)) == (
        409,
        "already_rated",
    )

    async def rated() -> bool:
        return "rated" in await east.kinds()

    await until(cities, rated)


async def test_photos_go_along_and_name_and_phone_only_if_agreed(cities: TwoCities) -> None:
    photo = await upload(cities.west.api, a_photo((800, 600)), {"Content-Type": "image/jpeg"})
    ticket = await cities.west.api.unclear(
        files=[photo["reference"]], contact={"name": "王女士", "phone": "13800001234"}
    )
    east = await handed_over(cities, ticket)
    (seen_there,) = await listed(east, await cities.east.api.token(Role.DISPATCHER))
    answer = await cities.east.api.http.get(seen_there["url"])
    assert Image.open(io.BytesIO(answer.content)).size == (800, 600)
    there = (await east.seen_by_staff())["complaint"]
    assert (there["person"], there["anonymous"]) == (None, True), "nobody was asked"

    agreed = await cities.west.api.unclear(contact={"name": "王女士", "phone": "13800001234"})
    await offered(cities, agreed, contact=True)
    await cities.settle()
    (one,) = await incoming(cities.east)
    assert "王女士" not in str(one) and one["contact"]
    assert (await decided(cities.east, one, "accept")).status_code == 200

    async def numbered() -> bool:
        return (await seen(agreed))["other_number"] is not None

    await until(cities, numbered)
    number = (await seen(agreed))["other_number"]

    async def named() -> bool:
        shown = await cities.east.api.http.get(
            f"/api/v1/tickets/{number}/person", headers=await cities.east.api.token(Role.DISPATCHER)
        )
        return shown.status_code == 200 and "王" in shown.text

    await until(cities, named)
    views = await cities.west.api.http.get(
        f"{agreed.path}/views", headers=await cities.west.api.token(Role.AUDITOR)
    )
    assert "移交外地办理" in views.text, "that it went along is in the log of views"


async def test_a_neighbour_reaches_only_hand_overs_of_its_own(cities: TwoCities) -> None:
    """With a good secret, too: another neighbour's id is like one that does not exist."""
    ticket = await cities.west.api.unclear()
    made = await offered(cities, ticket)
    await cities.settle()
    other = replace(
        (await neighbours.listed(cities.west.store))[0],
        code="heping",
        known_as="tz",
        url="http://x",
    )
    await neighbours.add(cities.west.store, cities.west.cipher, other, SECRET + "2")
    letter = {"handover": made["id"], "side": "in", "seq": 1, "content": {"kind": "accept"}}
    body = json.dumps(letter).encode()

    async def sent(sender: str, receiver: str, secret: str) -> tuple[int, str]:
        headers = signing.headers(secret, signing.LETTER, sender, receiver, datetime.now(UTC), body)
        return problem(await cities.west.api.http.post(signing.PATH, content=body, headers=headers))

    assert await sent("heping", "tz", SECRET + "2") == (409, "letter_out_of_order")
    assert await sent("heping", "tz", SECRET) == (401, "letter_refused")
    assert (await seen(ticket))["state"] == "offered"
    await neighbours.end(cities.west.store, "heping", datetime.now(UTC))
    assert await sent("heping", "tz", SECRET + "2") == (401, "letter_refused")


async def test_a_changed_secret_takes_what_is_on_its_way(cities: TwoCities) -> None:
    new, now = SECRET + " of the new year", datetime.now(UTC)
    await neighbours.rotate(cities.east.store, cities.east.cipher, "tongzhou", new, now)
    ticket = await cities.west.api.unclear()
    await offered(cities, ticket)
    await cities.west.job.step()
    assert len(await incoming(cities.east)) == 1, "the one before is still good"
    await neighbours.forget_before(cities.east.store, cities.east.cipher, "tongzhou")
    assert await letters.hurry(cities.west.store, EAST, now) in (0, 1)
    another = await cities.west.api.unclear()
    await offered(cities, another)
    await cities.west.job.step()
    assert len(await incoming(cities.east)) == 1, "and not any more"
    await neighbours.rotate(cities.west.store, cities.west.cipher, EAST, new, now)
    await letters.hurry(cities.west.store, EAST, datetime.now(UTC))
    await cities.west.job.step()
    assert len(await incoming(cities.east)) == 2, "nothing was lost"


async def test_what_was_said_is_deleted_with_the_ticket(cities: TwoCities) -> None:
    ticket = await cities.west.api.unclear(kind="consultation", text="某某小区几时通燃气？")
    east = await handed_over(cities, ticket)
    await erasure.erase(cities.west.store, ticket.number, datetime.now(UTC))
    (told,) = await handovers.of_ticket(cities.west.store, cities.west.cipher, ticket.number)
    assert told.words is None
    answered = {"outcome": "answered", "text": "十二月通气。"}
    assert (await east.by(Role.DESK, "conclude", answered)).status_code == 200
    await cities.settle()
    (told,) = await handovers.of_ticket(cities.west.store, cities.west.cipher, ticket.number)
    assert told.words is None, "what comes later is not kept either"


async def test_letters_on_their_way_lose_their_words_and_not_their_place(cities: TwoCities) -> None:
    """The other city is down while the ticket is offered, taken back by its citizen, and erased."""
    ticket = await cities.west.api.unclear(text="某某小区几时通燃气？")
    cities.network.down = {"langfang.test"}
    await offered(cities, ticket)
    assert (await ticket.act("withdraw", ticket.citizen, {})).status_code == 200
    await ticket.until_stage("ended")
    async with asyncio.timeout(60):
        while (await seen(ticket))["state"] != "withdrawn":
            await cities.west.job.step()
    await erasure.erase(cities.west.store, ticket.number, datetime.now(UTC))
    rows = await cities.west.store.rows(select(letter.c.kind, letter.c.sealed))
    assert [(row.kind, row.sealed) for row in rows] == [("offer", None), ("cancel", None)]
    cities.network.down = set()
    await letters.hurry(cities.west.store, EAST, datetime.now(UTC))
    await cities.settle()
    assert await letters.waiting(cities.west.store) == [], "no letter is missing"
    (there,) = await cities.east.store.rows(select(handover))
    assert there.state == "withdrawn"
    key = HandoverKey(there.neighbour, HandoverSide(there.side), there.id)
    told = await handovers.get(cities.east.store, cities.east.cipher, key)
    assert told is not None
    assert told.words is not None
    assert told.words.text == GONE


async def test_nobody_ends_with_a_city_for_which_a_confirmation_waits(cities: TwoCities) -> None:
    ticket = await cities.west.api.unclear()
    await offered(cities, ticket)
    await cities.settle()
    (one,) = await incoming(cities.east)
    assert (await decided(cities.east, one, "accept")).status_code == 200
    await cities.east.job.step()
    cities.network.down = {"langfang.test"}
    async with asyncio.timeout(60):
        while (await seen(ticket))["state"] != "taken":
            await cities.west.job.step()
    now = datetime.now(UTC)
    with pytest.raises(Refused, match="1 of them confirmations") as refused:
        await neighbours.end(cities.west.store, EAST, now)
    assert refused.value.code == "neighbour_letters_wait"
    cities.network.down = set()
    await letters.hurry(cities.west.store, EAST, now)
    await cities.west.job.step()
    await neighbours.end(cities.west.store, EAST, now)


async def test_an_offer_is_taken_back_when_its_ticket_goes_on(cities: TwoCities) -> None:
    """Nobody there decides for nothing; and a ticket that becomes a report does not leave."""
    ticket = await cities.west.api.unclear()
    report = await cities.west.api.unclear()
    for one in (ticket, report):
        await offered(cities, one)
    await cities.settle()
    assert len(await incoming(cities.east)) == 2
    assert (await ticket.act("withdraw", ticket.citizen, {})).status_code == 200
    await ticket.until_stage("ended")
    fields = {"category": "0301", "kind": "report", "unit": "water", "accused": "market"}
    assert (await report.by(Role.DISPATCHER, "triage", fields)).status_code == 200
    await report.until_stage("handle")

    async def gone() -> bool:
        return not await incoming(cities.east)

    await until(cities, gone)
    assert (await seen(ticket))["state"] == "withdrawn"


async def test_what_waits_for_a_dead_city_is_not_in_the_way_of_others(cities: TwoCities) -> None:
    known = (await neighbours.listed(cities.west.store))[0]
    dead = replace(known, code="heping", known_as="tz", url="http://heping.test")
    await neighbours.add(cities.west.store, cities.west.cipher, dead, SECRET + "2")
    cities.network.down = {"heping.test"}
    store, cipher, now = cities.west.store, cities.west.cipher, datetime.now(UTC)
    for n in range(1, 121):
        made, words, content = an_offer("tongzhou", "heping", n, now, Kind.COMPLAINT)
        await handovers.offer(store, cipher, made, words, content, 3)
    made, words, content = an_offer("tongzhou", EAST, 200, now, Kind.COMPLAINT)
    await handovers.offer(store, cipher, made, words, content, 3)
    sent = cities.network.sent
    await cities.west.job.deliver()
    await cities.west.job.deliver()
    assert len(await incoming(cities.east)) == 1
    assert cities.network.sent - sent <= 3, "the dead one is not asked for every letter"


async def given(side: Side, n: int, now: datetime, **said: Any) -> HandoverKey:
    """Let a matter be handed over to this city, which takes it on; it has no ticket yet."""
    made, words, content = an_offer(WEST, EAST, n, now, Kind.COMPLAINT)
    words = HandoverWords.model_validate(words.model_dump() | said)
    content = content.model_copy(update={"words": words, "contact": words.person is not None})
    key = HandoverKey(WEST, HandoverSide.IN, made.id)

    async def letter(seq: int, content: Any) -> None:
        one = HandoverEnvelope(handover=made.id, side=HandoverSide.OUT, seq=seq, content=content)
        await handovers.receive(side.store, side.cipher, WEST, EAST, one)

    await letter(1, content)
    await handovers.change(side.store, side.cipher, key, steps.accepted)
    await letter(2, Confirm())
    return key


async def number_of(side: Side, key: HandoverKey) -> str | None:
    told = await handovers.get(side.store, side.cipher, key)
    assert told is not None and told.handover.state is HandoverState.TAKEN
    return told.handover.number


async def test_a_person_of_other_rules_does_not_keep_matters_from_being_filed(
    cities: TwoCities,
) -> None:
    now, east = datetime.now(UTC), cities.east
    strange = PassedPerson(name="王女士", phone="不是电话" * 20, email="no address")
    poisoned = await given(east, 1, now, person=strange)
    nobody = await given(east, 2, now, person=PassedPerson(phone="x"))
    plain = await given(east, 3, now + timedelta(hours=1))
    await east.job.file_taken()
    numbers = [await number_of(east, one) for one in (poisoned, nobody, plain)]
    assert all(numbers), numbers


async def test_files_of_a_dead_city_are_asked_for_once_and_hold_nothing_up(
    cities: TwoCities,
) -> None:
    now, east = datetime.now(UTC), cities.east
    file = FileOffer(id="a", size=10, sha256="0" * 64)
    for n in range(1, 61):
        await given(east, n, now, files=[file])
    plain = await given(east, 100, now + timedelta(hours=1))
    cities.network.down = {"tongzhou.test"}
    sent = cities.network.sent
    await east.job.file_taken()
    await east.job.file_taken()
    assert await number_of(east, plain) is not None
    assert cities.network.sent - sent == 1


async def test_a_file_larger_than_any_is_not_fetched(cities: TwoCities) -> None:
    now, east = datetime.now(UTC), cities.east
    key = await given(east, 1, now, files=[FileOffer(id="a", size=10**9, sha256="0" * 64)])
    sent = cities.network.sent
    await east.job.file_taken()
    told = await handovers.get(east.store, east.cipher, key)
    assert told is not None and told.handover.number is not None
    assert (told.handover.files_missing, cities.network.sent - sent) == (1, 0)
