"""`jiesu demo --story`: the story as it happens, and then the city's figures and points."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cli.terminal import err, one_line, out, print_json, styled, table
from demo.stage import played, shortened, workshop
from demo.stories.ending import StoryResult
from demo.stories.show import show_story
from demo.stories.telling import StoryBroken, Telling
from demo.stories.words import name_of
from domain.pack.pack import Pack
from store.reporting.indicators import Ratio
from store.reporting.scores import UnitScore

_CLOCK = len("  第 1天 00:00")


def tell(original: Path, day: float, began: float, keep: bool, as_json: bool) -> int:
    """Play the story of the pack at `original`; return the exit code. `began`: monotonic clock."""
    with workshop(keep) as folder:
        pack = shortened(original, folder, day)
        if not as_json:
            _say(f"\n{pack.city.name}，一天按 {day:g} 秒播放")
        try:
            story, ending = played(show_story(pack, folder, _silent if as_json else _say))
        except StoryBroken as broken:
            err.print(f"the story broke off: {broken}")
            return 1
        seconds = round(time.monotonic() - began, 1)
        if as_json:
            print_json(figures_of(story, ending, seconds))
        else:
            _print(story, ending, seconds)
        _explain(ending)
    return 0 if ending.whole else 1


def _silent(line: str) -> None:
    pass


def _say(line: str) -> None:
    """Print a line: a scene's title in bold, an event's clock dimmed."""
    if line.startswith("\n"):
        out.print()
        out.print(styled(line.lstrip("\n"), "bold"))
    else:
        out.print(styled(line[:_CLOCK], "dim") + one_line(line[_CLOCK:]))


def figures_of(story: Telling, ending: StoryResult, seconds: float) -> dict[str, Any]:
    """Return the output of `--json`."""
    return {
        "city": story.pack.city.id,
        "tickets": {name: ticket.number for name, ticket in story.tickets.items()},
        "indicators": {
            figure.indicator.id: _ratio(figure.value.after) for figure in ending.figures.figures
        },
        "points": {score.unit: score.points for score in _scored(ending)},
        "replayed": sum(verdict.problem is None for verdict in ending.verdicts),
        "disagreements": len(ending.disagreeing),
        "seconds": seconds,
    }


def _ratio(ratio: Ratio) -> dict[str, float | None]:
    value = None if ratio.value is None else round(ratio.value, 4)
    return {"part": ratio.part, "of": ratio.of, "value": value}


def _scored(ending: StoryResult) -> Sequence[UnitScore]:
    return [score for score in ending.scores.units if score.rules]


def _print(story: Telling, ending: StoryResult, seconds: float) -> None:
    pack = story.pack
    figures = table("指标", "值", "件数", title="指标，由事件算出", numbers=("值", "件数"))
    for figure in ending.figures.figures:
        ratio = figure.value.after
        share = "-" if ratio.value is None else f"{ratio.value:.1%}"
        figures.add_row(figure.indicator.name, share, f"{ratio.part} / {ratio.of}")
    points = table("单位", "得分", "凭哪些规则", title="考核，每一分都有出处", numbers=("得分",))
    for score in _scored(ending):
        points.add_row(name_of(pack, score.unit), f"{score.points:g}", _rules(pack, score))
    for shown in (figures, points):
        out.print()
        out.print(shown, soft_wrap=False)
    agreeing = len(ending.verdicts) - len(ending.disagreeing)
    value = "all agree" if ending.whole else "NOT ALL AGREE"
    out.print(
        f"{len(ending.verdicts)} tickets replayed from history with today's code, "
        f"{agreeing} agree with the record: {value}. {seconds} seconds."
    )


def _explain(ending: StoryResult) -> None:
    """Print disagreements on standard error, one line each."""
    for number in sorted({*ending.figures.broken, *ending.scores.broken}):
        err.print(f"its events cannot be told again: {number}")
    for verdict in ending.disagreeing:
        reasons = [verdict.problem] if verdict.problem else []
        reasons += [one.path for one in verdict.differences[:3]]
        err.print(f"disagrees: {verdict.number}: {', '.join(reasons)}")


def _rules(pack: Pack, score: UnitScore) -> str:
    names = {rule.code: rule.name for rule in pack.scoring}
    return " ".join(
        names[code] + (f"×{times}" if times > 1 else "")
        for code, times in sorted(score.rules.items())
    )
