"""Tests that the pack benchmark loads packs of the size it reports."""

from pathlib import Path

import pytest
from rich.console import Console

from bench import due_time, packs
from packs.registry import default_root


def test_a_pack_with_a_lattice_of_cells_is_a_pack(tmp_path: Path) -> None:
    folder = packs.with_cells(default_root() / "heping", tmp_path, cells=100)
    measured = packs.measure(folder)
    assert measured.cells == 100
    assert min(measured.parsed, measured.loaded, measured.checked) > 0


def test_the_tables_say_whether_the_target_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_time, "_CALLS", 10)
    out = Console(record=True, width=120)
    packs.show(out, [packs.Loading("far", 3000, 0.1, 0.4, 0.5)])
    packs.show(out, [packs.Loading("near", 3000, 0.1, 1.4, 1.5)])
    due_time.show(out)
    text = out.export_text()
    assert "3000 cells in 0.400 s: within the target of 1 s" in text
    assert "3000 cells in 1.400 s: ABOVE the target of 1 s" in text
    assert "slowest due time" in text
