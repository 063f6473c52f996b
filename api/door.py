"""What every route works with: the store, the engine, the packs, the keys."""

import hashlib
import hmac
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from api.engine import Engine
from api.kept import Kept
from api.waiting import Watch
from runtime.settings import Settings
from store.engine import Store
from store.keys import key_from_text, load_or_create_key
from store.packs import PackShelf
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
    key: bytes
    record: Watch = field(default_factory=Watch)
    # Apart, so that no stranger's question keeps the staff waiting.
    figures: Kept = field(default_factory=lambda: Kept(most=100))
    staff_figures: Kept = field(default_factory=lambda: Kept(most=10))

    @cached_property
    def vault(self) -> Vault:
        return Vault(self.key)

    def mark(self, text: str) -> str:
        """A keyed fingerprint: equal for equal texts, and no way back to a phone or an address."""
        return hmac.digest(self._marks, text.encode(), hashlib.sha256).hex()

    @cached_property
    def _marks(self) -> bytes:
        return hmac.digest(self.key, b"jiesu api fingerprint", hashlib.sha256)


def master_key(settings: Settings) -> bytes:
    """The key from the settings, else from the home folder, where it is made when missing."""
    if settings.secret_key is not None:
        return key_from_text(settings.secret_key.get_secret_value())
    return load_or_create_key(settings.home / "secret.key")


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
