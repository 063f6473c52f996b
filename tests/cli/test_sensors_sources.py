"""Tests of `jiesu sources` in a terminal: a secret is shown once, and nobody speaks for another."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from store.db.engine import default_url
from store.db.schema import upgrade
from tests.packs.pack_folders import plain_pack
from tests.support.engine import RING


def sources(*arguments: str) -> Result:
    return CliRunner().invoke(app, ("sources", *arguments))


def listed() -> dict[str, dict[str, Any]]:
    done = sources("list", "--json")
    assert done.exit_code == 0, done.output
    return {one["id"]: one for one in json.loads(done.stdout)}


def add(name: str, *more: str, prefix: str | None = None) -> Result:
    own = ("--prefix", prefix or f"urn:{name}", "--device", "water-*")
    return sources("add", name, "example", *own, *more)


@pytest.fixture(autouse=True)
def _installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("JIESU_CITIES", "cities")
    monkeypatch.setenv("JIESU_HOME", ".jiesu")
    monkeypatch.setenv("JIESU_KEYS", RING.text())
    plain_pack(tmp_path / "cities")
    asyncio.run(upgrade(default_url(tmp_path / ".jiesu")))


def test_a_source_is_registered_changed_and_removed() -> None:
    token = add("gateway", "--name", "水质网关", "--per-minute", "600").stdout.strip()
    assert token.startswith("jse_gateway_")
    signer = sources(
        "add", "signer", "example", "--prefix", "urn:other", "--device", "water-1", "--signs",
        "--origin", "Events.example.com", "--json",
    )  # fmt: skip
    assert json.loads(signer.stdout)["secret"].startswith("whsec_")
    shown = sources("list")
    assert "水质网关" in shown.stdout and "signature" in shown.stdout
    assert token not in shown.stdout
    known = listed()
    assert known["gateway"]["per_minute"] == 600
    assert known["signer"]["origins"] == ["events.example.com"]
    assert (known["gateway"]["heard_at"], known["gateway"]["waiting"]) == (None, 0)
    again = sources("rotate", "gateway", "--keep-hours", "2").stdout.strip()
    assert again.startswith("jse_gateway_") and again != token
    assert sources("remove", "gateway").exit_code == 0
    assert listed()["gateway"]["revoked_at"] is not None


def test_what_cannot_be_done_is_said_in_a_line() -> None:
    assert add("gateway").exit_code == 0
    for wrong, said in (
        (add("gateway"), "(source_exists)"),
        (add("second", prefix="urn:gateway/b"), "(source_exists)"),
        (add("a_b"), "its id has"),
        (add("third", prefix="no uri"), "--prefix"),
        (add("third", "--device", "a b"), "--device"),
        (add("third", "--origin", "a b"), "--origin"),
        (sources("rotate", "nobody"), "(unknown_source)"),
        (sources("remove", "nobody"), "(unknown_source)"),
        (sources("add", "x", "nowhere", "--prefix", "urn:x", "--device", "*"), "(unknown_city)"),
    ):
        assert wrong.exit_code == 2
        assert said in wrong.stderr
        assert len(wrong.stderr.splitlines()) == 1
    assert listed().keys() == {"gateway"}
