"""Write docs/lifecycle.md from the transition table; `--check` only says if it is current."""

import sys
from pathlib import Path

from domain.lifecycle import TABLE, Row
from domain.stages import OPEN, Stage

PAGE = Path(__file__).resolve().parent.parent / "docs" / "lifecycle.md"

HEAD = """# The lifecycle

What may happen to a ticket, when, and by whom. This page is written by `scripts/draw_lifecycle.py`
from the table in `domain/lifecycle.py`; the tests fail when the two differ.

```mermaid
stateDiagram-v2
"""


def page() -> str:
    return HEAD + _diagram() + "```\n\n" + _table()


def _diagram() -> str:
    lines = [f"    [*] --> {Stage.ACCEPT}"]
    edges: dict[tuple[Stage, Stage], list[str]] = {}
    anywhere: list[Row] = []
    for row in TABLE:
        if row.to is None:
            continue
        if len(row.since) >= len(OPEN) - 1:
            anywhere.append(row)
            continue
        for stage in Stage:
            if stage in row.since and row.to is not stage:
                edges.setdefault((stage, row.to), []).append(row.kind)
    for (stage, to), kinds in edges.items():
        lines.append(f"    {stage} --> {to}: {', '.join(kinds)}")
    lines += [
        f"    note right of {Stage.TRIAGE}: at any stage, {row.kind} leads to {row.to}"
        for row in anywhere
    ]
    lines.append(f"    {Stage.ENDED} --> [*]")
    return "\n".join(lines) + "\n"


def _table() -> str:
    lines = ["| fact | at the stage | leads to | by | why |", "|---|---|---|---|---|"]
    for row in TABLE:
        since = "any, once accepted" if len(row.since) >= len(OPEN) - 1 else _listed(row.since)
        to = row.to.value if row.to else "*(stays)*"
        by = "anyone" if len(row.by) > 6 else _listed(row.by)
        lines.append(f"| `{row.kind}` | {since} | {to} | {by} | {row.why} |")
    return "\n".join(lines) + "\n"


def _listed(values: frozenset[Stage] | frozenset[object]) -> str:
    return ", ".join(sorted(str(value) for value in values))


def main() -> int:
    if "--check" not in sys.argv:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write("docs/lifecycle.md is not what the table says: run this without --check\n")
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
