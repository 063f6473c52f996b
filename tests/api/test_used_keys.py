"""The same key with other content is refused at every door that takes a key, and does nothing."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from api.http.app import create_app
from domain.actors import Role
from runtime.settings import Settings
from tests.api.running_api import COMPLAINT, GOOD, Api, Filed, problem
from tests.support.cities import SHIPPED
from tests.support.engine import RING
from tests.support.media import a_photo
from tests.support.walking import addresses, parameters

KEY = {"Idempotency-Key": "the-same"}
DOORS = {
    "api.rest.appointments": "booking, in `test_appointments.py`",
    "api.rest.commands": "every command, by `app.sending.commands.execute`",
    "api.rest.council_topics": "topics, in `test_council_topics.py`",
    "api.rest.councils": "councils and invitations, in `test_keys_beside_tickets.py`",
    "api.rest.grid": "checks, and tickets of diaries, in `test_grid.py`",
    "api.rest.hearings": "hearings, invitations and promises, in `test_keys_beside_tickets.py`",
    "api.rest.intake": "filing",
    "api.rest.leaving_contacts": "leaving a contact later",
    "api.rest.mediations": "mediations and proposals, in `test_keys_beside_tickets.py`",
    "api.rest.patrols": "findings of rounds, in `test_patrols.py`",
    "api.rest.promises": "promises, in `test_keys_beside_tickets.py`",
    "api.rest.rating": "rating",
    "api.rest.reopen": "reopening",
    "api.rest.rewards": "wallets and prizes, in `test_rewards.py`",
    "api.rest.supervision": "rows of lists, in `test_used_keys_beside.py`",
}
"""The modules with routes that take a key; each is tried below, or with what it files."""

REUSED = (422, "idempotency_key_reused")


def test_every_route_that_takes_a_key_is_tried(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, keys=RING.text()), packs=SHIPPED)  # type: ignore[arg-type]
    keyed = [one.route for one in addresses(app) if "idempotency_key" in parameters(one.route)]
    assert {route.endpoint.__module__ for route in keyed} == DOORS.keys()
    assert len(keyed) > 30


@pytest.mark.parametrize(
    ("what", "first", "other"),
    [
        ("facts", {"text": "又有一盏灯不亮。"}, {"text": "第三盏灯也不亮。"}),
        ("urge", {"text": "三天了。"}, {"text": "四天了。"}),
        (
            "contact",
            {"reached": False, "note": "无人接听。"},
            {"reached": True, "note": "已联系。"},
        ),
        ("step", {"step": "survey", "note": "甲"}, {"step": "survey", "note": "乙"}),
    ],
)
async def test_a_command_with_other_content_is_refused(
    api: Api, what: str, first: dict[str, Any], other: dict[str, Any]
) -> None:
    ticket = await api.file()
    who = ticket.citizen if what in ("facts", "urge") else await api.officer()
    done = await ticket.act(what, who, first, **KEY)
    if done.status_code != 200:  # this city has no such step: refused, so the key is free again
        assert problem(await ticket.act(what, who, other, **KEY)) == problem(done)
        return
    again = await ticket.act(what, who, first, **KEY)
    assert (again.status_code, again.json()) == (200, done.json())
    before = await ticket.kinds()
    assert problem(await ticket.act(what, who, other, **KEY)) == REUSED
    assert await ticket.kinds() == before
    assert (await ticket.act(what, who, other, **{"Idempotency-Key": "another"})).status_code == 200


async def test_other_photos_are_another_content(api: Api) -> None:
    ticket = await api.file()
    one, other = [await _uploaded(api, shade) for shade in (1, 2)]
    said = {"text": "见照片。"}
    for files, status in (([one], 200), ([one], 200), ([other], 422), ([], 422)):
        answer = await ticket.act("facts", ticket.citizen, said | {"files": files}, **KEY)
        assert answer.status_code == status, answer.text
    assert (await ticket.kinds()).count("facts_added") == 1


async def _uploaded(api: Api, shade: int) -> str:
    answer = await api.http.post("/api/v1/files", content=a_photo((64 + shade, 48)))
    return str(answer.json()["reference"])


async def test_a_refused_command_leaves_its_key_free(api: Api) -> None:
    ticket = await api.file()
    officer = await api.officer()
    early = await ticket.act("recur", ticket.citizen, {"text": "又来了。"}, **KEY)
    assert problem(early) == (409, "not_now")
    assert (await ticket.act("contact", officer, {"note": "甲"}, **KEY)).status_code == 200


async def test_a_key_is_its_callers_and_its_tickets(api: Api) -> None:
    first, second = await api.file(), await api.file()
    assert (await first.act("urge", first.citizen, {"text": "甲"}, **KEY)).status_code == 200
    assert (await second.act("urge", second.citizen, {"text": "乙"}, **KEY)).status_code == 200
    desk = await api.token(Role.DESK)
    assert (await first.act("urge", desk, {"text": "丙"}, **KEY)).status_code == 200


async def test_filing_and_rating_refuse_other_content(api: Api) -> None:
    async def file(text: str) -> httpx.Response:
        body = COMPLAINT | {"text": text}
        return await api.http.post("/api/v1/complaints", json=body, headers=KEY)

    filed = await file("河水发臭。")
    assert filed.status_code == 201
    assert problem(await file("井盖丢了。")) == REUSED
    ticket = Filed(api, filed.json())
    assert (await ticket.complete()).status_code == 200
    await ticket.until_stage("rate")
    path, headers = f"{ticket.path}/rating", ticket.citizen | KEY
    assert (await api.http.post(path, json=GOOD, headers=headers)).status_code in (200, 202)
    worse = GOOD | {"grade": 1, "resolved": False}
    assert problem(await api.http.post(path, json=worse, headers=headers)) == REUSED
