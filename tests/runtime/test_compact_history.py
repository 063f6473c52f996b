"""Tests that a compacted history is restored byte for byte, and only with its ticket's key."""

import json
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.client import WorkflowHistory

from runtime.codec import TicketCodec, Unreadable, is_encrypted, ticket_of_key
from runtime.compact_history import compacted, dictionary, digest, restored
from runtime.payloads import payloads_within

GOLDEN = sorted((Path(__file__).parents[1] / "golden" / "histories").glob("*.json"))
NUMBER, OTHER = "2411200000017", "2411200000025"


class FixedKeys:
    """A key for each of two tickets."""

    def __init__(self) -> None:
        self.ciphers = {
            f"ticket/{number}".encode(): AESGCM(number.rjust(32).encode())
            for number in (NUMBER, OTHER)
        }

    async def encryption_key(self, number: str | None) -> tuple[bytes, AESGCM]:
        name = f"ticket/{number}".encode()
        return name, self.ciphers[name]

    async def decryption_key(self, name: bytes) -> AESGCM:
        return self.ciphers[name]


def _golden(path: Path) -> list[WorkflowHistory]:
    payload = json.loads(path.read_text(encoding="utf-8"))
    runs = payload.get("histories") or [payload["history"]]
    return [WorkflowHistory.from_json(payload["workflow_id"], run) for run in runs]


async def _encrypted(path: Path, *, others: int = 0) -> list[WorkflowHistory]:
    """Return a golden history, encrypted; the last `others` payloads with another ticket's key."""
    histories = _golden(path)
    for history in histories:
        within = [one for event in history.events for one in payloads_within(event) if one.data]
        for n, one in enumerate(within):
            number = NUMBER if n < len(within) - others else OTHER
            [sealed] = await TicketCodec(FixedKeys(), number).encode([one])
            one.CopyFrom(sealed)
    return histories


@pytest.mark.parametrize("path", GOLDEN, ids=[path.stem for path in GOLDEN])
async def test_every_kind_of_history_is_restored_as_it_was(path: Path) -> None:
    for history in await _encrypted(path, others=2):
        content = await compacted(history, NUMBER, FixedKeys())
        again = await restored(content, history.workflow_id, FixedKeys())
        assert digest(again) == digest(history)
        assert again.workflow_id == history.workflow_id


async def test_a_history_that_was_never_encrypted_is_encrypted_in_the_archive() -> None:
    [history] = _golden(GOLDEN[0])
    content = await compacted(history, NUMBER, FixedKeys())
    assert digest(await restored(content, history.workflow_id, FixedKeys())) == digest(history)
    assert b"accepted" not in content


async def test_what_another_tickets_key_encrypted_stays_encrypted_with_it() -> None:
    [history] = await _encrypted(GOLDEN[0], others=2)
    keys = FixedKeys()
    content = await compacted(history, NUMBER, keys)
    del keys.ciphers[f"ticket/{OTHER}".encode()]  # erased
    again = await restored(content, history.workflow_id, keys)
    within = [one for event in again.events for one in payloads_within(event) if is_encrypted(one)]
    assert [ticket_of_key(one) for one in within[-2:]] == [OTHER, OTHER]
    with pytest.raises(KeyError):
        await TicketCodec(keys).decode(within[-1:])


@pytest.mark.parametrize("at", [0, 1, 20, 40, -1])
async def test_a_content_that_was_changed_is_refused(at: int) -> None:
    [history] = await _encrypted(GOLDEN[0])
    content = bytearray(await compacted(history, NUMBER, FixedKeys()))
    content[at] ^= 1
    with pytest.raises((Unreadable, KeyError)):
        await restored(bytes(content), history.workflow_id, FixedKeys())


def test_a_dictionary_is_never_changed() -> None:
    """Histories that were compressed with it can be read with this very file alone."""
    start = "2fbd22f58b97329e07b3d95329a4f3c6"  # pragma: allowlist secret
    assert sha256(dictionary(1)).hexdigest().startswith(start)
