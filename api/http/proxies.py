"""The address and scheme of a caller, where proxies stand in front.

Only headers from a trusted proxy are believed, and of `X-Forwarded-For` only its last hop that is
no trusted proxy itself: everything before that hop was written by whoever sent the request.
"""

from starlette.types import ASGIApp, Receive, Scope, Send

from runtime.trusted_proxies import Network, is_in, parse_address

DIRECT = "jiesu.direct"
"""The key of a scope: nothing says that a proxy passed the request on."""

_OF_PROXIES = frozenset(
    {
        b"forwarded",
        b"via",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-proto",
        b"x-real-ip",
    }
)


class Proxies:
    """ASGI middleware that tells the application the caller's address and scheme."""

    def __init__(self, app: ASGIApp, trusted: tuple[Network, ...]) -> None:
        self.app, self.trusted = app, trusted

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope = self._told(scope)
        await self.app(scope, receive, send)

    def _told(self, scope: Scope) -> Scope:
        headers = scope["headers"]
        peer = parse_address(scope["client"][0]) if scope.get("client") else None
        by_proxy = peer is not None and is_in(peer, self.trusted)
        passed_on = by_proxy or any(name in _OF_PROXIES for name, _ in headers)
        told = {**scope, DIRECT: not passed_on}
        if peer is not None:
            told["client"] = (str(peer), scope["client"][1])
        if by_proxy:
            schemes = [value for name, value in headers if name == b"x-forwarded-proto"]
            if schemes and schemes[-1].strip() in (b"http", b"https"):
                told["scheme"] = schemes[-1].strip().decode()
            hops = b",".join(value for name, value in headers if name == b"x-forwarded-for")
            if (client := self._client(hops.decode("latin-1"))) is not None:
                told["client"] = (client, 0)
        return told

    def _client(self, hops: str) -> str | None:
        """Return the last hop that is no trusted proxy; None if none can be read."""
        for hop in reversed(hops.split(",")):
            address = parse_address(hop)
            if address is None:
                return None
            if not is_in(address, self.trusted):
                return str(address)
        return None
