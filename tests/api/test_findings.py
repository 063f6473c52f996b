"""Tests that findings of the doctor are said in the reader's language, and to programs in English.

The messages are read from the source: a finding that is made only when something is broken counts
as well.
"""

import ast
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from api.http.i18n import CHINESE, translations
from app.installation import installation
from app.installation.findings import PART_NAMES, Finding, Part
from app.installation.health_checks import home_of
from app.installation.store_checks import store_of
from domain.actors import Role
from domain.words import N_, phrase
from runtime.settings import Settings
from tests.api.running_api import Api
from tests.support.chinese_pages import english_in, shown_text
from tests.support.people import signed_in
from tests.test_names import PACKAGES, ROOT

WITHOUT_CHINESE = {"Python"}
"""Messages that are the same in both languages."""

_HOLE = re.compile(r"%\((\w+)\)s")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_MAKERS = {Path("app/installation/findings.py"), Path("domain/words.py")}
"""Modules that make phrases of any message."""


def _modules() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        if package != "tests":
            for path in sorted((ROOT / package).rglob("*.py")):
                yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def _marked(node: ast.AST) -> list[str]:
    """Return the messages marked in a part of the source."""
    return [
        one.args[0].value
        for one in ast.walk(node)
        if isinstance(one, ast.Call)
        and isinstance(one.func, ast.Name)
        and one.func.id == "N_"
        and isinstance(one.args[0], ast.Constant)
        and isinstance(one.args[0].value, str)
    ]


def _assigned(node: ast.AST) -> dict[str, list[ast.expr]]:
    """Return what each name of a module or function is assigned, in loops as well."""
    found: dict[str, list[ast.expr]] = {}
    for one in ast.walk(node):
        targets: list[ast.expr] = []
        value: ast.expr | None = None
        match one:
            case ast.Assign():
                targets, value = one.targets, one.value
            case ast.AnnAssign():
                targets, value = [one.target], one.value
            case ast.For():
                targets, value = [one.target], one.iter
        for target in targets:
            for name in ast.walk(target):
                if isinstance(name, ast.Name) and value is not None:
                    found.setdefault(name.id, []).append(value)
    return found


def _messages(node: ast.expr, known: Mapping[str, list[ast.expr]]) -> list[str]:
    """Return the messages that an expression may be; a name or a table stands for all of its."""
    messages = _marked(node)
    if not messages:
        for one in ast.walk(node):
            if isinstance(one, ast.Name):
                others = {name: values for name, values in known.items() if name != one.id}
                for value in known.get(one.id, []):
                    messages += _messages(value, others)
    return messages


def _phrases() -> Iterator[tuple[str, str, set[str]]]:
    """Yield where a phrase is made, a message that it may have, and its values."""
    for path, tree in _modules():
        if path in _MAKERS:
            continue
        outside = _assigned(ast.Module([one for one in tree.body if _is_assigned(one)], []))
        for function in ast.walk(tree):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for one in ast.walk(function):
                if not _calls(one, "phrase"):
                    continue
                known = {**outside, **_assigned(_before(function, one))}
                values = {str(keyword.arg) for keyword in one.keywords}  # type: ignore[attr-defined]
                where = f"{path}:{one.lineno}"  # type: ignore[attr-defined]
                messages = _messages(one.args[0], known)  # type: ignore[attr-defined]
                assert messages, f"{where}: no message is found"
                for message in messages:
                    yield where, message, values


def _is_assigned(node: ast.stmt) -> bool:
    return isinstance(node, ast.Assign | ast.AnnAssign)


def _calls(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name


def _before(function: ast.AST, call: ast.AST) -> ast.Module:
    """Return the last assignments of each name before a call."""
    last: dict[str, ast.stmt] = {}
    for one in ast.walk(function):
        earlier = isinstance(one, ast.stmt) and one.lineno <= call.lineno  # type: ignore[attr-defined]
        if earlier and isinstance(one, ast.Assign | ast.AnnAssign | ast.For):
            for name in _assigned(ast.Module([_head(one)], [])):
                if name not in last or last[name].lineno < one.lineno:
                    last[name] = _head(one)
    return ast.Module(list(last.values()), [])


def _head(node: ast.stmt) -> ast.stmt:
    """Return a loop without its body, another statement as it is."""
    if isinstance(node, ast.For):
        return ast.For(node.target, node.iter, [], [], lineno=node.lineno)
    return node


PHRASES = sorted({(message, *sorted(values)): where for where, message, values in _phrases()})


def test_every_message_of_a_finding_is_given_the_values_of_its_placeholders() -> None:
    wrong = [
        f"{where}: {message!r} is given {sorted(values)}"
        for where, message, values in _phrases()
        if set(_HOLE.findall(message)) != values
    ]
    assert wrong == []


def test_every_message_of_a_finding_and_every_name_of_a_part_has_its_chinese() -> None:
    say = translations(CHINESE).gettext
    messages = {message for message, *_ in PHRASES} | set(PART_NAMES.values())
    assert len(messages) > 80
    wrong = [
        message
        for message in messages - WITHOUT_CHINESE
        if not _CHINESE.search(say(message)) and re.search("[a-z]", _HOLE.sub("", message))
    ]
    assert wrong == []
    holes = {m for m in messages if set(_HOLE.findall(m)) != set(_HOLE.findall(say(m)))}
    assert holes == set()


@pytest.mark.parametrize("part", Part)
def test_every_part_has_a_name_with_its_city_account_or_port(part: Part) -> None:
    which = "x-1" if "%(which)s" in PART_NAMES[part] else ""
    finding = Finding(part, "ok", phrase(N_("up to date")), which)
    assert which in finding.name.text()
    assert finding.what == f"{part.value} {which}".strip()


def _of_each_kind() -> list[Finding]:
    parts = [
        Finding(part, "ok", phrase(N_("up to date")), "7" if "%(" in name else "")
        for part, name in PART_NAMES.items()
    ]
    said = [
        Finding(Part.STORE, "note", phrase(message, **dict.fromkeys(values, "7")))
        for message, *values in PHRASES
    ]
    return parts + said


async def test_the_chinese_page_shows_no_english_sentence_for_any_finding(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    findings = _of_each_kind()

    async def _all(*_: object) -> list[Finding]:
        return findings

    monkeypatch.setattr(installation, "_findings", _all)
    admin = await signed_in(api, Role.ADMIN)
    asked = {"Accept": "text/html", "Accept-Language": "zh"} | admin.cookie
    page = (await api.http.get("/staff/admin/engine", headers=asked)).text
    rows = page.partition('id="findings"')[2]
    assert rows.count("<tr>") == len(findings) + 1
    assert english_in(rows) == []
    say = translations(CHINESE).gettext
    text = shown_text(rows)
    for finding in findings:
        assert finding.message.text(say) in text


async def test_a_finding_is_english_to_programs_and_chinese_on_the_page(api: Api) -> None:
    admin = await api.token(Role.ADMIN)
    findings = (await api.http.get("/api/v1/installation", headers=admin)).json()["findings"]
    assert {frozenset(one) for one in findings} == {frozenset({"what", "state", "says"})}
    by_part = {one["what"]: one for one in findings}
    assert by_part["tickets"]["says"] == "none waits for longer than a minute, except for people"
    assert by_part["city tongzhou"]["says"].startswith("version ")
    who = await signed_in(api, Role.ADMIN)
    for language, words in (
        ("zh", ("停滞工单", "没有停滞超过一分钟的工单", "tongzhou 规则包", "时限确定至")),
        ("en", ("Tickets that do not move", "none waits for longer", "Pack of tongzhou")),
    ):
        asked = {"Accept": "text/html", "Accept-Language": language} | who.cookie
        page = (await api.http.get("/staff/admin/engine", headers=asked)).text
        for word in words:
            assert word in page


async def test_a_missing_home_and_an_empty_store_are_said_in_both_languages(tmp_path: Path) -> None:
    say = translations(CHINESE).gettext
    missing = home_of(tmp_path / "none")
    assert missing.says == f"{tmp_path / 'none'} does not exist yet; `jiesu up` creates it"
    assert missing.message.text(say) == f"{tmp_path / 'none'} 尚不存在，运行 `jiesu up` 时自动创建"
    settings = Settings(home=tmp_path)
    [empty] = [one async for one in store_of(settings, datetime.now(UTC))]
    assert (empty.what, empty.state) == ("store", "note")
    assert empty.message.text(say) == "空库，运行 `jiesu up` 或 `jiesu migrate` 时建表"


def test_programs_read_the_same_three_fields_as_before() -> None:
    finding = Finding(Part.CITY, "wrong", phrase(N_("no city pack found")), "tongzhou")
    assert TypeAdapter(list[Finding]).dump_python([finding], mode="json") == [
        {"what": "city tongzhou", "state": "wrong", "says": "no city pack found"}
    ]
