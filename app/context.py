"""The dependencies of every route: the store, the engine, the packs, the keys."""

import asyncio
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cached_property

from itsdangerous import URLSafeTimedSerializer

from app.access.rate_limits import RateLimits
from app.access.turns import NetworkTurns
from app.filing.proof_of_work import Challenge, NoChallenge
from app.reporting.result_cache import ResultCache
from app.sending.engine_gateway import Engine
from app.sending.read_your_writes import Watch
from app.simulated import SimulatedCities
from audit.archive import HistoryArchive
from media.upload_service import Uploads
from packs.registry import PackRegistry
from runtime.settings import Settings
from store.db.engine import Store
from store.learning.models import ActiveModels
from store.secrets.encryption import Cipher
from store.secrets.marks import fingerprint
from store.secrets.ticket_keys import TicketKeys
from store.secrets.vault import Vault
from store.sensors.event_door import EventDoor

API = "/api/v1"


@dataclass(frozen=True)
class AppContext:
    """The dependencies of one application, opened and closed with it.

    `closing` is set when the server begins to stop: whoever waits for news waits no longer.
    """

    settings: Settings
    store: Store
    engine: Engine
    packs: PackRegistry
    vault: Vault
    keys: TicketKeys
    uploads: Uploads
    archive: HistoryArchive
    record: Watch
    limits: RateLimits
    challenge: Challenge = field(default_factory=NoChallenge)
    turns: NetworkTurns = field(default_factory=lambda: NetworkTurns(8))
    upload_turns: NetworkTurns = field(default_factory=lambda: NetworkTurns(8, waiting=100))
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    simulated: SimulatedCities = field(default_factory=SimulatedCities)
    # Separate caches, so that public requests do not delay the staff's.
    figures: ResultCache = field(default_factory=lambda: ResultCache(most=100))
    staff_figures: ResultCache = field(default_factory=lambda: ResultCache(most=10))

    @cached_property
    def cipher(self) -> Cipher:
        """The encryption of people's credentials."""
        return Cipher(self.vault.ring.root_key, "people")

    @cached_property
    def events(self) -> EventDoor:
        """The memory of this process of events and their sources."""
        return EventDoor(self.store)

    @cached_property
    def models(self) -> ActiveModels:
        """The learned models of triage in use, as this process has read them."""
        return ActiveModels(self.store)

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
