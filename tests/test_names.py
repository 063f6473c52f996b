"""Names and docstrings hold to the rules of CONTRIBUTING."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from domain.commands.registry import COMMANDS

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "activities", "api", "app", "audit", "bench", "cli", "demo", "docker", "domain", "kit", "media",
    "packs", "runtime", "scripts", "store", "tests", "workers", "workflows",
)  # fmt: skip
SUBJECTS = {
    "How", "That", "Those", "What", "Whatever", "When", "Where", "Whether", "Which", "Who",
    "Whoever", "Whose",
}  # fmt: skip
"""First words of a docstring that says neither what is done nor what it is."""


def _modules() -> Iterator[tuple[str, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def _docstrings(tree: ast.Module) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield getattr(node, "lineno", 1), text
        if isinstance(node, ast.Module | ast.ClassDef):
            for before, after in zip(node.body, node.body[1:], strict=False):
                if isinstance(before, ast.Assign | ast.AnnAssign) and _is_text(after):
                    yield after.lineno, str(after.value.value)  # type: ignore[attr-defined]


def _is_text(node: ast.stmt) -> bool:
    value = node.value if isinstance(node, ast.Expr) else None
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def test_no_public_class_has_the_name_of_another() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for path, tree in _modules():
        if path.startswith("tests/"):
            continue
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(path)
    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_a_docstring_names_what_is_done_or_what_it_is() -> None:
    assert [
        f"{path}:{line}: {text.splitlines()[0]}"
        for path, tree in _modules()
        for line, text in _docstrings(tree)
        if text.split()[0].strip(",.:;'\"") in SUBJECTS
    ] == []


def test_each_command_has_its_tests_where_its_module_says() -> None:
    """`commands/units/hold.py` is tested by `tests/workflows/commands/units/test_hold.py`."""
    tests = ROOT / "tests" / "workflows" / "commands"
    expected = {}
    for command in COMMANDS:
        _, _, subject, name = command.__module__.split(".")
        expected[tests / subject / f"test_{name}.py"] = command.tag()
    assert sorted(tests.rglob("test_*.py")) == sorted(expected)
    without = {tag for path, tag in expected.items() if "def test_" not in path.read_text("utf-8")}
    assert without == set()


def test_no_template_names_a_role() -> None:
    """The tables of `domain.policy` say who may do what, and nothing else does."""
    named = re.compile(r"""role\s*(==|!=|in\s*\()|['"](desk|dispatcher|supervisor|auditor)['"]""")
    templates = sorted((ROOT / "api" / "pages").glob("*/templates/*.html"))
    assert templates
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in templates
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if named.search(line)
    ]
    assert found == []


def _unused_words() -> tuple[dict[str, str], list[str]]:
    """Return the glossary's Chinese words that are not used, with the used one, and exceptions."""
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    section = page.split("## One Chinese word\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    unused = {word: used for used, others, _ in rows for word in others.split("、")}
    return unused, [name for *_, names in rows for name in names.split("、") if name]


def test_chinese_has_one_word_for_each_thing() -> None:
    unused, exceptions = _unused_words()
    assert {"逾期", "群众"} <= set(unused)
    names, others = re.compile("|".join(exceptions)), re.compile("|".join(unused))
    found = [
        f"{path.relative_to(ROOT)}:{number}: {match[0]} instead of {unused[match[0]]}"
        for path in _chinese_texts()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        for match in others.finditer(names.sub("", line))
    ]
    assert found == []


def _chinese_texts() -> Iterator[Path]:
    """Yield the files whose Chinese people read: pages, words of the domain, packs, stories."""
    yield ROOT / "README.zh-CN.md"
    for folder in ("activities", "api", "app", "cities", "cli", "demo", "domain", "packs"):
        for ending in ("*.py", "*.html", "*.js", "*.po", "*.toml", "*.csv"):
            yield from sorted((ROOT / folder).rglob(ending))
