"""Write docs/reference/lifecycle.md from the transition table; `--check` only compares."""

import sys
from collections.abc import Iterable
from pathlib import Path

from domain.facts.transitions import TABLE, Transition
from domain.ticket.stages import OPEN, Stage

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "lifecycle.md"

HEAD = """# The lifecycle

What may happen to a ticket, when, and by whom. This page is written by `scripts/draw_lifecycle.py`
from the table in `domain/facts/transitions.py`; the tests fail when the two differ.

Boxes are stages, arrows are the facts that lead from one to another.

```mermaid
stateDiagram-v2
    direction LR
"""

MANY = 5
"""A row leading away from so many stages is listed, as its arrows would cover the others."""

GROUPS: tuple[tuple[str, set[Stage]], ...] = (
    ("Accept and triage", {Stage.ACCEPT, Stage.TRIAGE}),
    ("Dispatch, verification, arbitration", {Stage.DISPATCH, Stage.VERIFY, Stage.ARBITRATE}),
    ("Handling", {Stage.HANDLE}),
    ("Feedback, rating, supervision", {Stage.FEEDBACK, Stage.RATE, Stage.SUPERVISE}),
    ("Merged into another ticket", {Stage.MERGED}),
    ("After the end", {Stage.AFTERCARE}),
)
"""The sections of rows, each under the first of its stages; rows of many stages come last."""


def page() -> str:
    return HEAD + _diagram() + "```\n\n" + _not_drawn() + "".join(_tables())


def _diagram() -> str:
    edges: dict[tuple[Stage, Stage], list[str]] = {}
    for row in TABLE:
        for stage in Stage:
            if row.to not in (None, stage) and stage in row.since and not _many(row):
                edges.setdefault((stage, row.to), []).append(row.kind)
    lines = [f"    [*] --> {Stage.ACCEPT}"]
    lines += [f"    {stage} --> {to}: {', '.join(kinds)}" for (stage, to), kinds in edges.items()]
    lines.append(f"    {Stage.ENDED} --> [*]")
    return "\n".join(lines) + "\n"


def _not_drawn() -> str:
    kinds = [
        f"- `{row.kind}` leads to {row.to}; possible at: {_where(row)}"
        for row in TABLE
        if row.to is not None and _many(row)
    ]
    return "Not drawn, because they lead away from many stages:\n\n" + "\n".join(kinds) + "\n"


def _tables() -> Iterable[str]:
    left = list(TABLE)
    for title, stages in GROUPS:
        rows = [row for row in left if row.since & stages and not _many(row)]
        left = [row for row in left if row not in rows]
        yield f"\n## {title}\n\n{_table(rows)}"
    yield f"\n## At many stages\n\n{_table(left)}"


def _table(rows: Iterable[Transition]) -> str:
    lines = ["| fact | at the stage | leads to | by | why |", "|---|---|---|---|---|"]
    for row in rows:
        to = row.to.value if row.to else "*(stays)*"
        by = "anyone" if len(row.by) > 6 else ", ".join(sorted(row.by))
        lines.append(f"| `{row.kind}` | {_where(row)} | {to} | {by} | {row.why} |")
    return "\n".join(lines) + "\n"


def _many(row: Transition) -> bool:
    return len(row.since) >= MANY


def _where(row: Transition) -> str:
    """List a row's stages in order; if they are most, the excluded ones instead."""
    after = [stage for stage in Stage if stage in OPEN - {Stage.ACCEPT}]
    missing = [stage for stage in after if stage not in row.since]
    if len(missing) > 2:
        return ", ".join(stage for stage in Stage if stage in row.since)
    ended = ", also while it ends" if Stage.ENDED in row.since else ""
    return "any, once accepted" + (f", but {' and '.join(missing)}" if missing else "") + ended


def main() -> int:
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write("docs/reference/lifecycle.md differs from the table: run without --check\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
