"""What every route works with: the store, the engine, the packs, the keys."""

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from api.engine import Engine
from api.uploads.desk import Uploads
from api.waiting import Watch
from runtime.settings import Settings
from store.engine import Store
from store.packs import PackShelf
from store.ticket_keys import TicketKeys
from store.vault import Vault

API = "/api/v1"

# Texts of citizens hold markup: no browser is to guess that it is meant.
_GUARDED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True)
class Door:
    """One per application, opened and closed with it."""

    settings: Settings
    store: Store
    engine: Engine
    packs: PackShelf
    vault: Vault
    keys: TicketKeys
    uploads: Uploads
    record: Watch = field(default_factory=Watch)

    def mark(self, text: str) -> str:
        """A keyed fingerprint: equal for equal texts, and no way back to a phone or an address."""
        return hmac.digest(self._marks, text.encode(), hashlib.sha256).hex()

    @cached_property
    def _marks(self) -> bytes:
        return hmac.digest(self.vault.ring.root_key, b"jiesu api fingerprint", hashlib.sha256)


async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


TheDoor = Annotated[Door, Depends(_door)]


def json_of(model: BaseModel, status: int = 200, **headers: str) -> Response:
    """A model that needs no second validation, as the answer."""
    return json_text(model.model_dump_json(), status, **headers)


def json_text(text: str | bytes, status: int = 200, **headers: str) -> Response:
    """JSON that is already written, as the answer. `Some_Header` becomes `Some-Header`.

    Nothing on the way keeps it, unless a `Cache_Control` says otherwise.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status, _GUARDED | named, media_type="application/json")
