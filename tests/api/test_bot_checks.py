"""Tests of the bot checks, and of the proof of work that slows a flood."""

import asyncio
import html
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from app.filing import bot_checks, proof_of_work
from domain.actors import Role
from store.db.engine import Store
from tests.api.running_api import COMPLAINT, Api, problem, serve_api

COMPLAINTS = "/api/v1/complaints"
FORM = {"key": "a-form", "city": "tongzhou", "kind": "complaint", "text": "路灯不亮", "website": ""}
AWAY: dict[str, Any] = {"temporal_address": "127.0.0.1:1", "engine_timeout": 0.2}


def _stamp(page: str) -> str:
    match = re.search(r'name="stamp" value="([^"]+)"', page)
    assert match is not None
    return html.unescape(match[1])


async def test_a_form_sent_at_once_is_shown_again_and_can_be_sent_after_a_while(
    sqlite_store: Store, tmp_path: Path
) -> None:
    async with serve_api(tmp_path, sqlite_store, None, **AWAY, form_seconds=60) as api:
        stamp = _stamp((await api.http.get("/report?city=tongzhou")).text)
        fast = await api.http.post("/report", data=FORM | {"stamp": stamp})
        assert fast.status_code == 422
        assert "提交过快" in fast.text
        assert "路灯不亮" in fast.text
        assert _stamp(fast.text) == stamp
        for forged in ("", "x", api.context.signer("oidc").dumps("form")):
            sent = await api.http.post("/report", data=FORM | {"stamp": forged})
            assert sent.status_code == 422
    await asyncio.sleep(1.1)  # a stamp tells its age to the second
    async with serve_api(tmp_path, sqlite_store, None, **AWAY, form_seconds=0.5) as api:
        assert (await api.http.post("/report", data=FORM | {"stamp": stamp})).status_code == 200


async def test_who_fills_in_what_people_do_not_see_is_refused(engineless_api: Api) -> None:
    page = await engineless_api.http.get("/report?city=tongzhou")
    assert 'class="honeypot" aria-hidden="true"' in page.text
    filled = FORM | {"website": "https://spam.example"}
    assert (await engineless_api.http.post("/report", data=filled)).status_code == 422
    by_api = COMPLAINT | {"website": "https://spam.example"}
    refused = await engineless_api.http.post(COMPLAINTS, json=by_api)
    assert problem(refused) == (422, "looks_automatic")
    assert "spam.example" not in refused.text


def _solved(challenge: str, bits: int) -> str:
    tried = (f"{challenge}:{n}" for n in count())
    return next(each for each in tried if proof_of_work.leading_zeros(each) >= bits)


async def test_where_work_is_asked_for_each_piece_of_it_is_good_once(
    store: Store, tmp_path: Path
) -> None:
    async with serve_api(tmp_path, store, None, **AWAY, work_bits=8) as api:
        issued = (await api.http.get("/api/v1/challenge")).json()
        assert (issued["kind"], issued["bits"]) == ("work", 8)

        async def file(answer: str) -> int:
            headers = {proof_of_work.HEADER: answer} if answer else {}
            sent = await api.http.post(COMPLAINTS, json=COMPLAINT, headers=headers)
            if sent.status_code != 202:
                assert problem(sent) == (403, "challenge_failed")
            return sent.status_code

        lazy = next(
            f"{issued['challenge']}:{n}"
            for n in count()
            if proof_of_work.leading_zeros(f"{issued['challenge']}:{n}") < 8
        )
        good = _solved(issued["challenge"], 8)
        for wrong in ("", "x", lazy, _solved("made-up", 8), "x" * 600):
            assert await file(wrong) == 403
        assert sorted(await asyncio.gather(file(good), file(good))) == [202, 403]
        desk = await api.token(Role.DESK)
        by_desk = await api.http.post(COMPLAINTS, json=COMPLAINT, headers=desk)
        assert by_desk.status_code == 202


async def test_without_it_nothing_has_to_be_solved(engineless_api: Api) -> None:
    assert (await engineless_api.http.get("/api/v1/challenge")).json()["kind"] == "none"


@pytest.mark.parametrize(("text", "bits"), [("a", 0), ("jiesu:5", None)])
def test_zero_bits_are_counted_from_the_left(text: str, bits: int | None) -> None:
    found = proof_of_work.leading_zeros(text)
    assert found >= 0
    assert bits is None or found == bits


def test_the_trap_has_the_name_that_the_page_gives_it() -> None:
    assert (bot_checks.HONEYPOT, bot_checks.STAMP) == ("website", "stamp")
