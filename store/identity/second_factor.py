"""The second factor: time-based one-time passwords (RFC 6238), and recovery codes."""

import hashlib
import secrets
from datetime import datetime

import pyotp

from domain.canonical import typed_number

STEP = 30
_DIGITS = 6
_BACK = (0, -1, 1)  # a clock may be one step wrong
_CODES = 10
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # pragma: allowlist secret


def new_secret() -> str:
    return pyotp.random_base32()


def address(secret: str, name: str) -> str:
    """Return the URI for an authenticator app, as text or as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name="Jiesu")


def step_of(secret: str, code: str, now: datetime) -> int | None:
    """Return the time step of a one-time password; None if it is not valid now."""
    typed = typed_number(code)
    if len(typed) != _DIGITS or not typed.isascii():
        return None
    totp, here = pyotp.TOTP(secret, interval=STEP), int(now.timestamp()) // STEP
    matching = [step for step in _BACK if _same(totp.generate_otp(here + step), typed)]
    return here + matching[0] if matching else None


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one, other)


def new_recovery_codes() -> list[str]:
    """Return ten single-use codes of 79 bits each."""
    return [
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))
        for _ in range(_CODES)
    ]


def recovery_digest(code: str) -> str:
    """Return the digest of a recovery code to store, however it was typed."""
    plain = typed_number(code)
    return hashlib.sha256(plain.encode()).hexdigest()
