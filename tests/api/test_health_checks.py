"""Tests of `jiesu doctor` on packs: how far a city promises, and faults of a pack."""

import shutil
from pathlib import Path

from app.installation.health_checks import packs_on
from packs.registry import PackRegistry, default_root


def test_a_broken_pack_is_named_with_its_file_line_and_first_problem(tmp_path: Path) -> None:
    for city in ("tongzhou", "huangpu"):
        shutil.copytree(default_root() / city, tmp_path / city)
    file = tmp_path / "tongzhou" / "city.toml"
    lines = file.read_text(encoding="utf-8").splitlines()
    broken = next(n for n, line in enumerate(lines) if line.startswith("reworks ="))
    lines[broken] = "reworks = -1"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    huangpu, tongzhou = packs_on(PackRegistry(tmp_path))
    assert huangpu.what == "city huangpu"
    assert "promises firmly until" in huangpu.says
    assert (tongzhou.what, tongzhou.state) == ("city tongzhou", "wrong")
    assert f"city.toml:{broken + 1}" in tongzhou.says
    assert "reworks" in tongzhou.says


def test_no_pack_at_all_is_wrong(tmp_path: Path) -> None:
    (only,) = packs_on(PackRegistry(tmp_path))
    assert (only.state, only.says) == ("wrong", "no city pack found")
