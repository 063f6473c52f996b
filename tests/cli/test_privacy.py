"""Tests of keys, erasure and the view log in a terminal beside a running stack."""

import httpx
import pytest

from store.secrets.key_ring import KeyRing, ring_from_text
from tests.cli.test_commands import empty, running
from tests.support.jiesu_command import Terminal
from tests.support.media import a_photo

__all__ = ["empty", "running"]

COMPLAINT = {
    "city": "tongzhou",
    "category": "0301",
    "text": "我是王小明，河水又黑又臭",
    "contact": {"name": "王小明", "phone": "13812345678"},
}


async def _withdrawn(http: httpx.AsyncClient, *files: str) -> dict[str, str]:
    lines = COMPLAINT | {"files": list(files)}
    receipt: dict[str, str] = (await http.post("/api/v1/complaints", json=lines)).json()
    citizen = {"Access-Code": receipt["access_code"]}
    path = f"/api/v1/tickets/{receipt['number']}"
    assert (await http.post(f"{path}/withdraw", json={}, headers=citizen)).status_code == 200
    return receipt


async def test_a_ticket_is_erased_and_its_history_proved_unreadable(
    running: tuple[Terminal, httpx.AsyncClient],
) -> None:
    terminal, http = running
    open_ticket = (await http.post("/api/v1/complaints", json=COMPLAINT)).json()["number"]
    refused = await terminal.jiesu("privacy", "erase", open_ticket)
    assert (refused.code, "not_ended" in refused.err) == (1, True)
    number = (await _withdrawn(http))["number"]
    proof = await terminal.json("privacy", "erase", number)
    assert proof["holds"]
    assert proof["readable"] == proof["clear"] == 0
    assert proof["sealed"] > 5
    shown = await terminal.jiesu("audit", "show", number)
    assert shown.code == 1
    assert "erased on" in shown.err
    replayed = await terminal.jiesu("audit", "replay", "--all")
    assert replayed.code == 0, replayed.out
    assert "1 erased" in replayed.out
    gone = await terminal.jiesu("privacy", "erase", number, "--delete-history", "--no-compact")
    assert gone.code == 0, gone.err


async def test_the_files_of_an_erased_ticket_are_deleted(
    running: tuple[Terminal, httpx.AsyncClient],
) -> None:
    terminal, http = running
    sent = await http.post(
        "/api/v1/files", content=a_photo(), headers={"Content-Type": "image/jpeg"}
    )
    photo = sent.json()
    number = (await _withdrawn(http, photo["reference"]))["number"]
    new_path = terminal.settings.home / "files"
    assert (await http.get(photo["url"])).status_code == 200
    assert any(path.is_file() for path in new_path.rglob("*"))
    assert (await terminal.json("privacy", "erase", number))["holds"]
    assert (await http.get(photo["url"])).status_code == 404
    assert not any(path.is_file() for path in new_path.rglob("*"))


async def test_a_look_can_be_audited(running: tuple[Terminal, httpx.AsyncClient]) -> None:
    terminal, http = running
    number = (await _withdrawn(http))["number"]
    token = (await terminal.jiesu("token", "create", "--role", "desk")).out.strip()
    desk = {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/tickets/{number}/person"
    assert (await http.post(path, json={"purpose": "回访"}, headers=desk)).status_code == 200
    (seen,) = await terminal.json("audit", "views", number)
    assert (seen["role"], seen["purpose"]) == ("desk", "回访")
    assert "回访" in (await terminal.jiesu("audit", "views", number)).out
    assert (await terminal.jiesu("audit", "views", "123")).code == 1


async def test_keys_are_rotated_beside_a_running_stack(
    running: tuple[Terminal, httpx.AsyncClient],
) -> None:
    terminal, http = running
    before = await _withdrawn(http)
    assert (await terminal.jiesu("keys", "rotate")).code == 0
    assert "2 encrypted anew" in (await terminal.jiesu("keys", "reseal")).out
    old, new = await terminal.json("keys", "show")
    assert (old["persons"], old["tickets"], old["root"]) == (0, 0, True)
    assert (new["persons"], new["tickets"], new["current"]) == (1, 1, True)
    citizen = {"Access-Code": before["access_code"]}
    path = f"/api/v1/tickets/{before['number']}"
    assert (await http.get(path, headers=citizen)).status_code == 200
    await _withdrawn(http)  # the running processes continue with the key they have loaded
    assert (await terminal.jiesu("audit", "replay", "--all")).code == 0


async def test_a_ring_from_the_environment_is_printed_as_it_is_to_be_set(
    empty: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = KeyRing.of(b"k" * 32)
    monkeypatch.setenv("JIESU_KEYS", ring.text())
    rotated = await empty.jiesu("keys", "rotate")
    assert rotated.code == 0, rotated.err
    name, _, text = rotated.out.strip().partition("=")
    ready = ring_from_text(text)
    assert (name, ready.ids, ready.current) == ("JIESU_KEYS", [1, 2], 1)
    assert ready.root_key == ring.root_key
    assert not empty.settings.key_file.exists()
    monkeypatch.setenv("JIESU_KEYS", "nonsense")
    assert "instead of 32" in (await empty.jiesu("keys", "show")).err


async def test_a_city_that_says_nothing_has_nothing_due(empty: Terminal) -> None:
    table = (await empty.jiesu("keys", "show")).out
    assert "current, root" in table
    assert (await empty.jiesu("privacy", "retention")).out.strip() == "0 erased"
