"""What filing without a token may ask of a program: a proof of work, or another adapter's captcha.

Off unless the installation says so. The page for citizens asks for none: it works without
JavaScript, and has traps of its own (`api.traps`).
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

from itsdangerous import BadSignature
from pydantic import Field

from domain.model import Recorded
from store.db import counters

if TYPE_CHECKING:
    from api.door import Door

TTL = timedelta(minutes=10)
HEADER = "Challenge-Answer"


class Issued(Recorded):
    """What has to be solved. `kind` says how: `none`, `work`, or another adapter's own."""

    kind: str = Field(examples=["work"])
    challenge: str | None = None
    bits: int | None = Field(None, description="Leading zero bits that are asked for.")
    expires_in: int | None = Field(None, description="Seconds.")


class Challenge(Protocol):
    """A way to tell people, or at least patient programs, from floods."""

    async def issue(self, door: "Door") -> Issued:
        """Something to solve."""
        ...

    async def passed(self, door: "Door", answer: str) -> bool:
        """Whether `answer`, the header `Challenge-Answer`, solves something that was issued."""
        ...


class NoChallenge:
    """Lets everybody pass."""

    async def issue(self, door: "Door") -> Issued:
        return Issued(kind="none")

    async def passed(self, door: "Door", answer: str) -> bool:
        return True


class ProofOfWork:
    """The answer is `challenge:solution`, such that SHA-256 of it begins with so many zero bits.

    Each challenge is good once, in all processes, and for ten minutes.
    """

    def __init__(self, bits: int) -> None:
        self._bits = bits

    async def issue(self, door: "Door") -> Issued:
        made = str(door.signer("work").dumps(door.nonce()))
        seconds = int(TTL.total_seconds())
        return Issued(kind="work", challenge=made, bits=self._bits, expires_in=seconds)

    async def passed(self, door: "Door", answer: str) -> bool:
        challenge, _, solution = answer.rpartition(":")
        if not solution or len(answer) > 500 or leading_zeros(answer) < self._bits:
            return False
        try:
            door.signer("work").loads(challenge, max_age=int(TTL.total_seconds()))
        except BadSignature:
            return False
        once = f"work/{hashlib.sha256(challenge.encode()).hexdigest()}"
        return await counters.count(door.store, once, 1, TTL, datetime.now(UTC)) == 1


def leading_zeros(text: str) -> int:
    """How many zero bits SHA-256 of `text` begins with."""
    digest = int.from_bytes(hashlib.sha256(text.encode()).digest())
    return 256 - digest.bit_length()
