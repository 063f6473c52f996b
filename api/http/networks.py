"""The network that a request comes from, and the address that it was sent to."""

from ipaddress import IPv6Address, ip_network

from starlette.requests import Request

from api.http.proxies import DIRECT
from runtime.settings import Settings
from runtime.trusted_proxies import is_in, is_local, parse_address, parse_networks


def host_of(request: Request) -> str:
    """Return the caller's address; empty if the server does not know it."""
    return request.client.host if request.client else ""


def network_of(request: Request) -> str:
    """Return the caller's address, or the network of an IPv6 subscriber."""
    address = parse_address(host_of(request))
    if isinstance(address, IPv6Address):
        return str(ip_network((address, 64), strict=False))
    return host_of(request) if address is None else str(address)


def exempt_host_of(request: Request, settings: Settings) -> str | None:
    """Return the address by which this request may be exempt from limits; None if it may not be.

    The address of this machine, or of a proxy, says nothing about who is behind it.
    """
    address = parse_address(host_of(request))
    if address is None or is_in(address, parse_networks(settings.trusted_proxies)):
        return None
    if address.is_loopback and not (request.scope.get(DIRECT, False) and is_local(settings)):
        return None
    return str(address)


def origin_of(request: Request, settings: Settings) -> str:
    """Return the origin that browsers use for this installation: scheme, host and port."""
    return settings.public_url or f"{request.url.scheme}://{request.url.netloc}"
