"""Encryption of payloads: what the engine stores of a ticket is read only with that ticket's key.

A key per ticket, so that destroying one key makes one history, and every copy of it, unreadable.
The name of the key is in the metadata of an encrypted payload: a decoder needs no context.
Payloads that are not encrypted (histories from before there was encryption) pass unchanged.
"""

import os
from collections.abc import Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import PayloadCodec, SerializationContext, WithSerializationContext

from runtime.names import ticket_of

ENCODING = b"binary/encrypted"
KEY_NAME = "encryption-key-id"
_NONCE = 12


class Keys(Protocol):
    """A source of keys. Both methods may raise the provider's own errors, for example when a
    ticket's key was destroyed."""

    async def encryption_key(self, number: str | None) -> tuple[bytes, AESGCM]:
        """Return the name and the key to encrypt a ticket's payloads with; for None, those for
        payloads of no ticket."""

    async def decryption_key(self, name: bytes) -> AESGCM:
        """Return the key of that name."""


class Unreadable(Exception):
    """A payload that was changed, or encrypted with another key than it names."""


class TicketCodec(PayloadCodec, WithSerializationContext):
    """A codec that encrypts each payload with AES-GCM under the key of its workflow.

    The engine's library passes the workflow on client, worker and replayer; for a completion by id
    `runtime.engine.waiting_work` does.
    """

    def __init__(self, keys: Keys, number: str | None = None) -> None:
        self.keys = keys
        self._number = number

    def with_context(self, context: SerializationContext) -> "TicketCodec":
        number = ticket_of(getattr(context, "workflow_id", None) or "")
        return self if number == self._number else TicketCodec(self.keys, number)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        if not payloads:
            return []
        name, cipher = await self.keys.encryption_key(self._number)
        # An empty payload needs no encryption: many local activities return one.
        return [_encrypted(each, name, cipher) if each.data else each for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [await self._opened(payload) for payload in payloads]

    async def _opened(self, payload: Payload) -> Payload:
        if not is_encrypted(payload):
            return payload
        name = payload.metadata.get(KEY_NAME, b"")
        cipher = await self.keys.decryption_key(name)
        try:
            plain = cipher.decrypt(payload.data[:_NONCE], payload.data[_NONCE:], name)
        except (InvalidTag, ValueError) as error:
            raise Unreadable("a payload was changed, or encrypted with another key") from error
        return Payload.FromString(plain)


def is_encrypted(payload: Payload) -> bool:
    return payload.metadata.get("encoding") == ENCODING


def ticket_of_key(payload: Payload) -> str | None:
    """Return the ticket whose key encrypted a payload; None for another key, or none."""
    name = payload.metadata.get(KEY_NAME, b"") if is_encrypted(payload) else b""
    return ticket_of(name.decode("ascii", "replace"))


def _encrypted(payload: Payload, name: bytes, cipher: AESGCM) -> Payload:
    nonce = os.urandom(_NONCE)
    return Payload(
        metadata={"encoding": ENCODING, KEY_NAME: name},
        data=nonce + cipher.encrypt(nonce, payload.SerializeToString(), name),
    )
