"""Tests of what a row of another system says, by a mapping."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from domain.formulas import as_text, as_written
from domain.imports.mapping import ImportMap
from domain.imports.rows import Codes, ReadRow, link_to, moment_of, read_row
from domain.ticket.complaint import Channel, Kind

NOW = datetime(2026, 11, 30, 8, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
CODES = Codes(
    category={"路灯": "0204", "0301": "0301"}.get,
    area={"北苑街道": "110112003"}.get,
    unit={"水务局": "water"}.get,
    zone=ZONE,
)
MAP = {
    "source": "old-hotline",
    "link": "https://old.example/t/{number}",
    "columns": {
        "number": "编号", "text": "内容", "filed_at": "时间", "closed_at": "办结", "state": "状态",
        "kind": "类型", "category": "类别", "area": "街道", "unit": "单位", "phone": "电话",
        "lat": "纬度", "lon": "经度",
    },
    "states": {"open": ["办理中"], "closed": ["已办结"]},
    "kinds": {"投诉": "complaint", "咨询类": "consultation"},
    "categories": {"照明": "0204"},
    "phones": {"area_code": "010"},
}  # fmt: skip
ROW = {"编号": "A-17", "内容": "路灯不亮", "时间": "2026-11-02 08:30", "状态": "办理中"}


def read(cells: Mapping[str, str], **changes: object) -> ReadRow:
    return read_row(ImportMap.model_validate(MAP | changes), CODES, 7, ROW | dict(cells), NOW)


def wrong(row: ReadRow) -> list[tuple[str, str]]:
    return [(fault.column, fault.code) for fault in row.faults]


def test_a_row_says_what_the_mapping_reads() -> None:
    row = read(
        {
            "类型": "咨询类",
            "类别": "照明",
            "街道": "北苑街道",
            "单位": "水务局",
            "电话": "69541234.0",
        }
    )
    assert row.faults == []
    assert row.filed_at == datetime(2026, 11, 2, 0, 30, tzinfo=UTC)
    assert row.link == "https://old.example/t/A-17"
    assert (row.values["kind"], row.values["channel"]) == (Kind.CONSULTATION, Channel.HOTLINE)
    assert (row.values["category"], row.values["unit"]) == ("0204", "water")
    assert row.values["place"]["area"] == "110112003"
    assert row.contact == {"phone": "01069541234"}
    assert not row.values["anonymous"]
    assert not row.closed


def test_every_fault_of_a_row_is_told_with_its_column() -> None:
    row = read(
        {"编号": "", "内容": " ", "时间": "昨天", "状态": "不知道", "类型": "表彰",
         "类别": "无此类", "纬度": "39.9", "经度": "east"}
    )  # fmt: skip
    assert wrong(row) == [
        ("编号", "missing"), ("内容", "missing"), ("类型", "unknown_kind"),
        ("类别", "unknown_category"), ("纬度", "bad_point"), ("时间", "bad_date"),
        ("状态", "unknown_state"),
    ]  # fmt: skip
    assert all(fault.row == 7 for fault in row.faults)


def test_what_nobody_mapped_is_left_to_triage_where_the_mapping_says_so() -> None:
    row = read({"类别": "无此类"}, unmapped={"category": "leave"})
    assert (wrong(row), row.values["category"]) == ([], None)


def test_a_row_is_closed_by_its_state_or_its_date() -> None:
    assert read({"状态": "已办结"}).closed
    assert read({"状态": "", "办结": "2026-11-03"}).closed
    assert not read({"状态": "办理中", "办结": "2026-11-03"}).closed
    assert wrong(read({"状态": "已办结", "办结": "2026-11-01"})) == [("办结", "bad_date")]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-03-05", "2026-03-05T00:00"),
        ("20260305", "2026-03-05T00:00"),
        ("2026/3/5 8:05", "2026-03-05T08:05"),
        ("2026年3月5日 8时5分", "2026-03-05T08:05"),
        ("２０２６-03-05 08:05:09.123", "2026-03-05T08:05:09"),
        ("2026-03-05T08:05:00+08:00", "2026-03-05T08:05"),
        ("2026-03-05T00:05:00Z", "2026-03-05T08:05"),
        ("5.3.2026", None),
        ("2026-02-30", None),
        ("2026-03-05 25:00", None),
        ("", None),
    ],
)
def test_moments_are_read_as_they_are_written(text: str, moment: str | None) -> None:
    expected = datetime.fromisoformat(moment).replace(tzinfo=ZONE) if moment else None
    assert moment_of(text, (), ZONE) == expected


def test_a_format_of_the_mapping_comes_first() -> None:
    expected = datetime(2026, 5, 3, tzinfo=ZONE)
    assert moment_of("3.5.2026", ("%d.%m.%Y",), ZONE) == expected


def test_no_complaint_is_of_a_day_to_come_or_of_another_century() -> None:
    for day in (NOW + timedelta(days=1), datetime(1999, 12, 31, tzinfo=UTC)):
        assert wrong(read({"时间": f"{day:%Y-%m-%d}"})) == [("时间", "bad_date")]
    assert wrong(read({"时间": ""})) == [("时间", "missing")]


def test_a_point_of_nothing_is_no_point() -> None:
    assert "lat" not in read({"纬度": "0", "经度": "0.0"}).values["place"]
    assert read({"纬度": "39.9", "经度": "116.6"}).values["place"]["lat"] == 39.9
    for lat in ("91", "nan", "inf"):
        assert wrong(read({"纬度": lat, "经度": "116"})) == [("纬度", "bad_point")], lat


def test_a_link_holds_no_more_than_the_number() -> None:
    assert (
        link_to("https://old.example/{number}", "../x?y#z") == "https://old.example/..%2Fx%3Fy%23z"
    )
    for bad in ("javascript:alert({number})", "https://old.example/"):
        with pytest.raises(ValidationError):
            ImportMap.model_validate(MAP | {"link": bad})


@pytest.mark.parametrize("text", ["=1+1", "+86", "-1", "@x", "\t=1", "＝1", "路灯", "", "'x"])
def test_what_is_marked_for_a_spreadsheet_comes_back_as_written(text: str) -> None:
    assert as_written(as_text(text)) == text or not as_text(text).startswith("'=")
