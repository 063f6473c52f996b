"""Tests that refused words of a citizen are not lost: the page that refuses them shows them."""

import html
import re
from pathlib import Path
from typing import Any

import pytest

from api.http.i18n import translations
from api.pages.citizen.follow import ACTS
from api.pages.shared.labels import PROBLEMS
from app.errors import CODES
from store.db.engine import Store
from tests.api.running_api import Api, Filed, problem, serve_api
from tests.support.media import a_photo

WORDS = "昨晚又冒烟了，邻居都看见了。"
FORMS = {
    "facts": "text", "back": "text", "withdraw": "reason", "rate": "words", "urge": None,
    "open-contact": None, "leave-contact": None, "renew": None, "another": None,
    "contest": "reason", "person": "reason",
    "elsewhere-facts": "text", "elsewhere-urge": "text", "elsewhere-rate": "words",
}  # fmt: skip
"""The forms of the citizen's page, each with its field for words of one's own."""
AWAY = {"temporal_address": "127.0.0.1:1", "engine_timeout": 0.2}


async def _withdrawn(api: Api) -> Filed:
    ticket = await api.file()
    assert (
        await ticket.act("withdraw", ticket.citizen, {"reason": "已自行解决。"})
    ).status_code == 200
    await ticket.until_stage("ended")
    return ticket


async def _working(api: Api) -> Filed:
    ticket = await api.file()
    await ticket.until_stage("handle")
    return ticket


async def _rated(api: Api) -> Filed:
    ticket = await api.handled()
    assert (await ticket.rate()).status_code in (200, 202)
    await ticket.until_stage("ended")
    return ticket


TICKETS = {"withdrawn": _withdrawn, "working": _working, "ended": _rated}


@pytest.mark.parametrize("state", TICKETS)
async def test_words_come_back_when_the_ticket_has_moved_on(api: Api, state: str) -> None:
    ticket = await TICKETS[state](api)
    refused = []
    for what, field in FORMS.items():
        if field is None:
            continue
        code = ticket.receipt["access_code"]
        form = {"number": ticket.number, "code": code, "key": f"k-{what}", field: WORDS}
        if what == "rate":
            form |= {"resolved": "no", "grade": "1"}
        if what == "renew":
            continue  # never refused to who has the code, which is another one then
        if state == "working" and what == "withdraw":
            continue  # it would be done
        page = await api.http.post(f"/follow/{what}", data=form)
        if page.status_code == 200:
            continue
        refused.append(what)
        assert page.status_code in (409, 422), (what, page.status_code)
        shown = html.unescape(page.text)
        assert WORDS in shown, (state, what)
    assert refused, state
    if state == "ended":
        page = await api.http.post("/follow/facts", data=form | {"text": WORDS})
        area = re.search(r"<textarea[^>]*name=\"text\"[^>]*>\s*([^<]*)</textarea>", page.text)
        assert area is not None
        assert html.unescape(area[1]).strip() == WORDS, "the form that is open has them"


async def test_a_form_refused_as_one_too_many_can_be_sent_again(
    sqlite_store: Store, tmp_path: Path
) -> None:
    limit = {"limit_intake": "1/hour"}
    async with serve_api(tmp_path, sqlite_store, None, limits_exempt=[], **AWAY, **limit) as api:  # type: ignore[arg-type]
        form = {"key": "a", "city": "tongzhou", "kind": "complaint", "text": WORDS, "website": ""}
        people = {"Accept": "text/html", "Accept-Language": "zh"}
        first = await api.http.post("/report", data=form, headers=people)
        assert first.status_code == 200
        page = await api.http.post("/report", data=form | {"key": "b"}, headers=people)
        assert page.status_code == 429
        assert f'<blockquote class="said">{WORDS}</blockquote>' in page.text
        assert f'name="text" value="{WORDS}"' in page.text
        assert 'action="/report"' in page.text
        foreign = people | {"Sec-Fetch-Site": "cross-site"}
        page = await api.http.post("/report", data=form | {"key": "c"}, headers=foreign)
        assert (page.status_code, WORDS in page.text) == (429, False), "another site's words"


async def test_a_form_refused_as_too_fast_keeps_its_photo(
    sqlite_store: Store, tmp_path: Path
) -> None:
    async with serve_api(tmp_path, sqlite_store, None, **AWAY, form_seconds=30) as api:  # type: ignore[arg-type]
        form = {"key": "a", "city": "tongzhou", "kind": "complaint", "text": WORDS, "website": ""}
        files = {"photos": ("a.jpg", a_photo(), "image/jpeg")}
        page = await api.http.post("/report", data=form | {"whole": "yes"}, files=files)
        assert (page.status_code, WORDS in page.text) == (422, True)
        assert re.search(r'name="photo" value="f[0-9a-f]{32}\.', page.text)
        spam = form | {"whole": "yes", "website": "x"}
        page = await api.http.post("/report", data=spam, files=files)
        assert (page.status_code, 'name="photo" value="f' in page.text) == (422, False)


BODIES: dict[str, dict[str, Any]] = {
    "facts": {"text": WORDS}, "urge": {"text": WORDS}, "withdraw": {"reason": WORDS},
    "open-contact": {}, "leave-contact": {"phone": "010-00012345"}, "renew": {},
    "back": {"text": WORDS},
    "rate": {"contacted": True, "resolved": False, "grade": 1},
    "another": {}, "contest": {"version": 1, "reason": WORDS}, "person": {"reason": WORDS},
    "elsewhere-facts": {"what": "facts", "text": WORDS},
    "elsewhere-urge": {"what": "urge", "text": WORDS},
    "elsewhere-rate": {"what": "rating", "resolved": False, "grade": 1},
}  # fmt: skip
ROUTES = {
    "back": "recur", "rate": "rating", "renew": "access-code", "another": "leave-incident",
    "contest": "contests", "person": "ask-person",
    **dict.fromkeys(("elsewhere-facts", "elsewhere-urge", "elsewhere-rate"), "handovers/notes"),
}  # fmt: skip


def test_every_form_of_the_citizens_page_has_its_route() -> None:
    assert BODIES.keys() == ACTS.keys() == FORMS.keys()


@pytest.mark.parametrize("state", TICKETS)
async def test_page_and_api_refuse_alike(api: Api, state: str) -> None:
    ticket = await TICKETS[state](api)
    alike = 0
    for what, body in BODIES.items():
        path = f"{ticket.path}/{ROUTES.get(what, what)}"
        if state == "working" and what in ("facts", "urge", "withdraw"):
            continue  # they are done
        told = await api.http.post(path, json=body, headers=ticket.citizen)
        if told.status_code < 400:
            continue
        status, code = problem(told)
        form = {"number": ticket.number, "code": ticket.receipt["access_code"], "key": what}
        values = {
            name: {"True": "yes", "False": "no"}.get(str(value), str(value))
            for name, value in body.items()
        }
        page = await api.http.post(
            f"/follow/{what}", data=form | values, headers={"Accept-Language": "zh"}
        )
        assert page.status_code == status, (state, what)
        words = translations("zh").gettext(PROBLEMS.get(code) or CODES[code].title)
        assert words in html.unescape(page.text), (state, what, code)
        alike += 1
    assert alike >= 2
