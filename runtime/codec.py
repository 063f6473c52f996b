"""Encryption of payloads: what the engine stores of a ticket is read only with that ticket's key.

A key per ticket, so that destroying one key makes one history, and every copy of it, unreadable.
The name of the key is in the metadata of an encrypted payload: a decoder needs no context.
Payloads that are not encrypted (histories from before there was encryption) are read all the same,
and marked where the ticket has a key: `runtime.sealed_runner` decides which of them count.
"""

import os
from collections.abc import Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.converter import (
    ActivitySerializationContext,
    PayloadCodec,
    SerializationContext,
    WithSerializationContext,
)

from runtime.names import ticket_of
from runtime.unsealed import marked

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


class Unsealed(Exception):
    """A payload that is not encrypted with the key of what it belongs to."""


class TicketCodec(PayloadCodec, WithSerializationContext):
    """A codec that encrypts each payload with AES-GCM under the key of its workflow.

    The engine's library passes the workflow on client, worker and replayer; for a completion by id
    `runtime.engine.waiting_work` does.
    """

    def __init__(self, keys: Keys, number: str | None = None, *, activity: bool = False) -> None:
        self.keys = keys
        self._number = number
        self._activity = activity

    def with_context(self, context: SerializationContext) -> "TicketCodec":
        number = ticket_of(getattr(context, "workflow_id", None) or "")
        activity = isinstance(context, ActivitySerializationContext)
        if (number, activity) == (self._number, self._activity):
            return self
        return TicketCodec(self.keys, number, activity=activity)

    async def encode(self, payloads: Sequence[Payload]) -> list[Payload]:
        if not payloads:
            return []
        name, cipher = await self.keys.encryption_key(self._number)
        # An empty payload needs no encryption: many local activities return one.
        return [_encrypted(each, name, cipher) if each.data else each for each in payloads]

    async def decode(self, payloads: Sequence[Payload]) -> list[Payload]:
        return [await self._opened(payload) for payload in payloads]

    async def _opened(self, payload: Payload) -> Payload:
        plain = await self._decrypted(payload)
        if await self._sealed(payload):
            return plain
        if self._activity:
            raise Unsealed("work was asked for by somebody without the key")
        return marked(plain)

    async def _sealed(self, payload: Payload) -> bool:
        """Return whether a payload is encrypted as what it belongs to demands.

        What belongs to a ticket that has a key is encrypted with that key and no other: else
        whoever reaches the engine could send a ticket what was said to another one. Activities are
        called by our own workflows only, which encrypt what they ask.
        """
        if not payload.data:  # says nothing, and is therefore never encrypted
            return True
        if self._number is not None:
            if ticket_of_key(payload) == self._number:
                return True
            name, _ = await self.keys.encryption_key(self._number)
            if ticket_of(name.decode("ascii", "replace")) == self._number:
                return False
        return is_encrypted(payload) or not self._activity

    async def _decrypted(self, payload: Payload) -> Payload:
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
