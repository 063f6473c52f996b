"""Connections: how long they may take, and how many of them one address may have.

uvicorn waits for ever for a request that does not come to the end of its headers, and for a body of
which nothing more is read. Here each of these has its time; that of a body that is read is measured
in `api.http.slow_bodies`.
"""

import asyncio
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from runtime.settings import Settings
from runtime.trusted_proxies import Network, is_in, parse_address, parse_networks

LINGER = 2.0
"""Seconds to read, and throw away, the rest of a body that was refused: closing at once would take
the answer from the sender."""
UNREAD = 60.0
"""Seconds after which a caller who does not read the answer is cut off."""

_TOO_SLOW = b"HTTP/1.1 408 Request Timeout\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class TimedProtocol(HttpToolsProtocol):
    """The server's side of one connection, which is closed when its time is over."""

    header_seconds: ClassVar[float]
    most: ClassVar[int]
    trusted: ClassVar[tuple[Network, ...]]

    _deadline: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _in_headers = False
    _in_body = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._too_many():
            transport.abort()
        else:
            self._expect(self.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect(None)
        self.resume_writing()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._in_headers = True
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._in_headers, self._in_body = False, True
        self._expect(None)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_body = False
        super().on_message_complete()
        if self.cycle.response_complete:
            self._expect(self._until_next)

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete:  # and no other request was sent ahead
            self._expect(LINGER if self._in_body else self._until_next)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(UNREAD, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    @property
    def _until_next(self) -> float:
        return self.timeout_keep_alive + self.header_seconds

    def _expect(self, seconds: float | None) -> None:
        """Close the connection after so many seconds, whatever arrives; None: leave it open."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = None if seconds is None else self.loop.call_later(seconds, self._over)

    def _over(self) -> None:
        if self.transport.is_closing():
            return
        if self._in_headers:
            self.transport.write(_TOO_SLOW)
        self.transport.close()

    def _too_many(self) -> bool:
        """Return whether this address has more connections to this process than it may."""
        if self.client is None:
            return False
        host = self.client[0]
        address = parse_address(host)
        if address is not None and is_in(address, self.trusted):
            return False
        mine = (one.client for one in self.connections if isinstance(one, HttpToolsProtocol))
        return sum(client is not None and client[0] == host for client in mine) > self.most


def protocol(settings: Settings) -> type[TimedProtocol]:
    """Return the protocol with the times of these settings."""

    class Configured(TimedProtocol):
        header_seconds = settings.header_seconds
        most = settings.connections_per_address
        trusted = parse_networks(settings.trusted_proxies)

    return Configured
