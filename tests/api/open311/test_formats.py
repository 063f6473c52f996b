"""The formats, the text of a ticket, and the addresses, apart from a running server."""

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.open311.dialect import is_below_root, plain_path, worded
from api.open311.formats import written
from app.errors import CODES
from app.open311.wording import (
    AttributeAnswer,
    SaidByClient,
    composed,
    is_link,
    public_links,
    taken_apart,
)
from domain.ticket.complaint import clean_text

ANY_TEXT = st.text(st.characters(codec="utf-8"), max_size=200)
LINE = st.text(st.characters(categories=("L", "N")), min_size=1, max_size=20)


@given(ANY_TEXT)
def test_every_text_is_well_formed_in_both(text: str) -> None:
    value = [{"code": 1, "description": text}]
    root = ElementTree.fromstring(written("xml", "errors", value))
    read = root.findtext("error/description")
    assert len(read or "") == len(text)
    assert json.loads(written("json", "errors", value)) == value


def test_lone_surrogates_break_neither() -> None:
    value = [{"code": 1, "description": "a\ud800b"}]
    ElementTree.fromstring(written("xml", "errors", value))
    json.loads(written("json", "errors", value))


def test_absent_values_are_null_and_empty_elements() -> None:
    value = [{"a": None, "b": True, "c": 1.5, "d": ""}]
    assert json.loads(written("json", "services", value)) == value
    xml = written("xml", "services", value).decode().split("\n", 1)[1]
    assert xml == "<services><service><a/><b>true</b><c>1.5</c><d/></service></services>\n"
    sparse = written("xml", "services", value, sparse=True).decode()
    assert "<a/>" not in sparse


@given(
    LINE,
    st.lists(st.tuples(LINE, st.from_regex(r"[0-9A-Za-z_.-]{1,32}", fullmatch=True), LINE)),
    st.lists(st.sampled_from(["https://example.org/a.jpg", "http://b.example/c?d=e#f"])),
)
def test_what_is_put_together_is_taken_apart(
    description: str, answers: list[tuple[str, str, str]], links: list[str]
) -> None:
    said = SaidByClient(
        description, tuple(AttributeAnswer(c, n, v) for n, c, v in answers), tuple(links)
    )
    assert taken_apart(clean_text(composed(said))) == SaidByClient(
        clean_text(description),
        tuple(
            AttributeAnswer(one.code, clean_text(one.name), clean_text(one.value))
            for one in said.attributes
        ),
        tuple(links),
    )


@given(ANY_TEXT)
def test_no_text_of_a_person_breaks_it(text: str) -> None:
    read = taken_apart(clean_text(text))
    assert read.description in clean_text(text)


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)", "ftp://example.org/a", "//example.org/a", "example.org/a", "",
        "https://", "https://user:secret@example.org/",  # pragma: allowlist secret
        "https://a b/", "https://a/\n", "http://[",
        "https://example.org/<script>", "https://example.org/" + "a" * 1000, "data:image/png,1",
    ],
)  # fmt: skip
def test_what_is_no_link(text: str) -> None:
    assert not is_link(text)


def test_links_that_tell_of_a_person_are_not_shown() -> None:
    shown = "https://example.org/a.jpg"
    assert public_links([shown, "https://example.org/?phone=13800138000"]) == [shown]


@pytest.mark.parametrize(
    ("path", "accept", "plain"),
    [
        ("/open311/v2/services.xml", "", "/open311/v2/services.xml"),
        ("/open311/v2//services.json/", "", "/open311/v2/services.json"),
        ("/open311/v2/services", "*/*", "/open311/v2/services.xml"),
        ("/open311/v2/services", "application/json", "/open311/v2/services.json"),
        ("/open311/v2/services", "text/xml, application/json", "/open311/v2/services.xml"),
        ("/open311/v2/services/01.02.xml", "", "/open311/v2/services/01.02.xml"),
        ("/open311", "", "/open311.xml"),
    ],
)
def test_paths_are_read_as_clients_write_them(path: str, accept: str, plain: str) -> None:
    assert is_below_root(path)
    assert plain_path(path, accept) == plain


@pytest.mark.parametrize("path", ["/", "/open311x/v2", "/api/v1/open311/x", "/openapi.json"])
def test_other_paths_are_left_alone(path: str) -> None:
    assert not is_below_root(path)


@pytest.mark.parametrize("code", CODES)
def test_every_refusal_has_a_status_of_the_standard(code: str) -> None:
    row = CODES[code]
    problem = {"code": code, "status": row.status, "title": row.title, "detail": row.title}
    status, description = worded(problem)
    assert status in (400, 403, 404, 405, 408, 413, 429, 500, 503)
    assert description
