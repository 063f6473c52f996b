"""A house that messages leave: a store with tickets, a mail server, a gateway, a clock."""

import asyncio
import email
import json
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP as SmtpSession
from aiosmtpd.smtp import Envelope, Session

from activities.composing import Composer
from activities.deliveries import Deliveries
from activities.mail_way import MailServer, MailWay
from activities.message_ways import Way
from app.tickets.redaction import redacted
from domain.messaging.states import WayOut
from packs.registry import PackRegistry
from store.db.engine import Store
from store.secrets.key_ring import KeyRing
from store.secrets.vault import Person, Vault
from store.tickets import intake
from store.tickets.outbox import MailboxNotifier
from store.tickets.projector import Projector
from tests.packs.pack_folders import plain_pack
from tests.store.stories import START, Story, complaint

RING = KeyRing.of(b"m" * 32)
PHONE, EMAIL, NAME = "13812345678", "wang@example.org", "王小明"
URL = "https://12345.example.org"


class MailSink:
    """A real mail server that keeps what it takes. `answer`: what it says instead of taking it."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.answer: str | None = None
        self.refused: set[str] = set()
        self.vanish = False
        self.port = 0
        self._server: asyncio.Server | None = None

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.refused:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        if self.answer is not None:
            return self.answer
        content = envelope.original_content
        assert content is not None
        self.mails.append(email.message_from_bytes(content, policy=default))
        self.recipients += envelope.rcpt_tos
        if self.vanish:  # taken, and nobody is told
            server.transport.abort()
        return "250 taken"

    async def start(self, port: int = 0) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: SmtpSession(self, hostname="sink.example.org", enable_SMTPUTF8=True),
            "127.0.0.1",
            port or self.port,
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def ids(self) -> list[str]:
        return [str(mail["Message-ID"]) for mail in self.mails]

    def way(self, replies: Mapping[str, str] | None = None) -> MailWay:
        server = MailServer(
            "127.0.0.1",
            self.port,
            "hotline@example.org",
            security="none",
            replies=replies or {},
        )
        return MailWay(server, seconds=5)


@asynccontextmanager
async def mail_sink() -> AsyncIterator[MailSink]:
    sink = MailSink()
    await sink.start()
    try:
        yield sink
    finally:
        await sink.stop()


def words(mail: EmailMessage) -> str:
    """Return the plain text of a mail."""
    body = mail.get_body(("plain",))
    assert body is not None
    return str(body.get_content())


@dataclass
class House:
    """An installation with one city, whose messages are delivered step by step."""

    store: Store
    packs: PackRegistry
    vault: Vault
    ways: dict[WayOut, Way] = field(default_factory=dict)
    at: datetime = START
    url: str = URL
    staff: dict[str, str] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.at

    def pass_(self, **length: float) -> None:
        """Let time pass."""
        self.at += timedelta(**length)

    def worker(self) -> Deliveries:
        """Return a worker of this installation."""
        composer = Composer(self.store, self.packs, self.vault, redacted, self.url, self.staff)
        return Deliveries(self.store, composer, self.ways, clock=self.now)

    async def citizen(self, phone: str | None = PHONE, mail: str | None = EMAIL) -> str:
        """Put a citizen into the vault; return their id."""
        person_id = secrets.token_hex(8)
        person = Person(name=NAME, phone=phone, email=mail)
        await intake.keep_person(self.store, self.vault, person_id, person, self.at)
        return person_id

    async def story(self, person: str | None, city: str = "example", **more: Any) -> Story:
        """Return the story of a ticket of this citizen, nothing of which has happened yet."""
        return Story(complaint(city=city, person=person, filed_at=self.at, **more))

    async def happens(self, *projections: Any) -> None:
        """Record what happens, and put the messages of it into the mailbox."""
        projector = Projector(self.store)
        for projection in projections:
            await projector.project(projection)
            await MailboxNotifier().deliver(self.store, 100, self.at)
        await projector.close()

    async def deliver(self, steps: int = 3) -> int:
        """Let a worker do some steps."""
        worker = self.worker()
        return sum([await worker.step() for _ in range(steps)])


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def house(store: Store, root: Path, *, change: Callable[[Path], None] | None = None) -> House:
    """Return a house in a city of its own; `change` changes its pack first."""
    folder = plain_pack(root, "example")
    if change is not None:
        change(folder)
    return House(store, PackRegistry(root), Vault(RING))


def in_pack(text: str) -> Callable[[Path], None]:
    """Return what adds lines to a pack's city.toml."""

    def change(folder: Path) -> None:
        path = folder / "city.toml"
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{text}\n", encoding="utf-8")

    return change


def body_of(content: bytes) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(content)
    return value
