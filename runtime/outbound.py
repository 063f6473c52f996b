"""Requests to addresses that others name: webhooks, gateways, other systems.

A name is resolved here, and the request goes to the address that was checked: a second resolution
could lead into a private network (DNS rebinding). Redirects are not followed, for the same reason.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol, Self

import httpx

from domain.canonical import says_nothing
from runtime.settings import Settings
from runtime.trusted_proxies import Address, Network, is_in, parse_address

_LOCAL_NAT64 = ipaddress.ip_network("64:ff9b:1::/48")
"""The prefix that networks translate as they like (RFC 8215); older libraries call it global."""

MOST_BYTES = 64 * 1024
"""The most bytes of an answer that are read, if not more are asked for."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]


_REFUSED = {
    "bad_address": "this is no address of a server, as https://city.example/open311/v2",
    "not_encrypted": "only https goes to other networks; for one of your own name its host or "
    "network in JIESU_OUTBOUND_ALLOW",
    "private_address": "this address is in a private network; if it is yours, name its host or "
    "network in JIESU_OUTBOUND_ALLOW",
}
_NOT_REACHED = {
    "unknown_host": "no server has this name",
    "no_connection": "nothing accepts the connection there",
    "too_slow": "the other system did not answer in time",
    "no_http": "something answers there that does not speak HTTP",
}


class AddressRefused(Exception):
    """An address that requests may not go to. `code` says why: `bad_address`, `not_encrypted`,
    `private_address`; the address itself is not repeated."""

    def __init__(self, code: str) -> None:
        super().__init__(_REFUSED.get(code, code))
        self.code = code


class Unreachable(Exception):
    """A request without an answer; whether it arrived is not known. `code`: `unknown_host`,
    `no_connection`, `too_slow`, `no_http`."""

    def __init__(self, code: str) -> None:
        super().__init__(_NOT_REACHED.get(code, code))
        self.code = code


@dataclass(frozen=True)
class HttpReply:
    """An answer. `body` has the first bytes; `whole` is False if there were more."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    whole: bool = True


@dataclass(frozen=True)
class _Target:
    url: httpx.URL
    host: str
    port: int


async def resolved(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host.

    Raises:
        OSError: it has none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))


class Carrier(Protocol):
    """A way out for requests: `Outbound`, or a test's network."""

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        within: float = 15.0,
        most: int = MOST_BYTES,
    ) -> HttpReply:
        """Send a request, and return the answer whatever its status is."""
        ...


class Outbound:
    """A client for addresses that others name.

    `allow`: hosts and networks that may be private and need no encryption.
    """

    def __init__(self, allow: str = "", *, resolve: Resolve = resolved) -> None:
        self._hosts: set[str] = set()
        networks: list[Network] = []
        for part in (one.strip().lower() for one in allow.split(",")):
            try:
                networks.append(ipaddress.ip_network(part, strict=False))
            except ValueError:
                if not says_nothing(part):
                    self._hosts.add(part)
        self._networks = tuple(networks)
        self._resolve = resolve

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the client with what the operator allows."""
        return cls(settings.outbound_allow)

    async def check(self, url: str) -> None:
        """Refuse an address that requests may not go to, as far as can be said today.

        Raises:
            AddressRefused
            Unreachable: its host is unknown at present.
        """
        await self._address(_target(url))

    async def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        content: bytes = b"",
        within: float = 15.0,
        most: int = MOST_BYTES,
    ) -> HttpReply:
        """Send a request, and return the answer whatever its status is.

        `within`: seconds for all of it. `most`: bytes of the answer that are read.

        Raises:
            AddressRefused: nothing was sent.
            Unreachable: it may have arrived.
        """
        target = _target(url)
        try:
            async with asyncio.timeout(within):
                address = await self._address(target)
                return await self._send(
                    method, target, address, headers or {}, content, within, most
                )
        except TimeoutError:
            raise Unreachable("too_slow") from None

    async def _send(
        self,
        method: str,
        target: _Target,
        address: Address,
        headers: Mapping[str, str],
        content: bytes,
        within: float,
        most: int,
    ) -> HttpReply:
        named = httpx.Headers(headers)
        named["Host"] = target.url.netloc.decode("ascii")
        named.setdefault("User-Agent", "jiesu")
        # Connections are not kept: one to an address would be used again for another name there,
        # whose certificate nobody has looked at.
        async with httpx.AsyncClient(
            trust_env=False,
            verify=self._tls,
            timeout=within,
            limits=httpx.Limits(max_keepalive_connections=0),
        ) as client:
            request = client.build_request(
                method,
                target.url.copy_with(host=str(address)),
                headers=named,
                content=content,
                extensions={"sni_hostname": target.host},
            )
            try:
                answer = await client.send(request, stream=True)
                try:
                    body, whole = await _read(answer, most)
                finally:
                    await answer.aclose()
            except (httpx.ProtocolError, httpx.DecodingError):
                raise Unreachable("no_http") from None
            except httpx.TransportError:
                raise Unreachable("no_connection") from None
            return HttpReply(answer.status_code, answer.headers, body, whole)

    async def _address(self, target: _Target) -> Address:
        """Return the address to connect to. All that a name stands for have to be allowed."""
        try:
            found = [parse_address(one) for one in await self._resolve(target.host, target.port)]
        except (OSError, UnicodeError):
            raise Unreachable("unknown_host") from None
        known = [one for one in found if one is not None]
        if not known:
            raise Unreachable("unknown_host")
        for address in known:
            allowed = target.host in self._hosts or is_in(address, self._networks)
            if not allowed and not _is_public(address):
                raise AddressRefused("private_address")
            if not allowed and target.url.scheme != "https":
                raise AddressRefused("not_encrypted")
        return known[0]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()


async def _read(answer: httpx.Response, most: int) -> tuple[bytes, bool]:
    body = bytearray()
    async for part in answer.aiter_bytes():
        body += part
        if len(body) > most:
            return bytes(body[:most]), False
    return bytes(body), True


def _target(url: str) -> _Target:
    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii").lower().rstrip(".")
    except (httpx.InvalidURL, ValueError):
        raise AddressRefused("bad_address") from None
    if parsed.scheme not in ("http", "https") or not host or parsed.userinfo:
        raise AddressRefused("bad_address")
    return _Target(parsed, host, parsed.port or (443 if parsed.scheme == "https" else 80))


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address):
        if address in _LOCAL_NAT64:
            return False
        inner = address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is not None and not _is_public(inner):
            return False
    return address.is_global and not address.is_multicast
