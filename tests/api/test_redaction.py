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


@pytest.mark.parametrize(
    "text",
    [
        "我叫王小明，家住通州",
        "我叫王小明家住通州",
        "姓名：王小明",
        "姓名:王小明 电话另说",
        "名字是王小明。",
        "我叫王小明",
        "我\u200b叫王\u200b小明，你好",
        "他名叫王小明男",
    ],
)
def test_a_name_that_is_introduced_is_covered(text: str) -> None:
    shown = redacted(text)
    assert REDACTED in shown
    assert "小明" not in shown.replace("\u200b", "")


def test_a_name_with_a_numeral_is_covered() -> None:
    assert redacted("我叫张三，路灯坏了。") == f"我叫{REDACTED}，路灯坏了。"


@pytest.mark.parametrize(
    "text",
    [
        "我叫了物业，没人来。",
        "我叫他别停在这里。",
        "这条路名叫什么？",
        "我叫不到出租车。",
        "名字写错了",
    ],
)
def test_what_is_no_name_is_left(text: str) -> None:
    assert redacted(text) == text
