"""The report of a period as Markdown, in Chinese or English, and as the rows of a table."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from api.http.i18n import CHINESE
from api.pages.shared.labels import Labels
from app.reporting.period_report import ComparedFigure, PeriodReport
from app.tickets.citizen_view import category_name
from domain.pack.catalogue import Indicator
from domain.uncertainty import Interval
from store.reporting.common_problems import Topic
from store.reporting.indicators import Ratio
from store.reporting.period_counts import PeriodCounts
from store.reporting.ranking import NamedUnit

_LISTED = 15
"""The rows of a group, and the units, that the text lists; a table has all."""


@dataclass(frozen=True)
class _Words:
    """The words of the text in one language."""

    title: str
    period: str
    so_far: str
    formulas: str
    overview: str
    filed: str
    ended: str
    late: str
    figures: str
    figure: str
    before: str
    after: str
    error: str
    change: str
    year_change: str
    counted: str
    units: str
    unit: str
    place: str
    groups: dict[str, str]
    count: str
    topics: str
    topic: str
    fair: str
    apart: str
    lifted: str
    asked: str
    corrected: str
    too_few: str
    none: str
    notes: str
    meaning: str
    broken: str
    no_reports: str
    unrated: str


_ZH = _Words(
    title="诉求办理情况报告",
    period="统计时段",
    so_far="截至",
    formulas="指标口径",
    overview="总体情况",
    filed="受理",
    ended="办结",
    late="超期办结",
    figures="主要指标",
    figure="指标",
    before="剔除前",
    after="剔除后",
    error="误差范围（95%）",
    change="环比",
    year_change="同比",
    counted="件数",
    units="承办单位",
    unit="单位",
    place="名次",
    groups={
        "category": "诉求分类",
        "street": "街道（乡镇）",
        "channel": "来源渠道",
        "kind": "诉求类型",
    },
    count="受理量",
    topics="共性问题",
    topic="问题",
    fair="满意度复核",
    apart="单列不计的评价",
    lifted="经督办员认定恢复计入",
    asked="抽样复核（已答复/已抽取）",
    corrected="按复核结果校正的满意率",
    too_few="复核答复不足，暂不校正",
    none="无",
    notes="说明",
    meaning="口径",
    broken="件工单的记录不完整，未计入指标",
    no_reports="举报件不计入以上数量。",
    unrated="未评价的不计为满意，也不计为不满意；误差范围表示：若参评者能代表全体，"
    "真实比例以 95% 的把握落在其中。",
)
_EN = _Words(
    title="Report on complaints",
    period="Period",
    so_far="until",
    formulas="Formulas of",
    overview="Overview",
    filed="Filed",
    ended="Ended",
    late="Ended late",
    figures="Figures",
    figure="Figure",
    before="Before exclusion",
    after="After exclusion",
    error="Error (95 %)",
    change="Period before",
    year_change="Year before",
    counted="Tickets",
    units="Units",
    unit="Unit",
    place="Rank",
    groups={"category": "Subject", "street": "Street", "channel": "Channel", "kind": "Kind"},
    count="Filed",
    topics="Common problems",
    topic="Problem",
    fair="Fair satisfaction",
    apart="Ratings set apart",
    lifted="Counting again by a supervisor",
    asked="Asked again (answered/drawn)",
    corrected="Satisfied, corrected by that",
    too_few="too few answers to correct",
    none="None",
    notes="Notes",
    meaning="What it is",
    broken="tickets have incomplete records and are in no figure",
    no_reports="Reports of wrongdoing are in none of these numbers.",
    unrated="Who did not rate counts neither as satisfied nor as dissatisfied. The error says: if "
    "those who rated stand for all, the true share lies there with 95 % confidence.",
)


class ReportText:
    """The text of a report in one language."""

    def __init__(self, report: PeriodReport, language: str) -> None:
        self._report, self._zh = report, language == CHINESE
        self._words = _ZH if self._zh else _EN
        self._labels = Labels(language)

    def markdown(self) -> str:
        """Return the whole report."""
        return "\n".join([*self._head(), *self._overview(), *self._figures(), *self._fair(),
                          *self._units(),
                          *self._groups(), *self._topics(), *self._notes()]) + "\n"  # fmt: skip

    @property
    def first_day(self) -> str:
        return f"{self._report.period.since.astimezone(self._report.pack.calendar.tz):%Y-%m-%d}"

    @property
    def last_day(self) -> str:
        last = self._report.period.until - timedelta(microseconds=1)
        return f"{last.astimezone(self._report.pack.calendar.tz):%Y-%m-%d}"

    def name_of_figure(self, indicator: Indicator) -> str:
        return indicator.name if self._zh else indicator.name_en

    def name_of_unit(self, unit: NamedUnit) -> str:
        return (unit.name if self._zh else unit.name_en) or unit.code

    def name_of_topic(self, topic: Topic) -> str:
        subject = category_name(self._report.pack, topic.category) or topic.category
        return f"{self.name_of('street', topic.area)}: {subject}"

    def name_of(self, group: str, code: str) -> str:
        """Return a group's member in words: a subject or street by its name, else a label."""
        pack = self._report.pack
        match group:
            case "category":
                return category_name(pack, code) or code
            case "street":
                street = pack.street_of(code)
                named = street and (street.name if self._zh else street.name_en)
                return named or code
            case _:
                return self._labels.label(group, code)

    # --- parts ----------------------------------------------------------------------------------

    def _head(self) -> Iterator[str]:
        report, words = self._report, self._words
        city = report.pack.city
        colon = "：" if self._zh else ": "
        yield f"# {_cell(city.name if self._zh else city.name_en)}{colon}{words.title}"
        yield ""
        zone = report.pack.calendar.tz
        said = f"{self.first_day} – {self.last_day}"
        if report.running:
            until = f"{words.so_far} {report.as_of.astimezone(zone):%Y-%m-%d %H:%M}"
            said += f"（{until}）" if self._zh else f" ({until})"
        stop = "。" if self._zh else ". "
        yield f"{words.period}{colon}{said}{stop}{words.formulas}{colon}`{report.pack.version}`"

    def _overview(self) -> Iterator[str]:
        report, words = self._report, self._words
        yield from self._heading(words.overview)
        rows: list[tuple[str, Callable[[PeriodCounts], int]]] = [
            (words.filed, lambda one: one.filed),
            (words.ended, lambda one: one.ended),
            (words.late, lambda one: one.late),
        ]
        head = ("", words.counted, words.change, words.year_change)
        yield from _table(
            head,
            [
                (name, str(of(report.counts)), _growth(of(report.counts), of(report.earlier)),
                 _growth(of(report.counts), of(report.year_earlier)))
                for name, of in rows
            ],
        )  # fmt: skip

    def _figures(self) -> Iterator[str]:
        words = self._words
        yield from self._heading(words.figures)
        head = (words.figure, words.after, words.error, words.before, words.counted,
                words.change, words.year_change)  # fmt: skip
        yield from _table(head, [self._figure(one) for one in self._report.figures])

    def _figure(self, one: ComparedFigure) -> tuple[str, ...]:
        return (
            _cell(self.name_of_figure(one.indicator)),
            _share(one.after),
            _error(one.error),
            _share(one.before),
            f"{one.after.part}/{one.after.of}",
            _difference(one.after, one.earlier),
            _difference(one.after, one.year_earlier),
        )

    def _fair(self) -> Iterator[str]:
        words, fair = self._words, self._report.fair
        yield from self._heading(words.fair)
        reasons = "; ".join(
            f"{self._labels.label('apart', reason.value)} {n}"
            for reason, n in sorted(fair.apart.items())
        )
        found = fair.corrected
        corrected = (
            words.too_few
            if found is None
            else f"{found.share:.2%} ({_error(Interval(found.low, found.high))})"
        )
        rows = [
            (words.apart, f"{fair.set_apart}" + (f" ({_cell(reasons)})" if reasons else "")),
            (words.lifted, f"{fair.lifted}"),
            (words.asked, f"{fair.asked}/{fair.drawn}"),
            (words.corrected, corrected),
        ]
        yield from _table(("", words.counted), rows)

    def _units(self) -> Iterator[str]:
        words, figures = self._words, self._report.figures
        yield from self._heading(words.units)
        if not self._report.units or not figures:
            yield words.none
            return
        names = [self.name_of_figure(one.indicator) for one in figures]
        rows = [
            (
                str(row.rank or "–"),
                _cell(self.name_of_unit(row.unit)),
                *(_share(row.values[one.indicator.id].after) for one in figures),
            )
            for row in self._report.units[:_LISTED]
        ]
        yield from _table((words.place, words.unit, *map(_cell, names)), rows)

    def _groups(self) -> Iterator[str]:
        words = self._words
        for name, title in words.groups.items():
            found = [one for one in self._report.groups[name] if one.count][:_LISTED]
            yield from self._heading(title)
            if not found:
                yield words.none
                continue
            head = (title, words.count, words.change, words.year_change)
            yield from _table(
                head,
                [
                    (_cell(self.name_of(name, one.code)), str(one.count),
                     _growth(one.count, one.earlier), _growth(one.count, one.year_earlier))
                    for one in found
                ],
            )  # fmt: skip

    def _topics(self) -> Iterator[str]:
        words = self._words
        yield from self._heading(words.topics)
        if not self._report.topics:
            yield words.none
            return
        rows = [
            (_cell(self.name_of_topic(topic)), str(topic.count))
            for topic in self._report.topics[:_LISTED]
        ]
        yield from _table((words.topic, words.count), rows)

    def _notes(self) -> Iterator[str]:
        words = self._words
        yield from self._heading(words.notes)
        for one in self._report.figures:
            rule, name = one.indicator, self.name_of_figure(one.indicator)
            formula = f"`{rule.counts}` / `{rule.over}` ({rule.by})"
            yield f"- {_cell(name)}: {formula}. {_cell(rule.source)}"
        yield f"- {words.unrated}"
        yield f"- {words.no_reports}"
        if self._report.broken:
            yield f"- {self._report.broken} {words.broken}"

    def _heading(self, title: str) -> Iterator[str]:
        yield ""
        yield f"## {title}"
        yield ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'|'.join(['---'] + ['---:'] * (len(head) - 1))}|"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _cell(text: str) -> str:
    """Return a text of the pack for a cell: it makes no column, no row and no markup."""
    kept = " ".join(text.split())
    return "".join(f"\\{sign}" if sign in "\\|`*_<>[]#" else sign for sign in kept)


def _share(ratio: Ratio) -> str:
    return "–" if ratio.value is None else f"{ratio.value:.2%}"


def _error(error: Interval | None) -> str:
    return "–" if error is None else f"{error.low:.2%} – {error.high:.2%}"


def _growth(now: int, then: int) -> str:
    return f"{(now - then) / then:+.1%} ({then})" if then else f"– ({then})"


def _difference(now: Ratio, then: Ratio | None) -> str:
    if now.value is None or then is None or then.value is None:
        return "–"
    return f"{(now.value - then.value) * 100:+.2f} pp ({then.value:.2%})"
