"""Tests that only its ticket's key decrypts a payload, and an unencrypted one passes unchanged."""

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.api.failure.v1 import Failure
from temporalio.converter import ActivitySerializationContext, WorkflowSerializationContext
from temporalio.exceptions import ApplicationError

from runtime.codec import TicketCodec, Unreadable, Unsealed, is_encrypted, ticket_of_key
from runtime.engine import encrypting
from runtime.unsealed import is_marked

PLAIN = Payload(metadata={"encoding": b"json/plain"}, data='{"text":"我是王小明"}'.encode())
A, B = "2411200000017", "2411200000024"


class Two:
    """A key for a ticket, and one for everything else."""

    def __init__(self) -> None:
        self.ciphers = {name: AESGCM(name.rjust(32)) for name in (b"ticket/A", b"rest")}

    async def encryption_key(self, number: str | None) -> tuple[bytes, AESGCM]:
        name = f"ticket/{number}".encode() if number else b"rest"
        cipher = self.ciphers.setdefault(name, AESGCM(name.rjust(32)))
        return name, cipher

    async def decryption_key(self, name: bytes) -> AESGCM:
        return self.ciphers[name]


def _of(codec: TicketCodec, workflow_id: str) -> TicketCodec:
    return codec.with_context(WorkflowSerializationContext("jiesu", workflow_id))


def _activity_of(workflow_id: str) -> ActivitySerializationContext:
    return ActivitySerializationContext(
        namespace="jiesu",
        activity_id="handle-water-1",
        activity_type=None,
        activity_task_queue=None,
        workflow_id=workflow_id,
        workflow_type=None,
        is_local=False,
    )


async def test_a_payload_is_encrypted_with_the_key_of_its_ticket() -> None:
    codec = _of(TicketCodec(Two()), f"ticket/{A}")
    (encrypted,) = await codec.encode([PLAIN])
    assert is_encrypted(encrypted)
    assert ticket_of_key(encrypted) == A
    assert "王小明".encode() not in encrypted.SerializeToString()
    for reader in (codec, TicketCodec(codec.keys)):
        assert await reader.decode([encrypted]) == [PLAIN]


async def test_what_was_said_to_another_ticket_or_not_encrypted_is_marked() -> None:
    codec = _of(TicketCodec(Two()), f"ticket/{A}")
    (encrypted,) = await codec.encode([PLAIN])
    (to_another,) = await _of(codec, f"ticket/{B}").decode([encrypted])
    (in_the_clear,) = await codec.decode([PLAIN])
    assert is_marked(to_another)
    assert is_marked(in_the_clear)
    assert {to_another.data, in_the_clear.data} == {PLAIN.data}
    (mine,) = await codec.decode([encrypted])
    assert not is_marked(mine)


@pytest.mark.parametrize("workflow_id", [f"ticket/{A}", "chore/outbox", ""])
async def test_an_activity_does_nothing_that_it_is_asked_in_the_clear(workflow_id: str) -> None:
    codec = TicketCodec(Two()).with_context(_activity_of(workflow_id))
    with pytest.raises(Unsealed):
        await codec.decode([PLAIN])
    assert await codec.decode(await codec.encode([PLAIN])) == [PLAIN]


async def test_the_same_words_are_never_encrypted_to_the_same_bytes() -> None:
    one, other = await TicketCodec(Two()).encode([PLAIN, PLAIN])
    assert one.data != other.data
    assert ticket_of_key(one) is None


async def test_an_activity_belongs_to_the_ticket_that_asked_for_it() -> None:
    codec = TicketCodec(Two()).with_context(_activity_of(f"ticket/{A}"))
    (encrypted,) = await codec.encode([PLAIN])
    assert ticket_of_key(encrypted) == A


async def test_a_maintenance_job_is_no_ticket() -> None:
    codec = TicketCodec(Two())
    assert _of(codec, "chore/outbox") is codec


async def test_what_was_never_encrypted_passes_through() -> None:
    assert await TicketCodec(Two()).decode([PLAIN]) == [PLAIN]
    assert await TicketCodec(Two()).encode([]) == []


async def test_what_says_nothing_needs_no_seal() -> None:
    nothing = Payload(metadata={"encoding": b"binary/null"})
    assert await TicketCodec(Two()).encode([nothing]) == [nothing]


@pytest.mark.parametrize("part", ["data", "key"])
async def test_a_changed_payload_is_not_read(part: str) -> None:
    keys = Two()
    (encrypted,) = await _of(TicketCodec(keys), f"ticket/{A}").encode([PLAIN])
    await keys.encryption_key(B)
    if part == "data":
        encrypted.data = encrypted.data[:-1] + bytes([encrypted.data[-1] ^ 1])
    else:
        encrypted.metadata["encryption-key-id"] = f"ticket/{B}".encode()
    with pytest.raises(Unreadable):
        await TicketCodec(keys).decode([encrypted])


async def test_what_a_failure_says_is_encrypted_too() -> None:
    converter = encrypting(Two())
    failure = Failure()
    await converter.encode_failure(ApplicationError("王小明 refused", type="not_now"), failure)
    assert "王小明" not in failure.message
    assert failure.application_failure_info.type == "not_now"
    back = await converter.decode_failure(failure)
    assert isinstance(back, ApplicationError)
    assert (back.message, back.type) == ("王小明 refused", "not_now")
