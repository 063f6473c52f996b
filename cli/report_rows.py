"""The report of a period as rows: every number of it, each with what it is the number of."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from app.exports.columns import ColumnType, ExportedColumn, Value
from app.reporting.period_report import PeriodReport
from cli.report_text import ReportText
from domain.uncertainty import interval


@dataclass(frozen=True)
class ReportRow:
    """A number of the report: a share (`part` of `of`) or a count (`part` alone)."""

    city: str
    since: str
    until: str
    section: str
    code: str
    name: str
    unit: str = ""
    unit_name: str = ""
    rank: int | None = None
    part: int | None = None
    of: int | None = None
    part_before: int | None = None
    of_before: int | None = None
    earlier: float | None = None
    year_earlier: float | None = None
    fixed: tuple[float, float, float] | None = None
    """A share with its bounds that is no part of a whole."""

    @property
    def share(self) -> float | None:
        if self.fixed is not None:
            return self.fixed[0]
        return None if self.part is None or not self.of else self.part / self.of

    @property
    def low(self) -> float | None:
        if self.fixed is not None:
            return self.fixed[1]
        error = None if self.part is None or self.of is None else interval(self.part, self.of)
        return error and error.low

    @property
    def high(self) -> float | None:
        if self.fixed is not None:
            return self.fixed[2]
        error = None if self.part is None or self.of is None else interval(self.part, self.of)
        return error and error.high


def _column(name: str, of: ColumnType, en: str, zh: str) -> ExportedColumn[ReportRow]:
    read: Callable[[ReportRow], Value] = lambda row: getattr(row, name)  # noqa: E731
    return ExportedColumn(name, of, en, zh, read)


_T, _N, _W = ColumnType.TEXT, ColumnType.NUMBER, ColumnType.WHOLE

COLUMNS = (
    _column("city", _T, "the city, by its id", "城市"),
    _column("since", _T, "first day of the period", "起始日"),
    _column("until", _T, "last day of the period", "截止日"),
    _column(
        "section",
        _T,
        "overview, figure, fair, unit, category, street, channel, kind or topic",
        "类别：总体、指标、满意度复核、单位、分类、街道、渠道、类型、共性问题",
    ),
    _column("code", _T, "code of the figure, subject, street, …", "代码"),
    _column("name", _T, "the same in words", "名称"),
    _column("unit", _T, "code of the unit, in section unit", "单位代码"),
    _column("unit_name", _T, "name of the unit", "单位名称"),
    _column("rank", _W, "rank of the unit by the first figure", "名次"),
    _column("part", _W, "numerator after exclusion; of a count the count", "分子（剔除后）或件数"),
    _column("of", _W, "denominator after exclusion", "分母（剔除后）"),
    _column("share", _N, "part divided by of", "比例（剔除后）"),
    _column("low", _N, "lower bound of the share at 95 %", "比例下限（95%）"),
    _column("high", _N, "upper bound of the share at 95 %", "比例上限（95%）"),
    _column("part_before", _W, "numerator before exclusion", "分子（剔除前）"),
    _column("of_before", _W, "denominator before exclusion", "分母（剔除前）"),
    _column("earlier", _N, "share or count of the period before", "上期比例或件数"),
    _column(
        "year_earlier", _N, "share or count of the same days a year earlier", "上年同期比例或件数"
    ),
)


def rows_of(report: PeriodReport, text: ReportText) -> list[ReportRow]:
    """Return the rows of a report, in the order of its text."""
    row = partial(ReportRow, report.pack.city.id, text.first_day, text.last_day)
    return [
        *_overview(report, row),
        *_figures(report, text, row),
        *_fair(report, row),
        *_units(report, text, row),
        *_groups(report, text, row),
        *_topics(report, text, row),
    ]


_Row = partial[ReportRow]


def _overview(report: PeriodReport, row: _Row) -> Iterator[ReportRow]:
    for name in ("filed", "ended", "late"):
        yield row(
            "overview",
            name,
            name,
            part=getattr(report.counts, name),
            earlier=getattr(report.earlier, name),
            year_earlier=getattr(report.year_earlier, name),
        )


def _figures(report: PeriodReport, text: ReportText, row: _Row) -> Iterator[ReportRow]:
    for one in report.figures:
        yield row(
            "figure",
            one.indicator.id,
            text.name_of_figure(one.indicator),
            part=one.after.part,
            of=one.after.of,
            part_before=one.before.part,
            of_before=one.before.of,
            earlier=one.earlier.value if one.earlier else None,
            year_earlier=one.year_earlier.value if one.year_earlier else None,
        )


def _fair(report: PeriodReport, row: _Row) -> Iterator[ReportRow]:
    fair = report.fair
    yield row("fair", "set_apart", "set_apart", part=fair.set_apart)
    yield row("fair", "lifted", "lifted", part=fair.lifted)
    yield row("fair", "asked_again", "asked_again", part=fair.asked, of=fair.drawn)
    if fair.corrected is not None:
        share, low, high = (round(value, 6) for value in fair.corrected)
        yield row("fair", "corrected", "corrected", fixed=(share, low, high))


def _units(report: PeriodReport, text: ReportText, row: _Row) -> Iterator[ReportRow]:
    for ranked in report.units:
        for one in report.figures:
            value = ranked.values[one.indicator.id]
            yield row(
                "unit",
                one.indicator.id,
                text.name_of_figure(one.indicator),
                unit=ranked.unit.code,
                unit_name=text.name_of_unit(ranked.unit),
                rank=ranked.rank,
                part=value.after.part,
                of=value.after.of,
                part_before=value.before.part,
                of_before=value.before.of,
            )


def _groups(report: PeriodReport, text: ReportText, row: _Row) -> Iterator[ReportRow]:
    for group, members in report.groups.items():
        for one in members:
            yield row(
                group,
                one.code,
                text.name_of(group, one.code),
                part=one.count,
                earlier=one.earlier,
                year_earlier=one.year_earlier,
            )


def _topics(report: PeriodReport, text: ReportText, row: _Row) -> Iterator[ReportRow]:
    for topic in report.topics:
        code = f"{topic.area}/{topic.category}"
        yield row("topic", code, text.name_of_topic(topic), part=topic.count)
