"""Tests of `jiesu webhooks` in a terminal."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from cli.main import app
from store.db.engine import default_url
from store.db.schema import upgrade
from tests.support.engine import RING


@pytest.fixture(autouse=True)
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asyncio.run(upgrade(default_url(tmp_path)))
    monkeypatch.setenv("JIESU_HOME", str(tmp_path))
    monkeypatch.setenv("JIESU_KEYS", RING.text())
    monkeypatch.setenv("JIESU_OUTBOUND_ALLOW", "127.0.0.1")


def webhooks(*arguments: str) -> Result:
    return CliRunner().invoke(app, ("webhooks", *arguments))


def listed() -> list[dict[str, object]]:
    done = webhooks("list", "--json")
    assert done.exit_code == 0, done.output
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_add_list_stop_and_remove() -> None:
    options = ("--unit", "water", "--city", "tongzhou", "--kind", "signed", "--name", "水务")
    done = webhooks("add", "http://127.0.0.1:9/in", *options)
    assert done.exit_code == 0, done.output
    webhook, secret = done.stdout.split()
    assert secret.startswith("whsec_")
    (row,) = listed()
    assert (row["id"], row["unit"], row["kinds"], row["state"]) == (
        webhook, "water", ["signed"], "active",
    )  # fmt: skip
    table = webhooks("list").stdout
    assert "水务" in table
    assert secret not in table + json.dumps(listed())
    assert webhooks("pause", webhook).exit_code == 0
    assert listed()[0]["state"] == "paused"
    assert webhooks("resume", webhook).exit_code == 0
    rotated = webhooks("rotate", webhook)
    assert rotated.stdout.strip() not in ("", secret)
    assert webhooks("replay", webhook).exit_code == 0
    tested = webhooks("test", webhook)
    assert tested.exit_code == 1
    assert "no answer: no_connection" in tested.stdout
    assert webhooks("remove", webhook).exit_code == 0
    assert listed() == []


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("add", "http://10.0.0.1/in"), "private_address"),
        (("add", "http://127.0.0.1:9/in", "--kind", "invented"), "invented"),
        (("add", "http://127.0.0.1:9/in", "--unit", "nobody"), "nobody"),
        (("add", ""), "url"),
        (("remove", "wh_0"), "No such webhook"),
    ],
)
def test_what_is_refused_says_why_in_a_line(arguments: tuple[str, ...], says: str) -> None:
    done = webhooks(*arguments)
    assert done.exit_code == 2, done.output
    assert says in done.output
    assert "Traceback" not in done.output
