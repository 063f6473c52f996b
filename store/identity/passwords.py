"""Passwords, hashed with Argon2id off the event loop; any long and uncommon one is accepted.

Length is what counts (OWASP ASVS 5, 6.2): no rule asks for capitals or digits.
"""

import asyncio
import secrets
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from store.db.errors import StoreError

SHORTEST, LONGEST = 12, 256

_HASH = PasswordHash((Argon2Hasher(),))
# Without characters that look like another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # pragma: allowlist secret
_THREADS = ThreadPoolExecutor(2, "passwords")
"""Two threads: a hash takes 64 MB and a core, and many sign-ins must not take all of both."""

COMMON = frozenset(
    (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split()
)
"""The most frequent leaked passwords, as far as they are long enough."""


class WeakPassword(StoreError):
    """A password that is too short, too long, or too common."""

    code = "weak_password"


def check_password(password: str, name: str = "") -> None:
    """Refuse a password that is easily guessed.

    Raises:
        WeakPassword: with a reason that does not contain the password.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"A password has {SHORTEST} to {LONGEST} characters.")
    plain = unicodedata.normalize("NFKC", password).casefold()
    if plain in COMMON or len(set(plain)) < 4:
        raise WeakPassword("This password is among those that are tried first.")
    if name and plain.replace(name.casefold(), "") in ("", *"123", "12345", "123456"):
        raise WeakPassword("A password is more than the account's name.")


def random_password() -> str:
    """Return a random password of 99 bits, in groups that are easy to type."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    return "-".join(groups)


async def hashed(password: str) -> str:
    """Return the hash of a password to store."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASH.hash, password)


async def matches(password: str, stored: str | None) -> bool:
    """Return whether `password` has the hash `stored`; without one, False after the same time."""
    compared = stored if stored is not None else await _nobody()
    loop = asyncio.get_running_loop()
    same = await loop.run_in_executor(_THREADS, _HASH.verify, password, compared)
    return same and stored is not None


_NOBODYS: list[str] = []


async def _nobody() -> str:
    if not _NOBODYS:
        _NOBODYS.append(await hashed(secrets.token_hex(16)))
    return _NOBODYS[0]
