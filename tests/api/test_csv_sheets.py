"""Tests of CSV for spreadsheets: Chinese stays Chinese, and no text is computed."""

import csv
import io

import pytest

from api.http.csv_sheets import sheet


def _read(body: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"))))


def test_a_sheet_says_that_it_is_utf_8_and_how_it_is_called() -> None:
    answer = sheet("通州 2026-03.csv", ["单位", "工单"], [["北苑街道", 3], ['说"好", 真的', None]])
    body = bytes(answer.body)
    assert body.startswith(b"\xef\xbb\xbf")
    assert _read(body) == [["单位", "工单"], ["北苑街道", "3"], ['说"好", 真的', ""]]
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    value = answer.headers["content-disposition"]
    assert 'filename="___2026-03.csv"' in value
    assert "filename*=UTF-8''%E9%80%9A%E5%B7%9E%202026-03.csv" in value
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "+861380000", "-1", "@SUM(A1)", "\t=1", "\r=1", " =cmd|'/c calc'!A0", "＝1", "﹢1",
        "\ufeff=1", "\u200b\u200b@SUM(A1)", "\u00a0-1", "\u3000＝1", "\u2060" * 80 + "=1",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_compute_is_a_text(text: str) -> None:
    ((_,), (cell,)) = _read(bytes(sheet("a.csv", ["t"], [[text]]).body))
    assert cell == f"'{text}"


@pytest.mark.parametrize("text", ["", "路灯不亮", "a=1", "1-2", "“=”", "……"])
def test_any_other_text_stays_as_it_is(text: str) -> None:
    ((_, _), (cell, _)) = _read(bytes(sheet("a.csv", ["t", "n"], [[text, 1]]).body))
    assert cell == text


def test_numbers_stay_numbers_also_below_nothing() -> None:
    ((*_,), cells) = _read(bytes(sheet("a.csv", ["a", "b"], [[-5, 0.1 + 0.2]]).body))
    assert cells == ["-5", "0.3"]
