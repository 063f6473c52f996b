"""Keyed fingerprints: equal for equal texts under one root key, and not to be reversed."""

import hashlib
import hmac


def fingerprint(key: bytes, text: str) -> str:
    """Return the fingerprint of a text: equal for equal texts under the same root key."""
    marks = hmac.digest(key, b"jiesu api fingerprint", hashlib.sha256)
    return hmac.digest(marks, text.encode(), hashlib.sha256).hex()
