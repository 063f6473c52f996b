"""Signatures for files: links that expire soon, and proofs of upload."""

import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Literal

Part = Literal["content", "thumbnail"]

_HEX = 32
_STEP = 300


class LinkSigner:
    """Signatures derived from the master key: nothing is stored, any process can verify them."""

    def __init__(self, master: bytes, *, link_minutes: int) -> None:
        self._links = hmac.digest(master, b"jiesu file links", hashlib.sha256)
        self._proofs = hmac.digest(master, b"jiesu upload proofs", hashlib.sha256)
        self._lasts = timedelta(minutes=link_minutes)

    def link(self, file_id: str, part: Part, now: datetime) -> tuple[int, str]:
        """Return the expiry of a link (seconds of the epoch), and its signature.

        Links of the same five minutes are the same, so that a browser may cache the file.
        """
        ends = int((now + self._lasts).timestamp())
        ends += -ends % _STEP
        return ends, self._signed(file_id, part, ends)

    def opens(self, file_id: str, part: Part, ends: int, signature: str) -> bool:
        """Return whether the signature matches the link; the expiry is not checked here."""
        return hmac.compare_digest(
            self._signed(file_id, part, ends).encode(), signature.encode("utf-8", "replace")
        )

    def proof(self, file_id: str) -> str:
        """Return the proof that only the uploader of the file receives."""
        return hmac.digest(self._proofs, file_id.encode(), hashlib.sha256).hex()[:_HEX]

    def proves(self, file_id: str, proof: str) -> bool:
        return hmac.compare_digest(self.proof(file_id).encode(), proof.encode())

    def _signed(self, file_id: str, part: Part, ends: int) -> str:
        text = f"{file_id}/{part}/{ends}"
        return hmac.digest(self._links, text.encode(), hashlib.sha256).hex()[:_HEX]
