"""The columns of an export: the data dictionary is this table."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Self, TypeAlias, TypeVar

from app.tickets.redaction import redacted
from domain.canonical import says_nothing
from domain.pack.pack import Pack, UnknownCategory
from store.db.engine import ResultRow
from store.secrets.vault import Person

Value = str | int | float | bool | datetime | None


class ColumnType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    WHOLE = "whole number"
    YES_NO = "yes or no"
    MOMENT = "moment"


@dataclass(frozen=True, slots=True)
class ExportedTicket:
    """A ticket as columns read it. `person`: only where personal data are exported."""

    row: ResultRow
    pack: Pack
    state: Mapping[str, Any]
    personal: bool
    person: Person | None = None

    @classmethod
    def of(cls, row: ResultRow, pack: Pack, personal: bool, person: Person | None) -> Self:
        return cls(row, pack, json.loads(row.state), personal, person)

    def words(self, text: str) -> str:
        """Return a text of the citizen's, covered where personal data are not exported."""
        return text if self.personal or says_nothing(text) else redacted(text)

    @property
    def category_name(self) -> str | None:
        code = self.row.category
        try:
            return self.pack.category(code).name if code else None
        except UnknownCategory:
            return None


Row = TypeVar("Row")


@dataclass(frozen=True)
class ExportedColumn(Generic[Row]):
    """A column: its name, what it holds, and its meaning in English and Chinese."""

    name: str
    type: ColumnType
    en: str
    zh: str
    read: Callable[[Row], Value]
    personal: bool = False


TicketColumn: TypeAlias = ExportedColumn[ExportedTicket]


def _own(name: str, of: ColumnType, en: str, zh: str) -> TicketColumn:
    return ExportedColumn(name, of, en, zh, lambda one: getattr(one.row, name))


def _words(name: str, en: str, zh: str) -> TicketColumn:
    return ExportedColumn(
        name, ColumnType.TEXT, en, zh, lambda one: one.words(str(getattr(one.row, name)))
    )


def _person(name: str, en: str, zh: str) -> TicketColumn:
    def read(one: ExportedTicket) -> Value:
        value: str | None = getattr(one.person, name, None) if one.person else None
        return value

    return ExportedColumn(name if name != "address" else "home", _T, en, zh, read, personal=True)


def _text(one: ExportedTicket) -> Value:
    return one.words(str(one.state.get("complaint", {}).get("text", "")))


_T, _N, _W, _B, _M = (
    ColumnType.TEXT,
    ColumnType.NUMBER,
    ColumnType.WHOLE,
    ColumnType.YES_NO,
    ColumnType.MOMENT,
)

COLUMNS: tuple[TicketColumn, ...] = (
    _own("number", _T, "number of the ticket", "工单编号"),
    _own("city", _T, "the city, by its id", "城市"),
    _own("kind", _T, "kind: complaint, consultation, …", "诉求类型"),
    _own("channel", _T, "how it came in", "来源渠道"),
    _own("category", _T, "code of the subject", "分类代码"),
    ExportedColumn(
        "category_name", _T, "the subject in words", "分类名称", lambda one: one.category_name
    ),
    _own("tier", _T, "how urgent it is", "办理时限类别"),
    _own("area", _T, "division code of the place", "区划代码"),
    _own("unit", _T, "code of the unit that leads", "主办单位代码"),
    _words(
        "title",
        "title; covered where personal data are not exported",
        "标题（未导出个人信息时已遮盖）",
    ),
    ExportedColumn(
        "text",
        _T,
        "words of the citizen; covered where personal data are not exported",
        "诉求内容（未导出个人信息时已遮盖）",
        _text,
    ),
    _words("address", "place of the problem", "问题地点"),
    _own("lat", _N, "latitude, WGS-84", "纬度（WGS-84）"),
    _own("lon", _N, "longitude, WGS-84", "经度（WGS-84）"),
    _own("filed_at", _M, "filed", "受理时间"),
    _own("updated_at", _M, "last changed", "最近变动时间"),
    _own("promised_at", _M, "when the answer was promised", "承诺答复时间"),
    _own("ended_at", _M, "ended", "办结时间"),
    _own("stage", _T, "stage", "环节"),
    _own("outcome", _T, "how it ended", "办结方式"),
    _own("returns", _W, "how often a unit returned it", "退单次数"),
    _own("reworks", _W, "how often it went back to work", "返工次数"),
    _own("yellow_cards", _W, "yellow cards", "黄牌数"),
    _own("red_cards", _W, "red cards", "红牌数"),
    _own("rated", _B, "the citizen rated it", "是否评价"),
    _own("contacted", _B, "the citizen was contacted", "是否联系"),
    _own("resolved", _B, "the citizen says that it is resolved", "是否解决"),
    _own("grade", _W, "grade, 1 to 5", "评分（1-5）"),
    _own("satisfied", _B, "the citizen is satisfied", "是否满意"),
    _own("severity", _W, "severity", "严重程度"),
    _own("parent", _T, "ticket that it is merged into", "并入的工单"),
    _own("public", _B, "question and answer may be published", "是否同意公开"),
    _own("anonymous", _B, "the unit is not told who complained", "是否隐名"),
    _own("of_wrongdoing", _B, "report of wrongdoing", "是否举报"),
    _person("name", "name of the citizen", "姓名"),
    _person("phone", "phone of the citizen", "电话"),
    _person("email", "e-mail of the citizen", "电子邮箱"),
    _person("address", "home address of the citizen", "家庭住址"),
)


def columns(personal: bool) -> tuple[TicketColumn, ...]:
    """Return the columns of an export with or without personal data."""
    return tuple(one for one in COLUMNS if personal or not one.personal)
