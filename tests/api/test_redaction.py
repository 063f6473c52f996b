"""Tests of the redaction of personal details in published texts."""

import pytest

from api.pages.citizen.redaction import REDACTION, redacted


@pytest.mark.parametrize(
    "secret",
    [
        "13800138000",
        "138 0013 8000",
        "+86-13800138000",
        "010-12345678",
        "11010519491231002X",
        "6222 0212 3456 7890 123",
        "wang.wei@example.org",
        "京A12345",
        "冀AD12345",
        "3号楼2单元501室",
        "2单元501",
    ],
)
def test_it_is_covered(secret: str) -> None:
    value = redacted(f"请联系{secret}，谢谢。")
    assert secret not in value
    assert value.startswith(f"请联系{REDACTION}")
    assert value.endswith("，谢谢。")


@pytest.mark.parametrize(
    "text",
    [
        "路灯坏了3盏",
        "2026年3月2日下午2点",
        "新华西街128号门口",
        "请打12345",
        "第3号楼前的路灯",
        "工单 15 天没动",
    ],
)
def test_what_is_about_the_matter_stays(text: str) -> None:
    assert redacted(text) == text
