"""Write docs/reference/five-cities.md from what the five cities must do and the tests that show it.

The lines are in `tests/scenarios/must_work.toml`; a test names what it shows by its mark,
`@pytest.mark.must_work(city, line)`. `--check` only compares, and names what no test shows.
"""

import ast
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = ROOT / "tests"
LINES = TESTS / "scenarios" / "must_work.toml"
PAGE = ROOT / "docs" / "reference" / "five-cities.md"
MARK = "must_work"

HEAD = """# What the five cities must do, and the tests that show it

This page is written by `python -m scripts.five_cities` from `tests/scenarios/must_work.toml` and
from the marks of the tests; the tests fail when it is out of date, or when a line has no test.
Every line works from the city's pack alone. A test shows a line by its mark,
`@pytest.mark.must_work("huangpu", "returns-off")`. A line without a test is **pending**, and says
so in the file.
"""


@dataclass(frozen=True)
class Line:
    """Something that a city must be able to do. `pending`: no test shows it yet."""

    city: str
    name: str
    says: str
    pending: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.city, self.name


@dataclass(frozen=True)
class CityLines:
    id: str
    title: str
    lines: tuple[Line, ...]


Shown = Mapping[tuple[str, str], list[str]]
"""The tests of each line, by city and name, as `tests/path.py::test_name`."""


def cities(path: Path = LINES) -> list[CityLines]:
    """Return the cities and their lines, in the order of the file."""
    read = tomllib.loads(path.read_text(encoding="utf-8"))["cities"]
    return [
        CityLines(
            one["id"],
            one["title"],
            tuple(
                Line(one["id"], line["line"], line["says"], line.get("pending", False))
                for line in one["lines"]
            ),
        )
        for one in read
    ]


def marked(folder: Path = TESTS) -> Shown:
    """Return the tests that carry a mark, by the line it names. Tests are read, never run."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path in sorted(folder.rglob("test_*.py")):
        source = path.read_text(encoding="utf-8")
        if f"mark.{MARK}" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                test = f"{folder.name}/{path.relative_to(folder).as_posix()}::{node.name}"
                for key in _marks(node):
                    found[key].append(test)
    return found


def _marks(test: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[tuple[str, str]]:
    for call in test.decorator_list:
        if (
            isinstance(call, ast.Call)
            and isinstance(call.func, ast.Attribute)
            and call.func.attr == MARK
        ):
            city, line = (ast.literal_eval(argument) for argument in call.args)
            yield str(city), str(line)


def problems(known: list[CityLines], shown: Shown) -> list[str]:
    """Return what is wrong, one sentence each."""
    lines = {line.key: line for city in known for line in city.lines}
    wrong = [
        f"{tests[0]} shows {city}/{name}, which is no line"
        for (city, name), tests in shown.items()
        if (city, name) not in lines
    ]
    for line in lines.values():
        tests = shown.get(line.key, [])
        if line.pending and tests:
            wrong.append(f"{line.city}/{line.name} is pending, and {tests[0]} shows it")
        if not line.pending and not tests:
            wrong.append(f"{line.city}/{line.name} has no test")
    if len(lines) != sum(len(city.lines) for city in known):
        wrong.append("a line is named twice")
    return wrong


def page(known: list[CityLines], shown: Shown) -> str:
    """Return the document."""
    parts = [HEAD]
    for city in known:
        rows = [
            f"| {line.says} | `{line.name}` | {_tests(shown.get(line.key, []))} |"
            for line in city.lines
        ]
        table = "\n".join(["| what | line | shown by |", "|---|---|---|", *rows])
        parts.append(f"## {city.title}\n\n{table}\n")
    return "\n".join(parts)


def _tests(tests: list[str]) -> str:
    if not tests:
        return "**pending**"
    links = []
    for test in sorted(tests):
        path, _, name = test.partition("::")
        links.append(f"[{name}](../../{path})")
    return "<br>".join(links)


def main() -> int:
    known, shown = cities(), marked()
    wrong = problems(known, shown)
    if "--check" not in sys.argv:
        PAGE.write_text(page(known, shown), encoding="utf-8")
    elif not PAGE.exists() or PAGE.read_text(encoding="utf-8") != page(known, shown):
        wrong.append(f"{PAGE.relative_to(ROOT)} is out of date: run without --check")
    for line in (line for city in known for line in city.lines if line.pending):
        print(f"pending: {line.city}/{line.name}: {line.says}")
    for problem in wrong:
        sys.stderr.write(f"{problem}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
