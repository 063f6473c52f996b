"""The mail door: an SMTP server that takes mails for the cities' addresses.

A mail is answered with 250 when it is registered, and not before. What will not do is refused with
SMTP's own codes; what may do later with 4xx, and the sender's server tries again. What machines
send (bounces, replies that nobody wrote, lists) is answered with 250 and left: a refusal would be
one more mail on its way.
"""

import asyncio
import ipaddress
import logging
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import structlog
from aiosmtpd.smtp import SMTP, Envelope, Session
from pydantic import ValidationError

from app.context import AppContext
from app.errors import Problem
from app.imports.mail import take_mail
from app.imports.mail_parts import BadMail, read_mail
from runtime.settings import Settings
from store.db.errors import StoreError

logger = structlog.stdlib.get_logger("jiesu.mail")

MOST_CONNECTIONS = 20
"""Connections at the same time: each may hold a whole mail in memory."""

MOST_OF_ONE_NETWORK = 5
"""Of these, for one IPv4 address or one IPv6 /64: nobody alone keeps all others out."""

LONGEST = 300.0
"""Seconds after which a connection ends, also one that is never silent for long."""

MOST_RECIPIENTS = 10
_COMMANDS = 200
_SILENCE = 60.0

TAKEN = "250 2.0.0 Registered"
LATER = "451 4.3.0 Not now; please try again later"
TOO_OFTEN = "450 4.7.1 Too many mails; please try again later"
UNKNOWN = "550 5.1.1 There is no such address here"
NOT_TAKEN = "554 5.6.0 This mail cannot be taken"


class MailDoor:
    """The answers of the server. `addresses`: of which city each is."""

    def __init__(self, context: AppContext, addresses: Mapping[str, str]) -> None:
        self._context = context
        self._cities = {address.lower(): city for address, city in addresses.items()}

    async def handle_RCPT(
        self,
        server: SMTP,
        session: Session,
        envelope: Envelope,
        address: str,
        options: list[str],
    ) -> str:
        if len(envelope.rcpt_tos) >= MOST_RECIPIENTS:
            return "452 4.5.3 Too many recipients"
        if address.lower() not in self._cities:
            return UNKNOWN
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        try:
            return await self._taken(session, envelope)
        except BadMail as bad:
            return bad.reply
        except ValidationError:
            return NOT_TAKEN
        except Problem as problem:
            if problem.code == "too_many_requests":
                return TOO_OFTEN
            logger.warning("a mail waits", why=problem.code)
            return LATER
        except StoreError as error:
            logger.warning("a mail waits", why=error.code)
            return LATER
        except Exception as error:
            # Its text may be the citizen's; the sender's server has the mail.
            logger.error("a mail could not be read", error=type(error).__name__)
            return LATER

    async def _taken(self, session: Session, envelope: Envelope) -> str:
        context, sender = self._context, envelope.mail_from or ""
        address: Any = session.peer  # the library's types say a string; it is address and port
        peer = str(address[0]) if address else ""
        await context.limits.count("mail_network", context.mark(f"mail from {peer}"), peer)
        if sender:
            # Anybody can name a sender: it must not use up what is the citizen's.
            await context.limits.count(
                "mail", context.mark(f"mail of {sender.lower()} from {peer}")
            )
        content = envelope.content
        if not isinstance(content, bytes):
            return NOT_TAKEN
        mail = await asyncio.to_thread(read_mail, content, sender)
        for recipient in dict.fromkeys(one.lower() for one in envelope.rcpt_tos):
            if mail.sender.lower() in self._cities:
                logger.info("a mail was left", why="from ourselves")
                continue
            outcome = await take_mail(context, self._cities[recipient], recipient, mail)
            logger.info("mail", outcome=outcome, city=self._cities[recipient])
        return TAKEN

    async def handle_exception(self, error: Exception) -> str:
        logger.error("the mail door failed", error=type(error).__name__)
        return LATER


class _Connection(SMTP):
    """A connection, refused where there are too many, and ended where it lasts too long."""

    open_ones: ClassVar[Counter[str]] = Counter()
    _network = ""
    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self._network = _network_of(transport.get_extra_info("peername"))
        self.open_ones[self._network] += 1
        super().connection_made(transport)
        own = self.open_ones[self._network]
        if own > MOST_OF_ONE_NETWORK or self.open_ones.total() > MOST_CONNECTIONS:
            transport.write(b"421 4.7.0 Too many connections; please try again later\r\n")
            transport.close()
            return
        self._end = asyncio.get_running_loop().call_later(LONGEST, transport.abort)

    def connection_lost(self, error: Exception | None) -> None:
        self.open_ones[self._network] -= 1
        if not self.open_ones[self._network]:
            del self.open_ones[self._network]
        if self._end is not None:
            self._end.cancel()
        super().connection_lost(error)


def _network_of(peer: Any) -> str:
    """Return whose share a connection is of. `peer`: as a transport names it."""
    try:
        address = ipaddress.ip_address(str(peer[0]).partition("%")[0])
    except (TypeError, IndexError, ValueError):
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


@asynccontextmanager
async def serving_mail(
    context: AppContext, settings: Settings, port: int
) -> AsyncIterator[asyncio.Server]:
    """Serve the cities' addresses while the block lasts."""
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # it repeats what people send
    door = MailDoor(context, settings.mail_addresses)
    loop = asyncio.get_running_loop()

    def connection() -> SMTP:
        return _Connection(
            door,
            data_size_limit=settings.mail_mb * 2**20,
            enable_SMTPUTF8=True,
            hostname="jiesu",
            ident="Jiesu",
            timeout=_SILENCE,
            command_call_limit=_COMMANDS,
            loop=loop,
        )

    server = await loop.create_server(connection, settings.mail_host, port)
    try:
        yield server
    finally:
        server.close()
