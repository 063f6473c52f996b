"""E-mail by SMTP. A mail is sent at most once: nobody can be asked what became of it.

From the moment at which the server has the whole mail until its answer, it may have arrived. Until
then an error means that it has not, and it is tried again.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import aiosmtplib
from aiosmtplib import SMTP

from activities.message_ways import Begin, NotBegun, Parcel
from domain.messaging.mails import MailEnvelope, mail
from domain.messaging.states import SendingOutcome, SendingResult, WayOut
from runtime.settings import Settings

_SECONDS = 30.0
_LINE_ENDS = re.compile(rb"\r\n|\r|\n")
_DOTS = re.compile(rb"(?m)^\.")


@dataclass(frozen=True)
class MailServer:
    """The mail server of an installation. `replies`: the address of each city that takes mails."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    ca: Path | None = None
    user: str = ""
    password: str = ""
    replies: Mapping[str, str] = field(default_factory=dict)


class MailWay:
    """The way by a mail server."""

    channel = WayOut.EMAIL
    receipts = False

    def __init__(self, server: MailServer, seconds: float = _SECONDS) -> None:
        self._server, self._seconds = server, seconds

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """Return the way that the settings name, if they do."""
        if not (settings.smtp_host and settings.mail_from):
            return None
        secret = settings.smtp_password
        return cls(
            MailServer(
                host=settings.smtp_host,
                port=settings.smtp_port,
                sender=settings.mail_from,
                security=settings.smtp_security,
                ca=settings.smtp_ca,
                user=settings.smtp_user,
                password=secret.get_secret_value() if secret else "",
                replies={city: address for address, city in settings.mail_addresses.items()},
            )
        )

    async def send(self, parcel: Parcel, begin: Begin) -> SendingOutcome:
        envelope = MailEnvelope(
            id=parcel.id,
            sender=self._server.sender,
            sender_name=parcel.sender_name,
            at=parcel.at,
            unsubscribe=parcel.unsubscribe,
            reply_to=self._server.replies.get(parcel.city, ""),
            reference=parcel.reference,
        )
        try:
            content = mail(envelope, parcel.to, parcel.written, parcel.language).as_bytes()
        except (ValueError, IndexError):
            return SendingOutcome(result=SendingResult.REFUSED, code="bad_mail")
        try:
            client = self._client()
            await client.connect()
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError, ValueError) as error:
            return _not_connected(error)
        try:
            return await self._hand_over(client, parcel.to, content, begin)
        finally:
            client.close()

    async def ask(self, parcel_id: str) -> SendingOutcome | None:
        return None

    def _client(self) -> SMTP:
        server = self._server
        secure = server.security
        context = None
        if secure != "none":
            context = ssl.create_default_context(cafile=str(server.ca) if server.ca else None)
        return SMTP(
            hostname=server.host,
            port=server.port,
            timeout=self._seconds,
            use_tls=secure == "tls",
            start_tls=secure == "starttls",
            tls_context=context,
            username=server.user or None,
            password=server.password or None,
        )

    async def _hand_over(
        self, client: SMTP, to: str, content: bytes, begin: Begin
    ) -> SendingOutcome:
        try:
            await client.mail(self._server.sender)
            await client.rcpt(to)
            ready = await client.execute_command(b"DATA")
        except aiosmtplib.SMTPRecipientRefused as error:
            return _answered(error.code)
        except aiosmtplib.SMTPSenderRefused as error:
            return SendingOutcome(result=SendingResult.AWAY, code=f"sender_{error.code}")
        except aiosmtplib.SMTPResponseException as error:
            return _answered(error.code)
        except (aiosmtplib.SMTPException, OSError, ValueError):
            return SendingOutcome(result=SendingResult.AWAY, code="connection_lost")
        if ready.code != 354:
            return _answered(ready.code)
        if not await begin():
            raise NotBegun
        protocol = client.protocol
        try:
            if protocol is None:
                raise aiosmtplib.SMTPServerDisconnected("Connection lost")
            protocol.write(_escaped(content))
        except (aiosmtplib.SMTPException, OSError):
            return SendingOutcome(result=SendingResult.AWAY, code="connection_lost")
        try:
            answer = await protocol.read_response(timeout=self._seconds)
        except (aiosmtplib.SMTPException, OSError):
            return SendingOutcome(result=SendingResult.UNKNOWN, code="no_answer")
        if answer.code // 100 == 2:
            return SendingOutcome(result=SendingResult.DELIVERED, code=f"smtp_{answer.code}")
        return _answered(answer.code)


def _escaped(content: bytes) -> bytes:
    """Return a mail as DATA takes it: dots at the beginning of lines doubled, one at the end."""
    return _DOTS.sub(b"..", _LINE_ENDS.sub(b"\r\n", content)) + b".\r\n"


def _not_connected(error: Exception) -> SendingOutcome:
    """Return what a refused or broken greeting means: nothing can be sent to anybody now."""
    if isinstance(error, aiosmtplib.SMTPAuthenticationError):
        return SendingOutcome(result=SendingResult.AWAY, code="not_let_in")
    if isinstance(error, ssl.SSLError) or isinstance(error.__cause__, ssl.SSLError):
        return SendingOutcome(result=SendingResult.AWAY, code="bad_certificate")
    if isinstance(error, aiosmtplib.SMTPTimeoutError):
        return SendingOutcome(result=SendingResult.AWAY, code="too_slow")
    return SendingOutcome(result=SendingResult.AWAY, code="no_connection")


def _answered(code: int) -> SendingOutcome:
    """Return what the server's answer about one mail means."""
    if code == 421:  # it closes: not for this mail alone
        return SendingOutcome(result=SendingResult.AWAY, code="smtp_421")
    if not 400 <= code < 600:
        return SendingOutcome(result=SendingResult.LATER, code="no_smtp")
    result = SendingResult.LATER if code < 500 else SendingResult.REFUSED
    return SendingOutcome(result=result, code=f"smtp_{code}")
