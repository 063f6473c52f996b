"""Texts of which nobody sees anything are empty, and every notation of a number is taken.

A walk over every field with a text of every command, form and route that takes a body: it refuses a
value of invisible characters, or takes it as empty; and over the places where numbers are typed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args, get_origin
from urllib.parse import quote

import pyotp
import pytest
from pydantic import BaseModel, SecretBytes, SecretStr, ValidationError, create_model
from pydantic.fields import FieldInfo

from api.http.app import create_app
from api.pages.actions.all_actions import ACTION_FORMS
from app.filing.intake import ComplaintIn
from app.tickets.contacts import LookIn
from app.tickets.phone_lookup import ConfirmIn, VerifyIn
from domain.actors import Role
from domain.commands.intake.merge import Merge
from domain.commands.registry import COMMANDS
from domain.ticket.assignment import HandlingResult
from domain.ticket.complaint import clean_text
from runtime.settings import Settings
from store.db.engine import Store
from store.identity import second_factor
from store.secrets.phones import normal_phone
from store.tickets.numbers import parse_number
from tests.api.running_api import Api
from tests.store.stories import Story, complaint, project
from tests.support.cities import SHIPPED
from tests.support.engine import RING
from tests.support.notations import NOTHING, notations
from tests.support.staff_pages import at_desk
from tests.support.walking import addresses, body_models

INVISIBLE = [text for text in NOTHING if text]
NO_TEXT = {
    "password", "new", "old", "code", "totp", "website", "evidence", "by", "name", "cursor", "file",
    "photo", "access_code", "ticket", "after", "proposal", "incident", "neighbour", "url",
    "into",
}  # fmt: skip
"""Fields with a secret, a trap for machines, a reference, a place in a list or an id."""


def _models(tmp_path: Path) -> set[type[BaseModel]]:
    app = create_app(Settings(home=tmp_path, keys=RING.text()), packs=SHIPPED)  # type: ignore[arg-type]
    models = {model for address in addresses(app) for model in body_models(address.route)}
    models |= {HandlingResult, *COMMANDS, *(form.model for form in ACTION_FORMS)}
    return {below for model in models for below in _with_parts(model)}


def _with_parts(model: type[BaseModel]) -> Iterator[type[BaseModel]]:
    yield model
    for info in model.model_fields.values():
        for part in _parts(info.annotation):
            if isinstance(part, type) and issubclass(part, BaseModel):
                yield from _with_parts(part)


def _parts(annotation: Any) -> Iterator[Any]:
    yield annotation
    for part in get_args(annotation):
        yield from _parts(part)


def _takes_text(info: FieldInfo) -> bool:
    return any(part in (str, SecretStr, SecretBytes) for part in _parts(info.annotation))


def test_no_field_takes_what_nobody_sees_for_a_text(tmp_path: Path) -> None:
    models = _models(tmp_path)
    assert {ComplaintIn, LookIn} <= models
    walked, wrong = 0, []
    for model in models:
        for name, info in model.model_fields.items():
            if name in NO_TEXT or not _takes_text(info):
                continue
            walked += 1
            fields: Any = {"it": (info.annotation, info)}
            one = create_model("One", __config__=model.model_config, **fields)
            origins = [get_origin(part) for part in _parts(info.annotation)]
            many = list in origins
            for text in INVISIBLE:
                try:
                    taken = one.model_validate({"it": [text] if many else text}).model_dump()["it"]
                except ValidationError:
                    continue
                if taken:
                    wrong.append((model.__name__, name, ascii(text), taken))
    assert sorted({(model, name) for model, name, *_ in wrong}) == []
    assert walked > 60


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_what_was_taken_once_can_still_be_read(text: str) -> None:
    """Records are read as JSON: a history with such an answer has to replay."""
    old = HandlingResult.model_construct(reply=text).model_dump_json()
    if clean_text(text):  # what the rule of before let through
        assert HandlingResult.model_validate_json(old).reply == clean_text(text)


async def test_the_routes_refuse_it(api: Api) -> None:
    nothing = "\u200b\u2060\u3164"
    answer = await api.http.post("/api/v1/complaints", json={"city": "tongzhou", "text": nothing})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "text")
    ticket = await api.file(title=nothing)
    assert (await ticket.complete(body={"reply": nothing})).status_code == 422
    desk = await api.token(Role.DESK)
    look = f"{ticket.path}/person/unmask"
    assert (await api.http.post(look, headers=desk, json={"purpose": nothing})).status_code in (
        404,
        422,
    )
    row = (await api.http.get("/api/v1/tickets", headers=desk)).json()["items"][0]
    assert row["title"].startswith("小区门口"), "an invisible title is none"


async def test_the_pages_refuse_it(api: Api) -> None:
    nothing = "\u200b\u2060\u3164"
    ticket = await api.file()
    officer = await at_desk(api, Role.OFFICER, "water")
    assert (await officer.do(ticket, "complete", {"reply": nothing})).status_code == 422
    citizen = {"number": ticket.number, "code": ticket.receipt["access_code"], "text": nothing}
    answer = await api.http.post("/follow/facts", data=citizen)
    assert answer.status_code == 422


# --- numbers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("written", notations("13800138000"), ids=ascii)
def test_a_phone_is_taken_in_every_notation(written: str) -> None:
    assert normal_phone(written) == "13800138000"
    assert VerifyIn.model_validate({"phone": written}).phone == "13800138000"


@pytest.mark.parametrize("written", notations("246810"), ids=ascii)
def test_a_one_time_code_is_taken_in_every_notation(written: str) -> None:
    assert ConfirmIn.model_validate({"phone": "13800138000", "code": written}).code == "246810"


def test_a_second_factor_is_taken_in_every_notation() -> None:
    secret, now = second_factor.new_secret(), datetime(2026, 3, 2, tzinfo=UTC)
    code = pyotp.TOTP(secret, interval=second_factor.STEP).at(now)
    assert {second_factor.step_of(secret, one, now) for one in notations(code)} == {
        int(now.timestamp()) // second_factor.STEP
    }


def test_ticket_numbers_are_taken_in_every_notation() -> None:
    number = complaint().number
    assert {parse_number(written) for written in notations(number)} == {number}
    merges = (Merge.model_validate({"into": one, "reason": "同"}) for one in notations(number))
    assert {merge.into for merge in merges} == {number}


async def test_the_citizens_page_opens_with_every_notation(engineless_api: Api) -> None:
    store, vault = engineless_api.store, engineless_api.context.vault
    number = await _published(store)
    code = vault.access_code(number)
    for its_number, its_code in zip(notations(number), notations(code), strict=True):
        form = {"number": its_number, "code": its_code}
        answer = await engineless_api.http.post("/follow", data=form)
        assert answer.status_code == 200, (ascii(its_number), ascii(its_code))
    for written in notations(number):
        answer = await engineless_api.http.get(
            f"/api/v1/tickets/{quote(written)}", headers={"Access-Code": code}
        )
        assert answer.status_code == 200, ascii(written)


async def _published(store: Store) -> str:
    story = Story(complaint(city="tongzhou"))
    await project(store, story.whole())
    return story.number


async def test_a_unit_code_is_taken_in_full_width(api: Api) -> None:
    ticket = await api.unclear()
    body = {"category": "０３０１", "unit": "ｗａｔｅｒ\u200b"}
    answer = await ticket.by(Role.DISPATCHER, "triage", body)
    assert answer.status_code == 200, answer.text
    assert await ticket.until_stage("handle")
