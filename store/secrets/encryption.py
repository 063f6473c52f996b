"""The encryption of small secrets in the database, with a key that is not in it."""

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from store.db.errors import BadKey

_NONCE_BYTES = 12


class Cipher:
    """AES-GCM encryption with a key derived from the master key for one `purpose`."""

    def __init__(self, key: bytes, purpose: str) -> None:
        info = f"jiesu {purpose}".encode()
        self._aes = AESGCM(HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(key))
        same = info + b" siv"
        self._siv = AESSIV(HKDF(algorithm=SHA256(), length=64, salt=None, info=same).derive(key))

    def encrypt(self, owner: str, text: str) -> bytes:
        """Encrypt `text`; decrypting it requires the same `owner`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aes.encrypt(nonce, text.encode(), owner.encode())

    def decrypt(self, owner: str, encrypted: bytes) -> str:
        """Decrypt what `encrypt` encrypted.

        Raises:
            BadKey: encrypted with another key, for another `owner`, or changed since.
        """
        nonce, body = encrypted[:_NONCE_BYTES], encrypted[_NONCE_BYTES:]
        try:
            return self._aes.decrypt(nonce, body, owner.encode()).decode()
        except (InvalidTag, ValueError) as error:
            raise BadKey("encrypted with another key, or changed since") from error

    def encrypt_alike(self, owner: str, text: str) -> bytes:
        """Encrypt `text` so that equal texts come out equal (AES-SIV, RFC 5297)."""
        return self._siv.encrypt(text.encode(), [owner.encode()])

    def decrypt_alike(self, owner: str, encrypted: bytes) -> str:
        """Decrypt what `encrypt_alike` encrypted.

        Raises:
            BadKey: encrypted with another key, for another `owner`, or changed since.
        """
        try:
            return self._siv.decrypt(encrypted, [owner.encode()]).decode()
        except (InvalidTag, ValueError) as error:
            raise BadKey("encrypted with another key, or changed since") from error
