"""The key ring: the installation's keys, each 32 random bytes with an id; one of them encrypts.

Written as text, one key per line (or separated by commas): `id:base64`. A key without an id is
key 1, as in old installations without a ring. The last key encrypts, unless another is marked with
`*`; every key decrypts what it encrypted. The first is the root: access codes and keyed hashes
derive from it and survive every rotation (ADR 0012).
"""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from store.db.errors import BadKey, RotationUnderWay

KEY_BYTES = 32
NONCE_BYTES = 12
_MOST = 255  # an id is one byte before the ciphertext
_ENTRY = re.compile(r"(?:([0-9]{1,3}):)?([^\s:*]*)(\*?)")


class KeyRing:
    """Keys for encryption (the current) and decryption (any), derived by purpose (HKDF).

    `again` reads the ring anew, to find a key that another process has added meanwhile.
    """

    def __init__(
        self,
        keys: Mapping[int, bytes],
        current: int | None = None,
        again: Callable[[], "KeyRing"] | None = None,
    ) -> None:
        if not keys or any(not 1 <= key_id <= _MOST for key_id in keys):
            raise BadKey(f"a key ring has keys with ids from 1 to {_MOST}")
        if any(len(key) != KEY_BYTES for key in keys.values()):
            raise BadKey(f"a key needs {KEY_BYTES} bytes")
        self._keys = dict(sorted(keys.items()))
        self.current = max(self._keys) if current is None else current
        if self.current not in self._keys:
            raise BadKey("the current key is not in the ring")
        self._again = again
        self._derived = cache(self._derive)
        self._ciphers = cache(self._cipher)

    @classmethod
    def of(cls, key: bytes) -> "KeyRing":
        """Return a ring of one key, with the id 1."""
        return cls({1: key})

    @property
    def ids(self) -> list[int]:
        return list(self._keys)

    @property
    def root(self) -> int:
        """The id of the key that never changes."""
        return next(iter(self._keys))

    @property
    def root_key(self) -> bytes:
        """The key that never changes."""
        return self._keys[self.root]

    def derived(self, purpose: bytes) -> bytes:
        """Return a key for `purpose` that stays the same through rotations."""
        return self._derived(self.root, purpose)

    def cipher(self, purpose: bytes, key_id: int) -> AESGCM:
        """Return the cipher for `purpose` of one key.

        Raises:
            BadKey: the ring has no such key.
        """
        if key_id not in self._keys and self._again is not None:
            self._keys |= self._again()._keys
        if key_id not in self._keys:
            raise BadKey(f"key {key_id} is not in the key ring")
        return self._ciphers(purpose, key_id)

    def encrypt(self, purpose: bytes, plain: bytes, bound: bytes) -> bytes:
        """Encrypt `plain` with the current key; decrypting it requires the same `bound`."""
        prefix, nonce = bytes([self.current]), secrets.token_bytes(NONCE_BYTES)
        cipher = self.cipher(purpose, self.current)
        return prefix + nonce + cipher.encrypt(nonce, plain, prefix + bound)

    def decrypt(self, purpose: bytes, encrypted: bytes, bound: bytes) -> bytes:
        """Decrypt what `encrypt` encrypted.

        Raises:
            BadKey: the key is not in the ring, or the data is bound to something else or changed.
        """
        if len(encrypted) <= 1 + NONCE_BYTES:
            raise BadKey("nothing that was ever encrypted")
        prefix, nonce = encrypted[:1], encrypted[1 : 1 + NONCE_BYTES]
        body = encrypted[1 + NONCE_BYTES :]
        try:
            return self.cipher(purpose, prefix[0]).decrypt(nonce, body, prefix + bound)
        except (InvalidTag, ValueError) as error:
            raise BadKey("encrypted with another key, or changed since") from error

    def with_new_key(self, *, in_use: bool = True) -> "KeyRing":
        """Return the ring with one more key, which is the current one if `in_use`."""
        new = max(self._keys) + 1
        if new > _MOST:
            raise BadKey(f"a key ring holds keys up to id {_MOST}")
        keys = {**self._keys, new: secrets.token_bytes(KEY_BYTES)}
        return KeyRing(keys, new if in_use else self.current)

    def text(self, between: str = "\n") -> str:
        """Return the ring as text, which is a secret."""
        last = max(self._keys)
        return between.join(
            f"{key_id}:{base64.b64encode(key).decode()}"
            + ("*" if key_id == self.current != last else "")
            for key_id, key in self._keys.items()
        )

    def _derive(self, key_id: int, purpose: bytes) -> bytes:
        hkdf = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose)
        return hkdf.derive(self._keys[key_id])

    def _cipher(self, purpose: bytes, key_id: int) -> AESGCM:
        return AESGCM(self._derived(key_id, purpose))


def ring_from_text(text: str, again: Callable[[], KeyRing] | None = None) -> KeyRing:
    """Parse a key ring. Lines that begin with # are comments.

    Raises:
        BadKey: a key is not base64 of 32 bytes, an id occurs twice, or two keys are marked.
    """
    lines = (line for line in text.splitlines() if not line.lstrip().startswith("#"))
    keys: dict[int, bytes] = {}
    marked: list[int] = []
    for entry in re.split(r"[\s,]+", " ".join(lines).strip()):
        match = _ENTRY.fullmatch(entry)
        if match is None:
            raise BadKey("a key is written as id:base64")
        key_id = int(match[1] or 1)
        if key_id in keys:
            raise BadKey(f"key {key_id} stands twice in the key ring")
        keys[key_id] = key_from_text(match[2])
        marked += [key_id] if match[3] else []
    if len(marked) > 1:
        raise BadKey("only one key can be the current one")
    return KeyRing(keys, marked[0] if marked else None, again)


def key_from_text(text: str) -> bytes:
    """Parse a key in base64.

    Raises:
        BadKey: it is not base64, or not 32 bytes.
    """
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError) as error:
        raise BadKey("the key is not base64") from error
    if len(key) != KEY_BYTES:
        raise BadKey(f"the key has {len(key)} bytes instead of {KEY_BYTES}")
    return key


def open_ring(text: str | None, path: Path) -> KeyRing:
    """Return the ring in `text`; without a text the one in the file `path`.

    A missing file is made with one key, readable by its owner only. Processes that start together
    all get the same one.

    Raises:
        BadKey: the text or the file is not a key ring.
    """
    if text is not None:
        return ring_from_text(text)
    if not path.exists():
        _create(path)
    return ring_from_text(_read(path), lambda: ring_from_text(_read(path)))


def rotate_file(path: Path) -> KeyRing:
    """Add a key to the ring in the file `path`; each process uses it from its next start on.

    Raises:
        BadKey: the file is not a key ring.
        RotationUnderWay: another rotation is running.
    """
    ring = open_ring(None, path).with_new_key()
    new_path = path.with_name(f".{path.name}.next")
    try:
        _write(new_path, ring.text())
    except FileExistsError as error:
        raise RotationUnderWay(f"another rotation is under way, or left {new_path}") from error
    new_path.replace(path)
    return ring


def _read(path: Path) -> str:
    return path.read_text("ascii", errors="replace")


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    new_path = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    try:
        _write(new_path, KeyRing.of(secrets.token_bytes(KEY_BYTES)).text())
        # A link never replaces a file: the second process uses the key of the first.
        path.hardlink_to(new_path)
    except FileExistsError:
        pass
    finally:
        new_path.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
