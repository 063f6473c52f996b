"""Checks that every relative link, heading and `make` command of the documents exists."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"^(?:```|~~~).*?^(?:```|~~~)|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]*)\]\(<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)
MAKE = re.compile(r"(?:^|[`$;&]\s*)make ([a-z][a-z-]*)", re.MULTILINE)
TARGET = re.compile(r"^([a-z][a-z-]*):", re.MULTILINE)


def documents() -> list[Path]:
    """Return the markdown files at the top, under docs/ and under cities/."""
    return sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("cities/**/*.md")])


def anchors(text: str) -> set[str]:
    """Return the ids of headings: lower case, punctuation dropped, spaces as hyphens."""
    names: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", text)):
        words = re.sub(r"[^\w\s-]", "", LINK.sub(r"\1", heading).lower(), flags=re.UNICODE)
        anchor = re.sub(r"\s", "-", words.strip())
        copies = sum(1 for other in names if re.fullmatch(rf"{re.escape(anchor)}(-\d+)?", other))
        names.add(f"{anchor}-{copies}" if copies else anchor)
    return names


def broken_links(document: Path, text: str) -> Iterator[str]:
    for _, target in LINK.findall(CODE.sub("", text)):
        if re.match(r"[a-z][a-z0-9+.-]*:", target):
            continue  # another site, or an address
        path, _, anchor = target.partition("#")
        goal = (document.parent / path).resolve() if path else document
        if not goal.exists():
            yield f"there is no {target}"
        elif anchor and goal.suffix == ".md" and anchor not in anchors(goal.read_text("utf-8")):
            yield f"there is no heading for {target}"


def unknown_commands(text: str, targets: set[str]) -> Iterator[str]:
    for code in CODE.findall(text):
        yield from (
            f"there is no `make {name}`" for name in MAKE.findall(code) if name not in targets
        )


def problems() -> Iterator[str]:
    """Yield the problems, one line each, with their document."""
    targets = set(TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))
    for document in documents():
        text = document.read_text(encoding="utf-8")
        for problem in (*broken_links(document, text), *unknown_commands(text, targets)):
            yield f"{document.relative_to(ROOT)}: {problem}"


if __name__ == "__main__":
    if found := list(problems()):
        sys.exit("\n".join(found))
    print(f"{len(documents())} documents: every link and make command leads somewhere")
