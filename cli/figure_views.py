"""Output of `jiesu city figures`, `scores` and `topics`."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from cli.terminal import out, print_json, styled, table
from domain.pack.pack import Pack
from domain.pack.periods import Period
from store.reporting.common_problems import Topic
from store.reporting.figures import Figure, Figures, Value
from store.reporting.indicators import Ratio
from store.reporting.ranking import NamedUnit, RankingRow
from store.reporting.scores import Scores, UnitScore

Shown = dict[str, Any]
Points = Sequence[tuple[NamedUnit, UnitScore]]


# --- figures ------------------------------------------------------------------------------------


def print_figures(pack: Pack, figures: Figures, rankings: Sequence[RankingRow] | None) -> None:
    """Print figures as JSON, with drill-down tickets if requested."""
    shown = _reckoned(pack, figures) | {
        "figures": [_figure(figure) for figure in figures.figures],
        "broken": figures.broken,
    }
    if rankings is not None:
        shown["units"] = [
            _unit(line.unit)
            | {"rank": line.rank, "figures": {k: _value(v) for k, v in line.values.items()}}
            for line in rankings
        ]
    print_json(shown)


def show_figures(pack: Pack, figures: Figures, rankings: Sequence[RankingRow] | None) -> None:
    """Print a line for each figure, then one for each unit with its figures after exclusion."""
    _title(pack, figures.period, figures.as_of, figures.pack_version)
    numbers = ("before", "after", "tickets", "excluded", "unrated", "not reached")
    listed = table("figure", "", *numbers, numbers=numbers)
    for figure in figures.figures:
        listed.add_row(
            figure.indicator.id,
            figure.indicator.name,
            _percent(figure.value.before),
            _percent(figure.value.after),
            *map(str, (figure.tickets, figure.excluded, figure.unrated, figure.not_reached)),
        )
    out.print(listed)
    if rankings is not None:
        ids = [figure.indicator.id for figure in figures.figures]
        units = table("unit", "", "rank", *ids, numbers=["rank", *ids])
        for line in rankings:
            shares = [_percent(line.values[code].after) for code in ids]
            units.add_row(line.unit.code, line.unit.name, str(line.rank or ""), *shares)
        out.print(units)
    _broken(figures.broken)


def show_drill_down(pack: Pack, figures: Figures) -> None:
    """Print the drill-down tickets of one figure, with its formula."""
    _title(pack, figures.period, figures.as_of, figures.pack_version)
    for figure in figures.figures:
        rule = figure.indicator
        out.print(f"{rule.name} ({rule.id}, version {rule.version})")
        out.print(f"  of those {rule.by} in the period: {rule.over}")
        out.print(f"  the share of: {rule.counts}")
        before, after = _percent(figure.value.before), _percent(figure.value.after)
        out.print(f"  before exclusion {before}, after {after}")
        listed = table("ticket", "counts", "excluded", "unit")
        for one in sorted(figure.counted, key=lambda one: one.number):
            listed.add_row(one.number, _yes(one.counts), _yes(one.excluded), one.unit)
        if figure.counted:
            out.print(listed)
    _broken(figures.broken)


def _figure(figure: Figure) -> Shown:
    counts = ("tickets", "excluded", "unrated", "not_reached")
    shown = figure.indicator.model_dump() | _value(figure.value)
    shown |= {name: getattr(figure, name) for name in counts}
    if figure.counted:
        shown["behind"] = [asdict(one) for one in figure.counted]
    return shown


def _value(value: Value) -> Shown:
    return {"before": _ratio(value.before), "after": _ratio(value.after)}


def _ratio(ratio: Ratio) -> Shown:
    return {"part": ratio.part, "of": ratio.of, "value": ratio.value}


def _percent(ratio: Ratio) -> str:
    return "–" if ratio.value is None else f"{ratio.value:.2%} ({ratio.part}/{ratio.of})"


# --- points -------------------------------------------------------------------------------------


def print_scores(pack: Pack, scores: Scores, points: Points, *, traced: bool) -> None:
    """Print scores as JSON; `traced`: with the scoring events."""
    shown = _reckoned(pack, scores) | {
        "units": [
            _unit(unit)
            | {"points": score.points, "rules": dict(score.rules), "left_out": score.left_out}
            for unit, score in points
        ],
        "left_out": scores.left_out,
        "broken": scores.broken,
    }
    if traced:
        shown["earned"] = [asdict(one) for one in scores.earned]
    print_json(shown)


def show_scores(pack: Pack, scores: Scores, points: Points) -> None:
    """Print a line for each unit, then the scoring events of the requested one."""
    _title(pack, scores.period, scores.as_of, scores.pack_version)
    numbers = ("points", "left out")
    units = table("unit", "", "kind", *numbers, "by rule", numbers=numbers)
    for unit, score in points:
        rules = ", ".join(f"{code} ×{times}" for code, times in sorted(score.rules.items()))
        units.add_row(
            unit.code,
            unit.name,
            unit.kind or "",
            f"{score.points:g}",
            str(score.left_out or ""),
            rules,
        )
    out.print(units if points else "nobody earned a point")
    if scores.earned:
        out.print(_events(pack, scores))
    if scores.left_out:
        out.print(f"{scores.left_out} excluded tickets are left out")
    _broken(scores.broken)


def _events(pack: Pack, scores: Scores) -> Any:
    names = {rule.code: rule.name for rule in pack.scoring}
    earned = table("ticket", "event", "at", "what", "rule", "", "points", numbers=("points",))
    for one in scores.earned:
        earned.add_row(
            one.number,
            str(one.version),
            _local(pack, one.at),
            f"{one.event} {one.part}".strip(),
            one.rule,
            names[one.rule],
            f"({one.points:g})" if one.left_out else f"{one.points:g}",
        )
    return earned


# --- common problems ----------------------------------------------------------------------------


def print_topics(pack: Pack, period: Period, topics: Sequence[Topic]) -> None:
    """Print topics as JSON."""
    print_json(
        {
            "city": pack.city.id,
            "since": period.since.isoformat(),
            "until": period.until.isoformat(),
            "topics": [
                {"category_name": _category(pack, one), "street": _street(pack, one)} | asdict(one)
                for one in topics
            ],
        }
    )


def show_topics(pack: Pack, period: Period, topics: Sequence[Topic]) -> None:
    """Print topics, largest first, with their newest tickets."""
    _title(pack, period)
    listed = table("category", "", "street", "tickets", "newest", numbers=("tickets",))
    for one in topics:
        listed.add_row(
            one.category,
            _category(pack, one),
            _street(pack, one) or one.area,
            str(one.count),
            " ".join(one.numbers[:3]),
        )
    out.print(listed if topics else "no common problems")


def _category(pack: Pack, topic: Topic) -> str:
    known = pack.knows(topic.category)
    return pack.category(topic.category).name if known else topic.category


def _street(pack: Pack, topic: Topic) -> str | None:
    street = pack.street_of(topic.area)
    return street.name if street else None


# --- shared -------------------------------------------------------------------------------------


def _reckoned(pack: Pack, result: Figures | Scores) -> Shown:
    return {
        "city": pack.city.id,
        "pack_version": result.pack_version,
        "since": result.period.since.isoformat(),
        "until": result.period.until.isoformat(),
        "as_of": result.as_of.isoformat(),
    }


def _unit(unit: NamedUnit) -> Shown:
    return {"unit": unit.code, "name": unit.name, "name_en": unit.name_en, "kind": unit.kind}


def _title(
    pack: Pack, period: Period, as_of: datetime | None = None, version: str | None = None
) -> None:
    value = f"{_local(pack, period.since)} – {_local(pack, period.until)}"
    if as_of is not None and as_of != period.until:
        value += f", as of {_local(pack, as_of)}"
    if version is not None:
        value += f", pack {version}"
    out.print(styled(pack.city.name, "bold"), "", value)


def _local(pack: Pack, at: datetime) -> str:
    return f"{at.astimezone(ZoneInfo(pack.city.zone)):%Y-%m-%d %H:%M}"


def _yes(is_so: bool) -> str:
    return "yes" if is_so else ""


def _broken(numbers: Sequence[str]) -> None:
    if numbers:
        out.print(
            styled(
                f"{len(numbers)} tickets are left out, because their events are not all there:",
                "red",
            ),
            f"{' '.join(numbers[:10])}{' …' if len(numbers) > 10 else ''}",
        )
