"""The master key: 32 random bytes, kept in a file of its own or given as text."""

import base64
import binascii
import os
import secrets
from pathlib import Path

from store.errors import BadKey

KEY_BYTES = 32


def key_from_text(text: str) -> bytes:
    """The key that `text` writes in base64.

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


def load_or_create_key(path: Path) -> bytes:
    """The key in the file `path`; made there, readable by its owner only, if there is none.

    Processes that start together all get the same key.

    Raises:
        BadKey: the file holds something else.
    """
    if not path.exists():
        _create(path)
    return key_from_text(path.read_text("ascii", errors="replace"))


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(base64.b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        # A link never replaces: whoever is second keeps the key of whoever was first.
        path.hardlink_to(draft)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)
