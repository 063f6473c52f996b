"""Tests of starting: what a stranger could turn against its users does not start."""

import asyncio
import os
import shutil
import sys
from pathlib import Path

import pytest

from packs.registry import default_root
from runtime.ports import free_port
from scripts.check_compose import variables
from tests.support.jiesu_command import ROOT

HTTPS = {"JIESU_PUBLIC_URL": "https://12345.example.org"}


async def _jiesu(home: Path, *arguments: str, **env: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "cli", *arguments,
        cwd=ROOT,
        env=os.environ | {"JIESU_HOME": str(home)} | env,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(60):
        said, _ = await process.communicate()
    return process.returncode, said.decode()


@pytest.mark.parametrize("command", ["api", "up"])
async def test_https_without_a_named_proxy_is_refused_in_one_line(
    command: str, tmp_path: Path
) -> None:
    code, said = await _jiesu(tmp_path / "home", command, **HTTPS)
    assert code == 2
    [line] = said.splitlines()
    assert "JIESU_TRUSTED_PROXIES" in line
    assert not (tmp_path / "home").exists()  # nothing was started


async def test_the_doctor_says_whom_the_api_believes(tmp_path: Path) -> None:
    _, ill = await _jiesu(tmp_path, "doctor", **HTTPS)
    assert "wrong  proxies: JIESU_PUBLIC_URL is https://12345.example.org" in ill
    _, well = await _jiesu(tmp_path, "doctor", **HTTPS, FORWARDED_ALLOW_IPS="10.1.1.1")
    assert "ok     proxies: 10.1.1.1 may say whose request they pass on" in well


def test_the_example_the_compose_file_and_the_guide_name_the_same_proxy() -> None:
    named = variables()["JIESU_TRUSTED_PROXIES"]
    assert named == variables()["JIESU_GATEWAY"]
    for file in ("docker-compose.yml", "docs/how-to/production.md"):
        text = (ROOT / file).read_text(encoding="utf-8")
        assert named in text
        assert "FORWARDED_ALLOW_IPS" in text
        assert "JIESU_TRUSTED_PROXIES" in text


@pytest.mark.parametrize("command", ["api", "up", "worker", "mail"])
async def test_a_pack_with_problems_is_named_with_file_and_line(
    command: str, tmp_path: Path
) -> None:
    shutil.copytree(default_root() / "heping", tmp_path / "cities" / "heping")
    file = tmp_path / "cities" / "heping" / "city.toml"
    file.write_text("[city]\n" + file.read_text(encoding="utf-8"), encoding="utf-8")
    env = {"JIESU_CITIES": str(tmp_path / "cities"), "JIESU_MAIL_PORT": str(free_port())}
    code, said = await _jiesu(tmp_path / "home", command, **env)
    assert code == 2, said
    problem, last = said.splitlines()
    assert problem.startswith("  city.toml:")
    assert last == "jiesu: the city pack heping has 1 problem(s)"
    assert not (tmp_path / "home" / "temporal.db").exists()  # nothing was started
