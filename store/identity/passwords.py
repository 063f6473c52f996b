"""Passwords: hashed with Argon2id away from the event loop; what is long and not common will do.

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
# Without what is mistaken for another.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # pragma: allowlist secret
_THREADS = ThreadPoolExecutor(2, "passwords")
"""Each hash takes 64 MB and a core: a crowd at the door must not take all of both."""

COMMON = frozenset(
    (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").split()
)
"""Those that lists of leaked passwords begin with, as far as they are long enough."""


class WeakPassword(StoreError):
    """Too short, too long, or one of those that are tried first."""

    code = "weak_password"


def check_password(password: str, name: str = "") -> None:
    """Refuse what would be guessed.

    Raises:
        WeakPassword: with a reason that does not repeat it.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword(f"A password has {SHORTEST} to {LONGEST} characters.")
    plain = unicodedata.normalize("NFKC", password).casefold()
    if plain in COMMON or len(set(plain)) < 4:
        raise WeakPassword("This password is among those that are tried first.")
    if name and plain.replace(name.casefold(), "") in ("", *"123", "12345", "123456"):
        raise WeakPassword("A password is more than the account's name.")


def random_password() -> str:
    """One that nobody guesses, in groups that can be typed: 95 bits."""
    groups = ("".join(secrets.choice(_ALPHABET) for _ in range(5)) for _ in range(4))
    return "-".join(groups)


async def hashed(password: str) -> str:
    """The hash that is kept of it."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, _HASH.hash, password)


async def matches(password: str, kept: str | None) -> bool:
    """Whether it is the password; without one to compare with it takes as long, and is not."""
    compared = kept if kept is not None else await _nobody()
    loop = asyncio.get_running_loop()
    same = await loop.run_in_executor(_THREADS, _HASH.verify, password, compared)
    return same and kept is not None


_NOBODYS: list[str] = []


async def _nobody() -> str:
    if not _NOBODYS:
        _NOBODYS.append(await hashed(secrets.token_hex(16)))
    return _NOBODYS[0]
