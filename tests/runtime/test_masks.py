"""Tests that logs contain no personal data, for every logger and every form of it."""

import json
import logging

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from runtime.logs import set_up_logs
from runtime.masks import mask, mask_text

TOKEN = "jsu_0123456789ab_" + "0f" * 24


@pytest.mark.parametrize(
    "words",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+8613800138000",
        "+86 138 0013 8000",
        "010-00012345",
        "01000012345",
        "(010) 69541234",
        "0316-2012345",
        "wang.fang+12345@example.gov.cn",
        "110105199003070014",
        "11010519900307001X",
        "110105900307001",
        "04217735",
        "0421 7735",
        "0421-7735",
        TOKEN,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",  # pragma: allowlist secret
        "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHQ$aGFzaGhhc2g",
    ],
)
def test_what_is_personal_or_secret_is_not_written(words: str) -> None:
    for text in (words, f"来电{words}，请回复", f"sent to {words}.", f'{{"to": "{words}"}}'):
        assert words not in mask_text(text), text


@pytest.mark.parametrize(
    "text",
    [
        "2603021234560",
        "handle-110112003-1",
        "2026-03-02T10:00:00.123456Z",
        "127.0.0.1:7233",
        "pid 12345, port 8000",
        "0.123456789",
        "3f2504e0-4f89-11d3-9a0c-0305e82c3301",
        "category 0301, area 110112003",
    ],
)
def test_what_an_operator_needs_is_left(text: str) -> None:
    assert mask_text(text) == text


@given(st.from_regex(r"1[3-9]\d{9}", fullmatch=True), st.text("请回电 ,.:，。", max_size=5))
def test_no_mobile_passes_whatever_stands_around_it(phone: str, around: str) -> None:
    assert phone not in mask_text(f"{around}{phone}{around}")


def test_values_are_masked_however_deep_and_by_their_names() -> None:
    line = {
        "event": "call 13800138000",
        "access_code": "anything",
        "code": "not_now",
        "phone": 13800138000,
        "error": ValueError("13800138000"),
        "body": {"contact": {"phone": "x", "list": ["a@example.org", 4217735.5]}},
        "number": "2603021234560",
        "reached": True,
        "count": 10000000,
        "timestamp": "2026-03-02T10:00:00Z",
    }
    values = mask(None, "info", line)
    assert "13800138000" not in str(values)
    assert "a@example.org" not in str(values)
    assert (values["access_code"], values["code"]) == ("[masked]", "not_now")
    assert (values["number"], values["reached"]) == ("2603021234560", True)
    assert values["count"] == "[code]"


@pytest.mark.parametrize("fmt", ["json", "console"])
def test_every_logger_passes_the_mask(fmt: str, capfd: pytest.CaptureFixture[str]) -> None:
    before = logging.getLogger().handlers[:], logging.getLogger().level
    set_up_logs(fmt)
    try:
        structlog.stdlib.get_logger("test").info("called 13800138000", token=TOKEN)
        logging.getLogger("a.library").warning("to %s", "wang@example.org")
        try:
            raise ValueError("110105199003070014")
        except ValueError:
            logging.getLogger("a.library").exception("failed")
            structlog.stdlib.get_logger("test").exception("failed, too")
    finally:
        logging.getLogger().handlers[:], logging.getLogger().level = before
        structlog.reset_defaults()
    written = capfd.readouterr().err
    assert "failed, too" in written
    for secret in ("13800138000", TOKEN, "wang@example.org", "110105199003070014"):
        assert secret not in written
    if fmt == "json":
        assert [json.loads(line)["level"] for line in written.splitlines()]
