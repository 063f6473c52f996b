"""Tests of what is covered in published texts, however it was written, and what is left."""

import pytest

from app.tickets.redaction import REDACTED, redacted

PERSONAL = (
    "138、0013、8001", "138,0013,8001", "138，0013，8001", "138。0013。8001", "138个0013个8001",
    "l38OOl38OOl", "１３８００１３８００１", "+86 138-0013-8001", "微信wxid_abc12",
    "微 信 wxid_abc12",
    "护照E12345678", "wang@example.com", "wang at example dot com", "wang (at) example (dot) com",
    "11010519491231002X",
)  # fmt: skip
HARMLESS = (
    "2026年3月15日开工，第3、4、5号路灯不亮", "共12,345,678元", "look at the light",
    "1、路灯 2、井盖 3、河道 4、噪声", "1. 3 个 5 个 60 个", "3号楼前、5号楼后，2026、2027年",
)  # fmt: skip


@pytest.mark.parametrize("text", PERSONAL)
def test_what_identifies_a_person_is_covered(text: str) -> None:
    shown = redacted(f"请联系{text}。")
    assert REDACTED in shown
    assert not [part for part in ("8001", "wxid", "12345678", "example", "0105") if part in shown]


@pytest.mark.parametrize("text", HARMLESS)
def test_what_says_nothing_of_a_person_is_left(text: str) -> None:
    assert redacted(text) == text
