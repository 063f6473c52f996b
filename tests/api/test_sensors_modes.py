"""Tests of how HTTP carries events: structured, binary and in batches."""

import base64
import json
from typing import Any

import pytest

from api.rest.cloud_event_modes import BATCH, STRUCTURED, members_of, signed_part
from app.errors import Problem
from app.sensors.events import MOST, BatchMember
from domain.sensors.events import BadEvent, Envelope

GOOD: dict[str, Any] = {
    "specversion": "1.0",
    "id": "e1",
    "source": "urn:example:gateway",
    "type": "t",
    "subject": "outfall-1",
}
HEADERS = [(f"ce-{name}".encode(), value.encode()) for name, value in GOOD.items()]


def only(content: Any, content_type: str = STRUCTURED) -> BatchMember:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    members, batch = members_of([], content_type, body)
    assert not batch
    (one,) = members
    return one


def binary(
    headers: list[tuple[bytes, bytes]], body: bytes = b"", content_type: str = "application/json"
) -> BatchMember:
    (one,), _ = members_of(headers, content_type, body)
    return one


def taken(member: BatchMember) -> Envelope:
    assert isinstance(member.event, Envelope), member.event
    return member.event


def refused(member: BatchMember) -> str:
    assert isinstance(member.event, BadEvent), member.event
    return member.event.code


def test_a_structured_event_has_its_data_beside_its_attributes() -> None:
    assert taken(only(GOOD | {"data": {"nh3n": 2.4}})).data == {"nh3n": 2.4}
    assert taken(only(GOOD, f"{STRUCTURED}; charset=utf-8")).data is None
    encoded = base64.b64encode(b'{"nh3n": 2.4}').decode()
    assert taken(only(GOOD | {"data_base64": encoded})).data == {"nh3n": 2.4}


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"data": 1, "data_base64": "MQ=="}, "malformed_event"),
        ({"data_base64": "not base64"}, "malformed_event"),
        ({"data_base64": base64.b64encode(b"{").decode()}, "malformed_event"),
        ({"data": "<a/>", "datacontenttype": "text/xml"}, "unsupported_event_data"),
        ({"data_base64": "MQ==", "datacontenttype": "image/png"}, "unsupported_event_data"),
    ],
)
def test_data_that_nobody_can_read_is_refused(more: dict[str, Any], code: str) -> None:
    assert refused(only(GOOD | more)) == code


def test_binary_mode_has_the_attributes_in_headers() -> None:
    said = taken(binary(HEADERS, b'{"nh3n": 2.4}'))
    assert (said.source, said.device, said.data) == (GOOD["source"], "outfall-1", {"nh3n": 2.4})
    assert taken(binary(HEADERS)).data is None
    capitals = [(name.upper(), value) for name, value in HEADERS]
    assert taken(binary(capitals, b"2.4", "application/vnd.example+json")).data == 2.4


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b"a%20b%25", "a b%"),
        (b"%E6%8E%92%E5%8F%A3", "排口"),
        (b'"a \\"b\\" c"', 'a "b" c'),
        (b"a%2520", "a%20"),  # one round only
        ("排口".encode(), "排口"),
    ],
)
def test_headers_are_decoded_once(raw: bytes, text: str) -> None:
    headers = [(name, raw if name == b"ce-id" else value) for name, value in HEADERS]
    assert taken(binary(headers)).id == text


@pytest.mark.parametrize("raw", [b"a%2", b"a%zz", b"%ff%fe", b"\xff", b"%00", b"", b'""'])
def test_a_header_that_cannot_be_read_is_refused(raw: bytes) -> None:
    headers = [(name, raw if name == b"ce-id" else value) for name, value in HEADERS]
    assert refused(binary(headers)) == "malformed_event"


def test_an_attribute_that_is_there_twice_is_refused() -> None:
    assert refused(binary([*HEADERS, (b"ce-id", b"e2")])) == "malformed_event"


def test_binary_data_has_to_be_json() -> None:
    assert refused(binary(HEADERS, b"<a/>", "text/xml")) == "unsupported_event_data"
    assert refused(binary(HEADERS, b"{")) == "malformed_event"


@pytest.mark.parametrize(
    ("content_type", "body", "code"),
    [
        ("application/cloudevents+xml", b"<a/>", "unsupported_event_format"),
        ("application/cloudevents+avro", b"", "unsupported_event_format"),
        ("application/json", json.dumps(GOOD).encode(), "unsupported_event_format"),
        ("", b"", "unsupported_event_format"),
        (STRUCTURED, b"", "malformed_json"),
        (STRUCTURED, b"{", "malformed_json"),
        (STRUCTURED, b"\xff", "malformed_json"),
        (STRUCTURED, b"[" * 100_000 + b"]" * 100_000, "malformed_json"),
        (STRUCTURED, b'{"a":' * 100_000 + b"1" + b"}" * 100_000, "malformed_json"),
        (BATCH, b"{}", "malformed_event"),
        (BATCH, b"[" + b"{}," * MOST + b"{}]", "too_many_events"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused_whole(
    content_type: str, body: bytes, code: str
) -> None:
    with pytest.raises(Problem) as problem:
        members_of([], content_type, body)
    assert problem.value.code == code


def test_a_poisoned_member_spoils_no_batch() -> None:
    good, other = json.dumps(GOOD), json.dumps(GOOD | {"id": "e2"})
    poisoned = json.dumps(GOOD | {"id": "bad", "data": 1}).replace("1}", "NaN}")
    body = f'[{good}, null, 7, {{}}, [], {poisoned}, {{"id": "\\u0000"}}, {other}]'.encode()
    members, batch = members_of([], BATCH, body)
    assert batch
    assert [isinstance(one.event, Envelope) for one in members] == [
        True, False, False, False, False, True, False, True,
    ]  # fmt: skip
    assert [one.id for one in members] == ["e1", None, None, None, None, "bad", None, "e2"]
    assert members_of([], BATCH, b"[]") == ([], True)


def test_attributes_in_headers_are_signed_with_the_body() -> None:
    body = b'{"nh3n": 2.4}'
    assert signed_part(HEADERS, STRUCTURED, body) == body
    signed = signed_part([*HEADERS, (b"accept", b"*/*")], "application/json", body)
    assert signed == (
        b"ce-id:e1\nce-source:urn:example:gateway\nce-specversion:1.0\nce-subject:outfall-1\n"
        b'ce-type:t\ncontent-type:application/json\n{"nh3n": 2.4}'
    )
