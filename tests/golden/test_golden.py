"""Tests that earlier histories replay on today's code, and today's code gives known commands.

A change of the command sequence breaks every open ticket that is replayed, unless it stands behind
`workflow.patched`. The first test fails without the patch; the second fails until the new sequence
has a golden history of its own.
"""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.bridge.proto.workflow_activation import WorkflowActivation
from temporalio.client import WorkflowHistory
from temporalio.worker._workflow import _WorkflowWorker

from audit.errors import NotDeterministic
from audit.replay import replay
from audit.runs import fetch
from runtime.engine import encrypting
from runtime.sealed_runner import SealedInstance
from tests.golden.fingerprint import fingerprint
from tests.golden.scenarios import SCENARIOS
from tests.support.engine import Engine

FOLDER = Path(__file__).parent / "histories"
FILES = sorted(FOLDER.glob("*.json"))


def _golden(path: Path) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return payload


def _runs(golden: dict[str, Any]) -> list[WorkflowHistory]:
    """Return all runs of a ticket, the oldest first."""
    histories = golden["histories"] if "histories" in golden else [golden["history"]]
    return [WorkflowHistory.from_json(golden["workflow_id"], run) for run in histories]


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
async def test_a_golden_history_replays_to_its_end(path: Path) -> None:
    runs = _runs(_golden(path))
    replayed = await replay(runs)
    assert replayed.ticket.stage == "ended"
    assert replayed.ticket.version == len(replayed.events)
    assert (replayed.runs, replayed.lost, replayed.breaks) == (len(runs), 0, [])


class _KeyForEach:
    """Keys as of an installation that encrypts now: each ticket has one."""

    async def encryption_key(self, number: str | None) -> tuple[bytes, AESGCM]:
        return f"ticket/{number}".encode(), AESGCM(bytes(32))

    async def decryption_key(self, name: bytes) -> AESGCM:
        return AESGCM(bytes(32))


@pytest.mark.parametrize("name", ["plain.20261121", "merged.20261128", "carried_on.20261129"])
async def test_a_ticket_from_before_there_was_encryption_goes_on_as_before(name: str) -> None:
    runs = _runs(_golden(FOLDER / f"{name}.json"))
    replayed = await replay(runs, encrypting(_KeyForEach()))
    assert replayed.ticket == (await replay(runs)).ticket
    assert replayed.ticket.stage == "ended"


@pytest.mark.parametrize("encrypted", [False, True])
async def test_a_step_that_a_busy_machine_makes_slow_is_not_taken_for_another_history(
    monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    """The SDK gives a step two seconds, here half a second; its error may be encrypted."""
    made: list[object] = []
    begin, activate = _WorkflowWorker.__init__, SealedInstance.activate
    slow: list[bool] = []

    def impatient(self: Any, *args: Any, **options: Any) -> None:
        begin(self, *args, **options)
        self._deadlock_timeout_seconds = 0.5
        made.append(self)
        if len(made) < 3:
            slow.append(True)

    def slowly(self: SealedInstance, act: WorkflowActivation) -> Any:
        if slow:
            slow.pop()
            time.sleep(1)
            raise RuntimeError("the step goes on in vain")
        return activate(self, act)

    monkeypatch.setattr(_WorkflowWorker, "__init__", impatient)
    monkeypatch.setattr(SealedInstance, "activate", slowly)
    runs = _runs(_golden(FOLDER / "plain.20261121.json"))
    replayed = await (replay(runs, encrypting(_KeyForEach())) if encrypted else replay(runs))
    assert replayed.ticket.stage == "ended"
    assert len(made) >= 3


@pytest.mark.parametrize("name", ["raised.20261128", "report.20261128", "merged.20261128"])
async def test_a_history_from_before_the_codes_of_reasons_gives_none(name: str) -> None:
    """Otherwise its events would differ from those that stand in the record."""
    replayed = await replay(_runs(_golden(FOLDER / f"{name}.json")))
    assert [event for event in replayed.events if getattr(event.fact, "because", None)] == []
    assert [share for share in replayed.ticket.assignments if share.because] == []


TRIES = 3
"""Tries per scenario: on a busy machine a local activity may time out and become a regular one."""


@pytest.mark.parametrize("name", SCENARIOS)
async def test_the_commands_of_today_are_those_of_a_golden_history(
    name: str, engine: Engine
) -> None:
    known = [_golden(path)["fingerprint"] for path in FOLDER.glob(f"{name}.*.json")]
    for _ in range(TRIES):
        ticket = await SCENARIOS[name](engine)
        await ticket.handle.result()
        now = fingerprint(await fetch(engine.client, ticket.number))
        if now in known:
            break
    assert now in known, (
        f"the workflow gives other commands than any golden history of '{name}': put the change "
        f"behind workflow.patched, then run `python -m tests.golden.record {name}`"
    )


async def test_a_history_that_the_code_does_not_follow_is_reported() -> None:
    golden = _golden(next(path for path in FILES if path.name.startswith("plain.")))
    text = json.dumps(golden["history"]).replace("handle_assignment", "another_activity")
    with pytest.raises(NotDeterministic):
        await replay(WorkflowHistory.from_json(golden["workflow_id"], text))


def test_every_scenario_has_a_golden_history() -> None:
    assert {path.name.partition(".")[0] for path in FILES} == set(SCENARIOS)
