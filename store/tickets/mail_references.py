"""The reference of a ticket in mails, by which a reply finds it.

A keyed fingerprint of the ticket's number, which nobody can make up, and which opens nothing else.
It ends to count when the ticket's access code is renewed.
"""

import hmac
import re

from store.db.engine import Store
from store.secrets.marks import fingerprint
from store.tickets import intake

_REFERENCE = re.compile(r"(\d{13})\.([0-9a-f]{24})")
_MOST_TRIED = 20


async def reference(store: Store, key: bytes, number: str) -> str:
    """Return what a mail about a ticket carries, in its Message-ID or in its subject as `[#…]`.

    `key`: the root key of the ring.
    """
    generation = (await intake.code_generations(store, [number]))[number]
    return f"{number}.{_token(key, number, generation)}"


async def named_ticket(store: Store, key: bytes, text: str) -> str | None:
    """Return the ticket whose true reference is in the text."""
    for match in list(_REFERENCE.finditer(text))[:_MOST_TRIED]:
        number, token = match.groups()
        generation = (await intake.code_generations(store, [number]))[number]
        if hmac.compare_digest(_token(key, number, generation), token):
            return number
    return None


def _token(key: bytes, number: str, generation: int) -> str:
    return fingerprint(key, f"mail reference/{number}/{generation}")[:24]
