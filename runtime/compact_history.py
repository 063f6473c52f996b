"""A history in a few kilobytes: opened, compressed, and encrypted as one with the ticket's own key.

Ciphertexts cannot be compressed, so the payloads that were encrypted with the ticket's key are
opened first, and their nonces kept. With them `restored` encrypts each again to the very bytes that
the engine had. What another ticket's key encrypted stays as it is. Whoever destroys the ticket's
key has destroyed every copy.
"""

import os
import struct
import zlib
from functools import cache
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.api.history.v1 import History
from temporalio.client import WorkflowHistory

from runtime.codec import ENCODING, KEY_NAME, Keys, Unreadable
from runtime.payloads import payloads_within

_NONCE = 12
_OPENED = "opened"
"""The metadata of a payload that was opened: the name of the key to encrypt it with again."""

_PURPOSE = b"jiesu archived history\0"
_DICTIONARY = 1
"""The dictionary that new histories are compressed with. Those of older ones are never changed."""


@cache
def dictionary(n: int) -> bytes:
    """Return the bytes a compressor starts with: what most histories have in common.

    A file beside this one, made of opened golden histories, the plain one last.
    """
    return Path(__file__).with_name(f"history-dictionary-{n}.bin").read_bytes()


def digest(history: WorkflowHistory) -> str:
    """Return the SHA-256 of a history as the engine has it."""
    events = History(events=history.events)
    return sha256(events.SerializeToString(deterministic=True)).hexdigest()


async def compacted(history: WorkflowHistory, number: str, keys: Keys) -> bytes:
    """Return the history in the fewest bytes, encrypted with the ticket's key.

    The errors of `keys` pass through.
    """
    name, cipher = await keys.encryption_key(number)
    opened = History()
    opened.CopyFrom(History(events=history.events))
    nonces = b""
    for payload in payloads_within(opened):
        if payload.metadata.get("encoding") == ENCODING and payload.metadata.get(KEY_NAME) == name:
            nonces += payload.data[:_NONCE]
            text = _decrypted(cipher, payload.data, name)
            payload.CopyFrom(Payload(metadata={_OPENED: b""}, data=text))
    serialized = opened.SerializeToString(deterministic=True)
    plain = struct.pack(">BI", _DICTIONARY, len(nonces)) + nonces + _compressed(serialized)
    nonce = os.urandom(_NONCE)
    return bytes([len(name)]) + name + nonce + cipher.encrypt(nonce, plain, _PURPOSE + name)


async def restored(content: bytes, workflow_id: str, keys: Keys) -> WorkflowHistory:
    """Return the history that `compacted` was given, byte for byte.

    The errors of `keys` pass through.

    Raises:
        Unreadable: the content was changed, or is none of this kind.
    """
    name, rest = content[1 : 1 + content[0]], content[1 + content[0] :]
    cipher = await keys.decryption_key(name)
    plain = _decrypted(cipher, rest, _PURPOSE + name)
    which, length = struct.unpack_from(">BI", plain)
    nonces, body = plain[5 : 5 + length], plain[5 + length :]
    history = History.FromString(_decompressed(body, which))
    at = 0
    for payload in payloads_within(history):
        if _OPENED in payload.metadata:
            nonce = nonces[at : at + _NONCE]
            at += _NONCE
            data = nonce + cipher.encrypt(nonce, payload.data, name)
            payload.CopyFrom(Payload(metadata={"encoding": ENCODING, KEY_NAME: name}, data=data))
    return WorkflowHistory(workflow_id, list(history.events))


def _decrypted(cipher: AESGCM, content: bytes, purpose: bytes) -> bytes:
    try:
        return cipher.decrypt(content[:_NONCE], content[_NONCE:], purpose)
    except (InvalidTag, ValueError) as error:
        raise Unreadable("an archived history was changed, or its key is another") from error


def _compressed(content: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15, 9, zdict=dictionary(_DICTIONARY))
    return squeeze.compress(content) + squeeze.flush()


def _decompressed(content: bytes, which: int) -> bytes:
    return zlib.decompressobj(-15, zdict=dictionary(which)).decompress(content)
