"""Challenges for filing without a token: a proof of work, or the captcha of another adapter.

Off by default. The page for citizens requires none: it works without JavaScript, and has its own
bot checks (`app.filing.bot_checks`).
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from itsdangerous import BadSignature
from pydantic import Field

from domain.model import Recorded
from store.db import counters

if TYPE_CHECKING:
    from app.context import AppContext

TTL = timedelta(minutes=10)
HEADER = "Challenge-Answer"


class IssuedChallenge(Recorded):
    """A challenge to be solved. `kind`: `none`, `work`, or another adapter's own."""

    kind: str = Field(examples=["work"])
    challenge: str | None = None
    bits: int | None = Field(None, description="Leading zero bits that are asked for.")
    expires_in: int | None = Field(None, description="Seconds.")


class Challenge(Protocol):
    """An adapter that tells people, or at least patient programs, from floods."""

    async def issue(self, context: "AppContext") -> IssuedChallenge:
        """Issue a challenge."""
        ...

    async def passed(self, context: "AppContext", answer: str) -> bool:
        """Return whether `answer`, the header `Challenge-Answer`, solves an issued challenge."""
        ...


class NoChallenge:
    """An adapter that lets everybody pass."""

    async def issue(self, context: "AppContext") -> IssuedChallenge:
        return IssuedChallenge(kind="none")

    async def passed(self, context: "AppContext", answer: str) -> bool:
        return True


class ProofOfWork:
    """A proof of work: SHA-256 of the answer `challenge:solution` begins with so many zero bits.

    Each challenge is valid once, in all processes, and for ten minutes.
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits

    async def issue(self, context: "AppContext") -> IssuedChallenge:
        made = str(context.signer("work").dumps(context.nonce()))
        seconds = int(TTL.total_seconds())
        return IssuedChallenge(kind="work", challenge=made, bits=self._bits, expires_in=seconds)

    async def passed(self, context: "AppContext", answer: str) -> bool:
        challenge, _, solution = answer.rpartition(":")
        if not solution or len(answer) > 500 or leading_zeros(answer) < self._bits:
            return False
        try:
            context.signer("work").loads(challenge, max_age=int(TTL.total_seconds()))
        except BadSignature:
            return False
        once = f"work/{hashlib.sha256(challenge.encode()).hexdigest()}"
        return await counters.count(context.store, once, 1, TTL, datetime.now(UTC)) == 1


def leading_zeros(text: str) -> int:
    """Return how many zero bits SHA-256 of `text` begins with."""
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest())
    return 256 - digest.bit_length()
