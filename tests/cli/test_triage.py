"""Tests of `jiesu triage`: learning, measuring, explaining, and putting a model to use."""

import csv
from pathlib import Path

import pytest

from domain.actors import Role
from runtime.settings import Settings
from store.db.engine import Store
from store.identity import accounts
from tests.support.jiesu_command import Terminal
from tests.support.learned import ASKED, SAYINGS

pytest.importorskip("sklearn")

KINDS = tuple(ASKED)


def _rows(file: Path, most: int = 1000) -> Path:
    with file.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines)
        table.writerow(["number", "title", "text", "label", "kind"])
        rows = [
            (
                f"26030{n:03}{at:05}",
                said[:4],
                f"{place}{said}，{ASKED[KINDS[at % 2]]}",
                category,
                KINDS[at % 2].value,
            )
            for category, sayings in SAYINGS.items()
            for n, said in enumerate(sayings)
            for at, place in enumerate(["门口", "学校旁", "菜市场", "村口", "楼下", "公园", "车站"])
        ]
        table.writerows(rows[:: max(1, len(rows) // most)][:most])
    return file


async def test_a_model_is_learned_from_a_file_and_explains_itself(tmp_path: Path) -> None:
    terminal = Terminal(Settings(home=tmp_path))
    source, out = str(_rows(tmp_path / "rows.csv")), str(tmp_path / "model")
    arguments = ("--city", "langfang", "--from", source, "--out", out, "--no-keep")
    done = await terminal.jiesu("triage", "train", *arguments)
    assert done.code == 0, done.err
    assert "macro-F1" in done.out
    assert "kind: accuracy 1.000" in done.out
    asked = ("triage", "explain", "楼下路灯不亮", "--city", "langfang", "--model", out)
    done = await terminal.jiesu(*asked)
    assert done.code == 0, done.err
    assert "0204" in done.out and "路灯" in done.out
    asked = ("triage", "explain", "路灯不亮，请问该找谁咨询", "--city", "langfang", "--model", out)
    assert "kind: consultation (" in (await terminal.jiesu(*asked)).out
    asked = ("triage", "explain", "楼下路灯不亮", "--city", "heping", "--model", out)
    done = await terminal.jiesu(*asked)
    assert (done.code, "model_of_another_city" in done.err) == (1, True)


async def test_twelve_tickets_are_too_few_to_learn_from(tmp_path: Path) -> None:
    terminal = Terminal(Settings(home=tmp_path))
    source = str(_rows(tmp_path / "rows.csv", 12))
    arguments = ("--city", "langfang", "--from", source, "--no-keep")
    done = await terminal.jiesu("triage", "train", *arguments)
    assert (done.code, "too_few_tickets" in done.err) == (1, True)


async def test_an_evaluation_prints_table_and_confusion(tmp_path: Path) -> None:
    terminal = Terminal(Settings(home=tmp_path))
    done = await terminal.jiesu("triage", "eval", str(_rows(tmp_path / "rows.csv")))
    assert done.code == 0, done.err
    assert "confusion" not in done.err and "recall" in done.out and "truth" in done.out


async def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    terminal = Terminal(Settings(home=tmp_path))
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    done = await terminal.jiesu("triage", "eval", str(tmp_path / "rows.csv"))
    assert (done.code, "unreadable_rows" in done.err) == (1, True)


async def test_only_an_administrator_puts_a_model_to_use(
    sqlite_store: Store, tmp_path: Path
) -> None:
    terminal = Terminal(Settings(home=tmp_path))
    for name, role in (("chief", Role.ADMIN), ("desk", Role.DESK)):
        await accounts.create(sqlite_store, name, role)
    source = str(_rows(tmp_path / "rows.csv"))
    done = await terminal.jiesu("triage", "train", "--city", "langfang", "--from", source)
    assert done.code == 0, done.err
    version = (await terminal.json("triage", "list", "--city", "langfang"))[0]["version"]
    use = ("triage", "use", version, "--city", "langfang", "--purpose", "trial", "--account")
    assert (await terminal.jiesu(*use, "desk")).code == 2
    assert (await terminal.jiesu(*use, "chief")).code == 0
    assert (await terminal.json("triage", "list", "--city", "langfang"))[0]["active"] is True
