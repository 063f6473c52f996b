"""Tests of `jiesu neighbours` in a terminal: a secret is shown once, and kept encrypted."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from store.db.engine import default_url
from store.db.schema import upgrade
from tests.support.engine import RING

HAS = ("--city", "tongzhou", "--known-as", "tongzhou", "--name", "廊坊市", "--area", "燕郊")
ADD = ("add", "langfang", "https://12345.example", *HAS)


def neighbours(*arguments: str, given: str = "") -> Result:
    return CliRunner().invoke(app, ("neighbours", *arguments), input=given)


@pytest.fixture(autouse=True)
def _installation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIESU_HOME", ".jiesu")
    monkeypatch.setenv("JIESU_KEYS", RING.text())
    asyncio.run(upgrade(default_url(tmp_path / ".jiesu")))


def listed() -> list[dict[str, Any]]:
    done = neighbours("list", "--json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_new_secret_is_printed_once_and_is_nowhere_in_the_clear(tmp_path: Path) -> None:
    added = neighbours(*ADD, "--json")
    assert added.exit_code == 0, added.output
    secret = json.loads(added.stdout)["secret"]
    assert len(secret) >= 43
    (known,) = listed()
    assert (known["code"], known["areas"], known["waiting"]) == ("langfang", ["燕郊"], 0)
    assert secret not in json.dumps(known)
    assert secret.encode() not in (tmp_path / ".jiesu" / "jiesu.db").read_bytes()
    again = neighbours(*ADD)
    assert again.exit_code == 2
    assert "neighbour_known" in again.output


def test_a_secret_of_theirs_is_read_and_not_repeated() -> None:
    secret = "what the other city has made, and gave us by hand"  # pragma: allowlist secret
    added = neighbours(*ADD, "--secret-from", "-", given=secret + "\n")
    assert added.exit_code == 0, added.output
    assert secret not in added.output
    short = neighbours("rotate", "langfang", "--secret-from", "-", given="short")
    assert short.exit_code == 2


def test_it_is_rotated_and_ended() -> None:
    neighbours(*ADD)
    rotated = neighbours("rotate", "langfang", "--json")
    assert json.loads(rotated.stdout)["secret"]
    assert listed()[0]["rotated_at"]
    assert neighbours("rotate", "langfang", "--finish").output.strip() == "done"
    assert neighbours("hurry", "langfang").exit_code == 0
    assert neighbours("end", "langfang").exit_code == 0
    assert listed()[0]["ended_at"]
    for gone in (("end", "atlantis"), ("rotate", "atlantis"), ("hurry", "atlantis")):
        unknown = neighbours(*gone)
        assert (unknown.exit_code, "neighbour_unknown" in unknown.output) == (2, True)


@pytest.mark.parametrize(
    "wrong",
    [
        ("add", "tongzhou", "https://12345.example", *HAS),
        ("add", "langfang", "ftp://12345.example", *HAS),
        ("add", "lang fang", "https://12345.example", *HAS),
        ("add", "langfang", "https://12345.example", *HAS[2:], "--city", "atlantis"),
    ],
)
def test_what_could_not_work_is_refused(wrong: tuple[str, ...]) -> None:
    assert neighbours(*wrong).exit_code == 2
    assert listed() == []
