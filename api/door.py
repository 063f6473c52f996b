"""The dependencies of every route: the store, the engine, the packs, the keys."""

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Annotated

from fastapi import Depends, Request, Response
from itsdangerous import URLSafeTimedSerializer
from pydantic import BaseModel

from api.challenges import Challenge, NoChallenge
from api.engine import Engine
from api.kept import Kept
from api.limits import Limits
from api.waiting import Watch
from media.upload_service import Uploads
from packs.registry import PackShelf
from runtime.settings import Settings
from store.db.engine import Store
from store.secrets.encryption import Seal
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault

API = "/api/v1"

# Citizens' texts may contain markup: browsers must not guess that it is HTML.
_GUARDED = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


@dataclass(frozen=True)
class Door:
    """The dependencies of one application, opened and closed with it."""

    settings: Settings
    store: Store
    engine: Engine
    packs: PackShelf
    vault: Vault
    keys: TicketKeys
    uploads: Uploads
    limits: Limits
    challenge: Challenge = field(default_factory=NoChallenge)
    record: Watch = field(default_factory=Watch)
    # Separate caches, so that public requests do not delay the staff's.
    figures: Kept = field(default_factory=lambda: Kept(most=100))
    staff_figures: Kept = field(default_factory=lambda: Kept(most=10))

    @cached_property
    def seal(self) -> Seal:
        """The encryption of people's credentials."""
        return Seal(self.vault.ring.root_key, "people")

    @property
    def idle(self) -> timedelta:
        """The longest time that a session may be idle."""
        return timedelta(minutes=self.settings.session_idle)

    def now(self) -> datetime:
        return datetime.now(UTC)

    def nonce(self) -> str:
        return secrets.token_urlsafe(16)

    def signer(self, purpose: str) -> URLSafeTimedSerializer:
        """Return a signer of values that clients send back, for one purpose, with their time."""
        return URLSafeTimedSerializer(self.mark(f"signer {purpose}"), salt=purpose)

    def mark(self, text: str) -> str:
        """Return a keyed fingerprint: equal for equal texts, not reversible to phone or address."""
        return fingerprint(self.vault.ring.root_key, text)


def fingerprint(key: bytes, text: str) -> str:
    """Return `Door.mark`: equal for equal texts under the same root key."""
    marks = hmac.digest(key, b"jiesu api fingerprint", hashlib.sha256)
    return hmac.digest(marks, text.encode(), hashlib.sha256).hex()


async def _door(request: Request) -> Door:
    door: Door = request.app.state.door
    return door


TheDoor = Annotated[Door, Depends(_door)]


def json_of(model: BaseModel, status: int = 200, **headers: str) -> Response:
    """Return a model as the response, without validating it again."""
    return json_text(model.model_dump_json(), status, **headers)


def json_text(text: str | bytes, status: int = 200, **headers: str) -> Response:
    """Return serialized JSON as the response. `Some_Header` becomes `Some-Header`.

    It is not cached, unless a `Cache_Control` says otherwise.
    """
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text, status, _GUARDED | named, media_type="application/json")
