"""The same key with other content is refused at every door that takes a key, and does nothing."""

import importlib
import inspect
import pkgutil
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from temporalio.client import Client

import app
from api.http.app import create_app
from app.access.caller import Caller
from app.access.guests import Guest
from app.tickets import councils, hearings, mediations, promises
from domain.actors import Actor, Role
from domain.council.council import CouncilDraft
from domain.hearing.hearing import HearingDraft
from domain.mediation.mediation import MediationDraft, Proposal
from domain.promise.promise import PromiseDraft
from runtime.settings import Settings
from store.db.engine import Store
from store.db.errors import KeyReused
from tests.api.running_api import COMPLAINT, GOOD, Api, Filed, problem, serve_api
from tests.support.cities import SHIPPED, city_with
from tests.support.engine import RING, platform
from tests.support.media import a_photo
from tests.support.promises import RULES
from tests.support.walking import addresses, parameters

KEY = {"Idempotency-Key": "the-same"}
DOORS = {
    "api.rest.appointments": "booking, in `test_appointments.py`",
    "api.rest.commands": "every command, by `app.sending.commands.execute`",
    "api.rest.council_topics": "topics, in `test_council_topics.py`",
    "api.rest.councils": "councils and invitations, in `test_keys_beside_tickets.py`",
    "api.rest.grid": "checks, and tickets of diaries, in `test_grid.py`",
    "api.rest.handover": "hand-overs and what citizens say of them, in `test_handover.py`",
    "api.rest.hearings": "hearings, invitations and promises, in `test_keys_beside_tickets.py`",
    "api.rest.incidents": "declaring, in `test_incidents.py`",
    "api.rest.imports": "batches of slips, in `test_staff_slips.py`",
    "api.rest.intake": "filing",
    "api.rest.leaving_contacts": "leaving a contact later",
    "api.rest.mediations": "mediations and proposals, in `test_keys_beside_tickets.py`",
    "api.rest.patrols": "findings of rounds, in `test_patrols.py`",
    "api.rest.promises": "promises, in `test_keys_beside_tickets.py`",
    "api.rest.rating": "rating",
    "api.rest.reopen": "reopening",
    "api.rest.rewards": "wallets and prizes, in `test_rewards.py`",
    "api.rest.supervision": "rows of lists, in `test_supervision.py`",
    "api.rest.topics": "what topics open, in `test_topics.py`",
}
"""The modules with routes that take a key; each is tried below, or with what it files."""

REUSED = (422, "idempotency_key_reused")


def test_every_route_that_takes_a_key_is_tried(tmp_path: Path) -> None:
    made = create_app(Settings(home=tmp_path, keys=RING.text()), packs=SHIPPED)  # type: ignore[arg-type]
    keyed = [one.route for one in addresses(made) if "idempotency_key" in parameters(one.route)]
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


ACTS = {
    "app.booking.bookings.book": "`test_appointments.py`",
    "app.grid.checks.ask_check": "`test_grid.py`",
    "app.grid.diary.file_from_diary": "`test_grid.py`",
    "app.handover.citizens.tell_other_city": "`test_handover.py`",
    "app.handover.handovers.offer_handover": "`test_handover.py`",
    "app.imports.slips.begin": "`test_staff_slips.py`",
    "app.incidents.acts.declare": "`test_incidents.py`",
    "app.patrols.walking.report_finding": "`test_patrols.py`",
    "app.rewards.purses.join": "`test_rewards.py`",
    "app.rewards.purses.choose_with_receipt": "`test_rewards.py`",
    "app.rewards.purses.choose_with_wallet": "`test_rewards.py`",
    "app.sending.commands.execute": "above",
    "app.supervision.lists.put_on_list": "below",
    "app.supervision.lists.settle_kind_of_row": "a command, by `execute`",
    "app.tickets.council_topics.open_topic": "`test_council_topics.py`",
    "app.tickets.councils.prepare_council": "below",
    "app.tickets.councils.invite_to_council": "below",
    "app.tickets.hearings.prepare_hearing": "below",
    "app.tickets.hearings.invite_to_hearing": "below",
    "app.tickets.hearings.promise_at_hearing": "by `make_promise`",
    "app.tickets.leaving_contacts.leave_contact": "above",
    "app.tickets.mediations.open_mediation": "below",
    "app.tickets.mediations.propose": "below",
    "app.tickets.promises.make_promise": "below",
    "app.tickets.ratings.rate": "above",
    "app.tickets.reopen.reopen": "above",
    "app.topics.acts.inspect_topic": "by `execute`",
    "app.topics.acts.note_topic_progress": "`test_topics.py`",
    "app.topics.acts.open_topic_ticket": "`test_topics.py`",
}
"""Every act of `app` that takes a key, whether from a header or from the form of a page."""

NOT_OF_REQUESTS = {
    "app.access.permission.permit",
    "app.access.tokens.issue",
    "app.messaging.outbox.send_again",
    "app.sending.used_keys.is_reserved",
    "app.tickets.acted_on.acted_on",
    "app.tickets.council_matters.topic_for",
    "app.webhooks.subscriptions.add",
}
"""Here a key names a right, a message, or a secret that is issued once; or is only looked up."""


def test_every_act_that_takes_a_key_is_named() -> None:
    found = set()
    for module in pkgutil.walk_packages(app.__path__, "app."):
        for name, act in vars(importlib.import_module(module.name)).items():
            ours = inspect.iscoroutinefunction(act) and act.__module__ == module.name
            if ours and not name.startswith("_") and "key" in inspect.signature(act).parameters:
                found.add(f"{module.name}.{name}")
    assert found - NOT_OF_REQUESTS - {"app.tickets.similar.similar"} == ACTS.keys()


@pytest.fixture
async def full(client: Client, store: Store, tmp_path: Path) -> AsyncIterator[Api]:
    """Open a city that holds councils, records promises and reports to its people."""
    rules: dict[str, Any] = {"promises": RULES, "report_card": {"public": True}}
    rules["council"] = {"vote": "secret", "quorum": 50, "majority": 50, "statements": 3}
    packs = city_with(tmp_path / "cities", **rules)
    async with (
        platform(client, store, packs) as running,
        serve_api(tmp_path, running.store, client, packs) as api,
    ):
        yield api


async def test_acts_of_pages_refuse_other_content_under_one_key(full: Api) -> None:
    """A form that is sent again, changed, is refused, and nothing is done."""
    ticket = await full.handled(public=True)
    n, context = ticket.number, full.context
    supervisor = Caller(actor=Actor(role=Role.SUPERVISOR), id="supervisor-1")
    soon = datetime.now(UTC) + timedelta(days=1)
    council = {
        "subject": "停车",
        "options": [{"title": "划线"}, {"title": "共享"}],
        "statements_until": soon,
        "vote_opens_at": soon,
        "vote_closes_at": soon + timedelta(days=1),
    }
    sides = [{"name": "甲", "says": "漏水。"}, {"name": "乙", "says": "已修。"}]
    day = (soon + timedelta(days=9)).date()

    async def refuses(
        act: Callable[..., Awaitable[Any]], where: tuple[Any, ...], first: Any, other: Any
    ) -> Any:
        key = act.__name__
        done = await act(context, supervisor, *where, first, key)
        assert await act(context, supervisor, *where, first, key) == done
        with pytest.raises(KeyReused):
            await act(context, supervisor, *where, other, key)
        return done

    draft = CouncilDraft.model_validate(council)
    other = draft.model_copy(update={"subject": "垃圾"})
    await refuses(councils.prepare_council, (n,), draft, other)
    await refuses(
        councils.invite_to_council,
        (n, 1),
        councils.InviteIn(count=2),
        councils.InviteIn(count=3),
    )
    opening = MediationDraft.model_validate({"subject": "漏水", "parties": sides})
    await refuses(
        mediations.open_mediation, (n,), opening, opening.model_copy(update={"subject": "噪声"})
    )
    text = Proposal.model_validate({"text": "修复。", "points": [{"text": "修复"}]})
    made = await refuses(
        mediations.propose, (n, 1), text, text.model_copy(update={"text": "不修复。"})
    )
    await mediations.sign(context, made.codes[0], Guest("203.0.113.1"))
    again = await mediations.propose(context, supervisor, n, 1, text, "propose")
    assert again.mediation.parties[0].signed_at is not None, "a signature is not taken back by that"
    promise = PromiseDraft(text="装灯", due=day)
    await refuses(promises.make_promise, (n,), promise, promise.model_copy(update={"text": "修路"}))
    hearing = HearingDraft(title="汇报", place="大厅", starts_at=soon, tickets=[n])
    held = await refuses(
        hearings.prepare_hearing,
        ("tongzhou",),
        hearing,
        hearing.model_copy(update={"title": "另一场"}),
    )
    await refuses(
        hearings.invite_to_hearing,
        (held.number,),
        hearings.InviteToHearingIn(count=1),
        hearings.InviteToHearingIn(count=2),
    )
