"""Tests of forms: typed values come back, with each fault beside its field."""

from typing import Annotated

import pytest
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import FormData

from api.pages.shared.forms import Form
from app.sending.call_errors import EngineUnavailable
from domain.refusals import Refused
from domain.ticket.complaint import Kind
from store.db.errors import KeyReused


class _Where(BaseModel):
    address: Annotated[str, Field(max_length=3)]


class _Said(BaseModel):
    text: str
    kind: Kind
    place: _Where


def _refused(**typed: str) -> Form:
    form = Form.blank("text", "kind", "address", **typed)
    with pytest.raises(ValidationError) as error_info:
        _Said.model_validate({**form.filled("text", "kind"), "place": form.filled("address")})
    assert form.refuse(error_info.value) == 422
    return form


def test_every_fault_goes_to_its_field_however_deep() -> None:
    form = _refused(kind="nonsense", address="too long")
    assert {name: fault.message for name, fault in form.faults.items()} == {
        "text": "Please fill this in.",
        "kind": "Please choose one.",
        "address": "At most %(max_length)s characters, please.",
    }
    assert form.faults["address"].values == {"max_length": 3}
    assert form.typed["address"] == "too long"


def test_a_refusal_has_the_status_of_the_api() -> None:
    form = Form.blank("text")
    assert form.refuse(Refused("ticket_ended", "…")) == 409
    assert form.problem == "ticket_ended"
    assert Form.blank("text").refuse(EngineUnavailable()) == 503


def test_a_form_that_was_sent_keeps_its_key_until_the_key_is_another_complaints() -> None:
    form = Form.of(FormData({"key": "mine", "text": " said "}), "text", "kind")
    assert (form.key, form.typed) == ("mine", {"text": "said", "kind": ""})
    form.refuse(Refused("not_now", "…"))
    assert form.key == "mine"
    form.refuse(KeyReused("…"))
    assert form.key != "mine"


def test_a_file_is_no_text() -> None:
    assert Form.of(FormData({}), "text").typed == {"text": ""}
